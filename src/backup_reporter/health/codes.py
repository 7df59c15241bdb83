"""What is known of a finding code."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from backup_reporter.health.findings import Severity


class Code(Struct, frozen=True, kw_only=True):
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
