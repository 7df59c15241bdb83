"""What follows from several reports, one after another: each is given what the one before it remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from test_memory import edited, labels, look, message

from backup_reporter.health.judge import Judgment
from backup_reporter.health.remembered import RememberedWorkspace
from support.builders import NOTHING, Json, backup, both, copy, listed, nightly, run

BROKEN = {"workspaceBackupConfig": {"requestTime": 5}}
ONLY_EU1: Json = {"all_clusters": False, "uids": ["eu1"]}


class Look(NamedTuple):
    """One report: when, on which answer, about which workspace."""

    now: str
    answer: Json
    workspace: Json | None = None


def last_of(reports: Sequence[Look]) -> Judgment:
    """The last of several reports. What each remembers is written and read again, as in an account."""
    *earlier, last = reports
    memory: RememberedWorkspace | None = None
    for report in earlier:
        remembered = look(report.answer, memory, report.now, report.workspace).remembered
        memory = msgspec.json.decode(msgspec.json.encode(remembered), type=RememberedWorkspace)
    return look(last.answer, memory, last.now, last.workspace)


def case(sentence: str, reports: Sequence[Look], *expected: str, says: dict[str, str] | None = None) -> Any:
    return pytest.param(reports, expected, says or {}, id=sentence)


def of_unknown_age(now: str, answer: Json) -> Look:
    return Look(now, answer, listed(created=None))


def of_one_name(now: str, answer: Json) -> Look:
    return Look(now, answer, listed() | {"spec": {"clusterRefs": [{"name": "eu-1"}]}})


def without_the_23rd(last: str) -> list[Json]:
    return [*nightly("11-20", "11-22"), *nightly("11-24", last)]


POLICY = [
    case(
        "A policy is as old as the first report that saw it, however many have seen it since",
        [
            of_unknown_age("11-20 07:00", backup(schedule=None)),
            of_unknown_age("11-21 07:00", backup(created=None)),
            of_unknown_age("11-22 07:00", backup(created=None)),
            of_unknown_age("11-23 07:00", backup(created=None)),
        ],
        "backup-overdue",
        *both("never-backed-up"),
        says={"backup-overdue": "2 due times"},
    ),
    case(
        "A policy that does not say its age, and that every report has seen, excuses nothing",
        [
            Look("11-22 07:00", backup(*nightly(last="11-22"), created=None)),
            Look("11-23 07:00", backup(*nightly(last="11-22"), created=None)),
        ],
        "backup-overdue",
    ),
    case(
        "Once a report has seen an edit that Palette does not date, what was missed before it was said",
        [
            Look("11-22 07:00", backup(*nightly(last="11-20"), hours=2000)),
            Look("11-23 07:00", backup(*nightly(last="11-20"), hours=2000, schedule="0 1 1 * *")),
            Look("11-24 07:00", backup(*nightly(last="11-20"), hours=2000, schedule="0 1 1 * *")),
        ],
    ),
]

SHIFT = [
    case(
        "A policy of which something else was edited shows its shift by its earlier runs as well",
        [
            Look("11-22 07:00", backup(run("11-20 19:30"), run("11-21 19:30"), created="11-20 12:00")),
            Look(
                "11-23 07:00",
                edited(
                    backup(run("11-20 19:30"), run("11-21 19:30"), run("11-22 19:30"), created="11-20 12:00"),
                    "11-22 12:00",
                ),
            ),
        ],
        "schedule-shifted",
    ),
    case(
        "Due times before an edit have the shift that the last report knew",
        [
            Look("11-23 07:00", backup(*(run(f"11-{day} 19:30") for day in range(13, 23)))),
            Look(
                "11-23 13:00",
                edited(backup(*(run(f"11-{day} 19:30") for day in range(13, 23)), schedule="0 2 * * *"), "11-23 12:00"),
            ),
        ],
        "schedule-shifted",
    ),
    case(
        "Three runs since an edit are enough to show another shift",
        [
            Look("11-20 07:00", backup(*(run(f"11-{day} 19:30") for day in range(13, 20)))),
            Look(
                "11-23 10:00",
                edited(
                    backup(
                        *(run(f"11-{day} 19:30") for day in range(13, 20)),
                        *(run(f"11-{day} 08:00") for day in range(21, 24)),
                        schedule="0 2 * * *",
                    ),
                    "11-20 12:00",
                ),
            ),
        ],
        "schedule-shifted",
        says={"schedule-shifted": "6 hours later"},
    ),
    case(
        "A run at its due time after an edit ends the shift",
        [
            Look("11-22 07:00", backup(*(run(f"11-{day} 19:30") for day in range(13, 22)))),
            Look(
                "11-23 07:00",
                edited(
                    backup(*(run(f"11-{day} 19:30") for day in range(13, 23)), schedule="30 19 * * *"), "11-22 12:00"
                ),
            ),
        ],
    ),
]

CLUSTERS = [
    case(
        "A cluster without a uid is known again by its name, and is not new in each report",
        [of_one_name("11-22 07:00", backup()), of_one_name("11-23 07:00", backup())],
        "backup-overdue",
        "never-backed-up eu-1",
    ),
    case(
        "The wait for a first backup does not begin while there is a restore point",
        [
            Look("11-01 07:00", backup(run("11-01 01:00"), hours=96)),
            Look("11-10 07:00", backup(created="11-10 03:00")),
        ],
        *both("awaiting-first-backup"),
    ),
    case(
        "A cluster that comes back into scope is new, however long it had no copy before",
        [
            Look("11-10 07:00", backup(*nightly("11-09", "11-10", us2=NOTHING))),
            Look("11-22 07:00", backup(*nightly("11-09", "11-22", us2=NOTHING), **ONLY_EU1)),
            Look("11-23 07:00", backup(*nightly("11-09", us2=NOTHING))),
        ],
        "awaiting-first-backup us2",
    ),
    case(
        "A cluster that comes back into scope is not new if its restore point had vanished before",
        [
            Look("11-20 07:00", backup(*nightly(last="11-20"))),
            Look("11-21 07:00", backup(*nightly(last="11-21", us2=NOTHING))),
            Look("11-22 07:00", backup(*nightly(last="11-22", us2=NOTHING), **ONLY_EU1)),
            Look("11-23 07:00", backup(*nightly(us2=NOTHING))),
        ],
        "cluster-not-backed-up us2",
        "never-backed-up us2",
        "restore-points-vanished us2",
    ),
    case(
        "A cluster that the workspace lists again is not new if its restore point is gone",
        [
            Look("11-21 07:00", backup(*nightly(last="11-21"))),
            Look("11-22 07:00", backup(*nightly(last="11-22")), listed(["eu1"])),
            Look("11-23 07:00", backup(*nightly(us2=NOTHING))),
        ],
        "cluster-not-backed-up us2",
        "never-backed-up us2",
        "restore-points-vanished us2",
    ),
]

RESTORE_POINTS = [
    case(
        "A report that sees no restore point and cannot read an entry forgets none",
        [
            Look("11-23 07:00", backup(*nightly())),
            Look("11-24 07:00", backup(BROKEN)),
            Look("11-25 07:00", backup(*without_the_23rd("11-25"))),
        ],
        *both("restore-points-vanished"),
        says={"restore-points-vanished eu1": "of Mon 2026-11-23 is gone"},
    ),
    case(
        "A report that cannot read an entry remembers a restore point that lives longer than those before",
        [
            Look("11-22 07:00", backup(*nightly(last="11-22"))),
            Look("11-23 07:00", backup(BROKEN, *nightly(last="11-23"))),
            Look("11-24 07:00", backup(*without_the_23rd("11-24"))),
        ],
        *both("restore-points-vanished"),
        says={"restore-points-vanished eu1": "of Mon 2026-11-23 is gone"},
    ),
    case(
        "A restore point that has vanished is still told after a report that could not read an entry",
        [
            Look("11-23 07:00", backup(*nightly())),
            Look("11-24 07:00", backup(*without_the_23rd("11-24"))),
            Look("11-25 07:00", backup(BROKEN, *nightly("11-20", "11-22"))),
            Look("11-26 07:00", backup(*without_the_23rd("11-26"))),
        ],
        *both("restore-points-vanished"),
        says={"restore-points-vanished eu1": "of Mon 2026-11-23 is gone"},
    ),
    *(
        case(
            f"A restore point that has vanished is told for exactly 7 days: {now}",
            [
                Look("11-23 07:00", backup(*nightly())),
                Look("11-24 07:00", backup(*without_the_23rd("11-24"))),
                Look(now, backup(*without_the_23rd("12-01"))),
            ],
            *expected,
        )
        for now, expected in (("12-01 07:00", both("restore-points-vanished")), ("12-01 07:00:01", ()))
    ),
    *(
        case(
            f"A restore point has vanished if it is gone more than 5 minutes before its time: {now}",
            [
                Look("11-22 07:00", backup(run("11-22 01:00", hours=54))),
                Look(now, backup(*nightly("11-23", "11-24"))),
            ],
            *expected,
        )
        for now, expected in (("11-24 06:54:59", both("restore-points-vanished")), ("11-24 06:55", ()))
    ),
]

A_DELETION, ANOTHER = (run(f"11-{day} 01:00", us2=copy(deleted="Deleting")) for day in ("10", "11"))
DELETIONS = [
    case(
        "A deletion is stuck 7 days after the first report that saw it, however many have seen it since",
        [
            Look("11-15 07:00", backup(A_DELETION, *nightly("11-14", "11-15"))),
            Look("11-20 07:00", backup(A_DELETION, *nightly("11-14", "11-20"))),
            Look("11-23 07:00", backup(A_DELETION, *nightly("11-14", "11-23"))),
        ],
        "delete-stuck us2",
    ),
    case(
        "A deletion is not stuck for as long as an older one was under way that has ended",
        [
            Look("11-15 07:00", backup(A_DELETION, *nightly("11-14", "11-15"))),
            Look("11-23 07:00", backup(ANOTHER, *nightly("11-14", "11-23"))),
        ],
    ),
]


@pytest.mark.parametrize(("reports", "expected", "says"), POLICY + SHIFT + CLUSTERS + RESTORE_POINTS + DELETIONS)
def test_several_reports(reports: Sequence[Look], expected: tuple[str, ...], says: dict[str, str]) -> None:
    judgment = last_of(reports)

    assert labels(judgment) == sorted(expected)
    for name, words in says.items():
        assert words in message(judgment, name)


@pytest.mark.parametrize(
    ("us2", "now", "is_remembered"),
    [
        pytest.param(copy(expires="11-24 07:00"), "11-24 06:59:59", True, id="while its restore point lives"),
        pytest.param(copy(expires="11-24 07:00"), "11-24 07:00", False, id="not once that has expired"),
        pytest.param(NOTHING, "11-24 07:00", False, id="not if it had none"),
    ],
)
def test_a_cluster_that_the_workspace_no_longer_lists_is_remembered(us2: Any, now: str, *, is_remembered: bool) -> None:
    answer = backup(run("11-23 01:00", us2=us2))
    memory = last_of([Look("11-23 07:00", answer), Look(now, answer, listed(["eu1"]))]).remembered

    assert memory
    assert ("us2" in {cluster.uid for cluster in memory.clusters}) is is_remembered
