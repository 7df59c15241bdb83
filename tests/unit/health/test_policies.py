"""What the policy asks for: namespaces, disks, a schedule; and a run that is asked for alone."""

from __future__ import annotations

import pytest

from support.builders import NOTHING, Json, Row, backup, both, check, copy, listed, nightly, only, ref, row, run

WANTED = ["web", "shop"]


def asked_for(namespaces: list[str], runs: list[Json]) -> list[Json]:
    """The runs, with the namespaces that each of them was asked for."""
    for entry in runs:
        entry["workspaceBackupConfig"]["config"] = {"namespaces": namespaces}
    return runs


PATTERNS = [f"w.bx{{0,{number}}}" for number in range(100)]

NAMESPACES = [
    row(
        "namespace-not-backed-up: the backup lacks a namespace that the policy names",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=WANTED),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["shop"]},
        since={"namespace-not-backed-up eu1": "11-16 01:00"},
        status="WARNING",
    ),
    row(
        "Not namespace-not-backed-up: all are there, and more",
        backup(*nightly(eu1=copy(namespaces=["more", "shop", "web"])), namespaces=WANTED),
    ),
    *(
        row(
            f"Not namespace-not-backed-up: the backup does not name its namespaces ({names})",
            backup(*nightly(eu1=copy(namespaces=names)), namespaces=WANTED),
        )
        for names in (None, NOTHING)
    ),
    *(
        row(
            f"namespace-not-backed-up: the backup says that it holds none ({names})",
            backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(namespaces=names)), namespaces=WANTED),
            "namespace-not-backed-up eu1",
            since={"namespace-not-backed-up eu1": "11-23 01:00"},
        )
        for names in ([], [None])
    ),
    *(
        row(
            f"Not namespace-not-backed-up: the policy means every namespace ({names})",
            backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=names),
        )
        for names in (None, [], ["*"])
    ),
    row(
        "Not namespace-not-backed-up: the latest succeeded with all of them",
        backup(
            *nightly(last="11-22", eu1=copy(namespaces=["web"])),
            run("11-23 01:00", eu1=copy(namespaces=["web", "shop"])),
            namespaces=WANTED,
        ),
    ),
    row(
        "The row of backups that lack a namespace is not broken by those that do not tell",
        backup(
            *nightly("11-16", "11-17"),
            *nightly("11-18", "11-20", eu1=copy(namespaces=["web"])),
            run("11-21 01:00", eu1=copy("Failed", namespaces=["web", "shop"])),
            run("11-22 01:00"),
            run("11-23 01:00", eu1=copy(namespaces=["web"])),
            namespaces=WANTED,
        ),
        "namespace-not-backed-up eu1",
        since={"namespace-not-backed-up eu1": "11-18 01:00"},
    ),
    row(
        "The row of backups that lack a namespace goes on over one that says it holds none",
        backup(
            *nightly("11-16", "11-20", eu1=copy(namespaces=["web", "shop"])),
            run("11-21 01:00", eu1=copy(namespaces=[])),
            *nightly("11-22", eu1=copy(namespaces=["web"])),
            namespaces=WANTED,
        ),
        "namespace-not-backed-up eu1",
        since={"namespace-not-backed-up eu1": "11-21 01:00"},
    ),
    row(
        "A failed backup is not asked for its namespaces",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", namespaces=["web"])), namespaces=WANTED),
        "backup-failed eu1",
    ),
    row(
        "The policy may name namespaces by a pattern",
        backup(*nightly(eu1=copy(namespaces=["team-a", "team-b"])), namespaces=["team-.*"]),
    ),
    *(
        row(
            f"The policy may name namespaces by a glob, as Velero takes them: {glob}",
            backup(*nightly(eu1=copy(namespaces=["web", name, "shop"])), namespaces=[glob]),
        )
        for glob, name in {
            "team-*": "team-a",
            "ns?": "ns1",
            "ns[123]": "ns2",
            "ns[a-c]": "nsb",
            "app-{dev,prod}": "app-prod",
            "*-{a,b}?": "team-b1",
            "/team-(a|b)/": "team-b",
            "a.b*": "a.bc",
        }.items()
    ),
    *(
        row(
            f"A glob that nothing in the backup fits is a namespace that is missing: {glob}",
            backup(*nightly(eu1=copy(namespaces=["web", name])), namespaces=[glob]),
            "namespace-not-backed-up eu1",
        )
        for glob, name in {
            "team-*": "ateam-a",
            "ns?": "ns10",
            "app-{dev,prod}": "app-test",
            "ns[a-c]": "nsd",
            "team-a|b": "team-c",
        }.items()
    ),
    row(
        "A pattern that cannot be checked counts as missing, and that is said",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=["(web"]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["The pattern (web cannot be checked"]},
    ),
    row(
        "A pattern of more than 300 characters cannot be checked",
        backup(*nightly(eu1=copy(namespaces=["a" * 301])), namespaces=["a" * 300 + "."]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["cannot be checked"]},
    ),
    row(
        "A hundred patterns are checked",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=[*PATTERNS[:99], "we*"]),
    ),
    row(
        "A pattern that comes after a hundred others is not checked, and counts as missing",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=[*PATTERNS, "we*"]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["1 namespace of the policy: we*."]},
    ),
    row(
        "A name that stands twice counts once",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=["shop", "shop"]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["1 namespace of the policy: shop."]},
    ),
    row(
        "* in the backup is every namespace",
        backup(*nightly(eu1=copy(namespaces=["*"])), namespaces=WANTED),
    ),
    row(
        "A namespace that the policy named after the last run is not missing yet",
        backup(*asked_for(["web"], nightly(eu1=copy(namespaces=["web"]))), namespaces=WANTED),
    ),
    row(
        "A namespace that the run was asked for is missing though the policy names it no more",
        backup(*asked_for(["web", "old"], nightly(eu1=copy(namespaces=["web"]))), namespaces=["web"]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["old"]},
    ),
    row(
        "A run that was asked for no namespaces was asked for the policy's",
        backup(*asked_for([], nightly(eu1=copy(namespaces=["web"]))), namespaces=WANTED),
        "namespace-not-backed-up eu1",
    ),
    row(
        "A pattern that nothing in the backup fits is a namespace that is missing",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=["web", "team-.*"]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["team-.*"]},
    ),
]

CONFIGURED = [
    *(
        row(f"not-protected: {how}", answer, "not-protected", status="WARNING")
        for how, answer in {
            "neither schedule nor runs": backup(schedule=None),
            "a blank schedule and no runs": backup(schedule=" "),
            "metadata and nothing else": {"metadata": {}},
            "nulls at every level": {
                "metadata": None,
                "spec": {"config": {"backupConfig": None}},
                "status": {"workspaceBackupStatuses": None},
            },
        }.items()
    ),
    row(
        "With not-protected, nothing else is judged",
        backup(schedule=None, includeAllDisks=False, hours=1),
        "not-protected",
    ),
    row(
        "not-scheduled: runs, but no schedule", backup(run("11-20 01:00"), schedule=None), "not-scheduled", status="OK"
    ),
    row(
        "Not not-scheduled: a schedule, and no runs yet", backup(created="11-23 02:00"), *both("awaiting-first-backup")
    ),
    row(
        "disks-not-included: includeAllDisks is false",
        backup(*nightly(), includeAllDisks=False),
        "disks-not-included",
        status="OK",
    ),
    row(
        "disks-not-included: cluster resources, and with them the volumes, are never included",
        backup(*nightly(), includeClusterResourceMode="Never"),
        "disks-not-included",
        status="OK",
    ),
    row(
        "restore-in-place-only: the mode is Always",
        backup(*nightly(), includeClusterResourceMode="Always"),
        "restore-in-place-only",
        status="OK",
    ),
    row(
        "disks-not-included is said once",
        backup(*nightly(), includeAllDisks=False, includeClusterResourceMode="Never"),
        "disks-not-included",
    ),
    *(
        row(
            f"Not disks-not-included: includeAllDisks {disks}, mode {mode}",
            backup(*nightly(), includeAllDisks=disks, includeClusterResourceMode=mode),
        )
        for disks, mode in ((True, "Auto"), (None, None), (NOTHING, NOTHING))
    ),
    row(
        "being-deleted: the workspace has a deletion time; nothing else is judged",
        backup(*nightly(last="11-20", state="Failed"), hours=1),
        "being-deleted",
        workspace=listed(deleted="11-23 06:00"),
        since={"being-deleted": "11-23 06:00"},
        status="OK",
    ),
    *(
        row(
            f"Not being-deleted: the deletion time is not set ({unset!r})",
            backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed")),
            "backup-failed eu1",
            workspace=listed(deleted=unset),
        )
        for unset in (None, "", "0001-01-01T00:00:00.000Z")
    ),
]

ONE_RUN = [
    row(
        "A run that was asked for is judged alone: what is due is not",
        backup(run("11-10 01:00", eu1="Failed")),
        "backup-failed eu1",
        single_run=True,
    ),
    row(
        "A run that was asked for is judged alone: a cluster that it skipped",
        backup(only("eu1", "11-22 01:00")),
        "cluster-not-backed-up us2",
        single_run=True,
    ),
    *(
        row(
            f"A run that was asked for, succeeded and left no copy is not good: {how}",
            backup(answer),
            *both("never-backed-up"),
            says={"never-backed-up eu1": ["Nothing can be restored from this run", why]},
            single_run=True,
            status="CRITICAL",
        )
        for how, answer, why in (
            ("no cluster backups", run("11-22 01:00", refs=[]), "names no cluster backup"),
            ("deleted", run("11-22 01:00", deleted="Deleted"), "deleted"),
            ("being deleted", run("11-22 01:00", eu1=copy(deleted="Deleting"), us2=copy(deleted="new")), "deleted"),
            ("state Deleting", run("11-22 01:00", "Deleting"), "deleted"),
            ("all the clusters' state Deleting", run("11-22 01:00", eu1="Deleting", us2="Deleting"), "deleted"),
        )
    ),
    row(
        "A run that was asked for, and whose copies have expired, is not good",
        backup(run("11-10 01:00", hours=24)),
        *both("backup-expired"),
        single_run=True,
    ),
    *(
        row(
            f"That it left no copy is not said on top of what became of a run that was asked for: {state}",
            backup(run("11-23 06:00", state, deleted="Deleted")),
            *expected,
            single_run=True,
        )
        for state, expected in (
            ("Failed", both("backup-failed")),
            ("PartiallyFailed", both("backup-partially-failed")),
            ("InProgress", ()),
            ("Sleeping", both("backup-state-unknown")),
        )
    ),
    row(
        "A run that was asked for and cannot be read is unreadable, and nothing else",
        backup({"workspaceBackupConfig": {"requestTime": 5}}),
        "unreadable",
        single_run=True,
    ),
    row(
        "A run that was asked for is judged without its policy's schedule, namespaces and clusters that lie beside it",
        backup(
            run("11-10 01:00"),
            schedule="nonsense",
            hours=1000,
            all_clusters=False,
            uids=["eu1", "gone"],
            namespaces=["web"],
        ),
        workspace=listed() | {"spec": listed()["spec"] | {"namespaces": ["web", "shop"]}},
        single_run=True,
        status="OK",
    ),
    row("A good run that was asked for is good", backup(run("11-10 01:00")), single_run=True, status="OK"),
    row(
        "A run that was asked for, in a state that nobody knows, is not good",
        backup(run("11-22 01:00", refs=[ref("eu1", "Sleeping"), ref("us2", "Completed")], state="Completed")),
        "backup-state-unknown eu1",
        single_run=True,
    ),
]


@pytest.mark.parametrize("case", NAMESPACES + CONFIGURED + ONE_RUN)
def test_policies(case: Row) -> None:
    check(case)
