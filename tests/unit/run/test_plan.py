"""How a run is divided, and that nothing of it is lost on the way through a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Tenant
from backup_reporter.health.model import Cluster, Workspace
from backup_reporter.report.model import Scope
from backup_reporter.run.plan import Plan, Shard, TenantPlan, group_into_lanes, make_shards

NOW = datetime(2026, 11, 24, 7, 0, 0, 123456, tzinfo=UTC)
SHARED, OWN = "https://shared.example.com", "https://own.example.com"


def workspaces(number: int, tenant: str | None = None) -> list[Workspace]:
    return [
        Workspace(uid=f"w-{one}", name=f"name-{one:05}", project_uid="p", project_name="prod", tenant=tenant)
        for one in reversed(range(number))
    ]


def test_a_shard_is_one_tenants_in_the_order_of_the_report_and_small_enough_for_one_function() -> None:
    slow = Tenant(name="acme", api_url=OWN, requests_per_second=1, burst=45)
    fast = Tenant(name="globex", api_url=SHARED, requests_per_second=100, burst=45)
    shards = list(make_shards([(slow, workspaces(650), None), (fast, workspaces(1500), None), (slow, [], None)]))

    assert [(shard.tenant, len(shard.workspaces)) for shard in shards] == [
        *[("acme", 300), ("acme", 300), ("acme", 50)],
        *[("globex", 1000), ("globex", 500)],
    ]
    assert [shard.number for shard in shards] == [0, 1, 2, 3, 4]
    names = [one.name for shard in shards[:3] for one in shard.workspaces]
    assert names == sorted(names)


def test_what_asks_the_same_palette_takes_turns_and_only_the_first_may_burst() -> None:
    acme, globex = (Tenant(name=name, api_url=SHARED, burst=45) for name in ("acme", "globex"))
    initech = Tenant(name="initech", api_url=OWN, burst=9)
    shards = list(
        make_shards(
            [
                (acme, workspaces(1500), None),
                (globex, workspaces(10), None),
                (initech, workspaces(10), None),
            ]
        )
    )

    lanes = group_into_lanes(shards)
    assert [[(shard.tenant, shard.burst) for shard in lane] for lane in lanes] == [
        [("acme", 45), ("acme", 1), ("globex", 1)],
        [("initech", 9)],
    ]


def test_a_plan_and_a_shard_come_out_of_a_file_as_they_went_in() -> None:
    plan = Plan(
        request=Request(
            is_scheduled=True, scheduled_at=NOW, tenants=("acme",), notify="changes", channels=("sns",), as_of=NOW
        ),
        scope=Scope(tenants=("acme",)),
        report_id="20261124T070000Z-1a2b3c4d",
        as_of=NOW - timedelta(days=1),
        tenants=(TenantPlan(name="acme", problems=("Listing failed.",)),),
        shards=(1,),
    )
    workspace = Workspace(
        uid="w",
        name="payments",
        project_uid="p",
        project_name="prod",
        tenant="acme",
        clusters=(Cluster("c", None),),
        created_at=NOW,
        labels={"backup-reporter.mute": "2026-12-31"},
    )
    shard = Shard(number=0, lane=OWN, tenant="acme", burst=45, workspaces=(workspace,))

    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
    assert msgspec.json.decode(msgspec.json.encode(shard), type=Shard) == shard


def test_a_step_does_not_read_what_another_version_wrote() -> None:
    written = msgspec.json.encode(Shard(number=0, lane=OWN, tenant=None, burst=1, workspaces=()))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(written.replace(b'"version":1', b'"version":2'), type=Shard)
