"""One workspace: its backups fetched and judged, and the rest dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from backup_reporter.config.request import Request
from backup_reporter.errors import PaletteError, UndecodableError, reason_of
from backup_reporter.health.findings import WORST_FIRST
from backup_reporter.health.hindsight import accuse_of_nothing_unknown, until
from backup_reporter.health.judge import (
    Judgment,
    judge,
    judge_being_deleted,
    judge_not_protected,
    judge_unreadable,
)
from backup_reporter.health.memory import remember_no_policy
from backup_reporter.health.model import BackupResult, Run, Surroundings, Workspace
from backup_reporter.health.mute import mute_labels
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.report.workspace_memory import WorkspaceMemory

_NOT_A_MISSING_POLICY = frozenset({"ProjectNotFoundInTenant", "ResourceAccessDenied"})
_LISTED_NOWHERE = "No project that the API key sees lists this workspace"


def listed_nowhere(uid: str, tenant: str | None) -> Workspace:
    """Returns a workspace that was asked for and that no project lists: it is not asked about, and UNKNOWN."""
    return Workspace(uid=uid, name=uid, project_uid="", project_name="", tenant=tenant)


class WorkspaceChecker(Struct, frozen=True):
    """Fetches one workspace's backups, judges them, and drops the rest."""

    client: PaletteClient
    request: Request
    thresholds: Thresholds
    as_of: datetime
    clock: Callable[[], datetime]
    seconds_left_for_restores: Callable[[], float]
    """Restores are asked for first; those that hang must leave time to ask for the backup results."""
    memory: WorkspaceMemory = field(default_factory=WorkspaceMemory)
    """What the last report remembered."""
    surroundings: Surroundings | None = None

    def __call__(self, workspace: Workspace) -> Judgment:
        """Returns the verdict; the worst one if several entries of lists have this uid. Never raises for Palette."""
        repeated = (msgspec.structs.replace(entry, tenant=workspace.tenant) for entry in workspace.also_listed)
        # An entry that is being deleted comes last: it must not stand for one that lives.
        entries = sorted((workspace, *repeated), key=lambda entry: entry.deleted_at is not None)
        judgment = min(map(self._check, entries), key=lambda judgment: WORST_FIRST.index(judgment.report.status))
        return remember_cluster(workspace, judgment) if workspace.kind == "cluster" else judgment

    def _check(self, workspace: Workspace) -> Judgment:
        last = recall(self.memory, workspace)
        try:
            return self._fetch_and_judge(workspace, last)
        except PaletteError as error:
            had_policy = workspace.kind == "cluster" and last is not None and last.has_policy
            report = _report_on_error(
                workspace, error, self.request, self.thresholds, self.as_of, hadPolicy=had_policy or None
            )
            return Judgment(report, remember_no_policy(last, self.as_of) if _is_unprotected(report) else last)
        except Exception as error:  # noqa: BLE001 - no error may cost the other workspaces their verdicts
            why = f"It could not be judged: {reason_of(error)}"
            return Judgment(judge_unreadable(workspace, why, self.thresholds, self.as_of), last)

    def _fetch_and_judge(self, workspace: Workspace, last: RememberedWorkspace | None) -> Judgment:
        if not workspace.project_uid and workspace.kind == "workspace":
            return Judgment(judge_unreadable(workspace, _LISTED_NOWHERE, self.thresholds, self.as_of), last)
        if workspace.deleted_at:
            return Judgment(judge_being_deleted(workspace, self.thresholds, self.as_of), last)
        workspace = msgspec.structs.replace(workspace, surroundings=self.surroundings)
        if workspace.kind == "cluster":
            return self.client.use_cluster_result(
                workspace, lambda result: self._judge_cluster(workspace, result, last)
            )
        workspace = self._with_restores(workspace)
        return self.client.use_backup_result(
            workspace, self.request.backup_request_uid, lambda result: self._judge(workspace, result, last)
        )

    def _with_restores(self, workspace: Workspace) -> Workspace:
        """Returns a workspace with its restores, if the settings ask for them; what goes wrong costs nothing else."""
        if self.thresholds.restore_test_max_age is None or self.request.backup_request_uid:
            return workspace
        try:
            in_time = self.client.within(self.seconds_left_for_restores)
            return msgspec.structs.replace(workspace, restores=in_time.restores(workspace))
        except Exception as error:  # noqa: BLE001 - see above
            return msgspec.structs.replace(workspace, restores_error=reason_of(error))

    def _judge_cluster(
        self, cluster: Workspace, result: BackupResult | None, last: RememberedWorkspace | None
    ) -> Judgment:
        if result is None:
            why = "it has none of its own"
            report = judge_not_protected(cluster, why, self.thresholds, self.as_of)
            return Judgment(report, remember_no_policy(last, self.as_of))
        return self._judge(cluster, result, last)

    def _judge(self, workspace: Workspace, result: BackupResult, last: RememberedWorkspace | None) -> Judgment:
        request_uid = self.request.backup_request_uid
        result = msgspec.structs.replace(result, restores=workspace.restores, restores_error=workspace.restores_error)
        asked_at = self.clock()
        known_today = result
        if self.request.as_of and self.as_of < asked_at:
            result, asked_at = until(result, self.as_of), self.as_of
        if request_uid is None:
            report, remembered = judge(
                workspace, result, self.thresholds, self.as_of, asked_at=asked_at, remembered=last
            )
            if result is not known_today:
                report = accuse_of_nothing_unknown(report, known_today, self.thresholds, self.as_of)
            return Judgment(report, remembered)
        run = _asked_for(request_uid, result.runs)
        if run is None and not result.unreadable_runs:
            return Judgment(_no_such_run(workspace, request_uid, self.thresholds, self.as_of), last)
        alone = msgspec.structs.replace(result, runs=(run,) if run else ())
        return judge(workspace, alone, self.thresholds, self.as_of, asked_at=asked_at, single_run=True, remembered=last)


def recall(memory: WorkspaceMemory, workspace: Workspace) -> RememberedWorkspace | None:
    """Returns what the last report remembered of a workspace, if anything."""
    found = memory.find(workspace.tenant, workspace.uid)
    return found.backups if found else None


def remember_cluster(cluster: Workspace, judgment: Judgment) -> Judgment:
    """Returns the judgment with what a report must remember to look at a cluster that it cannot list."""
    if judgment.remembered is None:
        return judgment
    remembered = msgspec.structs.replace(
        judgment.remembered, is_imported=cluster.is_imported, mute_labels=mute_labels(cluster.labels)
    )
    return judgment._replace(remembered=remembered)


def _is_unprotected(report: WorkspaceReport) -> bool:
    return any(finding.code == "not-protected" for finding in report.findings)


def _asked_for(request_uid: str, runs: Sequence[Run]) -> Run | None:
    if len(runs) == 1 and runs[0].request_uid is None:
        return runs[0]
    return next((run for run in runs if run.request_uid == request_uid), None)


def _no_such_run(workspace: Workspace, request_uid: str, thresholds: Thresholds, as_of: datetime) -> WorkspaceReport:
    why = f"Palette knows no backup request {request_uid} of this workspace"
    return judge_unreadable(workspace, why, thresholds, as_of, backupRequestUid=request_uid)


def _report_on_error(
    workspace: Workspace,
    error: PaletteError,
    request: Request,
    thresholds: Thresholds,
    as_of: datetime,
    **evidence: Any,
) -> WorkspaceReport:
    evidence |= {"status": error.status, "palettesCode": error.code or None, "ref": error.ref or None}
    if error.code == "BackupNotConfigured":
        return judge_not_protected(workspace, "Palette answers BackupNotConfigured", thresholds, as_of, **evidence)
    # A project that vanished, or is closed to this key, answers 404 as well, and so does a proxy, without a code.
    if error.status == 404 and error.code and error.code not in _NOT_A_MISSING_POLICY:
        if request.backup_request_uid:
            return _no_such_run(workspace, request.backup_request_uid, thresholds, as_of)
        return judge_not_protected(workspace, "Palette knows no backup of it (404)", thresholds, as_of, **evidence)
    why = f"Palette's answer could not be understood: {error}" if isinstance(error, UndecodableError) else str(error)
    return judge_unreadable(workspace, why, thresholds, as_of, **evidence)
