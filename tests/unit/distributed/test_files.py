"""What a step has left comes back whole, or counts as nothing."""

from __future__ import annotations

import gzip

import msgspec
import pytest

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.config.request import Request
from backup_reporter.distributed.files import RunFiles
from backup_reporter.errors import TooLargeError
from backup_reporter.health.judge import Judgment
from backup_reporter.health.model import Workspace
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.report.model import Scope
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_shards import pack
from backup_reporter.run.plan import Plan, Shard, TenantPlan
from support.report_builders import NOW, a_cluster, a_finding, a_workspace

RUN = "20261124T070000Z-1a2b3c4d-00000000"
FILE = f"distributed/{RUN}/judgments/00000.jsonl.gz"
VERDICTS = [a_workspace(f"shop-{one}", a_finding(), clusters=(a_cluster(),)) for one in range(3)]
JUDGMENTS = [Judgment(report, RememberedWorkspace(seen_at=NOW, schedule=report.name)) for report in VERDICTS]
SHARD = Shard(
    number=0,
    lane="https://palette.example",
    tenant="acme",
    burst=45,
    workspaces=tuple(Workspace(uid=one.uid, name=one.name, project_uid="p-1", project_name="prod") for one in VERDICTS),
)


class Drawer(ReportStore):
    """A bucket's working files, in memory; ``too_large`` names those that are too large to be read."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.too_large: set[str] = set()

    def save_working_file(self, name: str, content: bytes) -> None:
        self.files[name] = content

    def load_working_file(self, name: str) -> bytes | None:
        if name in self.too_large:
            raise TooLargeError(name)
        return self.files.get(name)


@pytest.fixture
def drawer() -> Drawer:
    drawer = Drawer()
    RunFiles(drawer, RUN).save_checked(SHARD, pack(JUDGMENTS), "Its clock is wrong.")
    return drawer


def load(drawer: Drawer, shard: Shard = SHARD) -> list[Judgment] | None:
    found = RunFiles(drawer, RUN).load_judgments(shard)
    return list(found.judgments) if found else None


def test_judgments_come_back_as_they_were(drawer: Drawer) -> None:
    found = RunFiles(drawer, RUN).load_judgments(SHARD)

    assert found
    assert found.head.clock == "Its clock is wrong."
    assert list(found.judgments) == JUDGMENTS


def test_a_file_that_is_not_there_counts_as_none(drawer: Drawer) -> None:
    assert load(drawer, msgspec.structs.replace(SHARD, number=1)) is None


def test_a_file_that_is_cut_or_damaged_counts_as_none(drawer: Drawer) -> None:
    whole = drawer.files[FILE]
    for damaged in [*(whole[:length] for length in range(0, len(whole), 7)), whole[:-20] + b"x" * 20, b"{}"]:
        drawer.files[FILE] = damaged
        assert load(drawer) is None


def test_a_file_of_another_version_counts_as_none(drawer: Drawer) -> None:
    lines = unpacked(drawer)
    head = msgspec.json.decode(lines[0])
    repack(drawer, [msgspec.json.encode({**head, "version": 2}) + b"\n", *lines[1:]])
    assert load(drawer) is None


@pytest.mark.parametrize("bad", [b"{\n", b"\n", b"null\n", b'{"uid": 7}\n', b"\xff\n"])
def test_a_bad_line_costs_that_line(drawer: Drawer, bad: bytes) -> None:
    lines = unpacked(drawer)
    repack(drawer, [*lines[:2], bad, *lines[3:]])
    assert load(drawer) == [JUDGMENTS[0], JUDGMENTS[2]]


def test_a_file_that_is_too_large_to_be_read_counts_as_none(drawer: Drawer) -> None:
    drawer.too_large.add(FILE)
    assert load(drawer) is None


def test_a_file_that_unpacks_to_far_too_much_is_not_read(drawer: Drawer) -> None:
    head, *_ = unpacked(drawer)
    drawer.files[FILE] = gzip.compress(head) + gzip.compress(b" " * 2**20) * 600
    assert load(drawer) is None


def test_no_more_lines_are_read_than_a_shard_may_have(drawer: Drawer) -> None:
    head, line, *_ = unpacked(drawer)
    repack(drawer, [head, *[line] * 5000])
    assert len(load(drawer) or []) == len(VERDICTS) + 100


def test_a_shard_carries_what_the_last_report_remembered_of_its_own_workspaces(drawer: Drawer) -> None:
    plan = Plan(
        request=Request(), scope=Scope(), report_id="r-1", as_of=NOW, tenants=(TenantPlan(name="acme"),), shards=(3, 0)
    )
    memory = WorkspaceMemory(pack(JUDGMENTS).remembered, plan.tenant_names)
    empty = msgspec.structs.replace(SHARD, number=1, workspaces=())

    RunFiles(drawer, RUN).save_plan(plan, [SHARD, empty], memory)

    remembered = WorkspaceMemory(RunFiles(drawer, RUN).load_shard(0).remembered, ("acme",))
    assert [found.schedule for found in remembered] == [report.name for report in VERDICTS]
    assert RunFiles(drawer, RUN).load_shard(1).remembered == b""


def unpacked(drawer: Drawer) -> list[bytes]:
    return gzip.decompress(drawer.files[FILE]).splitlines(keepends=True)


def repack(drawer: Drawer, lines: list[bytes]) -> None:
    drawer.files[FILE] = gzip.compress(b"".join(lines))
