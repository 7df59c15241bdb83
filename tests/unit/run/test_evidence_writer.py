"""The writer of evidence: what goes wrong with the bucket costs the evidence, and neither time nor the report."""

from __future__ import annotations

import gzip
import json
import resource
import threading
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from backup_reporter.errors import StoreError
from backup_reporter.palette.recording import RecordedAnswer, recorded_body
from backup_reporter.run import evidence
from backup_reporter.run.evidence import EvidenceWriter, Header

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
HEADER = Header(report_id="r", made_at=NOW, as_of=NOW, request=msgspec.Raw(b"{}"), thresholds=msgspec.Raw(b"{}"))


def answer(number: int = 1, body: bytes = b'{"items":[]}') -> RecordedAnswer:
    return RecordedAnswer(path=f"/{number}", at=NOW, status=200, **recorded_body(body, was_decoded=True))


class Bucket:
    """Saves what it is given, unless told otherwise."""

    def __init__(self) -> None:
        self.content = b""

    def save(self, report_id: str, pieces: Iterable[bytes]) -> str:
        self.content = b"".join(pieces)
        return f"key of {report_id}"


def test_the_header_comes_first_and_what_came_before_it_is_not_lost() -> None:
    bucket = Bucket()
    writer = EvidenceWriter(bucket.save)
    writer(answer(1))
    writer.begin("r", HEADER)
    writer.for_tenant("acme")(answer(2))
    file = writer.finish(10.0)
    header, first, second = map(json.loads, gzip.decompress(bucket.content).splitlines())
    assert (file.key, header["reportId"]) == ("key of r", "r")
    assert [(line["number"], line["tenant"], line["path"]) for line in (first, second)] == [
        (1, None, "/1"),
        (2, "acme", "/2"),
    ]


@pytest.mark.parametrize("body", [b"<html>\n\xff</html>", b"", b"null", b'{"a":\n1}', b'{"a": "\xff"}'])
def test_a_body_comes_back_as_it_was_whatever_it_holds(body: bytes) -> None:
    bucket = Bucket()
    writer = EvidenceWriter(bucket.save)
    writer.begin("r", None)
    writer(RecordedAnswer(path="/", at=NOW, status=500, **recorded_body(body, was_decoded=False)))
    writer.finish(10.0)
    (line,) = gzip.decompress(bucket.content).splitlines()
    assert msgspec.json.decode(line, type=RecordedAnswer).content == body


def test_a_bucket_that_refuses_in_mid_stream_is_named_and_the_rest_is_dropped() -> None:
    def save(report_id: str, pieces: Iterable[bytes]) -> str:
        for _ in pieces:
            raise StoreError("r.evidence.jsonl.gz cannot be written to the bucket reports: SlowDown")
        return ""

    writer = EvidenceWriter(save)
    writer.begin("r", HEADER)
    for number in range(1000):
        writer(answer(number))
    with pytest.raises(StoreError, match=r"SlowDown|the bucket did not take it"):
        writer.finish(10.0)


def test_a_bucket_that_hangs_costs_no_more_than_the_time_for_it() -> None:
    hang = threading.Event()

    def save(report_id: str, pieces: Iterable[bytes]) -> str:
        hang.wait(30)
        return ""

    writer = EvidenceWriter(save)
    writer.begin("r", HEADER)
    writer(answer())
    with pytest.raises(StoreError, match="timed out after"):
        writer.finish(0.05)
    hang.set()


def test_a_bucket_that_is_too_slow_loses_the_evidence_and_not_the_report() -> None:
    hang = threading.Event()

    class Hasty(EvidenceWriter):
        max_waiting_bytes = 2_000_000
        max_wait_seconds = 0.01

    def save(report_id: str, pieces: Iterable[bytes]) -> str:
        hang.wait(30)
        return ""

    writer = Hasty(save)
    writer.begin("r", HEADER)
    for number in range(20):
        noise = Random(number).randbytes(500_000).hex()  # a megabyte that hardly compresses
        writer(answer(number, f'["{noise}"]'.encode()))
    with pytest.raises(StoreError, match="the bucket was too slow"):
        writer.finish(10.0)
    hang.set()


def test_what_waits_for_a_slow_bucket_is_not_in_memory() -> None:
    may_go_on = threading.Event()

    class Slow(Bucket):
        def save(self, report_id: str, pieces: Iterable[bytes]) -> str:
            may_go_on.wait(30)
            return super().save(report_id, pieces)

    bucket = Slow()
    writer = EvidenceWriter(bucket.save)
    writer.begin("r", HEADER)
    noise = [f'["{Random(number).randbytes(250_000).hex()}"]'.encode() for number in range(2)]
    tracemalloc.start()
    try:
        for number in range(20):
            writer(answer(number, noise[number % 2]))
        held = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, evidence.__file__)])
    finally:
        tracemalloc.stop()
        may_go_on.set()
    writer.finish(30.0)

    assert len(bucket.content) > 5_000_000
    assert sum(trace.size for trace in held.traces) < 500_000
    assert [json.loads(line)["number"] for line in gzip.decompress(bucket.content).splitlines()[1:]] == [*range(1, 21)]


def test_a_full_disk_loses_the_evidence_and_not_the_report() -> None:
    writer = EvidenceWriter(Bucket().save)
    writer.begin("r", HEADER)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        writer(answer(1, f'["{Random(1).randbytes(250_000).hex()}"]'.encode()))
        with pytest.raises(StoreError, match="a temporary file cannot be written: File too large"):
            writer.finish(10.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_a_thread_the_evidence_is_given_up() -> None:
    class NoThread(EvidenceWriter):
        def start_thread(self, report_id: str, first: bytes) -> None:
            raise RuntimeError("can't start new thread")

    writer = NoThread(Bucket().save)
    writer.begin("r", HEADER)
    writer(answer())
    with pytest.raises(StoreError, match="no thread could start"):
        writer.finish(10.0)
