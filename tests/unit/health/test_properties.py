"""What holds for every result that the vendor's schema allows, and for those that it does not.

``make fuzz`` looks fifty times longer.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backup_reporter.errors import UndecodableError
from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import status_of
from backup_reporter.health.phases import KNOWN_STATES, PhaseClass, normalize_state
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Scope, from_json, to_json
from support.builders import NOTHING, NOW, Json, backup, copy, days, judged, listed, run

_SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
settings.register_profile("quick", max_examples=100, deadline=None, suppress_health_check=_SLOW, derandomize=True)
settings.register_profile("fuzz", max_examples=5_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# A byte says what becomes of a value. One draw makes the fates of all that belong together: it is draws that take time.
NULL, MISSING = 244, 250


def some(strategy: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[list[Any]]:
    """A list of a few, each of which may be null; now and then of none."""

    @st.composite
    def drawn(draw: st.DrawFn) -> list[Any]:
        fates = draw(st.binary(min_size=1, max_size=most))
        is_empty = fates[0] >= MISSING
        return [] if is_empty else [draw(strategy) if fate < NULL else None for fate in fates]

    return drawn()


def nullable(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def an_object(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Any field may be missing or null, though mostly it is there; and one may be there that nobody has seen yet."""
    fields["addedIn2031"] = st.just({"a": [1]})
    fates_of_all = st.binary(min_size=len(fields), max_size=len(fields))

    @st.composite
    def drawn(draw: st.DrawFn) -> Json:
        fates = zip(fields.items(), draw(fates_of_all), strict=True)
        return {name: draw(field) if fate < NULL else None for (name, field), fate in fates if fate < MISSING}

    return drawn()


def rfc_3339(at: datetime, offset_hours: int, ending: str) -> str:
    local = (at + timedelta(hours=offset_hours)).strftime("%Y-%m-%dT%H:%M:%S")
    return local + ending + ("Z" if not offset_hours else f"{offset_hours:+03d}:00")


# Nights, which are alike, and any time of the weeks before.
NIGHTS = [datetime(2026, 11, day, 1) for day in range(10, 24)]
LATELY = [datetime(2026, 9, 1) + timedelta(hours=hours, minutes=hours % 60) for hours in range(0, 83 * 24, 7)]
OFFSETS, ENDINGS = range(-11, 14), ("", ".000", ".123456789")
TIMES = st.sampled_from(
    [
        rfc_3339(at, offset, ending)
        for offset, ending in product(OFFSETS, ENDINGS)
        for at in [*NIGHTS, *LATELY[offset % 5 :: 5]]
    ]
)
ODD_TIMES = st.sampled_from(
    ["", " ", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
WORDS = [*KNOWN_STATES, "Completed", "PartiallyFailed", "FAILED", "in-progress", "", " ", "Sleeping", "Deleted", "失敗"]
STATES = st.sampled_from(WORDS) | st.text(max_size=8)
UIDS = st.sampled_from(["eu1", "us2", "ap3", ""])
NAMES = st.sampled_from(["eu-1", "us-2", "ap-3", "", "<b>&"]) | st.text(max_size=5)
TEXTS = st.text(max_size=20)
HOURS = st.sampled_from([0, 1, 23, 24, 26, 48, 720, -5, 1e12, 0.5]) | st.floats(allow_nan=False, allow_infinity=False)
SCHEDULES = st.sampled_from(
    [
        "0 1 * * *",
        "0 1 * * SUN",
        "@daily",
        "@every 24h",
        "@every 1s",
        "CRON_TZ=Europe/Berlin 30 2 * * *",
        "* * * * *",
        "0 0 29 2 *",
        "0 0 30 2 *",
        "",
        " ",
        "0 1 * * 7",
        "@never",
        "CRON_TZ=Nowhere @daily",
    ]
) | st.text(max_size=12)


def results(times: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """Any answer of ``GET /v1/workspaces/{uid}/backup`` by the vendor's schema, null at every level."""
    cluster_state = an_object(state=STATES, deleteState=STATES, msg=TEXTS, backupTime=times)
    status = an_object(
        backupName=TEXTS,
        backupedNamespaces=some(NAMES, 2),
        expiryDate=times,
        backupState=cluster_state,
    )
    ref = an_object(clusterUid=UIDS, clusterName=NAMES, backupUid=TEXTS, backupStatusMeta=status)
    run_config = an_object(
        backupName=TEXTS,
        requestTime=times,
        backupTime=times,
        backupState=an_object(state=STATES, deleteState=STATES),
        config=an_object(durationInHours=HOURS, namespaces=st.lists(NAMES, max_size=2)),
        clusterBackupRefs=some(ref, 3),
    )
    runs = an_object(requestUid=TEXTS, actor=an_object(uid=TEXTS), workspaceBackupConfig=run_config)
    backup_config = an_object(
        backupPrefix=TEXTS,
        durationInHours=HOURS,
        includeAllDisks=st.booleans(),
        includeClusterResources=st.booleans(),
        includeClusterResourceMode=st.sampled_from(["Always", "Auto", "Never"]),
        namespaces=some(NAMES, 3),
        schedule=an_object(scheduledRunTime=SCHEDULES),
    )
    config = an_object(clusterUids=some(UIDS, 4), includeAllClusters=st.booleans(), backupConfig=backup_config)
    metadata = an_object(creationTimestamp=times, labels=st.dictionaries(TEXTS, TEXTS, max_size=2))
    statuses = an_object(workspaceBackupStatuses=some(runs, 4))
    return an_object(metadata=metadata, spec=an_object(workspaceUid=TEXTS, config=config), status=statuses)


# One cluster's part in a night, and the whole night's run: mostly well, now and then in any way that it can go wrong.
PARTS = st.sampled_from(
    [
        *[copy()] * 8,
        *map(copy, ("PartiallyFailed", "Failed", "InProgress", "FinalizingPartiallyFailed", "Deleting", "Sleeping")),
        *(copy(deleted=word) for word in ("Deleted", "Deleting", "Failed")),
        *(copy(at=at) for at in ("1970-01-01T00:00:00Z", "2009-11-10T23:00:00Z", "2099-01-01T01:00:00Z")),
        copy(expires="11-22 12:00"),
        copy("InProgress", at="11-23 03:30"),
        NOTHING,
    ]
)
STATES_OF_A_RUN = st.sampled_from(
    [*["Completed"] * 8, "PartiallyFailed", "Failed", "InProgress", "Deleting", "", "Sleeping"]
)


NIGHTS_BY_STATE = st.tuples(STATES_OF_A_RUN, PARTS, PARTS, st.sampled_from([NOTHING] * 9 + [[]]))


def run_of(requested: str, night: tuple[Any, ...]) -> Json:
    state, eu1, us2, refs = night
    return run(requested, state, refs=refs, eu1=eu1, us2=us2)


@st.composite
def fortnights(draw: st.DrawFn) -> list[Json]:
    """Nightly runs at 01:00, good until a night from which on they are all of one kind; the last, and somebody's by day."""
    turn = draw(st.integers(1, 13))
    since, last, by_hand = draw(NIGHTS_BY_STATE), draw(NIGHTS_BY_STATE), draw(NIGHTS_BY_STATE)
    good, bad = days("11-10", "11-23")[:turn], days("11-10", "11-22")[turn:]
    runs = [run(night) for night in good] + [run_of(night, since) for night in bad] + [run_of("11-23 01:00", last)]
    at = draw(st.sampled_from([None, None, "11-20 12:00", "11-22 23:00", "11-23 05:00", "2099-01-01T01:00:00Z"]))
    return runs + ([run_of(at, by_hand)] if at else [])


MUTES = st.sampled_from(["2026-12-31", "2026-11-23", "2020-01-01", "soon", ""])
MUTED_CODES = st.sampled_from(["", "backup-failed", "backup-failed.backup-overdue", "x", "unreadable,backup-stuck"])
ANY_RESULT = results(TIMES | ODD_TIMES)
WORKSPACES = st.builds(
    listed,
    st.lists(st.sampled_from(["eu1", "us2", "ap3"]), unique=True, max_size=3),
    created=nullable(TIMES | ODD_TIMES),
)
TAUGHT: dict[str, PhaseClass] = {"done": "succeeded", "parked": "running"}
RULES = st.builds(
    Thresholds,
    expiry_warning=st.timedeltas(timedelta(0), timedelta(days=30)),
    max_backup_age=nullable(st.timedeltas(timedelta(minutes=1), timedelta(days=60))),
    stuck_after=st.timedeltas(timedelta(0), timedelta(days=3)),
    grace=st.timedeltas(timedelta(0), timedelta(days=2)),
    extra_states=st.just(TAUGHT) | st.just({}),
)
NOTHING_IS_BOTH = (
    ("backup-expired", "never-backed-up"),
    ("backup-expired", "awaiting-first-backup"),
    ("never-backed-up", "awaiting-first-backup"),
    *(
        (gone, left)
        for gone in ("backup-expired", "never-backed-up")
        for left in ("backup-expiring", "restore-point-too-old")
    ),
    ("cluster-not-backed-up", "backup-failed"),
    ("cluster-not-backed-up", "namespace-not-backed-up"),
)


@given(ANY_RESULT, WORKSPACES, RULES, st.booleans())
def test_judging_never_raises_and_its_findings_keep_the_rules_of_findings(
    result: Json, workspace: Json, thresholds: Thresholds, single_run: bool
) -> None:
    verdict = judged(result, workspace, thresholds, single_run=single_run)

    about = [(finding.code, finding.cluster_uid, finding.cluster_name) for finding in verdict.findings]
    assert len(set(about)) == len(about), "at most one finding per code and cluster"
    for finding in verdict.findings:
        assert finding.severity == CODES[finding.code].severity
        assert finding.message == finding.message.strip()
        assert finding.message.endswith((".", "…", "!", "?"))
        assert finding.since is None or finding.since.utcoffset() == timedelta(0)
    said = set(about)
    for one, other in NOTHING_IS_BOTH:
        both = {(uid, name) for code, uid, name in said if code == one} & {(u, n) for c, u, n in said if c == other}
        assert not both - {(None, None)}
    assert verdict.status == status_of(verdict.findings)


@given(ANY_RESULT, WORKSPACES)
def test_every_verdict_becomes_a_report_that_can_be_written_and_read(result: Json, workspace: Json) -> None:
    verdict = judged(result, workspace)
    report = build_report([verdict], report_id="r", as_of=NOW, generated_at=NOW, scope=Scope())

    assert from_json(to_json(report)) == report


def with_run(newest: Any, result: Json) -> Json:
    """The result with one more run in its history."""
    runs = (result.get("status") or {}).get("workspaceBackupStatuses") or []
    return {**result, "status": {"workspaceBackupStatuses": [*runs, newest]}}


UNKNOWN_OR_MISSING = nullable(
    st.sampled_from(["", " ", "Sleeping", "Complete", "OK", "失敗"]) | st.text(max_size=12)
).filter(lambda state: normalize_state(state) not in {*KNOWN_STATES, *TAUGHT})


def part(uid: str, state: str | None) -> Json:
    return {"clusterUid": uid, "backupStatusMeta": {"backupState": {"state": state}}}


def this_morning(state: str | None, *parts: Json) -> Json:
    details = {"requestTime": "2026-11-23T06:30:00Z", "backupState": {"state": state}, "clusterBackupRefs": parts}
    return {"workspaceBackupConfig": details}


@given(results(TIMES), UNKNOWN_OR_MISSING, st.sampled_from(["Completed", "InProgress", None]), RULES)
def test_no_unknown_or_missing_state_of_a_clusters_latest_backup_is_ever_ok(
    result: Json, state: str | None, whole: str | None, thresholds: Thresholds
) -> None:
    is_given = bool(normalize_state(state))
    newest = this_morning(whole if is_given else None, part("us2", "Completed"), part("eu1", state))
    verdict = judged(with_run(newest, result), listed(["eu1", "us2"]), thresholds)

    assume("eu1" in {cluster.uid for cluster in verdict.clusters})
    assert verdict.status != "OK"
    assert "backup-state-unknown" in {finding.code for finding in verdict.findings if finding.cluster_uid == "eu1"}


@given(results(TIMES), UNKNOWN_OR_MISSING, RULES)
def test_no_unknown_or_missing_state_of_a_latest_run_is_ever_ok(
    result: Json, state: str | None, thresholds: Thresholds
) -> None:
    newest = this_morning(state, part("eu1", "Completed"), part("us2", "Completed"))
    policy = {"config": {"includeAllClusters": True}}
    verdict = judged({**with_run(newest, result), "spec": policy}, listed(["eu1", "us2"]), thresholds)

    assert verdict.status != "OK"
    assert "backup-state-unknown" in {finding.code for finding in verdict.findings}


@given(results(TIMES), UNKNOWN_OR_MISSING, WORKSPACES, RULES)
def test_no_unknown_or_missing_state_of_a_latest_run_without_clusters_is_ever_ok(
    result: Json, state: str | None, workspace: Json, thresholds: Thresholds
) -> None:
    verdict = judged(with_run(this_morning(state), result), workspace, thresholds)

    assert verdict.status != "OK"
    # Where the policy has none of the workspace's clusters, that is said of each, and a run is about none of them.
    left_out = {finding.cluster_uid for finding in verdict.findings if finding.code == "cluster-not-in-policy"}
    covers_nothing = left_out and left_out == {ref["uid"] for ref in workspace["spec"]["clusterRefs"]}
    assert covers_nothing or "backup-state-unknown" in {finding.code for finding in verdict.findings}


NONSENSE = st.sampled_from([5, "text", [], True, {"workspaceBackupConfig": "x"}, {"requestUid": 1}])


@given(ANY_RESULT, NONSENSE, WORKSPACES, RULES)
def test_no_workspace_with_an_unread_entry_is_ever_ok(
    result: Json, nonsense: Any, workspace: Json, thresholds: Thresholds
) -> None:
    verdict = judged(with_run(nonsense, result), workspace, thresholds)

    assert verdict.status in ("UNKNOWN", "CRITICAL")
    assert "unreadable" in {finding.code for finding in verdict.findings}


@given(ANY_RESULT, WORKSPACES, RULES)
def test_a_workspace_without_anything_to_restore_is_never_ok(
    result: Json, workspace: Json, thresholds: Thresholds
) -> None:
    verdict = judged(result, workspace, thresholds)

    awaiting = any(finding.code == "awaiting-first-backup" for finding in verdict.findings)
    if not awaiting and any(not cluster.restore_points for cluster in verdict.clusters):
        assert verdict.status != "OK"
    if not verdict.clusters and not awaiting:
        assert verdict.status != "OK"


@given(fortnights(), st.integers(0, 23), st.sampled_from([48, 720, None]))
def test_ok_means_that_every_cluster_has_a_living_copy_no_older_than_the_due_time_that_is_long_past(
    runs: list[Json], hour: int, hours: float | None
) -> None:
    now = NOW.replace(hour=hour)
    verdict = judged(backup(*runs, hours=hours), now=now)
    if verdict.status != "OK":
        return
    thresholds = Thresholds()
    long_past = (now - thresholds.grace - thresholds.stuck_after - timedelta(hours=1)).replace(hour=1)
    if any(state_of(run) & UNDER_WAY and is_of(run, long_past) for run in runs):
        long_past -= timedelta(days=1)
    assert len(verdict.clusters) == 2
    for cluster in verdict.clusters:
        assert cluster.newest_restore_point_at is not None
        assert long_past - timedelta(minutes=5) <= cluster.newest_restore_point_at <= now + timedelta(minutes=5)
        assert cluster.expires_at is None or cluster.expires_at > now


UNDER_WAY = {"InProgress", "FinalizingPartiallyFailed"}


def is_of(run: Json, due: datetime) -> bool:
    """Whether a run is that due time's."""
    requested = datetime.fromisoformat(run["workspaceBackupConfig"]["requestTime"])
    return due <= requested + timedelta(minutes=5) < due + timedelta(days=1)


def state_of(run: Json) -> set[str]:
    """Every state in a run."""
    details = run["workspaceBackupConfig"]
    parts = [part["backupStatusMeta"]["backupState"]["state"] for part in details["clusterBackupRefs"]]
    return {details["backupState"]["state"], *parts}


@given(NIGHTS_BY_STATE)
def test_a_run_that_is_judged_alone_and_is_ok_has_left_a_copy_of_every_cluster_or_is_still_at_work(
    night: tuple[Any, ...],
) -> None:
    asked_for = run_of("11-22 01:00", night)
    verdict = judged(backup(asked_for), single_run=True)

    if verdict.status == "OK" and not state_of(asked_for) & UNDER_WAY:
        assert all(cluster.restore_points == 1 for cluster in verdict.clusters)


@given(ANY_RESULT, WORKSPACES, MUTES, nullable(MUTED_CODES), RULES)
def test_muting_only_ever_marks(
    result: Json, workspace: Json, until: str, codes: str | None, thresholds: Thresholds
) -> None:
    labels = {"backup-reporter.mute": until} | ({} if codes is None else {"backup-reporter.mute-codes": codes})
    muted = judged(result, {**workspace, "metadata": {**workspace["metadata"], "labels": labels}}, thresholds)
    plain = judged(result, workspace, thresholds)

    told = [finding for finding in muted.findings if finding.code != "mute-unreadable"]
    unmarked = [msgspec.structs.replace(finding, muted=False) for finding in told]
    if any(finding.code == "unreadable" and finding.muted for finding in told):
        # Then nothing may hide behind it: what else is known is said.
        assert [finding for finding in unmarked if finding in plain.findings] == list(plain.findings)
    else:
        assert unmarked == list(plain.findings)
    if "mute-unreadable" in {finding.code for finding in muted.findings}:
        assert muted.status == plain.status
    if until in ("2020-01-01", "soon", ""):
        assert not any(finding.muted for finding in muted.findings)


@given(ANY_RESULT, WORKSPACES, RULES, st.randoms(use_true_random=False))
def test_the_order_in_which_palette_lists_runs_and_clusters_changes_nothing(
    result: Json, workspace: Json, thresholds: Thresholds, random: Any
) -> None:
    def verdict(shuffle: bool) -> WorkspaceReport:
        runs = ((result.get("status") or {}).get("workspaceBackupStatuses")) or []
        if shuffle:
            random.shuffle(runs)
            for run in runs:
                random.shuffle(((run or {}).get("workspaceBackupConfig") or {}).get("clusterBackupRefs") or [])
        return judged(result, workspace, thresholds)

    assert verdict(shuffle=False) == verdict(shuffle=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["metadata", "spec", "status", "config", "workspaceBackupStatuses"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_decoded_or_refused(answer: Any) -> None:
    with suppress(UndecodableError):
        judged(answer)


CLOCKS = st.sampled_from([-40, -26, -3, 0, 0, 0, 3, 26]).map(lambda hours: timedelta(hours=hours))


@st.composite
def histories_whose_latest_run_failed(draw: st.DrawFn) -> Json:
    """Nightly runs in any order, with any clocks in their clusters; the cluster eu1 failed in its latest run."""
    nights = draw(st.lists(st.sampled_from(days("11-03", "11-22")), min_size=1, unique=True))
    last = max(nights)

    def part(night: str, state: str) -> Json:
        own = datetime.fromisoformat(f"2026-{night}") + draw(CLOCKS)
        expires = draw(st.sampled_from([NOTHING, "2026-12-20T01:00:00Z"]))
        return copy(state, at=draw(st.sampled_from([NOTHING, rfc_3339(own, 0, "")])), expires=expires)

    runs = []
    for night in nights:
        own_state = draw(st.sampled_from(["Failed", "FailedValidation"])) if night == last else "Completed"
        run_state = draw(st.sampled_from(["Completed", "PartiallyFailed", "Failed", None, "InProgress", "Sleeping"]))
        eu1, us2 = part(night, own_state), part(night, "Completed")
        runs.append(run(night, run_state, eu1=eu1, us2=us2))
    by_hand = [run("11-23 06:00", "Completed", eu1=NOTHING, us2="Completed")] if draw(st.booleans()) else []
    schedule = draw(st.sampled_from(["0 1 * * *", "@every 24h", "0 0 * * SUN", None, "nonsense"]))
    policy: dict[str, Any] = draw(
        st.sampled_from([{}, {"all_clusters": False}, {"all_clusters": False, "uids": ["eu1"]}])
    )
    return backup(*draw(st.permutations(runs + by_hand)), schedule=schedule, hours=2000, **policy)


@given(histories_whose_latest_run_failed())
def test_no_order_and_no_clock_hides_that_a_cluster_failed_in_its_latest_run(answer: Json) -> None:
    verdict = judged(answer)

    assert verdict.status == "CRITICAL"
    # A cluster that was also left out since is said to be left out.
    assert {finding.code for finding in verdict.findings} & {"backup-failed", "cluster-not-backed-up"}
