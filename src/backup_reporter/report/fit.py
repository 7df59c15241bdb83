"""A report cut to what its recipient takes, keeping what matters most."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from backup_reporter.health.findings import WORST_FIRST, Finding, Record
from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.health.wording import quote
from backup_reporter.report.model import Change, Changes, Report

ANSWER_BYTES = 5_900_000
"""Lambda answers with at most 6 MB; a little is left for what the runtime adds."""

_MESSAGE_LENGTH = 300
_NAME_LENGTH = 253
_MOST_PROBLEMS = 20
_SHARE_OF_CHANGES = 0.25

Size = Callable[[Record], int]
_Record = TypeVar("_Record", bound=Record)


def size_in_answer(record: Record) -> int:
    """Bytes as a Lambda runtime writes JSON: with spaces, and with every character outside ASCII written out."""
    return len(json.dumps(msgspec.to_builtins(record)))


def fit(report: Report, most_bytes: int = ANSWER_BYTES, size: Size = size_in_answer) -> Report:
    """The report, or what matters most of it and ``truncated`` where the whole would be too large.

    What goes first: the details (history, evidence, long messages) of healthy workspaces, then those
    of the others, then whole workspaces, the best first. The summary always counts everything.
    ``size`` says how many bytes a record takes where the report goes.
    """
    if size(report) <= most_bytes:
        return report
    cut = msgspec.structs.replace(
        report,
        truncated=True,
        problems=_brief_texts(report.problems),
        notes=_brief_texts(report.notes),
        workspaces=tuple(_brief(one) if one.status == "OK" else one for one in report.workspaces),
    )
    return cut if size(cut) <= most_bytes else _worst_first(cut, most_bytes, size)


def _brief_texts(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(quote(text, _MESSAGE_LENGTH) for text in texts[:_MOST_PROBLEMS])


def _brief(workspace: WorkspaceReport) -> WorkspaceReport:
    return msgspec.structs.replace(
        workspace,
        name=quote(workspace.name, _NAME_LENGTH),
        project_name=quote(workspace.project_name, _NAME_LENGTH),
        clusters=tuple(msgspec.structs.replace(cluster, copies=()) for cluster in workspace.clusters),
        findings=tuple(map(_brief_finding, workspace.findings)),
        history=(),
    )


def _brief_finding(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, message=quote(finding.message, _MESSAGE_LENGTH), evidence={})


def _brief_change(change: Change) -> Change:
    return msgspec.structs.replace(
        change,
        workspace_name=quote(change.workspace_name, _NAME_LENGTH),
        message=quote(change.message, _MESSAGE_LENGTH),
    )


def _worst_first(report: Report, most_bytes: int, size: Size) -> Report:
    """The worst workspaces, and the newest of the changes, for which there is room."""
    changes = report.changes
    bare = msgspec.structs.replace(report, workspaces=(), changes=Changes(note=changes.note))
    room = most_bytes - size(bare)
    room_of_changes = int(room * _SHARE_OF_CHANGES)
    new, left = _take(map(_brief_change, changes.new), room_of_changes, size)
    resolved, left = _take(map(_brief_change, changes.resolved), left, size)
    ongoing, left = _take(map(_brief_change, changes.ongoing), left, size)
    worst_first = sorted(report.workspaces, key=lambda workspace: WORST_FIRST.index(workspace.status))
    workspaces, _ = _take(map(_brief, worst_first), room - room_of_changes + left, size)
    return msgspec.structs.replace(
        bare,
        workspaces=workspaces,
        changes=msgspec.structs.replace(changes, new=new, resolved=resolved, ongoing=ongoing),
    )


def _take(records: Iterable[_Record], room: int, size: Size) -> tuple[tuple[_Record, ...], int]:
    """The first records that fit into ``room`` bytes, separators included, and the bytes that are left."""
    taken: list[_Record] = []
    for record in records:
        needed = size(record) + len(", ")
        if needed > room:
            break
        taken.append(record)
        room -= needed
    return tuple(taken), room
