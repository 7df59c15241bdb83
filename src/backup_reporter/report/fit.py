"""A report cut to what an answer may hold, keeping what matters most."""

from __future__ import annotations

import json

import msgspec

from backup_reporter.health.findings import WORST_FIRST
from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.report.model import Changes, Report, to_json

ANSWER_BYTES = 5_900_000
"""Lambda answers with at most 6 MB; a little is left for what the runtime adds."""

_MOST_CHANGES = 200


def fit(report: Report, most_bytes: int = ANSWER_BYTES) -> Report:
    """The report, or its worst workspaces and ``truncated`` where the whole would be too large.

    Sizes are counted the way a Lambda runtime writes JSON: with spaces, and with every character
    outside ASCII written out.
    """
    if len(to_json(report)) * 3 <= most_bytes or _size(report) <= most_bytes:
        return report
    changes = Changes(
        new=report.changes.new[:_MOST_CHANGES],
        ongoing=report.changes.ongoing[:_MOST_CHANGES],
        resolved=report.changes.resolved[:_MOST_CHANGES],
    )
    bare = msgspec.structs.replace(
        report, workspaces=(), changes=changes, problems=report.problems[:100], truncated=True
    )
    left = most_bytes - _size(bare)
    kept: list[WorkspaceReport] = []
    for workspace in sorted(report.workspaces, key=lambda workspace: WORST_FIRST.index(workspace.status)):
        left -= _size(workspace) + 2
        if left < 0:
            break
        kept.append(workspace)
    return msgspec.structs.replace(bare, workspaces=tuple(kept))


def _size(record: Report | WorkspaceReport) -> int:
    return len(json.dumps(msgspec.to_builtins(record)))
