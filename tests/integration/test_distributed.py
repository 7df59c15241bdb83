"""Several tenants, and a run in several invocations: the template's state machine over the project's own handler."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.aws.s3_object import MAX_BYTES
from backup_reporter.demo.documents import Json, cluster_backup_result, cluster_item, location_item, rfc3339
from backup_reporter.demo.fleet import Fleet, synthetic
from backup_reporter.errors import InvalidRequest, SettingsError, StoreError
from backup_reporter.proof.archive import BucketArchive, load
from backup_reporter.proof.verify import verify
from support.local_server import Answer, Request, Script
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer, webhook_error
from support.state_machine import state_machine
from support.world import PROJECT, LocalAws, World, a_fleet, a_result, a_run, an_item, world

BUCKET = "reports"
NOW = datetime.now(UTC)
NO_EVIDENCE = "The evidence of this report could not be kept: "
FAST = {"requestsPerSecond": 1000, "burst": 1000}


def tenant(name: str, palette: LookAlike, **more: Any) -> dict[str, Any]:
    return {"name": name, "apiUrl": palette.url, "apiKeySecret": f"palette-tenants/{name}", **FAST, **more}


@contextmanager
def tenants_of(aws: LocalAws, slack: SlackServer, *tenants: dict[str, Any], **keys: str) -> Iterator[World]:
    """The world with these tenants in Parameter Store; ``keys`` are those that are not the look-alikes'."""
    aws.make_bucket(BUCKET)
    for one in tenants:
        aws.client("secretsmanager").create_secret(
            Name=one["apiKeySecret"], SecretString=keys.get(one["name"], API_KEY)
        )
    aws.client("ssm").put_parameter(Name="/palette/tenants", Value=json.dumps(tenants), Type="String")
    with LookAlike(a_fleet({}), rate_limit=False) as unused, world(aws, unused, slack) as around:
        around.environment |= {
            "TENANTS": "ssm:/palette/tenants",
            "REPORT_BUCKET": BUCKET,
            "TENANT_API_HOSTS": "127.0.0.1",
        }
        del around.environment["PALETTE_API_KEY_SECRET"], around.environment["PALETTE_API_URL"]
        yield around


def small(name: str, state: str = "Completed") -> Fleet:
    """One project with one workspace, whose uids are the same in every tenant."""
    now = datetime.now(UTC)
    backups = {"w-1": a_result(*(a_run(now - timedelta(days=back), state) for back in range(5)))}
    return a_fleet(backups, {PROJECT: [an_item("w-1", name)]})


def keys(aws: LocalAws) -> list[str]:
    return [entry["Key"] for entry in aws.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]]


def kept(aws: LocalAws, report_id: str, extension: str) -> str:
    (found,) = [key for key in keys(aws) if key.endswith(f"{report_id}.{extension}")]
    return str(aws.client("s3").get_object(Bucket=BUCKET, Key=found)["Body"].read().decode())


def without_ids_and_times(text: str, report_id: str) -> str:
    text = re.sub(r"from what Palette said at [^,]+", "", text.replace(report_id, "ID"))
    return re.sub(r'"(generatedAt|reportUrl|expiresAt|key|sha256)":"[^"]+"', "", text)


class _StumblesOnce:
    """Answers 503 to one request in sixteen, and not to the next try."""

    def __init__(self) -> None:
        self.stumbled: set[str] = set()

    def __call__(self, request: Request) -> Answer | None:
        if not request.path.endswith("7/backup") or request.path in self.stumbled:
            return None
        self.stumbled.add(request.path)
        return Answer(503, b"upstream connect error")


def check_that_it_can_be_recomputed(aws: LocalAws, report_id: str) -> None:
    archive = BucketArchive(ReportStore(aws.client("s3"), BUCKET, "reports/"))
    report = load(archive, report_id)
    assert report
    found = verify(archive, report)
    assert (found.problems, found.differences) == ((), ())
    assert found.workspaces == len(report.report.workspaces)


def check_that_a_fleet_reports_what_one_function_does(
    aws: LocalAws, shared: Fleet, of_acme: int, own: Fleet, **rate: float
) -> None:
    """A Palette that acme and globex share, and one of initech's own; acme has two shards, each of the others one."""
    # A time that passes for neither of the two while they run: from then on, what began later would be left out.
    event = {"asOf": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", "notify": "always", "channels": ["sns"]}
    uids = sorted(shared.located)
    with (
        LookAlike(shared, rate_limit=False, fault=(stumbles := _StumblesOnce())) as first,
        LookAlike(own, rate_limit=False) as second,
        SlackServer() as slack,
        tenants_of(
            aws,
            slack,
            tenant("acme", first, workspaceUids=uids[:of_acme], **rate),
            tenant("globex", first, workspaceUids=uids[of_acme:], **rate),
            tenant("initech", second),
        ) as around,
        state_machine(around, BUCKET) as fleet,
    ):
        execution = fleet.run(event)
        assert execution.status == "SUCCEEDED", execution
        first.fault = _StumblesOnce()
        alone = around.invoke(event)

    ids = execution.output["reportId"], alone["reportId"]
    for extension in ("json", "csv"):
        parts, whole = (without_ids_and_times(kept(aws, one, extension), one) for one in ids)
        assert parts == whole
    report = json.loads(kept(aws, ids[0], "json"))
    assert report["summary"]["workspaces"] == len(report["workspaces"]) == len(uids) + len(own.located)
    assert [(one["name"], one["summary"]["workspaces"]) for one in report["tenants"]] == [
        ("acme", of_acme),
        ("globex", len(uids) - of_acme),
        ("initech", len(own.located)),
    ]
    assert {one["status"] for one in report["workspaces"]} == {"OK", "WARNING", "CRITICAL", "UNKNOWN"}
    assert stumbles.stumbled
    assert any("/distributed/executions/" in key for key in keys(aws)), "the map failed, and was caught"
    for report_id in ids:
        check_that_it_can_be_recomputed(aws, report_id)
    # Two shards of one tenant and one of another ask the same Palette, one after the other.
    assert [step["step"] for step in fleet.steps] == ["plan", *["collect"] * 4, "publish"]


def test_a_fleets_report_is_the_one_functions_but_for_ids_and_times(aws: LocalAws) -> None:
    # The slower a Palette may be asked, the smaller a shard: at this rate it is one of 120.
    shared, own = synthetic(122, 3, 1, 1, NOW, healthy_share=0.7), synthetic(60, 3, 1, 2, NOW)
    check_that_a_fleet_reports_what_one_function_does(aws, shared, 121, own, requestsPerSecond=0.4)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_clusters_are_looked_at_in_a_distributed_run_and_for_every_tenant(aws: LocalAws) -> None:
    created = NOW - timedelta(days=90)
    items = [cluster_item("project-1", name, project_uid=PROJECT, created=created) for name in ("own", "lonely")]
    own = cluster_backup_result(
        items[0], schedule="0 1 * * *", retention_hours=720, runs=[], policy_created=NOW - timedelta(minutes=1)
    )
    restored: Json = {
        "status": {
            "workspaceRestoreStatuses": [
                {"workspaceRestoreConfig": {"restoreTime": rfc3339(NOW), "restoreState": {"state": "Completed"}}}
            ]
        }
    }
    into: Json = {
        "status": {
            "clusterRestoreStatuses": [
                {"state": "Completed", "restoreStatusMeta": {"isSucceeded": True, "restoreTime": rfc3339(NOW)}}
            ]
        }
    }
    # acme has tried its restores, and globex has lost the location of its backups.
    fleets = [
        replace(
            small(name),
            clusters=items,
            cluster_backups={items[0]["metadata"]["uid"]: own},
            locations=[location_item(location, created)],
            restores={"w-1": restored, items[0]["metadata"]["uid"]: into} if name == "payments" else {},
        )
        for name, location in (("payments", "backups-s3"), ("ledger", "another"))
    ]
    event = {"asOf": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", "notify": "always", "channels": ["sns"]}
    with (
        LookAlike(fleets[0], rate_limit=False) as first,
        LookAlike(fleets[1], rate_limit=False) as second,
        SlackServer() as slack,
        tenants_of(aws, slack, tenant("acme", first), tenant("globex", second)) as around,
    ):
        around.environment |= {"INCLUDE_CLUSTERS": "warn", "RESTORE_TEST_MAX_AGE_DAYS": "90"}
        with state_machine(around, BUCKET) as machine:
            execution = machine.run(event)
            assert execution.status == "SUCCEEDED", execution
            alone = around.invoke(event)

    ids = execution.output["reportId"], alone["reportId"]
    parts, together = (without_ids_and_times(kept(aws, report_id, "json"), report_id) for report_id in ids)
    assert parts == together
    whole = json.loads(kept(aws, ids[1], "json"))
    assert whole["coverage"]["clusters"] == 4
    assert (whole["coverage"]["inOwnPolicy"], whole["coverage"]["inNone"]) == (2, 2)
    assert sorted((judged["tenant"], judged["kind"]) for judged in whole["workspaces"]) == [
        ("acme", "cluster"), ("acme", "workspace"), ("globex", "cluster"), ("globex", "workspace"),
    ]  # fmt: skip
    assert [finding["message"] for finding in whole["findings"]] == [
        "2 clusters are in no backup policy: acme / project-1 / lonely, globex / project-1 / lonely."
    ]
    codes = {
        (judged["tenant"], judged["kind"]): {finding["code"] for finding in judged["findings"]}
        for judged in whole["workspaces"]
    }
    assert codes == {
        ("acme", "workspace"): set(),
        ("acme", "cluster"): {"awaiting-first-backup"},
        ("globex", "workspace"): {"restore-untested"},
        ("globex", "cluster"): {"awaiting-first-backup", "location-missing"},
    }
    restores = {(judged["tenant"], judged["kind"]): judged["lastRestore"] for judged in whole["workspaces"]}
    assert [place for place, last in sorted(restores.items()) if last] == [("acme", "cluster"), ("acme", "workspace")]
    for report_id in ids:
        check_that_it_can_be_recomputed(aws, report_id)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_distributed_run_looks_at_the_clusters_of_the_last_report_if_a_tenant_lists_none(aws: LocalAws) -> None:
    items = [cluster_item("project-1", name, project_uid=PROJECT, created=NOW) for name in ("own", "lonely")]
    own = cluster_backup_result(
        items[0], schedule="0 1 * * *", retention_hours=720, runs=[], policy_created=NOW - timedelta(minutes=1)
    )
    fleet = replace(small("payments"), clusters=items, cluster_backups={items[0]["metadata"]["uid"]: own})
    with (
        LookAlike(fleet, rate_limit=False) as first,
        LookAlike(fleet, rate_limit=False) as second,
        SlackServer() as slack,
        tenants_of(aws, slack, tenant("acme", first), tenant("globex", second)) as around,
    ):
        around.environment["INCLUDE_CLUSTERS"] = "yes"
        with state_machine(around, BUCKET) as machine:
            assert machine.run({}).status == "SUCCEEDED"
            second.fault = lambda request: Answer(500) if "spectroclusters/search" in request.path else None
            execution = machine.run({})
            assert execution.status == "SUCCEEDED", execution

    report = json.loads(kept(aws, execution.output["reportId"], "json"))
    assert report["coverage"] | {"isWhole": True} == {
        "clusters": 4, "inWorkspacePolicy": 0, "inOwnPolicy": 2, "inNone": 2, "unknown": 0, "setApart": 0,
        "isWhole": True, "areLocationsKnown": True,
    }  # fmt: skip
    assert report["coverage"]["isWhole"] is False
    assert any("Tenant globex: The clusters could not be listed" in note for note in report["notes"])
    assert report["changes"]["new"] == report["changes"]["resolved"] == report["changes"]["noLongerJudged"] == []
    check_that_it_can_be_recomputed(aws, report["reportId"])


@pytest.fixture
def acme() -> Iterator[LookAlike]:
    with LookAlike(small("payments"), rate_limit=False) as palette:
        yield palette


@pytest.fixture
def three(aws: LocalAws, acme: LookAlike) -> Iterator[World]:
    """Three Palettes, each with one workspace that has the same uid; the second fails, the third refuses the key."""
    with (
        LookAlike(small("ledger", "Failed"), rate_limit=False) as second,
        LookAlike(small("shop"), rate_limit=False) as third,
        SlackServer() as slack,
        tenants_of(
            aws,
            slack,
            tenant("acme", acme),
            tenant("globex", second),
            tenant("initech", third),
            initech="expired-key",
        ) as around,
    ):
        yield around


def test_one_function_reports_on_every_tenant_and_names_the_one_that_cannot_be_asked(three: World) -> None:
    report = three.invoke({})

    assert {(one["tenant"], one["name"], one["status"]) for one in report["workspaces"]} == {
        ("acme", "payments", "OK"),
        ("globex", "ledger", "CRITICAL"),
    }
    assert [(one["name"], one["status"]) for one in report["tenants"]] == [
        ("acme", "OK"),
        ("globex", "CRITICAL"),
        ("initech", "UNKNOWN"),
    ]
    (problem,) = report["problems"]
    assert problem.startswith("Tenant initech: Palette could not be asked: Palette refused the API key")
    assert report["status"] == "CRITICAL"
    (email,) = (one for one in three.notifications())
    told = three.slack.messages[-1].payload["text"] + json.dumps(three.slack.messages[-1].payload)
    for line in ("globex: CRITICAL, 1 critical of 1 workspace", "globex / project-1 / ledger", "initech: UNKNOWN"):
        assert line in told
    assert "3 tenants" in told
    assert API_KEY not in json.dumps(email)


HANGS = Script([b"HTTP/1.1 200 OK\r\n", *(step for _ in range(200) for step in (0.05, b"X"))])


def test_a_tenant_whose_palette_hangs_costs_the_others_nothing(three: World, acme: LookAlike) -> None:
    acme.fault = lambda request: HANGS

    report = three.invoke({}, 6.0)

    assert [(one["name"], one["status"]) for one in report["workspaces"]] == [("ledger", "CRITICAL")]
    assert report["problems"][0].startswith("Tenant acme: Palette could not be asked: Palette had not answered")


def test_an_event_may_ask_about_some_tenants_alone(three: World) -> None:
    report = three.invoke({"tenants": ["acme"], "projectUids": [PROJECT], "notify": "never"})

    assert [one["tenant"] for one in report["workspaces"]] == ["acme"]
    assert report["scope"]["tenants"] == ["acme"]
    assert report["status"] == "OK"
    with pytest.raises(InvalidRequest, match=r"tenants: there is no tenant umbrella; there are acme, globex, initech"):
        three.invoke({"tenants": ["umbrella"]})
    with pytest.raises(InvalidRequest, match="projectUids: needs exactly one tenant"):
        three.invoke({"projectUids": [PROJECT]})


def test_the_doctor_examines_each_tenant(three: World) -> None:
    checks = {check["name"]: check["result"] for check in three.invoke({"doctor": True})["checks"]}

    assert checks["tenants"] == checks["acme: projects"] == checks["globex: backup results"] == "passed"
    assert checks["initech: projects"] == "failed"


def test_a_tenant_whose_palette_hangs_keeps_the_doctor_from_no_other(three: World, acme: LookAlike) -> None:
    acme.fault = lambda request: HANGS

    checks = {check["name"]: check["result"] for check in three.invoke({"doctor": True}, 11.0)["checks"]}

    assert checks["acme: projects"] == "failed"
    assert checks["globex: projects"] == checks["globex: backup results"] == "passed"


def test_a_list_of_tenants_in_a_bucket_is_read_anew_for_each_report(three: World) -> None:
    s3 = three.aws.client("s3")
    document = three.aws.client("ssm").get_parameter(Name="/palette/tenants")["Parameter"]["Value"]
    source = f"s3://{BUCKET}/tenants.json"
    for names in (["acme"], ["acme", "globex"]):
        some = [one for one in json.loads(document) if one["name"] in names]
        s3.put_object(Bucket=BUCKET, Key="tenants.json", Body=json.dumps(some).encode())
        assert [one["name"] for one in three.invoke({"notify": "never"}, TENANTS=source)["tenants"]] == names


def test_a_list_of_tenants_that_is_far_too_large_is_reported(three: World) -> None:
    three.aws.client("s3").put_object(Bucket=BUCKET, Key="tenants.json", Body=b" " * (MAX_BYTES + 1))

    report = three.invoke({"notify": "never"}, TENANTS=f"s3://{BUCKET}/tenants.json")

    assert report["status"] == "UNKNOWN"
    assert f"TENANTS: s3://{BUCKET}/tenants.json is larger than 64 MB" in report["problems"][0]


UNLISTED = "ssm:/palette/nobody-there"


def test_a_list_of_tenants_that_cannot_be_read_is_reported_like_a_palette_that_cannot_be_asked(three: World) -> None:
    with state_machine(three, BUCKET, TENANTS=UNLISTED) as fleet:
        execution = fleet.run({"scheduledTime": "2026-11-24T07:00:00Z"})
    for report in (execution.output, three.invoke({}, TENANTS=UNLISTED)):
        assert (report["status"], report["workspaces"]) == ("UNKNOWN", [])
        assert report["problems"] == [
            f"The list of tenants could not be read: TENANTS: {UNLISTED} cannot be read: ParameterNotFound."
        ]
        assert {one["status"] for one in report["deliveries"]} == {"delivered"}
    again = three.invoke({"redeliver": execution.output["reportId"]}, TENANTS=UNLISTED, REPORT_BUCKET=BUCKET)
    assert {one["status"] for one in again["deliveries"]} == {"delivered"}
    with pytest.raises(StoreError, match="ParameterNotFound"):
        three.invoke({"tenants": ["acme"]}, TENANTS=UNLISTED)


def test_a_shard_that_failed_for_good_is_unknown_by_name_and_the_others_are_reported(three: World) -> None:
    def fails_for_globex(step: Mapping[str, Any]) -> None:
        if step["step"] == "collect" and step["shard"]["number"] == 1:
            raise MemoryError

    with state_machine(three, BUCKET) as fleet:
        fleet.disturb = fails_for_globex
        execution = fleet.run({"scheduledTime": "2026-11-24T07:00:00Z"})

    assert execution.status == "SUCCEEDED"
    found = {one["name"]: one for one in execution.output["workspaces"]}
    assert found["payments"]["status"] == "OK"
    assert found["ledger"]["status"] == "UNKNOWN"
    assert found["ledger"]["tenant"] == "globex"
    assert "failed, although it was tried again" in found["ledger"]["findings"][0]["message"]
    assert [one["status"] for one in execution.output["tenants"]] == ["OK", "UNKNOWN", "UNKNOWN"]
    assert [delivery["status"] for delivery in execution.output["deliveries"]] == ["delivered", "delivered"]
    tries = [step for step in fleet.steps if step["step"] == "collect" and step["shard"]["number"] == 1]
    assert len(tries) == 3
    # Whatever that part was answered is lost with it: the rest alone does not recompute the report.
    assert execution.output["evidence"] is None
    assert NO_EVIDENCE + "part 1 of the run is missing or not whole." in execution.output["notes"]


def test_a_workspace_report_that_should_not_be_there_is_named_and_left_out(three: World) -> None:
    run = three.invoke({"step": "plan", "event": {}, "execution": "one"})["run"]
    for number in range(2):
        three.invoke({"step": "collect", "shard": {"run": run, "number": number}})
    s3, key = three.aws.client("s3"), f"reports/distributed/{run}/judgments/00000.jsonl.gz"
    head, report = gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).splitlines()
    foreign = json.dumps({**json.loads(report), "uid": "w-9", "name": "elsewhere"}).encode()
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b"\n".join([head, report, b"{", report, foreign, b""])))

    answer = three.invoke({"step": "publish", "run": run})

    assert answer["summary"]["workspaces"] == 2
    doubled, unplanned = answer["problems"][:2]
    assert "payments (uid w-1) was judged a second time, in part 0 of the run" in doubled
    assert "elsewhere (uid w-9) was judged but is not in the plan" in unplanned
    assert answer["evidence"] is None
    assert any(note.startswith(NO_EVIDENCE) for note in answer["notes"])


def test_a_shard_whose_tenant_has_left_the_list_meanwhile_is_asked_of_nobody(three: World) -> None:
    run = three.invoke({"step": "plan", "event": {}, "execution": "one"})["run"]
    only_globex = json.dumps([{"name": "globex", "apiKeySecret": "palette-tenants/globex"}])
    three.aws.client("ssm").put_parameter(Name="/palette/tenants", Value=only_globex, Type="String", Overwrite=True)

    with pytest.raises(SettingsError, match="changed since this run was planned: acme is gone"):
        three.invoke({"step": "collect", "shard": {"run": run, "number": 0}})


def test_a_run_that_is_repeated_after_the_next_one_makes_a_report_of_its_own(three: World) -> None:
    with state_machine(three, BUCKET) as fleet:
        reports = [fleet.run({"scheduledTime": f"2026-11-{day}T07:00:00Z"}).output for day in ("24", "25", "24")]
    assert len({report["reportId"] for report in reports}) == 3
    assert reports[2]["previous"]["reportId"] == reports[1]["reportId"]
    assert reports[2]["reportId"] in reports[2]["evidence"]["key"]


def test_a_report_that_does_not_reach_everybody_is_tried_again_and_then_kept_for_a_person(three: World) -> None:
    event = {"scheduledTime": "2026-11-24T07:00:00Z"}
    three.aws.make_delivery_table("fleet-deliveries")
    three.slack.fault = lambda request: webhook_error("invalid_token")
    with state_machine(three, BUCKET, DELIVERY_TABLE="fleet-deliveries") as fleet:
        execution = fleet.run(event)
        assert (execution.status, execution.error) == ("FAILED", "DistributedRunFailed")
        assert [step["step"] for step in fleet.steps].count("publish") == 3
        (failure,) = fleet.kept_failures()
        assert failure["requestPayload"] == event
        assert "invalid_token" in json.dumps(failure["responsePayload"])
        assert len(three.notifications()) == 1

        three.slack.fault = None
        execution = fleet.run(failure["requestPayload"])
    assert {one["channel"]: one["status"] for one in execution.output["deliveries"]} == {
        "sns": "duplicate",
        "slack": "delivered",
    }


@pytest.mark.parametrize("event", [{"redeliver": "20261124T070000Z-1a2b3c4d"}, {"doctor": True}, {"workspaces": []}])
def test_what_the_state_machine_cannot_do_is_refused_at_once(three: World, event: dict[str, Any]) -> None:
    with state_machine(three, BUCKET) as fleet:
        execution = fleet.run(event)
        assert execution.status == "FAILED"
        (failure,) = fleet.kept_failures()
    assert failure["requestPayload"] == event
    assert failure["responsePayload"]["Error"] == "InvalidRequest"
    assert [step["step"] for step in fleet.steps] == ["plan"]
