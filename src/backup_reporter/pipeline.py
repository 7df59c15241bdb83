"""The run, as one story: gather, judge, report, deliver.

Everything it uses comes in as arguments, the time included; the schedule, an on-demand event and the
command line all take this path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from backup_reporter.errors import PaletteError, reason_of
from backup_reporter.health.judge import judge, judge_being_deleted, judge_not_protected, judge_unreadable, until
from backup_reporter.health.model import Run, Workspace
from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.crew import ask_all
from backup_reporter.palette.discovery import Fleet, discover
from backup_reporter.palette.transport import OUT_OF_TIME
from backup_reporter.publish import Outlets, publish
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Report, Scope, scope_id
from backup_reporter.report.verdicts import Verdicts
from backup_reporter.request import Request
from backup_reporter.settings import Rules, Settings

Progress = Callable[[int, int], None]
"""Told after every verdict how many there are, and how many there will be."""

_NOT_A_MISSING_POLICY = frozenset({"ProjectNotFoundInTenant", "ResourceAccessDenied"})


def nobody_watches(done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run touches of the world outside. ``seconds_left`` counts down to the platform's limit.

    ``outlets`` is asked once everything is judged: what leads there can be built while Palette answers.
    """

    client: PaletteClient
    outlets: Callable[[], Outlets]
    clock: Callable[[], datetime]
    seconds_left: Callable[[], float]
    invocation_id: str
    on_progress: Progress = nobody_watches


def run(request: Request, settings: Settings, around: Surroundings, now: datetime) -> Report:
    """Makes one report at ``now`` (aware, UTC) and delivers it. Says in the report what went wrong."""
    as_of = request.as_of or now.replace(microsecond=0)
    workspaces, problems = gather(request, settings, around.client, as_of, now, around.on_progress)
    scope = _scope(request, settings)
    report = build_report(
        workspaces,
        report_id=_report_id(request, scope, around.invocation_id, now),
        as_of=as_of,
        generated_at=around.clock().replace(microsecond=0),
        scope=scope,
        problems=problems,
        what_if=request.as_of is not None,
    )
    return publish(report, request, settings, around.outlets(), around.seconds_left)


def gather(
    request: Request,
    settings: Settings,
    client: PaletteClient,
    as_of: datetime,
    now: datetime,
    on_progress: Progress = nobody_watches,
) -> tuple[Verdicts, tuple[str, ...]]:
    """Discovers the fleet, fetches every result and judges it as it arrives.

    Returns the verdicts and a sentence for each thing that could not be looked into. Never raises
    for what Palette does: silence is never the answer.
    """
    scope = _scope(request, settings)
    try:
        fleet = discover(client, scope.project_uids, scope.workspace_uids)
    except Exception as error:  # noqa: BLE001 - whatever it is, silence is not the answer
        return Verdicts(), (f"Palette could not be asked: {reason_of(error)}.",)
    examine = _Examiner(client, request, settings.rules, as_of, now)
    verdicts = Verdicts(_judged(fleet, examine, on_progress))
    return verdicts, (*fleet.problems, *filter(None, [client.clock.problem]))


def _judged(fleet: Fleet, examine: _Examiner, on_progress: Progress) -> Iterator[WorkspaceReport]:
    """A verdict on every workspace as its answer arrives, then on those that were not reached or not found."""
    client, rules, as_of = examine.client, examine.rules, examine.as_of
    unanswered = {workspace.uid: workspace for workspace in fleet.workspaces}
    total = len(unanswered)
    on_progress(0, total)
    for verdict in ask_all(examine, fleet.workspaces, client.has_room_for_results, client.seconds_left):
        yield verdict
        del unanswered[verdict.uid]
        on_progress(total - len(unanswered), total)
    for workspace in unanswered.values():
        yield judge_unreadable(workspace, OUT_OF_TIME, rules, as_of)
    for uid in fleet.unlisted_workspace_uids:
        yield _unlisted(uid, rules, as_of)


@dataclass(frozen=True, slots=True)
class _Examiner:
    """Fetches one workspace's backups, judges them, and drops the rest."""

    client: PaletteClient
    request: Request
    rules: Rules
    as_of: datetime
    now: datetime

    def __call__(self, workspace: Workspace) -> WorkspaceReport:
        if workspace.deleted_at:
            return judge_being_deleted(workspace, self.rules, self.as_of)
        try:
            return self._judged(workspace)
        except PaletteError as error:
            return _verdict_on_error(workspace, error, self.request, self.rules, self.as_of)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other workspaces their verdicts
            return judge_unreadable(workspace, f"It could not be judged: {reason_of(error)}", self.rules, self.as_of)

    def _judged(self, workspace: Workspace) -> WorkspaceReport:
        request_uid = self.request.backup_request_uid
        result = self.client.backup_result(workspace, request_uid)
        if self.as_of < self.now:
            result = until(result, self.as_of)
        if request_uid is None:
            return judge(workspace, result, self.rules, self.as_of)
        run = _asked_for(request_uid, result.runs)
        if run is None and not result.unreadable_runs:
            return _no_such_run(workspace, request_uid, self.rules, self.as_of)
        alone = msgspec.structs.replace(result, runs=(run,) if run else ())
        return judge(workspace, alone, self.rules, self.as_of, single_run=True)


def _asked_for(request_uid: str, runs: Sequence[Run]) -> Run | None:
    if len(runs) == 1 and runs[0].request_uid is None:
        return runs[0]
    return next((run for run in runs if run.request_uid == request_uid), None)


def _no_such_run(workspace: Workspace, request_uid: str, rules: Rules, as_of: datetime) -> WorkspaceReport:
    why = f"Palette knows no backup request {request_uid} of this workspace"
    return judge_unreadable(workspace, why, rules, as_of, backupRequestUid=request_uid)


def _verdict_on_error(
    workspace: Workspace, error: PaletteError, request: Request, rules: Rules, as_of: datetime
) -> WorkspaceReport:
    evidence = {"status": error.status, "palettesCode": error.code or None, "ref": error.ref or None}
    if error.code == "BackupNotConfigured":
        return judge_not_protected(workspace, "Palette answers BackupNotConfigured", rules, as_of, **evidence)
    # A project that vanished, or is closed to this key, answers 404 as well: that says nothing of a policy.
    if error.status == 404 and error.code not in _NOT_A_MISSING_POLICY:
        if request.backup_request_uid:
            return _no_such_run(workspace, request.backup_request_uid, rules, as_of)
        return judge_not_protected(workspace, "Palette knows no backup of it (404)", rules, as_of, **evidence)
    return judge_unreadable(workspace, str(error), rules, as_of, **evidence)


def _unlisted(uid: str, rules: Rules, as_of: datetime) -> WorkspaceReport:
    nowhere = Workspace(uid=uid, name=uid, project_uid="", project_name="")
    return judge_unreadable(nowhere, "No project that the API key sees lists this workspace", rules, as_of)


def _scope(request: Request, settings: Settings) -> Scope:
    return Scope(
        project_uids=request.project_uids or settings.project_uids,
        workspace_uids=request.workspace_uids or settings.workspace_uids,
        backup_request_uid=request.backup_request_uid,
    )


def _report_id(request: Request, scope: Scope, invocation_id: str, now: datetime) -> str:
    """Sortable, safe in a path, and the same for every retry of one scheduled time."""
    at = request.scheduled_at or now
    origin = "the schedule" if request.scheduled_at else f"{invocation_id} {now.isoformat()}"
    origin = f"{origin} {at.isoformat()} {scope_id(scope)}"
    return f"{at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
