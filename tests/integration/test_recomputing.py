"""Any answers of Palette make a report that its evidence recomputes, and no byte of either can change unnoticed."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import IO, Any

import msgspec
import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.demo.documents import Failure, Fleet, Json
from backup_reporter.demo.fleet import instructive
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.rate_limit import RateLimiter
from backup_reporter.proof.archive import parse
from backup_reporter.proof.verify import Verification, verify
from backup_reporter.report.model import Report, json_pieces
from backup_reporter.run.evidence import EvidenceWriter
from backup_reporter.run.make_plan import Palette
from backup_reporter.run.pipeline import Dependencies, run
from backup_reporter.run.publish import Destinations
from support.lookalike import API_KEY, LookAlike

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
FLEET = instructive(NOW)
UIDS = sorted(FLEET.backups)
WRONG = st.sampled_from([None, 5, -1.5, True, "text", "2026-11-20T01:00:00Z", [], [5], {}, {"a": 1}, "\ud800", "a\nb"])


WHOLE_ANSWERS: list[Json | Failure] = [
    {},
    Failure(400, "BackupNotConfigured", "no backup policy"),
    Failure(403, "Forbidden", "no access"),
    Failure(404, "ResourceNotFound", "not found"),
]


class Memory:
    """An archive of one report, in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def save(self, report_id: str, pieces: Iterable[bytes]) -> str:
        self.files["evidence"] = b"".join(pieces)
        return "evidence"

    def ids(self, day: date) -> list[str]:
        return []

    def read(self, report_id: str, extension: str) -> bytes | None:
        return None

    def open(self, key: str) -> IO[bytes] | None:
        return io.BytesIO(self.files[key])


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document that can hold another value."""
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """The instructive fleet with some answers changed, in a place or as a whole."""
    backups: dict[str, Json | Failure] = dict(FLEET.backups)
    for uid in draw(st.lists(st.sampled_from(UIDS), max_size=5, unique=True)):
        whole = draw(st.none() | st.sampled_from(WHOLE_ANSWERS))
        document: Json | Failure = copy.deepcopy(backups[uid]) if whole is None else whole
        everywhere = [] if isinstance(document, Failure) else list(places(document))
        for number in draw(st.lists(st.integers(0, max(0, len(everywhere) - 1)), max_size=3)) if everywhere else ():
            node, key = everywhere[number]
            node[key] = draw(WRONG)
        backups[uid] = document
    return Fleet(projects=FLEET.projects, workspaces=FLEET.workspaces, backups=backups)


@pytest.fixture(scope="module")
def palette() -> Iterator[LookAlike]:
    with LookAlike(FLEET, rate_limit=False) as palette:
        yield palette


def make_report(palette: LookAlike, archive: Memory) -> Report:
    evidence = EvidenceWriter(archive.save)
    client = PaletteClient(
        urllib3.PoolManager(maxsize=16),
        palette.url,
        lambda: API_KEY,
        RateLimiter(1000, 1000),
        lambda: 600.0,
        sleep=lambda _: None,
        record=evidence.for_tenant(None),
    )
    dependencies = Dependencies(
        palettes=[Palette(tenant=Tenant(api_url=palette.url), client=client)],
        destinations=lambda: Destinations(channels=()),
        clock=lambda: datetime.now(UTC),
        seconds_left=lambda: 600.0,
        invocation_id="test",
        evidence=evidence,
    )
    return run(Request(), Settings(), dependencies, NOW)


def kept(report: Report) -> bytes:
    return b"".join(json_pieces(report, line_break=b"\n"))


def verified(archive: Memory, content: bytes) -> Verification:
    return verify(archive, parse("report", content))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fleet=fleets())
def test_any_answers_make_a_report_that_can_be_recomputed(palette: LookAlike, fleet: Fleet) -> None:
    palette.fleet = fleet
    archive = Memory()
    report = make_report(palette, archive)
    found = verified(archive, kept(report))
    assert (found.problems, found.differences) == ((), ())
    assert found.workspaces == len(FLEET.located)


@pytest.fixture(scope="module")
def original(palette: LookAlike) -> tuple[Memory, Report]:
    palette.fleet = FLEET
    archive = Memory()
    return archive, make_report(palette, archive)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_byte_of_the_evidence_can_change_unnoticed(original: tuple[Memory, Report], data: st.DataObject) -> None:
    archive, report = original
    content = bytearray(archive.files["evidence"])
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    changed = Memory()
    changed.files["evidence"] = bytes(content)
    assert verified(changed, kept(report)).problems


VERDICT_FIELDS = (
    "status",
    "schedule",
    "name",
    "clusters",
    "findings",
    "history",
    "nextRunAt",
    "latestRun",
    "retentionHours",
)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_verdict_can_change_unnoticed(original: tuple[Memory, Report], data: st.DataObject) -> None:
    archive, report = original
    document = msgspec.json.decode(kept(report))
    workspace = data.draw(st.sampled_from(document["workspaces"]))
    name = data.draw(st.sampled_from(VERDICT_FIELDS))
    other = data.draw(
        st.sampled_from([entry[name] for entry in document["workspaces"] if entry[name] != workspace[name]])
    )
    workspace[name] = other
    found = verified(archive, msgspec.json.encode(document))
    assert any(name in difference or "is in the" in difference for difference in found.differences)
