"""A fleet that shows every finding, among healthy workspaces. All times are relative to ``now``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from backup_reporter.demo.documents import (
    ZERO_TIME,
    Failure,
    Fleet,
    Json,
    api_key_item,
    cluster_backup,
    cluster_refs,
    location_item,
    part,
    rfc3339,
    run,
    uid_of,
    workspace_item,
)
from backup_reporter.demo.instructive_clusters import PROJECT as CLUSTERS_PROJECT
from backup_reporter.demo.instructive_clusters import instructive_clusters
from backup_reporter.demo.restore_documents import RestoreTest
from backup_reporter.demo.stories import Outcome, Part, Story, daily, weekly

PROD, STAGING, SHARED, EDGE = "prod", "staging", "shared-services", CLUSTERS_PROJECT

ONE_DAY = timedelta(days=1)
SETTINGS = {"MAX_BACKUP_AGE_HOURS": "240", "INCLUDE_CLUSTERS": "yes", "RESTORE_TEST_MAX_AGE_DAYS": "90"}
"""Settings under which the report shows all findings that this fleet has."""

_KEY_EXPIRED = (
    'backup storage location "backups-s3" is unavailable: rpc error: code = Unknown desc = operation error S3: '
    "PutObject, https response error StatusCode: 403, api error InvalidAccessKeyId: The AWS Access Key Id you provided "
    "does not exist in our records"
)
_SNAPSHOT_FAILED = (
    "Velero: 2 of 148 items failed: error taking snapshot of volume pvc-7c1f (search/data-search-1): "
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
)
_FILES_MISSING = "Velero: error restoring from backup: data-registry-0.tar.gz was not found in the object storage"


def instructive(now: datetime, *, before: bool = False) -> Fleet:
    """Eighteen workspaces in four projects; ``now`` is aware.

    With ``before``, the fleet as it was a day earlier: profiles failed, one workspace was not there yet, and one copy
    still was.
    """
    seen_at = now - ONE_DAY if before else now
    stories = [replace(story, seen_at=seen_at) for story in (*_prod(now), *_staging(now), *_shared(now))]
    if before:
        stories = [replace(story, outcome=_BEFORE.get(story.name, story.outcome)) for story in stories]
    items: dict[str, list[Json]] = {PROD: [], STAGING: [], SHARED: [], EDGE: []}
    backups: dict[str, Json | Failure] = {}
    for story in stories:
        items[story.project].append(story.item(now))
        backups[_uid(story.project, story.name)] = story.result(now)
    for item, backup, project in _special_cases(now, is_new_there=not before):
        items[project].append(item)
        backups[item["metadata"]["uid"]] = backup
    _add_quirks(items, backups)
    if before:
        _add_copy_that_vanishes(backups, now)
    projects = {_project_uid(name): name for name in items}
    workspaces = {_project_uid(name): rows for name, rows in items.items()}
    clusters = instructive_clusters(projects, workspaces, now, seen_at)
    return Fleet(
        projects=projects,
        workspaces=workspaces,
        backups=backups,
        clusters=clusters.items,
        cluster_backups=clusters.backups,
        locations=[location_item("backups-s3", now - timedelta(days=300))],
        restores={**clusters.restores, **{_uid(story.project, story.name): story.restores(now) for story in stories}},
        api_keys=[api_key_item("backup-reporter", now + timedelta(days=90))],
        settings=SETTINGS,
    )


_BEFORE: Mapping[str, Outcome] = {
    "profiles": lambda ago, cluster: Part("Failed", "Velero pod was evicted") if ago == 1 else Part(),
}


def _project_uid(name: str) -> str:
    return uid_of("project", name)


def _uid(project: str, name: str) -> str:
    return uid_of("workspace", project, name)


def _prod(now: datetime) -> list[Story]:
    night = daily(now)

    def payments(ago: int, cluster: str) -> Part:
        """The key of the backup location expired five days ago, and two clusters write there."""
        return Part("Failed", _KEY_EXPIRED) if ago < 5 and cluster in ("eu-1", "us-2") else Part()

    def ledger(ago: int, cluster: str) -> Part | None:
        """The same key; what was made before will soon be gone. And ap-1 has been unhealthy for three days."""
        if cluster == "ap-1":
            return None if ago < 3 else Part()
        return Part("Failed", _KEY_EXPIRED) if ago < 5 and cluster == "eu-1" else Part()

    def search(ago: int, cluster: str) -> Part:
        """Four clusters, each with a trouble of its own in the latest run, which one of them has not finished."""
        troubles = {
            "eu-1": Part("PartiallyFailed", _SNAPSHOT_FAILED),
            "us-2": Part(lacks=("search-synonyms",)),
            "ap-1": Part("InProgress"),
            "sa-1": Part("BackupArchived"),
        }
        return troubles[cluster] if ago == 0 else Part()

    def analytics(ago: int, cluster: str) -> Part | None:
        """It moved from eu-0 to us-3 ten days ago and got a new namespace, and its policy still says what it said."""
        return None if cluster == "eu-0" and ago < 10 else Part()

    return [
        Story(project=PROD, name="payments", clusters=("eu-1", "us-2", "ap-1"), rhythm=night, outcome=payments,
              namespaces=("payments", "payments-jobs")),
        Story(project=PROD, name="ledger", clusters=("eu-1", "us-2", "ap-1"), rhythm=night, outcome=ledger,
              namespaces=("ledger",), retention_hours=7 * 24),
        Story(project=PROD, name="search", clusters=("eu-1", "us-2", "ap-1", "sa-1"), rhythm=daily(now, hours_ago=9),
              outcome=search, namespaces=("search", "search-synonyms")),
        Story(project=PROD, name="identity", clusters=("eu-1", "us-2", "ap-1"), rhythm=night,
              namespaces=("identity", "keycloak"), days=90),
        Story(project=PROD, name="checkout", clusters=("eu-1", "us-2"), rhythm=night, namespaces=("checkout", "carts"),
              days=60),
        Story(project=PROD, name="orders", clusters=("eu-1", "us-2"), rhythm=night, namespaces=("orders",), days=45),
        Story(project=PROD, name="analytics", clusters=("eu-1",), rhythm=night, outcome=analytics,
              namespaces=("warehouse",), forgotten_clusters=("us-3",), forgotten_namespaces=("dashboards",),
              former_clusters=("eu-0",), restore_tests=()),
    ]  # fmt: skip


def _staging(now: datetime) -> list[Story]:
    def web_shop(ago: int, cluster: str) -> Part | None:
        """Weekly, and kept for five days only; eu-9 joined later and has never been in a backup."""
        return None if cluster == "eu-9" else Part(delete_state="kept" if ago == 0 else "")

    def sandbox(_ago: int, _cluster: str) -> Part:
        """Every copy lacks the volumes, and that is muted."""
        return Part("PartiallyFailed", "node-agent pod is not running on node sandbox-2")

    return [
        Story(project=STAGING, name="web-shop", clusters=("eu-8", "eu-9"), rhythm=weekly(now, days_ago=3),
              outcome=web_shop, namespaces=("web-shop",), days=84, retention_hours=5 * 24, skipped_runs=2),
        Story(project=STAGING, name="sandbox", clusters=("eu-8",), rhythm=daily(now), outcome=sandbox,
              namespaces=("sandbox",), labels={"backup-reporter.mute": f"{now + timedelta(days=21):%Y-%m-%d}"}),
        Story(project=STAGING, name="profiles", clusters=("eu-8",), rhythm=daily(now), namespaces=("profiles",),
              days=30, retention_hours=14 * 24),
    ]  # fmt: skip


def _shared(now: datetime) -> list[Story]:
    def registry(ago: int, _cluster: str) -> Part:
        """Its bucket was tidied up by hand: Velero could not delete one old copy, and cannot finish with another."""
        return Part(delete_state={15: "Failed", 28: "Deleting"}.get(ago, ""))

    by_hand = daily(now, hours_ago=50)
    return [
        Story(project=SHARED, name="registry", clusters=("hub-1",), rhythm=daily(now, hours_ago=12 * 24),
              outcome=registry, namespaces=("harbor",), schedule="0 25 * * *",
              restore_tests=(RestoreTest(6, "Failed", _FILES_MISSING), RestoreTest(60))),
        Story(project=SHARED, name="vault", clusters=("hub-1", "hub-2"), rhythm=weekly(now, days_ago=2),
              namespaces=("vault",), days=91, retention_hours=35 * 24),
        Story(project=SHARED, name="ci-runners", clusters=("hub-2",), rhythm=replace(by_hand, pause=timedelta(days=6)),
              namespaces=("runners",), schedule=None, actor="user", include_all_disks=False),
        # The schedule was set to "Never" during a move, and stayed so.
        Story(project=SHARED, name="wiki", clusters=("hub-1",), rhythm=daily(now, hours_ago=9 * 24),
              namespaces=("wiki",), schedule=None),
    ]  # fmt: skip


def _special_cases(now: datetime, *, is_new_there: bool) -> list[tuple[Json, Json | Failure, str]]:
    """Workspaces without a history: no policy, a server error, a brand new one, one on its way out."""

    def item(project: str, name: str, cluster: str, **more: Any) -> Json:
        created = now - timedelta(days=160)
        return workspace_item(project, name, clusters=[cluster], namespaces=[name], created=created, **more)

    # A mute without a real date mutes nothing.
    edge = Story(project=STAGING, name="edge-sites", clusters=("edge-1",), rhythm=daily(now, hours_ago=-10),
                 namespaces=("edge",), days=0, annotations={"backup-reporter.mute": "until the move"})  # fmt: skip
    edge_result = edge.result(now)
    edge_result["metadata"]["creationTimestamp"] = rfc3339(now - timedelta(hours=3))
    no_policy = Failure(400, "BackupNotConfigured", "Backup is not configured for the workspace")
    broken = Failure(500, "InternalServerError", "failed to list backups: context deadline exceeded")
    return [
        (item(SHARED, "monitoring", "hub-1"), no_policy, SHARED),
        (item(STAGING, "gitops", "eu-8"), broken, STAGING),
        *([(edge.item(now), edge_result, STAGING)] if is_new_there else []),
        (item(SHARED, "old-portal", "hub-2", deleted=now - timedelta(hours=44)), no_policy, SHARED),
    ]


def _add_copy_that_vanishes(backups: dict[str, Json | Failure], now: datetime) -> None:
    """A copy of registry, made by hand to be kept for a year; Palette knows no more of it a day later."""
    registry, (cluster,) = backups[_uid(SHARED, "registry")], cluster_refs(SHARED, ["hub-1"])
    assert isinstance(registry, dict)
    at = now - timedelta(days=80)
    backup = cluster_backup(
        cluster, "before-the-upgrade", state="Completed", at=at, expires=at + timedelta(days=365), namespaces=["harbor"]
    )
    entry = run("before-the-upgrade", state="Completed", requested=at, cluster_backups=[backup],
                retention_hours=365 * 24, namespaces=["harbor"], actor="user")  # fmt: skip
    registry["status"]["workspaceBackupStatuses"].append(entry)


def _add_quirks(items: dict[str, list[Json]], backups: dict[str, Json | Failure]) -> None:
    """What Palette's JSON also looks like where nothing is wrong."""
    checkout = backups[_uid(PROD, "checkout")]
    orders = backups[_uid(PROD, "orders")]
    assert isinstance(checkout, dict) and isinstance(orders, dict)
    for count, entry in enumerate(checkout["status"]["workspaceBackupStatuses"]):
        _write_otherwise(entry, count)
    for entry in orders["status"]["workspaceBackupStatuses"]:
        entry["workspaceBackupConfig"] |= {"config": None, "backupTime": ZERO_TIME}
    orders["metadata"] |= {"labels": None, "deletionTimestamp": None, "annotations": None}
    orders["spec"]["config"]["backupConfig"] |= {"includeClusterResourceMode": "Auto", "retentionClass": "gold"}
    for row in items[SHARED]:
        # The twin from before metadata and spec; Palette still sends it.
        row["meta"] = {"uid": row["metadata"]["uid"], "name": row["metadata"]["name"],
                       "clusterRefs": row["spec"]["clusterRefs"]}  # fmt: skip
    items[SHARED][0]["metadata"] |= {"deletionTimestamp": None, "labels": None}


def _write_otherwise(entry: Json, count: int) -> None:
    """The same run with nanoseconds, an offset, other letter cases, and times that are not set."""
    details = entry["workspaceBackupConfig"]
    requested = datetime.fromisoformat(details["requestTime"])
    local = requested.astimezone(timezone(timedelta(hours=2)))
    details["requestTime"] = f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond * 1000 + 417:09d}+02:00"
    details["backupState"]["state"] = ("COMPLETED", "completed", "Completed")[count % 3]
    for ref in details["clusterBackupRefs"]:
        state = part(ref, "backupStatusMeta", "backupState")
        state["state"] = ("Completed", "COMPLETED", "completed")[count % 3]
        state["msg"] = None
        if count % 2:
            # Where they are not set they follow from the run.
            state["backupTime"] = ZERO_TIME
            ref["backupStatusMeta"]["expiryDate"] = None
