"""The Palette look-alike of the demo, open to faults and TLS."""

from __future__ import annotations

from typing import Any

from backup_reporter.demo import lookalike
from backup_reporter.demo.documents import Fleet
from backup_reporter.demo.lookalike import API_KEY
from support.local_server import LocalServer

__all__ = ["API_KEY", "LookAlike"]


class LookAlike(LocalServer, lookalike.LookAlike):
    """Takes the arguments of both."""

    def __init__(self, fleet: Fleet, **options: Any) -> None:
        super().__init__(fleet=fleet, **options)
