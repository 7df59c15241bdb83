"""A report cut to what its recipient takes, keeping what matters most."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

import msgspec
from msgspec import Struct

from backup_reporter.health.findings import WORST_FIRST, Finding
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.records import Record
from backup_reporter.report.model import Change, Changes, Report
from backup_reporter.report.packed import PackedReports, worst_first
from backup_reporter.wording import quote

ANSWER_BYTES = 5_900_000
"""Lambda answers with at most 6 MB; a little is left for what the runtime adds."""

_MESSAGE_LENGTH = 300
_NAME_LENGTH = 253
_MAX_PROBLEMS = 20
_MAX_TENANTS = 100
_SHARE_OF_CHANGES = 0.25

Size = Callable[[Record], int]
"""How many bytes a record takes in the shortened report."""
_Record = TypeVar("_Record", bound=Record)
_Change = TypeVar("_Change", bound=Change)


def size_in_answer(record: Record) -> int:
    """Bytes as a Lambda runtime writes JSON: with spaces, and with every character outside ASCII written out."""
    return len(json.dumps(msgspec.to_builtins(record)))


class SizeLimit(Struct, frozen=True):
    """The most bytes that a report may take; ``separator_bytes`` stand between two records."""

    max_bytes: int
    size: Size
    separator_bytes: int = len(",")


ANSWER = SizeLimit(ANSWER_BYTES, size_in_answer, len(", "))


def fit(report: Report, limit: SizeLimit = ANSWER) -> Report:
    """Returns the report, or what matters most of it, marked as ``truncated``, if the whole is too large.

    What goes first: the details (history, evidence, long messages) of healthy workspaces, then those
    of the others, then whole workspaces, the best first. The summary always counts everything.
    Of a large report, no more is held in memory than fits.
    """
    if _fits(report, limit):
        return report
    bare = _without_workspaces(report)
    brief = (_brief(workspace) if workspace.status == "OK" else workspace for workspace in report.workspaces)
    workspaces = PackedReports(_that_fit(brief, limit.max_bytes - limit.size(bare), limit))
    if len(workspaces) == len(report.workspaces):
        return msgspec.structs.replace(bare, workspaces=workspaces)
    return _with_the_worst(bare, report.workspaces, limit)


def _without_workspaces(report: Report) -> Report:
    return msgspec.structs.replace(
        report,
        truncated=True,
        problems=_brief_texts(report.problems),
        notes=_brief_texts(report.notes),
        findings=tuple(map(_brief_finding, report.findings)),
        tenants=tuple(sorted(report.tenants, key=lambda tenant: WORST_FIRST.index(tenant.status))[:_MAX_TENANTS]),
        workspaces=(),
    )


def _fits(report: Report, limit: SizeLimit) -> bool:
    bare = limit.size(msgspec.structs.replace(report, workspaces=()))
    sizes = (limit.separator_bytes + limit.size(workspace) for workspace in report.workspaces)
    return all(size <= limit.max_bytes for size in accumulate(sizes, initial=bare - limit.separator_bytes))


def _brief_texts(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(quote(text, _MESSAGE_LENGTH) for text in texts[:_MAX_PROBLEMS])


def _brief(workspace: WorkspaceReport) -> WorkspaceReport:
    return msgspec.structs.replace(
        workspace,
        name=quote(workspace.name, _NAME_LENGTH),
        project_name=quote(workspace.project_name, _NAME_LENGTH),
        clusters=tuple(msgspec.structs.replace(cluster, restore_point_series=()) for cluster in workspace.clusters),
        findings=tuple(map(_brief_finding, workspace.findings)),
        history=(),
    )


def _brief_finding(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, message=quote(finding.message, _MESSAGE_LENGTH), evidence={})


def _brief_change(change: _Change) -> _Change:
    return msgspec.structs.replace(
        change,
        project_name=None if change.project_name is None else quote(change.project_name, _NAME_LENGTH),
        workspace_name=quote(change.workspace_name, _NAME_LENGTH),
        message=quote(change.message, _MESSAGE_LENGTH),
    )


def _with_the_worst(report: Report, workspace_reports: Sequence[WorkspaceReport], limit: SizeLimit) -> Report:
    """The report with as many of its worst workspaces and newest changes as fit."""
    changes = report.changes
    bare = msgspec.structs.replace(report, changes=Changes(note=changes.note))
    free_bytes = limit.max_bytes - limit.size(bare)
    for_changes = int(free_bytes * _SHARE_OF_CHANGES)
    new, left = _take(map(_brief_change, changes.new), for_changes, limit)
    resolved, left = _take(map(_brief_change, changes.resolved), left, limit)
    no_longer_judged, left = _take(map(_brief_change, changes.no_longer_judged), left, limit)
    ongoing, left = _take(map(_brief_change, changes.ongoing), left, limit)
    worst = _that_fit(map(_brief, worst_first(workspace_reports)), free_bytes - for_changes + left, limit)
    return msgspec.structs.replace(
        bare,
        workspaces=PackedReports(worst, is_ordered=True),
        changes=msgspec.structs.replace(
            changes, new=new, resolved=resolved, no_longer_judged=no_longer_judged, ongoing=ongoing
        ),
    )


def _take(records: Iterable[_Record], free_bytes: int, limit: SizeLimit) -> tuple[tuple[_Record, ...], int]:
    """The first records that fit into ``free_bytes``, separators included, and the bytes that are left."""
    taken = tuple(_that_fit(records, free_bytes, limit))
    used_bytes = sum(map(limit.size, taken)) + limit.separator_bytes * max(0, len(taken) - 1)
    return taken, free_bytes - used_bytes


def _that_fit(records: Iterable[_Record], free_bytes: int, limit: SizeLimit) -> Iterator[_Record]:
    """The records that fit, in their order: one that is too large is skipped.

    No more are tried once fewer bytes are left than the smallest record took.
    """
    smallest = 0
    for record in records:
        size = limit.size(record)
        if size <= free_bytes:
            yield record
            free_bytes -= size + limit.separator_bytes
            smallest = min(smallest or size, size)
        elif free_bytes < smallest:
            return
