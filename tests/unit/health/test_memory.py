"""What one report remembers of a workspace for the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backup_reporter.health.context import build_context
from backup_reporter.health.cron import parse_cron
from backup_reporter.health.judge import Judgment, judge
from backup_reporter.health.model import Policy
from backup_reporter.health.policy_schedule import due_times_of
from backup_reporter.health.remembered import RememberedRestorePoint, RememberedWorkspace
from backup_reporter.health.schedule import DueTimes, Every
from backup_reporter.health.thresholds import Thresholds
from support.builders import NOTHING, NOW, Json, at, backup, copy, decoded, label, listed, nightly, run


def look(
    answer: Any, last: RememberedWorkspace | None = None, now: datetime | str = NOW, workspace: Json | None = None
) -> Judgment:
    moment = at(now) if isinstance(now, str) else now
    return judge(*decoded(workspace or listed(), answer), Thresholds(), moment, remembered=last)


def memory_of(answer: Any, last: RememberedWorkspace | None = None, now: datetime | str = NOW) -> RememberedWorkspace:
    remembered = look(answer, last, now).remembered
    assert remembered
    return remembered


def test_what_the_first_remembered_report_sees_was_always_there() -> None:
    memory = memory_of(backup(*nightly()))
    assert (memory.schedule, memory.schedule_since, memory.policy_since) == ("0 1 * * *", None, None)
    assert [(cluster.uid, cluster.in_scope_since) for cluster in memory.clusters] == [("eu1", None), ("us2", None)]


def test_the_restore_point_that_lives_longest_is_remembered() -> None:
    kept_longer = run("11-20 01:00", hours=2000)
    memory = memory_of(backup(*nightly("11-21", "11-23"), kept_longer))
    assert {cluster.restore_point and cluster.restore_point.run_at for cluster in memory.clusters} == {
        at("11-20 01:00")
    }


def test_memory_survives_the_way_through_json() -> None:
    memory = memory_of(backup(*nightly()))
    assert msgspec.json.decode(msgspec.json.encode(memory), type=RememberedWorkspace) == memory


def test_an_edited_schedule_is_remembered_with_the_one_before_it() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    edited = memory_of(backup(*nightly(), schedule="0 5 * * *"), first)
    later = memory_of(backup(*nightly(), schedule="0 5 * * *"), edited, "11-24 07:00")
    for memory in (edited, later):
        assert (memory.schedule, memory.previous_schedule, memory.schedule_since) == ("0 5 * * *", "0 1 * * *", NOW)


def test_palette_dates_the_edit_of_a_schedule_if_it_lies_after_the_last_report() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    answer = backup(*nightly(), schedule="0 5 * * *")
    answer["metadata"]["lastModifiedTimestamp"] = "2026-11-22T15:00:00.000Z"
    assert memory_of(answer, first).schedule_since == at("11-22 15:00")
    answer["metadata"]["lastModifiedTimestamp"] = "2026-11-22T07:00:00.000Z"
    assert memory_of(answer, first).schedule_since == NOW


def test_a_policy_that_comes_after_the_first_report_is_remembered_with_that_day() -> None:
    none_yet = memory_of(backup(schedule=None), now="11-22 07:00")
    assert none_yet.has_policy is False
    assert memory_of(backup(*nightly()), none_yet).policy_since == NOW


def test_a_cluster_that_is_added_later_is_remembered_with_that_day() -> None:
    first = look(backup(*nightly(us2=NOTHING)), now="11-22 07:00", workspace=listed(["eu1"])).remembered
    memory = memory_of(backup(*nightly()), first)
    assert [(cluster.uid, cluster.in_scope_since) for cluster in memory.clusters] == [("eu1", None), ("us2", NOW)]


def test_an_unreadable_entry_may_be_the_restore_point_that_is_not_seen() -> None:
    first = memory_of(backup(run("11-22 01:00")), now="11-22 07:00")
    memory = memory_of(backup(run("11-01 01:00"), {"workspaceBackupConfig": {"requestTime": 5}}), first)
    assert {cluster.restore_point and cluster.restore_point.run_at for cluster in memory.clusters} == {
        at("11-22 01:00")
    }


def test_a_restore_point_that_is_gone_is_remembered_for_a_week() -> None:
    first = memory_of(backup(*nightly()))
    wiped = backup(run("11-24 01:00"))
    second = memory_of(wiped, first, "11-24 07:00")
    assert [cluster.vanished and cluster.vanished.since for cluster in second.clusters] == [at("11-24 07:00")] * 2
    third = memory_of(wiped, second, "11-30 07:00")
    assert [cluster.vanished and cluster.vanished.since for cluster in third.clusters] == [at("11-24 07:00")] * 2
    assert [cluster.vanished for cluster in memory_of(wiped, third, "12-02 07:00").clusters] == [None] * 2


def labels(judgment: Judgment) -> list[str]:
    return sorted(label(finding) for finding in judgment.report.findings)


def message(judgment: Judgment, of: str) -> str:
    return next(finding.message for finding in judgment.report.findings if label(finding) == of)


def edited(answer: Json, modified: str) -> Json:
    answer["metadata"]["lastModifiedTimestamp"] = f"2026-{modified.replace(' ', 'T')}:00.000Z"
    return answer


def test_a_due_time_before_the_edit_is_judged_by_the_schedule_that_the_last_report_saw() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    later_schedule = edited(backup(*nightly(last="11-23"), schedule="0 5 * * *"), "11-23 06:00")

    assert labels(look(later_schedule, first, "11-23 07:30")) == []


def test_a_due_time_before_the_edit_that_was_missed_by_the_old_schedule_is_missed() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    answer = edited(backup(*nightly(last="11-22"), schedule="0 22 * * *"), "11-23 06:00")

    overdue = look(answer, first, "11-23 07:30")
    assert labels(overdue) == ["backup-overdue"]
    assert "1 due time, the first on Mon 01:00" in message(overdue, "backup-overdue")


def test_a_due_time_after_the_edit_is_judged_by_the_new_schedule() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    answer = edited(backup(*nightly(last="11-22"), schedule="0 3 * * *"), "11-22 15:00")

    assert labels(look(answer, first, "11-23 04:59")) == []
    assert labels(look(answer, first, "11-23 05:00")) == ["backup-overdue"]


def test_the_days_before_an_edit_that_the_last_report_has_seen_are_not_known_in_the_history() -> None:
    first = memory_of(backup(*nightly("11-18", "11-19")), now="11-19 07:00")
    answer = edited(backup(*nightly("11-18", "11-19"), run("11-22 05:00"), schedule="0 5 * * SUN"), "11-21 12:00")
    second = memory_of(answer, first, "11-22 07:00")

    days = {f"{day.date:%d}": day.state for day in look(answer, second, "11-23 07:00").report.history}
    assert [days[day] for day in ("18", "19", "20", "21", "22", "23")] == [
        "succeeded",
        "succeeded",
        "unclear",
        "unclear",
        "succeeded",
        "not-due",
    ]


def test_a_schedule_that_was_emptied_and_given_again_owes_nothing_for_the_time_between() -> None:
    none = memory_of(backup(*nightly(last="11-20"), schedule=""), memory_of(backup(*nightly(last="11-19"))), NOW)
    assert labels(look(backup(*nightly(last="11-20")), none, "11-23 08:00")) == []


def test_a_cluster_that_was_just_added_waits_for_its_first_backup() -> None:
    first = look(backup(*nightly(us2=NOTHING)), now="11-23 07:00", workspace=listed(["eu1"])).remembered
    answer = backup(*nightly(us2=NOTHING), run("11-24 01:00", us2=NOTHING))

    second = look(backup(*nightly(us2=NOTHING)), first, "11-23 08:00")
    assert labels(second) == ["awaiting-first-backup us2"]
    assert "The cluster is new (since Mon 2026-11-23)" in message(second, "awaiting-first-backup us2")
    third = look(answer, second.remembered, "11-24 03:00")
    assert labels(third) == ["cluster-not-backed-up us2", "never-backed-up us2"]


def test_without_memory_a_cluster_without_backups_is_critical() -> None:
    assert labels(look(backup(*nightly(us2=NOTHING)))) == ["cluster-not-backed-up us2", "never-backed-up us2"]


def test_memory_does_not_excuse_what_was_wrong_before_it_began() -> None:
    first = look(backup(*nightly(us2=NOTHING))).remembered
    assert labels(look(backup(*nightly(us2=NOTHING)), first, "11-23 08:00")) == [
        "cluster-not-backed-up us2",
        "never-backed-up us2",
    ]


def test_a_cluster_that_was_rebuilt_under_a_new_uid_is_new() -> None:
    first = look(backup(*nightly())).remembered
    rebuilt = look(backup(*nightly()), first, "11-23 08:00", workspace=listed(["eu1", "us3"]))

    assert labels(rebuilt) == ["awaiting-first-backup us3"]


def test_a_cluster_that_waits_for_its_first_backup_for_more_than_a_week_is_a_warning() -> None:
    monthly = backup(run("11-01 01:00", us2=NOTHING), schedule="0 1 1 * *", hours=1000)
    first = look(monthly, now="11-02 07:00", workspace=listed(["eu1"])).remembered
    second = look(monthly, first, "11-03 07:00")
    assert labels(second) == ["awaiting-first-backup us2"]
    assert labels(look(monthly, second.remembered, "11-10 07:00")) == ["awaiting-first-backup us2"]
    assert labels(look(monthly, second.remembered, "11-10 07:01")) == ["no-copy-yet us2"]


def test_a_policy_whose_creation_is_not_given_counts_from_the_first_report_that_saw_it() -> None:
    none_yet = memory_of(backup(schedule=None), now="11-22 07:00")
    unknown_age = backup(created=None)

    assert labels(look(unknown_age, none_yet, "11-23 00:30")) == [
        "awaiting-first-backup eu1",
        "awaiting-first-backup us2",
    ]
    assert "backup-overdue" in labels(look(unknown_age, None, "11-23 04:00"))


def test_a_restore_point_that_is_gone_before_its_time_is_a_warning() -> None:
    first = memory_of(backup(*nightly()))
    gone = look(backup(run("11-22 01:00"), run("11-24 01:00")), first, "11-24 07:00")

    assert labels(gone) == ["restore-points-vanished eu1", "restore-points-vanished us2"]
    assert "of Mon 2026-11-23 is gone" in message(gone, "restore-points-vanished eu1")
    assert gone.report.status == "WARNING"


def test_if_no_restore_point_is_left_the_critical_finding_says_what_vanished() -> None:
    first = memory_of(backup(*nightly()))
    anew = look(backup(created="11-24 02:00"), first, "11-24 07:00")

    assert labels(anew) == [
        "never-backed-up eu1",
        "never-backed-up us2",
        "restore-points-vanished eu1",
        "restore-points-vanished us2",
    ]
    assert "The restore point of Mon 2026-11-23, which an earlier report knew, is gone" in message(
        anew, "never-backed-up eu1"
    )


def test_a_restore_point_that_was_deleted_or_has_expired_did_not_vanish() -> None:
    first = memory_of(backup(run("11-23 01:00")))
    deleted = backup(run("11-23 01:00", deleted="Deleted"), run("11-24 01:00"))
    assert labels(look(deleted, first, "11-24 07:00")) == []

    short = memory_of(backup(run("11-23 01:00"), hours=30))
    assert "restore-points-vanished eu1" not in labels(look(backup(run("11-24 01:00")), short, "11-24 07:00"))


def test_while_an_entry_cannot_be_read_nothing_has_vanished() -> None:
    first = memory_of(backup(*nightly()))
    broken = {"workspaceBackupConfig": {"requestTime": 5}}
    assert labels(look(backup(broken, run("11-24 01:00")), first, "11-24 07:00")) == ["unreadable"]


def test_a_cluster_that_was_in_scope_stays_there_under_a_policy_that_names_none() -> None:
    first = memory_of(backup(*nightly(), all_clusters=False))
    only_one = backup(*nightly("11-24", "11-30", us2=NOTHING), all_clusters=False)

    assert labels(look(only_one, None, "11-30 07:00")) == ["cluster-not-in-policy us2"]
    assert "cluster-not-backed-up us2" in labels(look(only_one, first, "11-30 07:00"))


def test_a_deletion_that_reports_have_seen_for_more_than_a_week_is_stuck() -> None:
    being_deleted = run("11-20 01:00", eu1=copy(deleted="Deleting"))
    first = memory_of(backup(being_deleted, *nightly("11-21", "11-23")))
    answer = backup(being_deleted, *nightly("11-21", "11-30"))

    assert labels(look(answer, first, "11-30 07:00")) == []
    assert labels(look(answer, first, "11-30 07:01")) == ["delete-stuck eu1"]


def test_a_stuck_deletion_began_at_the_copys_end_or_when_a_report_first_saw_it() -> None:
    being_deleted = run("10-20 01:00", eu1=copy(deleted="Deleting", expires="11-24 01:00"))
    for seen, since in (("11-23 07:00", "11-23 07:00"), ("11-25 07:00", "11-24 01:00")):
        first = memory_of(backup(being_deleted, *nightly("11-21", "11-23")), now=seen)
        (stuck,) = look(backup(being_deleted, *nightly("11-21", "12-10")), first, "12-10 07:00").report.findings

        assert stuck.since == at(since), seen


ONE_CLUSTER: Json = {"all_clusters": False, "uids": ["eu1"]}


@pytest.mark.parametrize(
    ("began", "refs", "found"),
    [
        ("11-23 01:00", [], {"never-backed-up us2"}),
        ("11-21 05:00", [], {"awaiting-first-backup us2"}),
        ("11-21 05:00", NOTHING, {"cluster-not-backed-up us2"}),
    ],
)
def test_what_speaks_for_all_does_not_speak_for_a_cluster_that_came_later(
    began: str, refs: Any, found: set[str]
) -> None:
    before = nightly("11-20", "11-22", us2=NOTHING)
    first = memory_of(backup(*before, **ONE_CLUSTER), now="11-22 07:00")
    judgment = look(backup(*before, run(began, refs=refs)), first, "11-23 02:00")

    assert set(labels(judgment)) == found


def test_a_report_for_a_time_before_the_last_one_remembers_nothing() -> None:
    first = look(backup(*nightly()), now="11-23 07:00").remembered
    earlier = look(backup(*nightly(last="11-20")), first, "11-20 07:00")

    assert labels(earlier) == []


def test_one_run_alone_changes_no_memory() -> None:
    first = memory_of(backup(*nightly()))
    workspace, result = decoded(listed(), backup(run("11-23 01:00")))
    alone = judge(workspace, result, Thresholds(), NOW, single_run=True, remembered=first)

    assert alone.remembered is first


def test_a_policy_that_is_gone_leaves_the_clusters_in_memory() -> None:
    without = memory_of(backup(schedule=None), memory_of(backup(*nightly())), "11-24 07:00")
    assert not without.has_policy
    assert [(cluster.uid, cluster.in_scope, bool(cluster.restore_point)) for cluster in without.clusters] == [
        ("eu1", True, True),
        ("us2", True, True),
    ]


def test_an_edit_that_the_last_report_has_seen_ends_what_was_missed_before_it() -> None:
    first = memory_of(backup(*nightly(last="11-20")), now="11-22 07:00")
    monthly = edited(backup(*nightly(last="11-20"), schedule="0 1 1 * *", hours=2000), "11-22 15:00")

    second = look(monthly, first, "11-23 07:00")
    assert labels(second) == ["backup-overdue"]
    assert labels(look(monthly, second.remembered, "11-24 07:00")) == []


def test_a_due_time_at_the_very_moment_of_the_edit_is_not_due() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    answer = edited(backup(*nightly(last="11-23"), schedule="0 3 * * *"), "11-23 03:00")

    assert labels(look(answer, first, "11-23 07:00")) == []


def test_an_old_run_that_names_no_cluster_does_not_speak_for_one_that_was_added_since() -> None:
    runs = [*nightly("11-18", "11-21"), run("11-22 01:00", "Failed", refs=[]), run("11-23 01:00", us2=NOTHING)]
    first = look(backup(*runs), now="11-23 07:00", workspace=listed(["eu1"])).remembered

    added = look(backup(*runs), first, "11-23 08:00", workspace=listed(["eu1", "ap3"]))
    assert labels(added) == ["awaiting-first-backup ap3"]


def test_a_shift_is_remembered_while_too_few_runs_show_it() -> None:
    at_night = [run(f"11-{day} 19:30") for day in range(13, 23)]
    first = memory_of(backup(*at_night))
    assert first.shift_minutes == -330
    answer = edited(backup(*at_night, run("11-23 20:30"), schedule="0 2 * * *"), "11-23 12:00")

    assert labels(look(answer, first, "11-24 07:00")) == ["schedule-shifted"]
    assert "backup-overdue" in labels(look(answer, None, "11-24 07:00"))


def test_a_run_by_hand_after_an_edit_reaches_back_to_the_last_due_time_before_it() -> None:
    weekly = [run("11-15 05:00"), run("11-22 05:00")]
    first = memory_of(backup(*weekly, schedule="0 5 * * SUN", hours=1000), now="11-22 07:00")
    by_hand = run("11-24 13:00", us2=NOTHING)
    answer = edited(backup(*weekly, by_hand, schedule="0 12 * * MON", hours=1000), "11-23 15:00")

    assert labels(look(answer, first, "11-25 07:00")) == []


def test_a_cluster_that_was_added_has_missed_no_due_time_before_that() -> None:
    answer = backup(*nightly(last="11-21", eu1=NOTHING))
    first = look(answer, now="11-21 07:00", workspace=listed(["us2"])).remembered
    added = look(answer, first, "11-22 07:00", listed(["eu1"])).remembered
    judgment = look(answer, added, workspace=listed(["eu1"]))

    overdue = next(finding for finding in judgment.report.findings if label(finding) == "backup-overdue")
    assert overdue.evidence["missed"] == 1


def test_a_run_that_names_no_cluster_speaks_for_each_that_was_there_when_it_began() -> None:
    first = look(backup(*nightly(last="11-21", eu1=NOTHING)), now="11-21 07:00", workspace=listed(["us2"])).remembered
    added = look(backup(*nightly(last="11-21", eu1=NOTHING)), first, "11-22 07:00").remembered

    def statuses(began: str) -> list[str]:
        answer = backup(*nightly(last="11-21", eu1=NOTHING), run(began, "Failed", refs=[]))
        return [found for found in labels(look(answer, added)) if found.startswith(("backup-failed", "never"))]

    assert statuses("11-22 06:59") == ["backup-failed", "never-backed-up eu1"]
    assert message(look(backup(run("11-22 06:59", refs=[])), added), "never-backed-up eu1").startswith(
        "Nothing can be restored: there is no backup of it."
    )
    assert message(look(backup(run("11-22 07:00", refs=[])), added), "never-backed-up eu1").startswith(
        "Nothing can be restored: a run says it succeeded but names no cluster backup."
    )


def test_a_policy_that_a_report_saw_come_is_no_older_than_that() -> None:
    none_yet = look(backup(schedule=None), now="11-20 07:00", workspace=listed(created=None)).remembered
    young = look(backup(created=None), none_yet, "11-21 07:00", listed(created=None)).remembered
    emptied = backup(run(None), schedule=None, created=None)

    assert labels(look(emptied, young, workspace=listed(created=None))) == ["not-scheduled"]
    assert labels(look(emptied, workspace=listed(created=None))) == ["backups-stopped"]


def test_a_cluster_that_was_added_at_a_due_time_has_that_one_first() -> None:
    answer = backup(*nightly(last="11-21", eu1=NOTHING))
    first = look(answer, now="11-21 07:00", workspace=listed(["us2"])).remembered
    added = look(answer, first, "11-22 01:00", listed(["eu1"])).remembered

    awaiting = look(answer, added, "11-22 02:00", listed(["eu1"]))
    assert "due 2026-11-22 01:00 UTC" in message(awaiting, "awaiting-first-backup eu1")
    missing = look(answer, added, "11-22 03:00", listed(["eu1"]))
    assert "1 due time, the first on Sun 01:00" in message(missing, "backup-overdue")


def test_a_workspace_without_clusters_has_missed_what_it_missed_since_the_last_report() -> None:
    answer = backup(*nightly(last="11-20", refs=[]))
    first = look(answer, now="11-20 07:00", workspace=listed([])).remembered
    assert "backup-overdue" in labels(look(answer, first, workspace=listed([])))


@pytest.mark.parametrize(
    ("uid", "run_at", "is_from"),
    [
        ("req-11-23 01:00", "11-20 01:00", True),
        ("another", "11-23 01:00", False),
        (None, "11-23 01:00", True),
        (None, "11-20 01:00", False),
    ],
)
def test_a_restore_point_is_of_a_run_by_its_uid_else_by_its_time(uid: str | None, run_at: str, is_from: bool) -> None:
    point = RememberedRestorePoint(request_uid=uid, run_at=at(run_at), at=None, expires_at=NOW)
    nameless = {**run("11-23 01:00"), "requestUid": None}
    named_attempt, nameless_attempt = (
        build_context(*decoded(listed(), backup(entry)), Thresholds(), NOW).timeline.subjects[0].attempts[0]
        for entry in (run("11-23 01:00"), nameless)
    )
    assert point.is_from(named_attempt) is is_from
    assert point.is_from(nameless_attempt) is (run_at == "11-23 01:00")


def test_the_due_times_before_an_edit_have_the_policys_age_its_runs_and_the_zone_that_is_set() -> None:
    made, ran = at("11-20 00:00"), at("11-21 06:00")
    workspace, _ = decoded(listed(), {})
    berlin = Thresholds(schedule_time_zone=ZoneInfo("Europe/Berlin"))

    def before(schedule: str) -> DueTimes | None:
        last = RememberedWorkspace(seen_at=at("11-22 07:00"), schedule=schedule)
        due_times, _ = due_times_of(workspace, Policy(schedule="0 5 * * *", created_at=made), [ran], berlin, last, NOW)
        return due_times.before_edit if due_times else None

    assert before("@every 24h") == DueTimes(Every(timedelta(hours=24), (made, ran)), made)
    assert before("0 1 * * *") == DueTimes(parse_cron("0 1 * * *", ZoneInfo("Europe/Berlin")), made)
