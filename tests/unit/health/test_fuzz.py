"""Whatever comes in from outside: broken results, events, settings, labels, bytes. ``make fuzz`` looks longer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st
from test_properties import ANY_RESULT, RULES, TIMES, WORKSPACES, results

from backup_reporter.config.environment import load
from backup_reporter.config.request import parse_event
from backup_reporter.config.settings import Settings
from backup_reporter.errors import InvalidRequest, SettingsError, UndecodableError
from backup_reporter.health.judge import judge
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.palette.lists import Project, decode_workspaces
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Scope
from support.builders import NOW, Json, decoded, judged, listed
from support.renderings import check_all

# Results

WRONG = st.sampled_from([5, -1.5, True, "text", [5], {"a": 1}, [[]], {"": {}}])
READ = frozenset(
    [
        "requestUid",
        "workspaceBackupConfig",
        "backupName",
        "requestTime",
        "backupTime",
        "backupState",
        "state",
        "deleteState",
        "clusterBackupRefs",
        "clusterUid",
        "clusterName",
        "backupStatusMeta",
        "expiryDate",
        "backupedNamespaces",
        "msg",
        "durationInHours",
        "workspaceBackupStatuses",
        "backupConfig",
        "schedule",
        "scheduledRunTime",
        "includeAllDisks",
        "includeAllClusters",
        "clusterUids",
        "config",
    ]
)
"""The fields that are read: a wrong type in one of them must not go unnoticed."""


def places(node: Any) -> Iterator[tuple[Any, str]]:
    """Every field of an object somewhere in a document, as the object and the field's name."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield node, name
            yield from places(value)
    elif isinstance(node, list):
        for value in node:
            yield from places(value)


@settings(max_examples=settings().max_examples // 4)
@given(results(TIMES), WORKSPACES, RULES, WRONG, st.data())
def test_no_result_with_a_wrong_type_in_a_field_that_is_read_is_ever_ok(
    result: Json, workspace: Json, thresholds: Thresholds, wrong: Any, data: st.DataObject
) -> None:
    broken = copy.deepcopy(result)
    found = [(node, name) for node, name in places(broken) if name in READ and node is not broken]
    assume(found)
    node, name = data.draw(st.sampled_from(range(len(found))).map(found.__getitem__))
    assume(not _is_right(name, wrong))
    assume(not _is_outside(broken, node))
    node[name] = wrong

    with suppress(UndecodableError):
        verdict = judged(broken, workspace, thresholds)
        assert verdict.status in ("UNKNOWN", "CRITICAL"), (name, wrong)
        assert "unreadable" in {finding.code for finding in verdict.findings}


def _is_right(name: str, value: Any) -> bool:
    """Whether a value has the type of the field after all."""
    if name in ("includeAllDisks", "includeAllClusters"):
        return isinstance(value, bool)
    if name == "durationInHours":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name in ("backupState", "backupStatusMeta", "workspaceBackupConfig", "config", "backupConfig", "schedule"):
        return isinstance(value, dict)
    if name.endswith(("Time", "Date")) and name != "scheduledRunTime":
        return False
    return isinstance(value, str)


def _is_outside(document: Json, node: Json) -> bool:
    """What nobody reads: who asked for a run, and what a run's own copy of the policy says besides its retention."""
    runs = ((document.get("status") or {}).get("workspaceBackupStatuses")) or []
    details = [run.get("workspaceBackupConfig") or {} for run in runs if run]
    ignored = [run.get("actor") for run in runs if run] + [document.get("metadata"), document.get("spec")]
    return any(node is one for one in ignored) or any(node is one.get("config") for one in details)


@settings(max_examples=settings().max_examples // 20, phases=[Phase.generate])  # each through eleven renderings
@given(ANY_RESULT, WORKSPACES, RULES)
def test_every_document_comes_out_of_every_rendering(result: Json, workspace: Json, thresholds: Thresholds) -> None:
    verdict = judge(*decoded(workspace, result), thresholds, NOW).report
    report = build_report([verdict], report_id="20261124T070000Z-1a2b3c4d", as_of=NOW, generated_at=NOW, scope=Scope())

    check_all(report)


# Events

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["projectUids", "workspaceUids", "backupRequestUid", "notify", "channels", "asOf", "redeliver", "doctor"]
FIELDS += ["tenants"]
SCHEDULES_FIELDS = ["scheduledTime", "detail-type", "time"]
VALUES = st.sampled_from(
    ["always", "changes", ["sns"], ["a"], "Scheduled Event", "2026-11-24T07:00:00Z", True, "r", []]
)
EVENTS = ANY_JSON | st.dictionaries(st.sampled_from([*FIELDS, *SCHEDULES_FIELDS]), VALUES | ANY_JSON, max_size=4)


@given(EVENTS, st.sampled_from([Settings(), Settings(sns_topic_arn="arn:aws:sns:eu-central-1:1:t")]))
@example({"projectUids": ["\x7f", "\u202e", "\ud800"]}, Settings())
def test_any_event_is_understood_or_refused_in_a_line(event: Any, known: Settings) -> None:
    said = ""
    try:
        request = parse_event(event, known, tuple, NOW)
    except InvalidRequest as refusal:
        said = str(refusal)
    else:
        assert request.is_scheduled or isinstance(event, dict)
        assert set(request.channels) <= set(known.channels)
    assert said.isprintable()
    assert len(said) < 5_000


# Settings

NAMES = ["PALETTE_API_URL", "PALETTE_PROJECT_UIDS", "PALETTE_REQUESTS_PER_SECOND", "PALETTE_BURST", "SNS_TOPIC_ARN"]
NAMES += ["EMAIL_FROM", "EMAIL_TO", "EVENT_BUS_NAME", "REPORT_BUCKET", "REPORT_PREFIX", "DELIVERY_TABLE", "NOTIFY"]
NAMES += ["EXPIRY_WARNING_DAYS", "MAX_BACKUP_AGE_HOURS", "STUCK_AFTER_HOURS", "SCHEDULE_GRACE_MINUTES", "EXTRA_STATES"]
NAMES += ["HISTORY_DAYS", "TIME_ZONE", "PALETTE_WORKSPACE_UIDS", "PALETTE_CA_BUNDLE", "TENANTS"]
ODD = st.sampled_from(["0", "-1", "1e400", "nan", "inf", "٣", "1_000", "9" * 400, "../x", "a@b", "a=b;c", ",", "UTC"])
ODD |= st.sampled_from(["https://", "https://[::1", "http://127.0.0.1:99999", "https://a b", "https://x?y", "x" * 5000])


@given(st.dictionaries(st.sampled_from(NAMES), ODD | st.text(max_size=12), max_size=6))
def test_any_environment_is_understood_or_refused_with_every_variable_named(environment: dict[str, str]) -> None:
    environment = {"PALETTE_API_KEY_SECRET": "palette", **environment}
    problems: tuple[str, ...] = ()
    try:
        load(environment)
    except SettingsError as refusal:
        problems = refusal.problems
    for problem in problems:
        assert any(name in problem for name in environment)
        assert problem.isprintable()


SECRETS = ["PALETTE_API_KEY_SECRET", "SLACK_WEBHOOK_SECRET"]


@given(st.sampled_from(SECRETS), st.text(min_size=1, max_size=12))
def test_what_stands_where_a_secrets_name_belongs_is_never_shown(name: str, text: str) -> None:
    canary = f"c4n4ry{text}"
    with pytest.raises(SettingsError) as refusal:  # noqa: PT012 - the second makes sure that there is one
        loaded = load({"PALETTE_API_KEY_SECRET": "palette", name: canary})
        assert "c4n4ry" not in repr(loaded)
        load({"PALETTE_API_KEY_SECRET": "palette", name: canary, "NOTIFY": "nobody"})
    assert "c4n4ry" not in str(refusal.value)


# Labels

KEYS = st.sampled_from(["backup-reporter.mute", "backup-reporter.mute-codes", "app"]) | st.text(max_size=12)
TEXTS = st.sampled_from(["2026-12-31", "9999-12-31", "-1", "backup-failed", "unreadable", "*", "2026-12-31T25:00Z"])
LABELS = st.dictionaries(KEYS, TEXTS | st.text(max_size=12) | st.none(), max_size=4)


@settings(max_examples=settings().max_examples // 4)
@given(ANY_RESULT, LABELS, LABELS, RULES)
def test_no_label_hides_what_was_found(result: Json, labels: Json, annotations: Json, thresholds: Thresholds) -> None:
    item = listed()
    plain = judged(result, item, thresholds)
    labelled = judged(
        result, {**item, "metadata": {**item["metadata"], "labels": labels, "annotations": annotations}}, thresholds
    )

    found = {(one.code, one.cluster_uid, one.cluster_name) for one in labelled.findings}
    assert {(one.code, one.cluster_uid, one.cluster_name) for one in plain.findings} <= found
    if not any(one.muted for one in labelled.findings):
        assert labelled.status == plain.status


@given(st.dictionaries(st.sampled_from(["labels", "annotations", "name", "uid"]), ANY_JSON))
def test_a_workspace_with_wrong_types_is_named_and_costs_no_other(metadata: Json) -> None:
    good = listed()
    with suppress(ValueError):  # NaN is no JSON
        document = json.dumps({"items": [{"metadata": metadata}, good]}, allow_nan=False).encode()
        page = decode_workspaces(document, Project("p", "prod"))
        assert page.items[-1].uid == "ws-1"
        assert len(page.items) + len(page.problems) == 2
