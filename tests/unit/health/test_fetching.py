"""What is made of an answer that is no result: the rules about ``not-protected`` and ``unreadable``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.errors import InvalidRequest, KeyRefusedError, PaletteError, UndecodableError, UnreachableError
from backup_reporter.health.model import BackupResult, Workspace
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.clock_skew import ClockSkew
from backup_reporter.palette.lists import Page, Project, decode_workspaces
from backup_reporter.palette.results import decode_backup_result
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_shards import Progress, check_shards, ignore_progress
from backup_reporter.run.make_plan import Palette, make_plan
from support.builders import NOW, at, backup, copy, label, listed, nightly, only, run


class OneWorkspace(PaletteClient):
    """A Palette with one project and one workspace, whose backups it answers or refuses."""

    def __init__(self, answer: object, workspace: object = None) -> None:
        self.seconds_left = lambda: 60.0
        self.clock = ClockSkew()
        self.answer = answer
        self.items = [workspace or listed()]

    def may_ask_for_lists(self) -> bool:
        return True

    def may_ask_for_results(self) -> bool:
        return True

    def may_ask_for_clusters(self) -> bool:
        return True

    def projects(self, position: Mapping[str, str] | None = None) -> Page[Project]:
        return Page((Project("pr-1", "prod"),), ())

    def workspaces(self, project: Project, position: Mapping[str, str] | None = None) -> Page[Workspace]:
        return decode_workspaces(json.dumps({"items": self.items}).encode(), project)

    def use_backup_result(
        self, workspace: Workspace, request_uid: str | None, use: Callable[[BackupResult], Any]
    ) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return use(decode_backup_result(json.dumps(self.answer).encode()))


def gather(
    request: Request,
    client: PaletteClient,
    on_progress: Progress = ignore_progress,
    asked_at: datetime = NOW,
    tenant: Tenant | None = None,
) -> tuple[list[WorkspaceReport], tuple[str, ...]]:
    """The verdicts, and what could not be looked into."""
    palettes = [Palette(tenant=tenant or Tenant(), client=client)]
    # A clock tells fractions of a second, which the report's own time does not have.
    plan, shards = make_plan(request, Settings(), palettes, "invocation", NOW + timedelta(milliseconds=500))
    memory = WorkspaceMemory()
    checked = check_shards(plan, shards, Settings().thresholds, palettes, lambda: asked_at, memory, on_progress)
    return list(checked.workspace_reports), plan.tenants[0].problems


def gathered(answer: object, request: Request | None = None, as_of: datetime | None = None) -> WorkspaceReport:
    asked = replace(request or Request(), as_of=as_of)
    (verdict,), problems = gather(asked, OneWorkspace(answer))
    assert not problems
    return verdict


def refusal(status: int, code: str = "") -> PaletteError:
    return PaletteError("GET backup", status=status, code=code, message="no", ref="r-77")


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (refusal(404), "unreadable", "UNKNOWN"),
        (refusal(404, "ResourceNotFound"), "not-protected", "WARNING"),
        (refusal(404, "BackupNotConfigured"), "not-protected", "WARNING"),
        (refusal(400, "BackupNotConfigured"), "not-protected", "WARNING"),
        # These two answers are about the project, and say nothing of a policy.
        (refusal(404, "ProjectNotFoundInTenant"), "unreadable", "UNKNOWN"),
        (refusal(404, "ResourceAccessDenied"), "unreadable", "UNKNOWN"),
        (refusal(403), "unreadable", "UNKNOWN"),
        (refusal(500, "InternalError"), "unreadable", "UNKNOWN"),
        (refusal(429, "TooManyRequests"), "unreadable", "UNKNOWN"),
        (KeyRefusedError("GET backup", status=401, message="expired"), "unreadable", "UNKNOWN"),
        (UnreachableError("time ran out before this workspace"), "unreadable", "UNKNOWN"),
        (UndecodableError("Expected `object`, got `str`", "$.spec"), "unreadable", "UNKNOWN"),
    ],
    ids=str,
)
def test_what_an_error_says_about_a_workspace(error: PaletteError, code: str, status: str) -> None:
    verdict = gathered(error)

    assert [label(finding) for finding in verdict.findings] == [code]
    assert verdict.status == status


def test_an_unreadable_workspace_says_all_that_palette_said() -> None:
    (finding,) = gathered(refusal(500, "InternalError")).findings

    for part in ("500", "InternalError", "no", "r-77"):
        assert part in finding.message
    assert finding.evidence.items() >= {"status": 500, "palettesCode": "InternalError", "ref": "r-77"}.items()


def test_a_workspace_of_the_settings_that_no_project_lists_is_unreadable() -> None:
    client = OneWorkspace(backup(*nightly()))
    verdicts, _ = gather(Request(), client, tenant=Tenant(workspace_uids=("ws-1", "ws-9")))

    assert {verdict.uid: verdict.status for verdict in verdicts} == {"ws-1": "OK", "ws-9": "UNKNOWN"}


def test_several_palettes_are_asked_although_no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    palettes = [
        Palette(
            tenant=Tenant(name=f"tenant-{number}", api_url=f"https://palette-{number}.example"),
            client=OneWorkspace(backup(*nightly())),
        )
        for number in range(3)
    ]
    plan, shards = make_plan(Request(), Settings(), palettes, "invocation", NOW)
    checked = check_shards(
        plan, shards, Settings().thresholds, palettes, lambda: NOW, WorkspaceMemory(), ignore_progress
    )

    assert [report.tenant for report in checked.workspace_reports] == ["tenant-0", "tenant-1", "tenant-2"]
    assert {report.status for report in checked.workspace_reports} == {"OK"}


def test_a_workspace_is_found_by_its_uid_or_its_name() -> None:
    client = OneWorkspace(backup(*nightly()))
    for asked in ("ws-1", "payments"):
        (verdict,), _ = gather(Request(workspace_uids=(asked,)), client)
        assert verdict.uid == "ws-1"


def test_a_workspace_that_an_event_names_and_no_project_lists_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="did you mean the workspace payments, uid ws-1"):
        gather(Request(workspace_uids=("ws-1", "paiments")), OneWorkspace(backup(*nightly())))


def test_a_workspace_that_is_being_deleted_is_not_asked_about() -> None:
    client = OneWorkspace(refusal(500), listed(deleted="11-23 06:00"))
    (verdict,), _ = gather(Request(), client)

    assert [label(finding) for finding in verdict.findings] == ["being-deleted"]


def test_whoever_watches_hears_of_every_verdict_and_of_how_many_there_will_be() -> None:
    client, heard = OneWorkspace(backup(*nightly())), list[tuple[int, int]]()
    gather(Request(), client, lambda done, total: heard.append((done, total)))

    assert heard == [(0, 1), (1, 1)]


ONE_RUN = Request(workspace_uids=("ws-1",), backup_request_uid="req-11-22 01:00")


def test_of_several_runs_the_one_that_was_asked_for_is_judged() -> None:
    answer = backup(run("11-23 01:00", "Failed"), run("11-22 01:00", eu1="PartiallyFailed"))

    assert [label(finding) for finding in gathered(answer, ONE_RUN).findings] == ["backup-partially-failed eu1"]


@pytest.mark.parametrize(
    "answer", [backup(run("11-23 01:00")), backup(), {"metadata": {}}, refusal(404, "ResourceNotFound")], ids=str
)
def test_a_run_that_was_asked_for_and_is_not_there_is_unreadable_never_good(answer: object) -> None:
    verdict = gathered(answer, ONE_RUN)

    assert (verdict.status, [finding.code for finding in verdict.findings]) == ("UNKNOWN", ["unreadable"])
    assert "req-11-22 01:00" in verdict.findings[0].message


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (backup(*nightly(), run("2099-01-01T01:00:00Z")), "backup-state-unknown"),
        (backup(*nightly(last="11-20"), created="2099-01-01T01:00:00Z"), "backup-overdue"),
    ],
    ids=["a run", "a policy"],
)
def test_what_is_dated_in_the_future_is_left_out_of_no_report_on_today(answer: object, code: str) -> None:
    assert [finding.code for finding in gathered(answer).findings] == [code]


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (backup(*nightly(last="11-22"), run("11-23 07:30")), []),
        (backup(*nightly(last="11-22"), run("11-23 07:30", eu1="Failed")), ["backup-failed"]),
        (backup(run("11-23 07:30"), created="11-23 07:20"), []),
        (backup(*nightly(last="11-22"), run("11-23 07:40:01")), ["backup-overdue", "backup-state-unknown"]),
        (backup(*nightly(), run("2099-01-01T01:00:00Z")), ["backup-state-unknown"]),
    ],
    ids=["a run", "one that failed", "a policy", "a clock that is wrong", "a clock that is wrong by years"],
)
def test_what_began_before_this_workspaces_turn_to_be_asked_about_is_not_in_the_future(
    answer: object, codes: list[str]
) -> None:
    (verdict,), _ = gather(Request(), OneWorkspace(answer), asked_at=NOW + timedelta(minutes=35))

    assert [finding.code for finding in verdict.findings] == codes


def test_a_run_of_a_clock_that_is_a_little_fast_has_begun() -> None:
    assert gathered(backup(*nightly(last="11-22"), run("11-23 07:04"))).status == "OK"


def test_as_of_then_the_runs_that_began_later_are_not_known() -> None:
    answer = backup(*nightly(last="11-22"), run("11-23 01:00", "Failed"))

    assert gathered(answer, as_of=at("11-22 07:00")).status == "OK"
    assert gathered(answer).status == "CRITICAL"


def test_as_of_then_what_began_later_in_an_earlier_run_was_still_to_come() -> None:
    late = run("11-22 01:00", eu1=copy("Failed", at="11-22 03:00", deleted="Deleted"))
    answer = backup(*nightly(last="11-21"), late)

    assert gathered(answer, as_of=at("11-22 02:00")).findings == ()
    assert [label(found) for found in gathered(answer, as_of=at("11-22 04:00")).findings] == ["backup-failed eu1"]


def test_as_of_then_a_policy_that_was_made_later_did_not_exist() -> None:
    answer = backup(created="11-22 12:00")

    verdict = gathered(answer, as_of=at("11-22 07:00"))
    assert (verdict.schedule, [label(finding) for finding in verdict.findings]) == (None, ["not-protected"])


def test_as_of_then_a_history_that_begins_later_makes_it_unknown() -> None:
    verdict = gathered(backup(*nightly()), as_of=at("09-01 07:00"))

    assert verdict.status == "UNKNOWN"
    (found,) = verdict.findings
    assert found.message == (
        "What Palette lists of the workspace begins after 2026-09-01 07:00 UTC: what there was then is not known."
    )


def test_as_of_then_a_policy_that_awaited_its_first_backup_is_accused_of_nothing() -> None:
    answer = backup(run("11-23 01:00"), created="11-22 12:00")
    verdict = gathered(answer, as_of=at("11-22 18:00"))

    assert (verdict.status, {finding.code for finding in verdict.findings}) == ("OK", {"awaiting-first-backup"})


def test_as_of_then_a_cluster_whose_backups_begin_later_is_unknown_and_the_others_are_judged() -> None:
    runs = [only("eu1", "11-20 01:00"), only("eu1", "11-21 01:00", "Failed"), run("11-22 01:00")]
    verdict = gathered(backup(*runs), as_of=at("11-21 07:00"))

    assert [label(finding) for finding in verdict.findings if finding.severity == "critical"] == ["backup-failed eu1"]
    (unknown,) = [finding for finding in verdict.findings if finding.code == "unreadable"]
    assert unknown.message.startswith("What Palette lists of 1 cluster begins after 2026-11-21 07:00 UTC: ")


def test_as_of_then_what_never_came_later_either_is_said() -> None:
    assert gathered(backup(), as_of=at("11-22 07:00")).status == "CRITICAL"


def test_as_of_ahead_what_had_no_chance_to_begin_is_not_missed() -> None:
    at_work = run("11-23 06:30", "InProgress")
    answers = [
        backup(*nightly()),
        backup(*nightly(), at_work),
        backup(run("11-22 01:00"), schedule=None),
        backup(created="11-23 02:00"),
    ]
    codes = [{finding.code for finding in gathered(answer, as_of=at("12-05 07:00")).findings} for answer in answers]

    assert codes == [set(), set(), {"not-scheduled"}, {"awaiting-first-backup"}]


def test_as_of_ahead_no_further_backup_is_assumed() -> None:
    short, long = backup(*nightly(), hours=96), backup(*nightly())
    codes = [
        {finding.code for finding in gathered(answer, as_of=at("11-24 07:00")).findings} for answer in (short, long)
    ]

    assert codes == [{"backup-expiring"}, set()]


def test_as_of_ahead_the_days_to_come_are_not_missed() -> None:
    history = gathered(backup(*nightly()), as_of=at("11-26 07:00")).history
    assert [day.state for day in history[-5:]] == ["succeeded", "succeeded", "unclear", "unclear", "unclear"]


def test_as_of_then_what_will_have_expired_has() -> None:
    verdict = gathered(backup(*nightly(), hours=48), as_of=at("11-27 07:00"))

    assert {finding.code for finding in verdict.findings} == {"backup-expired"}
