"""What one report remembers of a workspace for the next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from backup_reporter.health.judge import Judgment, judge
from backup_reporter.health.memory import RememberedWorkspace
from backup_reporter.health.thresholds import Thresholds
from support.builders import NOTHING, NOW, Json, at, backup, decoded, listed, nightly, run


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


def test_a_policy_that_comes_after_the_first_report_is_remembered_with_that_day() -> None:
    none_yet = memory_of(backup(schedule=None), now="11-22 07:00")
    assert not none_yet.has_policy
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
