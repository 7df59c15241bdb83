"""Small builders of Palette's JSON, and the check that a row of the table makes.

The workspace ``payments`` has two clusters, ``eu1`` and ``us2``, a policy that backs both up daily at
01:00 UTC and keeps a copy for 30 days, and is looked at on Monday, 2026-11-23, at 07:00 UTC. A time is
written ``11-23 01:00`` (of 2026, UTC); anything else is passed on as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_reporter.health.findings import Finding
from backup_reporter.health.judge import judge
from backup_reporter.health.model import BackupResult, Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.lists import Project, decode_workspaces
from backup_reporter.palette.results import decode_backup_result

Json = dict[str, Any]

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
DAILY = "0 1 * * *"
NAMES = {"eu1": "eu-1", "us2": "us-2"}
NOTHING: Any = "left out"
"""A field that is not there at all, which ``None`` (JSON's ``null``) is not."""

SEVERITIES = {
    "backup-failed": "critical",
    "backup-partially-failed": "warning",
    "backup-stuck": "warning",
    "backup-state-unknown": "warning",
    "backup-overdue": "critical",
    "backup-expired": "critical",
    "never-backed-up": "critical",
    "awaiting-first-backup": "info",
    "backup-expiring": "warning",
    "restore-point-too-old": "critical",
    "cluster-not-backed-up": "critical",
    "namespace-not-backed-up": "warning",
    "delete-failed": "warning",
    "retention-gap": "warning",
    "not-protected": "warning",
    "not-scheduled": "info",
    "schedule-unreadable": "warning",
    "disks-not-included": "info",
    "being-deleted": "info",
    "unreadable": "unknown",
    "mute-unreadable": "info",
    "backups-stopped": "warning",
    "cluster-not-in-policy": "warning",
    "policy-names-missing-cluster": "warning",
    "namespaces-not-in-policy": "info",
    "only-incomplete-copies": "critical",
    "no-copy-yet": "warning",
    "delete-stuck": "info",
    "schedule-shifted": "info",
    "restore-points-vanished": "warning",
    "cluster-unprotected": "info",
    "cluster-unreachable": "info",
    "location-missing": "warning",
    "restore-in-place-only": "info",
    "restore-untested": "warning",
    "restore-failed": "warning",
}


def at(text: str) -> datetime:
    """``11-23 01:00`` or ``11-23 01:00:30``, of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}+00:00")


def time(text: Any) -> Any:
    """As Palette writes it, where it is in the table's short form; else as it stands."""
    if isinstance(text, str) and re.fullmatch(r"\d\d-\d\d \d\d:\d\d(:\d\d)?", text):
        return at(text).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return text


def days(first: str, last: str) -> list[str]:
    """Every day's 01:00 from ``11-20`` to ``11-23``, both included."""
    start, end = at(f"{first} 01:00"), at(f"{last} 01:00")
    return [f"{start + timedelta(days=day):%m-%d %H:%M}" for day in range((end - start).days + 1)]


def listed(
    clusters: Sequence[str] = ("eu1", "us2"),
    *,
    created: str | None = "01-05 09:00",
    deleted: str | None = NOTHING,
    labels: Mapping[str, str] = NOTHING,
    annotations: Mapping[str, str] = NOTHING,
) -> Json:
    """The workspace as its project lists it."""
    metadata = present(
        uid="ws-1",
        name="payments",
        creationTimestamp=time(created),
        deletionTimestamp=time(deleted),
        labels=labels,
        annotations=annotations,
    )
    refs = [{"uid": uid, "name": NAMES.get(uid, uid)} for uid in clusters]
    return {"metadata": metadata, "spec": {"clusterRefs": refs}}


def copy(state: str | None = "Completed", **fields: Any) -> Json:
    """A cluster backup: ``at``, ``expires``, ``deleted``, ``msg``, ``namespaces``, ``name`` where a case needs them."""
    backup_state = present(
        state=state,
        deleteState=fields.get("deleted", NOTHING),
        msg=fields.get("msg", NOTHING),
        backupTime=time(fields.get("at", NOTHING)),
    )
    return present(
        backupName=fields.get("name", NOTHING),
        backupedNamespaces=fields.get("namespaces", NOTHING),
        expiryDate=time(fields.get("expires", NOTHING)),
        backupState=backup_state,
    )


def run(
    requested: str | None = NOTHING,
    state: str | None = "Completed",
    *,
    backup_time: str | None = NOTHING,
    refs: Any = NOTHING,
    hours: float | None = NOTHING,
    deleted: str | None = NOTHING,
    name: str = NOTHING,
    **clusters: str | Json | None,
) -> Json:
    """A run of both clusters, each in the run's state unless told otherwise: ``eu1="Failed"``, ``us2=copy(…)``.

    A cluster that is given as ``NOTHING`` is not in the run; ``refs`` stands for all cluster backups.
    """
    parts = {"eu1": state, "us2": state, **clusters}
    taken = {uid: part for uid, part in parts.items() if part is not NOTHING}
    config = present(
        backupName=name,
        requestTime=time(requested),
        backupTime=time(backup_time),
        backupState=present(state=state, deleteState=deleted),
        config={"durationInHours": hours} if hours is not NOTHING else NOTHING,
        clusterBackupRefs=[ref(uid, part) for uid, part in taken.items()] if refs is NOTHING else refs,
    )
    return {"requestUid": f"req-{requested}", "workspaceBackupConfig": config}


def ref(uid: str, part: str | Json | None) -> Json:
    """One cluster's part in a run: its state, or a :func:`copy`."""
    status = part if isinstance(part, dict) else copy(part)
    return {"clusterUid": uid, "clusterName": NAMES.get(uid, uid), "backupStatusMeta": status}


def only(uid: str, requested: str, state: str | Json = "Completed", **fields: Any) -> Json:
    """Somebody's run of one cluster."""
    whole = state if isinstance(state, str) else "Completed"
    return run(requested, whole, refs=[ref(uid, state)], **fields)


def nightly(first: str = "11-16", last: str = "11-23", state: str | None = "Completed", **fields: Any) -> list[Json]:
    """One run a night at 01:00, both days included."""
    return [run(day, state, **fields) for day in days(first, last)]


def backup(
    *runs: Any,
    schedule: str | None = DAILY,
    hours: float | None = 720,
    all_clusters: bool | None = True,
    uids: Any = NOTHING,
    created: str | None = "01-05 10:00",
    **config: Any,
) -> Json:
    """Palette's answer about the workspace's backups; ``config`` is passed on into ``backupConfig``."""
    backup_config = present(
        durationInHours=hours,
        schedule={"scheduledRunTime": schedule} if schedule is not None else NOTHING,
        **config,
    )
    return {
        "metadata": present(uid="wb-1", name="payments", creationTimestamp=time(created)),
        "spec": {
            "workspaceUid": "ws-1",
            "config": present(includeAllClusters=all_clusters, clusterUids=uids, backupConfig=backup_config),
        },
        "status": {"workspaceBackupStatuses": list(runs)},
    }


def present(**fields: Any) -> Json:
    """The fields that are there."""
    return {key: value for key, value in fields.items() if value is not NOTHING}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table: what Palette says, and what has to follow. See :func:`row`."""

    answer: Any
    expected: frozenset[str]
    workspace: Json
    thresholds: Thresholds
    now: datetime
    says: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: Mapping[str, str | None] = field(default_factory=dict)
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    status: str | None = None
    single_run: bool = False
    also: Callable[[WorkspaceReport], bool] | None = None


def row(
    sentence: str,
    answer: Any,
    *expected: str,
    workspace: Json | None = None,
    thresholds: Thresholds | None = None,
    now: datetime | str = NOW,
    **checks: Any,
) -> Any:
    """A sentence of the rule book and a case of it.

    ``expected`` are all the findings, as ``code``, ``code cluster`` or either with `` muted`` behind it. ``says``,
    ``since`` and ``evidence`` look into single findings, by the same words; ``also`` has to be true of the verdict.
    """
    return pytest.param(
        Row(
            answer=answer,
            expected=frozenset(expected),
            workspace=workspace or listed(),
            thresholds=thresholds or Thresholds(),
            now=at(now) if isinstance(now, str) else now,
            **checks,
        ),
        id=sentence,
    )


def both(code: str) -> tuple[str, str]:
    """The same finding about either cluster."""
    return f"{code} eu1", f"{code} us2"


def decoded(workspace: Json, answer: Any) -> tuple[Workspace, BackupResult]:
    """Both as the judging gets them: through JSON and the decoder, like Palette's own answers."""
    page = decode_workspaces(json.dumps({"items": [workspace]}).encode(), Project("pr-1", "prod"))
    # An answer that says nothing at all is refused: a generated one stands for a policy without a schedule.
    if isinstance(answer, dict) and not any(answer.get(name) is not None for name in ("metadata", "spec", "status")):
        answer = {**answer, "metadata": {}}
    return page.items[0], decode_backup_result(json.dumps(answer).encode())


def judged(
    answer: Any,
    workspace: Json | None = None,
    thresholds: Thresholds | None = None,
    now: datetime = NOW,
    *,
    single_run: bool = False,
) -> WorkspaceReport:
    """The verdict on an answer of Palette's."""
    return judge(*decoded(workspace or listed(), answer), thresholds or Thresholds(), now, single_run=single_run).report


def label(finding: Finding) -> str:
    """A finding in the table's words."""
    words = [finding.code, finding.cluster_uid or finding.cluster_name, "muted" if finding.muted else None]
    return " ".join(word for word in words if word)


def check(case: Row) -> None:
    """Judges a row's case and compares everything that the row says about it."""
    verdict = judged(case.answer, case.workspace, case.thresholds, case.now, single_run=case.single_run)
    found = {label(finding): finding for finding in verdict.findings}
    assert frozenset(found) == case.expected, f"EXPECTED {sorted(case.expected)} GOT {sorted(found)}\n" + describe(
        verdict
    )
    assert len(found) == len(verdict.findings), "at most one finding per code and cluster"
    for finding in verdict.findings:
        assert finding.severity == SEVERITIES[finding.code]
    for name, parts in case.says.items():
        for part in parts:
            assert part in found[name].message, found[name].message
    for name, moment in case.since.items():
        assert found[name].since == (at(moment) if moment else None), found[name]
    for name, particulars in case.evidence.items():
        assert found[name].evidence.items() >= particulars.items(), found[name].evidence
    assert case.status in (None, verdict.status)
    assert case.also is None or case.also(verdict), verdict


def describe(verdict: WorkspaceReport) -> str:
    """The findings as a person would want to see them in a failed test."""
    return "\n".join(f"{label(finding)}: {finding.message}" for finding in verdict.findings) or "no findings"
