"""The workspaces with problems, a row each: what can be restored, from when, and until when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.workspace_report import ClusterReport, WorkspaceReport
from backup_reporter.report import phrases
from backup_reporter.report.groups import title_of_finding
from backup_reporter.report.locations import listed, place_of
from backup_reporter.report.model import Report
from backup_reporter.report.restorable import cluster_name
from backup_reporter.report.restore_points import FOREVER, has_every_copy, is_known, restorable_until
from backup_reporter.wording import age, count, day

_MAX_NAMES = 4
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Extreme(Struct, frozen=True):
    """The worst value of some clusters; ``where`` names the clusters that have it, if others are better."""

    words: str
    where: str = ""


class SummaryRow(Struct, frozen=True, kw_only=True):
    """One workspace on one line. ``tone`` colours ``restorable``: a missing restore point is critical."""

    workspace: WorkspaceReport
    restorable: str
    tone: Literal["critical", "unknown", ""]
    exceptions: str
    newest: Extreme
    ends: Extreme
    is_ending_soon: bool


def summary_row(workspace: WorkspaceReport, now: datetime, zone: ZoneInfo) -> SummaryRow:
    """The row of a workspace. Days are those of ``zone``."""
    there = [cluster for cluster in workspace.clusters if cluster.restore_points]
    missing = [cluster for cluster in workspace.clusters if not cluster.restore_points]
    restorable, tone = _restorable(workspace, len(there))
    return SummaryRow(
        workspace=workspace,
        restorable=restorable,
        tone=tone,
        exceptions=listed([_exception(cluster, workspace, zone) for cluster in missing], _MAX_NAMES),
        newest=_extreme(sorted(there, key=_made_at), lambda cluster: _age(cluster.newest_restore_point_at, now)),
        ends=_extreme(sorted(there, key=_ends_at), lambda cluster: _ahead(_ends_at(cluster), now)),
        is_ending_soon=any(finding.code == "backup-expiring" and not finding.muted for finding in workspace.findings),
    )


def well_line(report: Report) -> str | None:
    """How many workspaces are OK, and which of them still lack a copy; ``None`` if none is OK."""
    number = report.summary.ok
    if not number:
        return None
    line = phrases.ok_line(report.summary)
    healthy = (workspace for workspace in report.workspaces if workspace.status == "OK")
    lacking = [_reason(workspace) for workspace in healthy if not has_every_copy(workspace)]
    return f"{line} Not everything can be restored of {listed(lacking, _MAX_NAMES)}." if lacking else line


def _reason(workspace: WorkspaceReport) -> str:
    """``prod / edge-sites (Waiting for its first backup)``: the finding that explains it comes first."""
    name = place_of(workspace)
    return f"{name} ({title_of_finding(workspace.findings[0])})" if workspace.findings else name


def _restorable(workspace: WorkspaceReport, number: int) -> tuple[str, Literal["critical", "unknown", ""]]:
    total = len(workspace.clusters)
    if total:
        return f"{number} of {count(total, 'cluster')}", "" if number == total else "critical"
    return ("nothing", "critical") if is_known(workspace) else ("not known", "unknown")


def _exception(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    name = "" if workspace.kind == "cluster" else f"{cluster_name(cluster)} "
    if cluster.newest_incomplete_copy_at:
        return f"{name}only incomplete, of {day(cluster.newest_incomplete_copy_at, zone)}"
    end = restorable_until(cluster)
    return f"{name}not since {day(end, zone)}" if end else f"{name}never"


def _extreme(worst_first: Sequence[ClusterReport], describe: Callable[[ClusterReport], str]) -> Extreme:
    if not worst_first:
        return Extreme("")
    words = describe(worst_first[0])
    worst = [cluster_name(cluster) for cluster in worst_first if describe(cluster) == words]
    return Extreme(words, listed(sorted(worst), _MAX_NAMES) if len(worst) < len(worst_first) else "")


def _made_at(cluster: ClusterReport) -> datetime:
    return cluster.newest_restore_point_at or _LONG_AGO


def _ends_at(cluster: ClusterReport) -> datetime:
    return restorable_until(cluster) or FOREVER


def _age(at: datetime | None, now: datetime) -> str:
    return age(at, now) if at else "of unknown age"


def _ahead(end: datetime, now: datetime) -> str:
    return "never" if end == FOREVER else age(end, now)
