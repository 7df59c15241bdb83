"""A finding, its severity, and the status that follows from findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from backup_reporter.records import Instant, Record

Severity = Literal["critical", "warning", "unknown", "info"]
Status = Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"]

STATUS_OF_SEVERITY: dict[Severity, Status] = {
    "critical": "CRITICAL",
    "unknown": "UNKNOWN",
    "warning": "WARNING",
    "info": "OK",
}
WORST_FIRST: tuple[Status, ...] = ("CRITICAL", "UNKNOWN", "WARNING", "OK")
EXIT_CODES: dict[Status, int] = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


class Finding(Record, frozen=True, kw_only=True):
    """One thing that is wrong (or worth knowing) about a cluster, or about the workspace as a whole.

    ``cluster_uid`` and ``cluster_name`` are ``None`` if it is about the workspace. ``since`` is
    when it began, if the history shows it. ``message`` names no cluster and no backup, so that
    one cause reads the same in every place; ``evidence`` has the particulars.
    """

    code: str
    severity: Severity
    cluster_uid: str | None = None
    cluster_name: str | None = None
    message: str
    since: Instant | None = None
    muted: bool = False
    evidence: dict[str, Any] = {}  # noqa: RUF012 - msgspec copies it for each finding

    @property
    def cluster(self) -> tuple[str | None, str | None]:
        """The uid and name of the cluster that it is about; two times ``None`` for the workspace as a whole."""
        return (self.cluster_uid, self.cluster_name)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some statuses, OK for none."""
    return min(statuses, key=WORST_FIRST.index, default="OK")


def status_of(findings: Iterable[Finding]) -> Status:
    """A workspace's status: its worst finding that is not muted; info does not count."""
    return worst(STATUS_OF_SEVERITY[finding.severity] for finding in findings if not finding.muted)
