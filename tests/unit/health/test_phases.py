"""Phases: what the state strings mean, alone and against each other."""

from __future__ import annotations

import pytest

from backup_reporter.health.thresholds import Thresholds
from support.builders import (
    NOTHING,
    Row,
    backup,
    both,
    check,
    copy,
    describe,
    judged,
    label,
    nightly,
    ref,
    row,
    run,
)

SUCCEEDED = ["Completed", "Succeeded", "Success"]
FAILED = ["Failed", "FailedValidation", "Error"]
RUNNING = [
    "New",
    "Initiated",
    "Queued",
    "ReadyToStart",
    "Pending",
    "InProgress",
    "Running",
    "WaitingForPluginOperations",
    "Finalizing",
]
DOOMED = ["WaitingForPluginOperationsPartiallyFailed", "FinalizingPartiallyFailed"]

STRINGS = {
    **dict.fromkeys(SUCCEEDED, ""),
    "PartiallyFailed": "backup-partially-failed",
    **dict.fromkeys(FAILED, "backup-failed"),
    **dict.fromkeys(RUNNING, ""),
    **dict.fromkeys(DOOMED, "backup-partially-failed"),
    "Deleting": "",
    **dict.fromkeys(["Archived", "Complete", "Failing", "OK", "✓", "None"], "backup-state-unknown"),
}
"""What the newest run leads to, over a row of good ones, in each state; "" where it leads to nothing."""


def spellings(state: str) -> list[str]:
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in state).strip()
    return [
        state,
        state.upper(),
        state.lower(),
        words,
        words.replace(" ", "-").lower(),
        words.replace(" ", "_").upper(),
    ]


@pytest.mark.parametrize(("state", "code"), STRINGS.items())
def test_a_phase_is_compared_without_regard_to_case_spaces_hyphens_and_underscores(state: str, code: str) -> None:
    for spelling in spellings(state):
        of_clusters = judged(backup(*nightly(last="11-22"), run("11-23 01:00", state="Running", eu1=spelling)))
        of_the_run = judged(backup(*nightly(last="11-22"), run("11-23 01:00", spelling, refs=[])))

        assert [label(finding) for finding in of_clusters.findings] == ([f"{code} eu1"] if code else []), spelling
        assert [label(finding) for finding in of_the_run.findings] == ([code] if code else []), spelling


@pytest.mark.parametrize("state", RUNNING + DOOMED)
def test_whatever_still_runs_can_be_stuck(state: str) -> None:
    verdict = judged(backup(*nightly(last="11-22"), run("11-23 00:59", state)))

    assert set(both("backup-stuck")) <= {label(finding) for finding in verdict.findings}, describe(verdict)


NOTHING_TO_RESTORE: list[tuple[str | None, str]] = [
    *((state, "awaiting-first-backup") for state in RUNNING + DOOMED),
    ("PartiallyFailed", "only-incomplete-copies"),
    *((state, "never-backed-up") for state in (*FAILED, "Deleting", "Archived", None, "")),
]


@pytest.mark.parametrize(("state", "code"), NOTHING_TO_RESTORE)
def test_only_a_succeeded_backup_can_be_restored(state: str | None, code: str) -> None:
    verdict = judged(backup(run("11-23 01:00", state)))

    assert set(both(code)) <= {label(finding) for finding in verdict.findings}, describe(verdict)
    assert [cluster.restore_points for cluster in verdict.clusters] == [0, 0]


@pytest.mark.parametrize("state", [NOTHING, None, "", "  ", "Sleeping", "Completed?"])
def test_a_state_that_is_missing_or_unknown_is_never_good(state: str | None) -> None:
    verdict = judged(backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(state), state=state)))

    assert verdict.status == "WARNING"
    assert "backup-state-unknown eu1" in {label(finding) for finding in verdict.findings}


TAUGHT = Thresholds(extra_states={"done": "succeeded", "aborted": "failed", "parked": "running"})

UNKNOWN = [
    row(
        "A state that nobody knows is shown as received",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Half-Asleep ☾")),
        "backup-state-unknown eu1",
        says={"backup-state-unknown eu1": ["Half-Asleep ☾"]},
        evidence={"backup-state-unknown eu1": {"state": "Half-Asleep ☾"}},
        status="WARNING",
    ),
    row(
        "A state that nobody knows began with the unbroken row of such",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1="Sleeping")),
        "backup-state-unknown eu1",
        since={"backup-state-unknown eu1": "11-21 01:00"},
    ),
    row(
        "An older state that nobody knows is not the latest",
        backup(*nightly(last="11-22", state="Sleeping"), run("11-23 01:00")),
    ),
    row(
        "The setting EXTRA_STATES teaches a good word",
        backup(run("11-23 01:00", "DONE")),
        thresholds=TAUGHT,
    ),
    row(
        "The setting EXTRA_STATES teaches a bad word",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Aborted")),
        "backup-failed eu1",
        thresholds=TAUGHT,
    ),
    row(
        "A word that EXTRA_STATES teaches is running can be stuck",
        backup(*nightly(last="11-22"), run("11-23 00:59", eu1="Parked")),
        "backup-stuck eu1",
        thresholds=TAUGHT,
    ),
]

WORSE_OF_BOTH = [
    row(
        "A run that says Completed over a cluster that says Failed is a failure",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Completed", eu1="Failed")),
        "backup-failed eu1",
    ),
    row(
        "A run that says Failed over clusters that say Completed is a failure of the run as a whole",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Completed", us2="Completed")),
        "backup-failed",
        says={"backup-failed": ["'Failed'", "no cluster in it failed"]},
        since={"backup-failed": "11-23 01:00"},
        status="CRITICAL",
    ),
    row(
        "A cluster that says Completed in a failed run has a copy",
        backup(run("11-23 01:00", "Failed", eu1="Completed", us2="Completed")),
        "backup-failed",
        also=lambda verdict: [cluster.restore_points for cluster in verdict.clusters] == [1, 1],
    ),
    row(
        "A failed run accuses the clusters that failed in it, and no other",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Failed", us2="Completed")),
        "backup-failed eu1",
    ),
    row(
        "A failed run accuses the clusters that it left out",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Completed", us2=NOTHING)),
        "cluster-not-backed-up us2",
    ),
    row(
        "A failed run over a partial cluster: the cluster is partial, and the run still failed",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="PartiallyFailed", us2="Completed")),
        "backup-partially-failed eu1",
        "backup-failed",
    ),
    row(
        "A failed run over a copy that is being deleted is still a failure",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Deleting", us2="Completed")),
        "backup-failed",
    ),
    row(
        "A failed run over a cluster whose state is not known is a failure of that cluster",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Sleeping")),
        *both("backup-failed"),
    ),
    row(
        "A failed run is forgotten once the cluster has finished in a newer one",
        backup(
            *nightly(last="11-22"), run("11-22 12:00", "Failed", eu1="Completed", us2="Completed"), run("11-23 01:00")
        ),
    ),
    row(
        "A failed run is forgotten once its clusters have finished in a newer one, whatever that one still does",
        backup(
            *nightly(last="11-21"),
            *nightly("11-22", "11-22", "Failed", eu1="Completed", us2="Completed"),
            *nightly("11-23", "11-23", "InProgress", eu1="Completed", us2="Completed"),
        ),
    ),
    row(
        "A failed run is not forgotten while a newer one still runs",
        backup(
            *nightly(last="11-21"),
            *nightly("11-22", "11-22", "Failed", eu1="Completed", us2="Completed"),
            run("11-23 01:00", "InProgress"),
        ),
        "backup-failed",
    ),
    row(
        "A failed run is forgotten once a newer one has finished, though nobody knows its clusters' states",
        backup(
            *nightly(last="11-21"),
            *nightly("11-22", "11-22", "Failed", eu1="Completed", us2="Completed"),
            run("11-23 01:00", eu1="Sleeping", us2="Sleeping"),
        ),
        *both("backup-state-unknown"),
    ),
    row(
        "A run that says Failed over a cluster still at work is a failure",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="InProgress", us2="Failed")),
        *both("backup-failed"),
    ),
    row(
        "A partial run does not accuse the cluster that completed",
        backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed", eu1="Completed", us2="Failed")),
        "backup-failed us2",
    ),
    row(
        "A run that still runs takes nothing from a cluster that is done",
        backup(run("11-23 01:00", "InProgress", eu1="Completed", us2="Completed")),
    ),
    row(
        "Where a cluster gives no state, the run's failure stands for it",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1=copy(NOTHING), us2=copy(None))),
        *both("backup-failed"),
    ),
    row(
        "If a cluster gives no state but a time, an expiry or a name, the run's success stands for it",
        backup(run("11-23 01:00", "Completed", eu1=copy(NOTHING, at="11-23 01:02"), us2=copy("", name="n"))),
    ),
    row(
        "The same for a cluster that gives nothing but its expiry",
        backup(run("11-23 01:00", "Completed", eu1=copy(NOTHING, expires="12-23 01:02"))),
    ),
    *(
        row(
            f"A cluster that a finished run lists without any word about it was left out ({state}, {how})",
            backup(*nightly(last="11-22"), run("11-23 01:00", state, refs=[ref("eu1", "Completed"), entry])),
            "cluster-not-backed-up us2",
        )
        for state in ("Completed",)
        for how, entry in {
            "no status": {"clusterUid": "us2"},
            "a status that is null": {"clusterUid": "us2", "backupStatusMeta": None},
            "an empty state": ref("us2", copy("")),
            "a blank state": ref("us2", copy(" _")),
            "a deletion state alone": ref("us2", copy(None, deleted="")),
        }.items()
    ),
    row(
        "A finished run whose clusters all say nothing left all of them out, and did begin",
        backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed", eu1=copy(None), us2=copy(None))),
        *both("cluster-not-backed-up"),
    ),
    row(
        "A cluster without a word in a run that is still at work may come yet",
        backup(*nightly(last="11-22"), run("11-23 01:30", "InProgress", eu1="Completed", us2=copy(None))),
    ),
    row(
        "Where a cluster gives no state, the run's unknown one stands for it",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Sleeping", eu1=copy(None), us2=copy(None))),
        *both("backup-state-unknown"),
        says={"backup-state-unknown eu1": ["Sleeping"]},
    ),
    row(
        "Where neither gives a state, it is unknown",
        backup(*nightly(last="11-22"), run("11-23 01:00", None, eu1=copy(None), us2=copy(" _"))),
        *both("backup-state-unknown"),
        says={"backup-state-unknown eu1": ["latest backup gives no state"], "backup-state-unknown us2": ["no state"]},
    ),
    row(
        "A latest run in a state that nobody knows is not green because its clusters are",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Sleeping", eu1="Completed", us2="Completed")),
        "backup-state-unknown",
        says={"backup-state-unknown": ["Sleeping"]},
        status="WARNING",
    ),
    row(
        "A latest run without a state is not green because its clusters are",
        backup(*nightly(last="11-22"), run("11-23 01:00", None, eu1="Completed", us2="Completed")),
        "backup-state-unknown",
        says={"backup-state-unknown": ["run as a whole gives no state"]},
        status="WARNING",
    ),
    row(
        "A latest run that does not finish is not green because its clusters are",
        backup(*nightly(last="11-22"), run("11-23 00:59", "InProgress", eu1="Completed", us2="Completed")),
        "backup-stuck",
        status="WARNING",
    ),
    row(
        "A latest run that is partial is not green because its clusters are",
        backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed", eu1="Completed", us2="Completed")),
        "backup-partially-failed",
        says={"backup-partially-failed": ["PartiallyFailed"]},
        status="WARNING",
    ),
    row(
        "A run that is partial because it left a cluster out is not said to be partial as well",
        backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed", eu1="Completed", us2=NOTHING)),
        "cluster-not-backed-up us2",
    ),
    row(
        "A partial run before the one that left a cluster out is not said of that cluster",
        backup(
            *nightly(last="11-21"),
            run("11-22 01:00", "PartiallyFailed", eu1="Completed", us2="Completed"),
            run("11-23 01:00", us2=NOTHING),
        ),
        "cluster-not-backed-up us2",
    ),
    row(
        "A run that was partial and is not a cluster's latest is past",
        backup(*nightly(last="11-22", state="PartiallyFailed", eu1="Completed", us2="Completed"), run("11-23 01:00")),
    ),
]

DELETIONS = [
    *(
        row(
            f"A deleteState that is not set ({deleted!r}) means not deleted",
            backup(run("11-23 01:00", eu1=copy(deleted=deleted))),
        )
        for deleted in (None, "")
    ),
    *(
        row(
            f"A copy with deleteState {deleted} is deleted: it cannot be restored, and counts as never made",
            backup(run("11-23 01:00", eu1=copy(deleted=deleted))),
            "never-backed-up eu1",
        )
        for deleted in ("Deleted", "Completed", "Succeeded", "Success", "deleted", "DELETED")
    ),
    *(
        row(
            f"A copy with deleteState {deleted} is being deleted: it cannot be restored",
            backup(run("11-23 01:00", eu1=copy(deleted=deleted))),
            "never-backed-up eu1",
        )
        for deleted in ("Deleting", "InProgress", "Queued", "Something")
    ),
    *(
        row(
            f"A copy with deleteState {deleted} is still there, and its deletion failed",
            backup(run("11-23 01:00", eu1=copy(deleted=deleted))),
            "delete-failed eu1",
        )
        for deleted in ("Failed", "Error", "failed", "ERROR")
    ),
    row(
        "A deleted copy is no loss while there is another",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(deleted="Deleted"))),
        also=lambda verdict: [cluster.restore_points for cluster in verdict.clusters] == [7, 8],
    ),
    *(
        row(
            f"A run whose own deleteState is {deleted} leaves none of its copies",
            backup(run("11-23 01:00", deleted=deleted)),
            *both("never-backed-up"),
        )
        for deleted in ("Deleted", "InProgress")
    ),
    row(
        "A run in the state Deleting leaves none of its copies",
        backup(run("11-23 01:00", "Deleting", eu1="Completed", us2="Completed")),
        *both("never-backed-up"),
    ),
]


@pytest.mark.parametrize("case", UNKNOWN + WORSE_OF_BOTH + DELETIONS)
def test_phases(case: Row) -> None:
    check(case)
