"""What is known of a finding code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backup_reporter.health.findings import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One kind of finding, in plain text for people.

    ``title`` reads well after a workspace's name. ``meaning`` says when it is reported, ``why`` what it would cost to
    ignore it, ``confirm`` where to see it with one's own eyes, and ``action`` what to do in one or two sentences.
    """

    name: str
    severity: Severity
    about: Literal["cluster", "workspace"]
    title: str
    meaning: str
    why: str
    confirm: str
    action: str
