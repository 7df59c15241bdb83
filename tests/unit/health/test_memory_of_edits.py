"""What the simulated world showed: edits and new clusters must not be blamed for what was before them."""

from __future__ import annotations

from test_memory import edited, labels, look, memory_of

from support.builders import NOTHING, backup, listed, nightly, run


def test_due_times_before_an_edit_are_judged_by_the_first_report_after_it_alone() -> None:
    first = memory_of(backup(*nightly(last="11-21")), now="11-21 07:00")
    weekly = edited(backup(*nightly(last="11-21"), schedule="0 1 * * SAT"), "11-22 12:00")

    told = look(weekly, first, "11-22 13:00")

    assert labels(told) == ["backup-overdue"]
    assert "backup-overdue" not in labels(look(weekly, told.remembered, "11-23 07:00"))


def test_runs_that_palette_has_dropped_since_an_edit_are_not_missed() -> None:
    first = memory_of(backup(*nightly(last="11-22")), now="11-22 07:00")
    kept_for_long = run("11-02 20:00", hours=2400)
    monthly = edited(backup(kept_for_long, *nightly("11-18", "11-22"), schedule="0 1 1 * *", hours=2400), "11-22 12:00")
    second = memory_of(monthly, first, "11-23 07:00")
    dropped = edited(backup(kept_for_long, schedule="0 1 1 * *", hours=2400), "11-22 12:00")

    assert "backup-overdue" not in labels(look(dropped, second, "11-24 07:00"))


def test_a_run_after_an_edit_accuses_no_cluster_of_the_period_before_it() -> None:
    weekly = backup(run("11-15 05:00"), run("11-22 05:00"), schedule="0 5 * * SUN")
    first = memory_of(weekly, now="11-22 07:00")
    by_hand = run("11-24 13:00", us2=NOTHING)
    noon = edited(backup(run("11-15 05:00"), run("11-22 05:00"), by_hand, schedule="0 12 * * SUN"), "11-23 04:00")

    assert labels(look(noon, first, "11-25 07:00")) == []


def test_a_run_that_names_no_cluster_says_nothing_about_one_that_was_added_later() -> None:
    failed = run("11-20 01:00", "Failed", refs=[])
    alone = backup(failed, *nightly("11-21", "11-22", us2=NOTHING))
    first = look(alone, None, "11-22 07:00", listed(["eu1"])).remembered

    judgment = look(alone, first, "11-22 13:00", listed(["eu1", "us2"]))

    assert labels(judgment) == ["awaiting-first-backup us2"]


def test_a_policy_that_palette_denied_for_a_day_and_that_is_old_excuses_nothing() -> None:
    never = backup()
    first = memory_of(never, now="11-20 07:00")
    denied = memory_of(backup(schedule=None), first, "11-21 07:00")

    judgment = look(never, denied, "11-22 07:00")

    assert labels(judgment) == ["backup-overdue", "never-backed-up eu1", "never-backed-up us2"]


def test_a_policy_that_was_removed_and_made_anew_is_new() -> None:
    first = memory_of(backup(), now="11-20 07:00")
    removed = memory_of(backup(schedule=None), first, "11-21 07:00")

    for made in ("11-22 05:00", NOTHING):
        judgment = look(backup(created=made), removed, "11-22 07:00", listed(created=None))
        assert labels(judgment) == ["awaiting-first-backup eu1", "awaiting-first-backup us2"]


def test_a_policy_that_is_made_anew_every_night_does_not_excuse_a_cluster_without_a_copy_for_ever() -> None:
    memory = memory_of(backup(created="11-01 03:00"), now="11-01 07:00")
    for night in range(2, 9):
        made_anew, now = backup(created=f"11-{night:02} 03:00"), f"11-{night:02} 07:00"
        assert labels(look(made_anew, memory, now)) == ["awaiting-first-backup eu1", "awaiting-first-backup us2"]
        memory = memory_of(made_anew, memory, now)

    judgment = look(backup(created="11-09 03:00"), memory, "11-09 07:00")

    assert labels(judgment) == ["no-copy-yet eu1", "no-copy-yet us2"]
