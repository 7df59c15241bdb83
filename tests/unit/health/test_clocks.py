"""Times that cannot be: in the future, or long before anything could have happened."""

from __future__ import annotations

import pytest

from support.builders import DAILY, Row, at, backup, both, check, copy, days, judged, listed, nightly, only, row, run

AHEAD = "2099-01-01T01:00:00Z"

FUTURE = [
    row(
        "A run may begin five minutes from now: a clock may be that fast",
        backup(*nightly(last="11-22"), run("11-23 07:05", "Failed")),
        *both("backup-failed"),
    ),
    row(
        "A run that begins later than that is dated in the future",
        backup(*nightly(), run("11-23 07:05:01", "Failed")),
        "backup-state-unknown",
        evidence={"backup-state-unknown": {"count": 1}},
    ),
    row(
        "A copy may be dated five minutes from now, and is of that time",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(at="11-23 07:05"))),
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-23 07:05"),
    ),
    row(
        "A copy that is dated later than that has the time of its run, though that is five minutes from now",
        backup(*nightly(last="11-22"), run("11-23 07:05", eu1=copy(at="11-23 07:05:01"))),
        "backup-state-unknown",
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-23 07:05"),
    ),
    row(
        "A run that is dated in the future is never the latest, and is said once, with its date",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed"), run(AHEAD)),
        *both("backup-failed"),
        "backup-state-unknown",
        says={"backup-state-unknown": ["1 backup is dated in the future", "2099-01-01 01:00 UTC"]},
        evidence={"backup-state-unknown": {"at": "2099-01-01T01:00:00Z", "count": 1}},
        also=lambda verdict: verdict.latest_run is not None and verdict.latest_run.request_uid == "req-11-23 01:00",
    ),
    row(
        "A run that is dated in the future leaves no restore point",
        backup(run("11-23 01:00", "Failed"), run(AHEAD)),
        *both("backup-failed"),
        *both("never-backed-up"),
        "backup-state-unknown",
        also=lambda verdict: verdict.clusters[0].restore_points == 0,
    ),
    row(
        "A run that is dated in the future is not the latest finished one, and leaves nobody out",
        backup(*nightly(), only("eu1", AHEAD)),
        "backup-state-unknown",
        status="WARNING",
    ),
    row(
        "A running run that is dated in the future hides none that does not finish",
        backup(*nightly(last="11-22"), run("11-23 00:59", "InProgress"), run(AHEAD, "InProgress")),
        *both("backup-stuck"),
        "backup-state-unknown",
    ),
    row(
        "A cluster backup that is dated in the future, in a run that is not, has its run's time, and counts",
        backup(
            *nightly("11-21", "11-22", eu1="Failed"), run("11-23 01:00", eu1=copy(at=AHEAD), us2=copy(at="11-23 01:02"))
        ),
        "backup-state-unknown",
        says={"backup-state-unknown": ["2099-01-01", "the time of the run is taken"]},
        also=lambda verdict: (
            {cluster.newest_restore_point_at for cluster in verdict.clusters} == {at("11-23 01:00"), at("11-23 01:02")}
        ),
    ),
    row(
        "A cluster whose backup is dated in the future has not been left out",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(at=AHEAD))),
        "backup-state-unknown",
    ),
    row(
        "Several are one finding, which counts them and quotes the farthest",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(at="11-24 01:00"), us2=copy(at="11-25 01:00"))),
        "backup-state-unknown",
        says={"backup-state-unknown": ["2 backups are", "2026-11-25 01:00 UTC"]},
    ),
    row(
        "A clock that is 5 minutes fast is no matter",
        backup(*nightly(last="11-22"), run("11-23 07:05", eu1=copy(at="11-23 07:05"))),
    ),
    row(
        "A second more is the future",
        backup(*nightly(), run("11-23 07:05:01")),
        "backup-state-unknown",
    ),
    row(
        "That backups are dated in the future explains why no new copy counts",
        backup(*nightly("11-10", "11-20"), *nightly("11-21", eu1=copy(at=AHEAD), us2=copy(at=AHEAD))),
        "backup-state-unknown",
    ),
    row(
        "A policy that was made in the future was made nobody knows when: then every due time is due",
        backup(*nightly(last="11-20"), created=AHEAD),
        "backup-overdue",
        workspace=listed(created=None),
        since={"backup-overdue": "11-21 01:00"},
    ),
    row(
        "For a policy that was made in the future, the workspace's creation counts",
        backup(created=AHEAD),
        *both("awaiting-first-backup"),
        workspace=listed(created="11-23 02:00"),
    ),
    row(
        "A policy and a workspace from the future wait for nothing",
        backup(created=AHEAD),
        "backup-overdue",
        *both("never-backed-up"),
        workspace=listed(created=AHEAD),
        says={"backup-overdue": ["at least 1 due time"]},
    ),
    row(
        "A policy that a clock 5 minutes fast dates ahead is new",
        backup(created="11-23 07:05"),
        *both("awaiting-first-backup"),
        workspace=listed(created=None),
    ),
]

LATE = [
    row(
        "A cluster backup that claims to be much younger than its run has the run's time, and hides no failure since",
        backup(
            *nightly("11-16", "11-19"),
            run("11-20 01:00", eu1=copy(at="11-23 02:00")),
            *nightly("11-21", eu1="Failed"),
        ),
        "backup-failed eu1",
        since={"backup-failed eu1": "11-21 01:00"},
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-20 01:00"),
    ),
    row(
        "A cluster backup that claims to be a day younger than its run is believed",
        backup(*nightly("11-16", "11-20"), run("11-22 01:00", eu1=copy(at="11-23 01:00"))),
        "backup-overdue",
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-23 01:00"),
    ),
    row(
        "A copy that is as young as a later run in which its cluster has finished is believed",
        backup(*nightly(last="11-21"), run("11-22 01:00", eu1=copy(at="11-23 01:00")), run("11-23 01:00")),
        also=lambda verdict: verdict.clusters[0].restore_point_series[1].first_at == at("11-23 01:00"),
    ),
    row(
        "A copy that is younger than that has its run's time",
        backup(*nightly(last="11-21"), run("11-22 01:00", eu1=copy(at="11-23 01:01")), run("11-23 01:00")),
        also=lambda verdict: verdict.clusters[0].restore_point_series[1].first_at == at("11-22 01:00"),
    ),
    row(
        "A copy that is younger than a later run which is still at work is believed",
        backup(
            *nightly(last="11-21"), run("11-22 01:00", eu1=copy(at="11-23 01:30")), run("11-23 01:00", "InProgress")
        ),
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-23 01:30"),
    ),
    row(
        "If only its cluster backups date a run, the earliest does, though its clock may be wrong",
        backup(*nightly("11-16", "11-22"), run("", eu1=copy(at="2009-11-10T23:00:00Z"), us2=copy(at="11-23 01:00"))),
        "backup-overdue",
        also=lambda verdict: verdict.clusters[1].newest_restore_point_at == at("11-22 01:00"),
    ),
]

LONG_AGO = [
    *(
        row(
            f"A cluster backup that claims to be much older than its run has the run's time: {own}",
            backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", at=own))),
            "backup-failed eu1",
            since={"backup-failed eu1": "11-23 01:00"},
        )
        for own in ("1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "2009-11-10T23:00:00Z", "11-22 00:59:59")
    ),
    row(
        "A cluster backup that claims to be a day older than its run is believed",
        backup(*nightly("11-21", "11-22"), run("11-23 01:00", eu1=copy("Failed", at="11-22 01:00"))),
        "backup-failed eu1",
        since={"backup-failed eu1": "11-22 01:00"},
    ),
    row(
        "A cluster whose clock is some minutes slow has this due time's copy all the same: its run is of it",
        backup(*(run(night, eu1=copy(at=night.replace("01:00", "00:49"))) for night in days("11-16", "11-23"))),
        now="11-23 23:00",
    ),
    row(
        "Unix's zero time is not set: the run has its backupTime",
        backup(*nightly(last="11-22"), run("1970-01-01T00:00:00Z", "Failed", backup_time="11-23 01:00")),
        *both("backup-failed"),
    ),
    row(
        "Unix's zero time is not the earliest time of a run's cluster backups",
        backup(
            *nightly(last="11-22"),
            run("", eu1=copy("Failed", at="11-23 01:00"), us2=copy("Failed", at="1970-01-01T00:00:00.000Z")),
        ),
        *both("backup-failed"),
    ),
    row(
        "Unix's zero time is no expiry: the retention counts",
        backup(run("11-23 01:00", eu1=copy(expires="1970-01-01T00:00:00Z"))),
        also=lambda verdict: verdict.clusters[0].restore_points == 1,
    ),
]


@pytest.mark.parametrize("schedule", [DAILY, "0 0 29 2 *", "@every 800h"])
@pytest.mark.parametrize("when", ["0001-01-02T00:30:00Z", "0002-05-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("created", ["01-05 10:00", "0002-01-01T00:00:00Z", None])
def test_a_history_at_the_ends_of_the_calendar_is_judged(schedule: str, when: str, created: str | None) -> None:
    found = {finding.code for finding in judged(backup(run(when), schedule=schedule, created=created)).findings}
    assert found


@pytest.mark.parametrize("case", FUTURE + LATE + LONG_AGO)
def test_clocks(case: Row) -> None:
    check(case)
