"""What changed since the last report of the same scope: new, ongoing, resolved.

A finding is the same finding while tenant, workspace, cluster and code are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Finding
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.records import Instant, Record
from backup_reporter.report.locations import listed, place
from backup_reporter.report.model import Change, Changes, Key, Report, key_of
from backup_reporter.report.packed import with_findings
from backup_reporter.wording import quote

_MESSAGE_LENGTH = 300
_NAME_LENGTH = 253
_MAX_PROJECTS = 10


class Known(Record, frozen=True, kw_only=True):
    """A finding as it was last seen. ``change.since`` is never empty: at worst, when it was first seen."""

    change: Change
    muted: bool = False


class ProjectSize(Record, frozen=True, kw_only=True):
    """How many workspaces a project has."""

    tenant: str | None
    uid: str
    name: str
    workspaces: int


class Baseline(Record, frozen=True, kw_only=True):
    """What the next report is compared with.

    ``before`` and ``projects_before`` are what this one was compared with: a retry of the same report compares with it
    again, instead of finding nothing new. ``unheard`` is the first report that some channel lacks, unless everybody
    has had one since.
    """

    report_id: str
    unheard: str | None = None
    as_of: Instant
    known: tuple[Known, ...] = ()
    before: tuple[Known, ...] | None = None
    projects: tuple[ProjectSize, ...] = ()
    projects_before: tuple[ProjectSize, ...] = ()


def compare(report: Report, baseline: Baseline | None, why_none: str) -> tuple[Changes, Baseline]:
    """What changed, and the baseline for the next report.

    Without a baseline everything is new, and ``why_none`` says so. What was known of a workspace
    that cannot be looked at now is neither ongoing nor resolved: it is kept for the next
    comparison. A finding that is muted is not mentioned, and not resolved by that.
    """
    before = _before(report, baseline)
    known = {key_of(one.change): one for one in before or ()}
    seen = {key_of(one.change): one for one in _seen(report, known)}
    is_hidden = _hidden(report)
    missing = [one for key, one in known.items() if key not in seen]
    shown = [(one, _is_news(one, known.get(key))) for key, one in seen.items() if not one.muted]
    changes = Changes(
        note=why_none if before is None else None,
        new=_worst_first(one for one, is_news in shown if is_news),
        ongoing=_worst_first(one for one, is_news in shown if not is_news),
        resolved=_worst_first(one for one in missing if not one.muted and not is_hidden(one)),
    )
    kept = (*seen.values(), *filter(is_hidden, missing))
    projects_before = _projects_before(report, baseline)
    return changes, Baseline(
        report_id=report.report_id,
        unheard=baseline.unheard if baseline else None,
        as_of=report.as_of,
        known=kept,
        before=before,
        projects=_projects(report, projects_before),
        projects_before=projects_before,
    )


def fewer_line(baseline: Baseline) -> str | None:
    """Which projects have fewer workspaces than in the report before, if any.

    What is not listed has no findings: a key that may see less than it did must not look like backups getting better.
    """
    now = {(one.tenant, one.uid): one.workspaces for one in baseline.projects}
    fewer = [
        f"{left or 'none'} instead of {one.workspaces} in {place(one.tenant, one.name)}"
        for one in baseline.projects_before
        if (left := now.get((one.tenant, one.uid), 0)) < one.workspaces
    ]
    if not fewer:
        return None
    return (
        f"There are fewer workspaces than in the last report: {listed(fewer, _MAX_PROJECTS)}. "
        "Were they deleted, or may the API key no longer see them?"
    )


def _projects(report: Report, before: Iterable[ProjectSize]) -> tuple[ProjectSize, ...]:
    """The projects with workspaces; none is smaller than ``before`` where something could not be listed."""
    # A workspace that was asked for by uid, and that no project lists, is in none.
    listed_ones = (one for one in report.workspaces if one.project_uid)
    found = Counter((one.tenant, one.project_uid, one.project_name) for one in listed_ones)
    sizes = {
        (tenant, uid): ProjectSize(tenant=tenant, uid=uid, name=name, workspaces=number)
        for (tenant, uid, name), number in found.items()
    }
    for one in before if report.problems else ():
        now = sizes.get((one.tenant, one.uid))
        if now is None or now.workspaces < one.workspaces:
            sizes[one.tenant, one.uid] = one
    return tuple(sizes.values())


def _projects_before(report: Report, baseline: Baseline | None) -> tuple[ProjectSize, ...]:
    if baseline is None:
        return ()
    return baseline.projects_before if baseline.report_id == report.report_id else baseline.projects


def _before(report: Report, baseline: Baseline | None) -> tuple[Known, ...] | None:
    if baseline is None:
        return None
    return baseline.before if baseline.report_id == report.report_id else baseline.known


def _seen(report: Report, known: Mapping[Key, Known]) -> Iterator[Known]:
    for workspace in with_findings(report.workspaces):
        for finding in workspace.findings:
            change = _change(workspace, finding)
            earlier = known.get(key_of(change))
            since = change.since or (earlier.change.since if earlier else None) or report.as_of
            yield Known(change=msgspec.structs.replace(change, since=since), muted=finding.muted)


def _change(workspace: WorkspaceReport, finding: Finding) -> Change:
    return Change(
        tenant=workspace.tenant,
        project_name=quote(workspace.project_name, _NAME_LENGTH),
        workspace_uid=workspace.uid,
        workspace_name=quote(workspace.name, _NAME_LENGTH),
        cluster_uid=finding.cluster_uid,
        cluster_name=None if finding.cluster_name is None else quote(finding.cluster_name, _NAME_LENGTH),
        code=finding.code,
        severity=finding.severity,
        message=quote(finding.message, _MESSAGE_LENGTH),
        since=finding.since,
    )


def _is_news(now: Known, earlier: Known | None) -> bool:
    """New, worse, or no longer muted."""
    return earlier is None or earlier.muted or _rank(now) < _rank(earlier)


def _hidden(report: Report) -> Callable[[Known], bool]:
    """Tells what this report cannot know: of workspaces it could not read or did not see, of tenants it did not ask."""
    tenants: set[str | None] = {tenant.name for tenant in report.tenants} or {None}
    listed = {(one.tenant, one.uid) for one in report.workspaces} if report.problems else None
    suspects = with_findings(report.workspaces)
    unread = {(one.tenant, one.uid) for one in suspects if any(found.code == "unreadable" for found in one.findings)}

    def is_hidden(one: Known) -> bool:
        which = (one.change.tenant, one.change.workspace_uid)
        return which in unread or which[0] not in tenants or (listed is not None and which not in listed)

    return is_hidden


def _worst_first(some: Iterable[Known]) -> tuple[Change, ...]:
    ordered = sorted(
        some,
        key=lambda one: (
            _rank(one),
            one.change.code,
            one.change.tenant or "",
            one.change.project_name or "",
            one.change.workspace_name,
        ),
    )
    return tuple(one.change for one in ordered)


def _rank(one: Known) -> int:
    return WORST_FIRST.index(STATUS_OF_SEVERITY[one.change.severity])
