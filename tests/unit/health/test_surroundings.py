"""What is said of backup locations and of the health of clusters, and what is remembered of both."""

from __future__ import annotations

import msgspec
import pytest

from backup_reporter.health.judge import Judgment, judge
from backup_reporter.health.model import Surroundings
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.thresholds import Thresholds
from support.builders import NOW, Json, backup, decoded, label, listed, nightly, run

GONE = Surroundings(location_uids=frozenset({"another"}))
THERE = Surroundings(location_uids=frozenset({"loc"}))
NOT_LISTED = Surroundings()
SICK = Surroundings(unreachable_cluster_uids=frozenset({"eu1"}))
WELL = Surroundings(healthy_cluster_uids=frozenset({"eu1", "us2"}))
NIGHTLY = backup(*nightly(), backupLocationUid="loc", backupLocationName="s3")
FAILING = backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"), backupLocationUid="loc")


def look(
    around: Surroundings | None, last: RememberedWorkspace | None = None, answer: Json = NIGHTLY, uid: str = "loc"
) -> Judgment:
    workspace, result = decoded(listed(), answer)
    policy = msgspec.structs.replace(result.policy, backup_location_uid=uid)
    return judge(
        msgspec.structs.replace(workspace, surroundings=around),
        msgspec.structs.replace(result, policy=policy),
        Thresholds(),
        NOW,
        remembered=last,
    )


def codes(judgment: Judgment) -> list[str]:
    return sorted(label(finding) for finding in judgment.report.findings)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, GONE, True),
        (None, NOT_LISTED, False),
        (GONE, NOT_LISTED, True),
        (GONE, THERE, False),
        (GONE, None, False),
        (THERE, NOT_LISTED, False),
    ],
)
def test_a_missing_location_is_said_until_the_locations_can_be_listed(
    before: Surroundings | None, now: Surroundings | None, said: bool
) -> None:
    judgment = look(now, look(before).remembered)

    assert codes(judgment) == (["location-missing"] if said else [])
    # What is said now is said again as long as the list cannot be read.
    assert codes(look(NOT_LISTED, judgment.remembered)) == codes(judgment)


def test_another_location_is_not_missing_because_the_one_before_it_was() -> None:
    assert codes(look(NOT_LISTED, look(GONE).remembered, uid="new")) == []


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, SICK, True),
        (None, NOT_LISTED, False),
        (SICK, NOT_LISTED, True),
        (SICK, WELL, False),
        (SICK, None, False),
        (WELL, NOT_LISTED, False),
    ],
)
def test_a_cluster_is_out_of_reach_until_it_is_seen_healthy(
    before: Surroundings | None, now: Surroundings | None, said: bool
) -> None:
    judgment = look(now, look(before).remembered)

    assert codes(judgment) == (["cluster-unreachable eu1"] if said else [])
    assert codes(look(NOT_LISTED, judgment.remembered)) == codes(judgment)


@pytest.mark.parametrize(
    ("around", "sentence"),
    [
        (SICK, "Palette does not see the cluster healthy, so it cannot restore it now."),
        (
            NOT_LISTED,
            "In an earlier report Palette did not see the cluster healthy, and its health is not known now.",
        ),
    ],
)
def test_a_critical_finding_says_that_the_cluster_is_out_of_reach(around: Surroundings, sentence: str) -> None:
    report = look(around, look(SICK).remembered, FAILING).report

    (critical,) = [finding for finding in report.findings if finding.severity == "critical"]
    assert critical.message.endswith(sentence)
