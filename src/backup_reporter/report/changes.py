"""What changed since the last report of the same scope: new, ongoing, resolved.

A finding is the same finding while tenant, workspace, cluster and code are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Finding, Instant, Record
from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.health.wording import quote
from backup_reporter.report.model import Change, Changes, Key, Report, key_of
from backup_reporter.report.verdicts import with_findings

_MESSAGE_LENGTH = 300
_NAME_LENGTH = 253


class Known(Record, frozen=True, kw_only=True):
    """A finding as it was last seen. ``change.since`` is never empty: at worst, when it was first seen."""

    change: Change
    muted: bool = False


class Baseline(Record, frozen=True, kw_only=True):
    """What the next report is compared with.

    ``before`` is what this one was compared with: a retry of the same report compares with it
    again, instead of finding nothing new. ``unheard`` is the first report that some channel lacks, unless everybody
    has had one since.
    """

    report_id: str
    unheard: str | None = None
    as_of: Instant
    known: tuple[Known, ...] = ()
    before: tuple[Known, ...] | None = None


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
    unheard = baseline.unheard if baseline else None
    return changes, Baseline(report_id=report.report_id, unheard=unheard, as_of=report.as_of, known=kept, before=before)


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
