"""Evidence: what Palette answered, kept beside the report, so that every verdict can be recomputed.

A gzip file of JSON lines. The first line (:class:`Header`) says what judged; each other line is an answer that was
used (:class:`~backup_reporter.palette.recording.RecordedAnswer`). It is written as a stream while answers arrive, and what
waits for the bucket waits in temporary files: nothing adds up in memory, however many workspaces there are. A bucket that
fails or is slow costs the evidence, never the report.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from queue import SimpleQueue
from typing import IO, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter import __version__
from backup_reporter.aws.s3_object import temporary_file
from backup_reporter.config.request import Request
from backup_reporter.config.settings import IncludeClusters, Settings, Tenant
from backup_reporter.errors import StoreError, reason_of
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.version import RULES_VERSION
from backup_reporter.palette.recording import RecordedAnswer, Recorder
from backup_reporter.records import Instant, Record
from backup_reporter.report.model import EvidenceFile
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.plan import Plan, Shard
from backup_reporter.time_limit import result_within

FORMAT: Literal[1] = 1
_ENCODER = msgspec.json.Encoder()
_GZIP = 31
"""zlib's ``wbits`` for gzip."""
_PIECE_BYTES = 64 * 1024
_FILE_BYTES = 1024 * 1024
"""Of each temporary file."""


class AskedTenant(Record, frozen=True, kw_only=True):
    """A tenant as it was asked: its name, its Palette, and the scope that its settings give."""

    name: str | None
    api_url: str
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    schedule_time_zone: str | None = None
    """Of schedules that name none; ``None`` if the settings' holds."""


class Header(Record, frozen=True, kw_only=True):
    """The first line: the versions, the settings that judge, and what was asked for. It holds no secret."""

    format: Literal[1] = FORMAT
    version: str = __version__
    rules_version: int = RULES_VERSION
    report_id: str
    made_at: Instant
    as_of: Instant
    request: msgspec.Raw
    thresholds: msgspec.Raw
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    include_clusters: IncludeClusters = "no"
    tenants: tuple[AskedTenant, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be asked at all, such as tenants whose list cannot be read."""
    remembered: bytes = b""
    """What the last report remembered of the workspaces, packed."""


class Parts(Record, frozen=True, kw_only=True):
    """The files that hold the evidence of a distributed run, each written by one of its steps; the first has the header."""

    format: Literal[1] = FORMAT
    report_id: str
    parts: tuple[EvidenceFile, ...]


_FINISHING_SECONDS = 20.0
"""How long the report waits for the rest of the evidence, at most; a third of the time that is left."""


def encode_thresholds(thresholds: Thresholds) -> msgspec.Raw:
    """Returns the settings that judge, as JSON."""
    return msgspec.Raw(msgspec.json.encode(thresholds, enc_hook=str))


def decode_thresholds(raw: msgspec.Raw) -> Thresholds:
    """Returns the settings that judged. Raises :class:`msgspec.MsgspecError` if they are not of this version."""

    def zone(wanted: type, value: Any) -> Any:
        return ZoneInfo(value) if wanted is ZoneInfo else value

    return msgspec.json.decode(raw, type=Thresholds, dec_hook=zone)


def encode_request(request: Request) -> msgspec.Raw:
    """Returns what was asked for, as JSON."""
    return msgspec.Raw(msgspec.json.encode(request))


class EvidenceWriter:
    """Takes answers while they arrive, and writes them once the report has an id. Safe for threads.

    ``save`` stores the pieces of a report's file and returns its key. It runs in a thread of its own and may take its
    time. Nothing raises here but :meth:`finish`.
    """

    max_waiting_bytes = 32 * 1024 * 1024
    """Of compressed answers that wait for the bucket, on disk. A function has 512 MB of it."""
    max_wait_seconds = 5.0
    """How long an answer waits if too many others do. Then the evidence is given up: the report must not wait for it."""

    def __init__(self, save: Callable[[str, Iterable[bytes]], str]) -> None:
        from isal import isal_zlib  # noqa: PLC0415 - only runs that keep evidence need it

        self._save = save
        self._new_member = partial(isal_zlib.compressobj, level=1, wbits=_GZIP)
        self._answers = self._new_member()
        self._lock = threading.Lock()
        self._file = temporary_file()
        self._waiting: SimpleQueue[IO[bytes] | None] = SimpleQueue()
        self._space = threading.Condition()
        self._waiting_bytes = 0
        self._digest = hashlib.sha256()
        self._number = 0
        self._problem: str | None = None
        self._saved: Future[str] = Future()

    def __call__(self, answer: RecordedAnswer) -> None:
        """Takes an answer. Once the evidence is given up, does nothing."""
        with self._lock:
            if self._problem is None:
                self._number += 1
                numbered = msgspec.structs.replace(answer, number=self._number)
                self._put(self._answers.compress(_ENCODER.encode_lines((numbered,))))

    def for_tenant(self, name: str | None) -> Recorder:
        """Returns a recorder for the answers of one tenant."""
        return lambda answer: self(msgspec.structs.replace(answer, tenant=name))

    def begin(self, report_id: str, header: Header | None) -> None:
        """Writes the header, and from now on each answer. Without a header the file is a part of several."""
        with self._lock:
            member = self._new_member()
            first = member.compress(msgspec.json.encode(header) + b"\n") + member.flush() if header else b""
            try:
                self.start_thread(report_id, first)
            except RuntimeError:
                self._problem = "no thread could start"

    def start_thread(self, report_id: str, first: bytes) -> None:
        """Starts to save, ``first`` before all answers. Raises RuntimeError if no thread can start."""
        threading.Thread(target=self._run, args=(report_id, first), name="evidence", daemon=True).start()

    def finish(self, seconds: float) -> EvidenceFile:
        """Ends the file and waits for the bucket. Raises :class:`StoreError` if the evidence is not complete."""
        with self._lock:
            self._put(self._answers.flush(), is_last=True)
            self._waiting.put(None)
        if self._problem is not None:
            raise StoreError(self._problem)
        try:
            key = result_within(seconds, self._saved)
        except Exception as error:
            with self._lock:
                self._give_up(reason_of(error))
            raise StoreError(reason_of(error)) from error
        return EvidenceFile(key=key, sha256=self._digest.hexdigest())

    def _run(self, report_id: str, first: bytes) -> None:
        try:
            self._saved.set_result(self._save(report_id, self._pieces(first)))
        except BaseException as error:  # noqa: BLE001 - raised where the result is read
            self._saved.set_exception(error)

    def _put(self, piece: bytes, *, is_last: bool = False) -> None:
        if self._problem is not None:
            return
        if self._saved.done():
            self._give_up("the bucket did not take it")
        elif self._has_space(len(piece)):
            self._write(piece, is_last)
        else:
            self._give_up("the bucket was too slow")

    def _write(self, piece: bytes, is_last: bool) -> None:
        """Writes to the temporary file, and hands it over once there is enough in it."""
        try:
            self._file.write(piece)
            if is_last or self._file.tell() >= _FILE_BYTES:
                self._file.seek(0)
                self._waiting.put(self._file)
                if not is_last:
                    self._file = temporary_file()
        except OSError as error:
            self._give_up(f"a temporary file cannot be written: {error.strerror}")

    def _has_space(self, size: int) -> bool:
        """Waits until so many bytes may wait for the bucket; returns whether they may."""

        def fits() -> bool:
            return self._waiting_bytes + size <= self.max_waiting_bytes

        with self._space:
            if self._space.wait_for(fits, self.max_wait_seconds):
                self._waiting_bytes += size
                return True
            return False

    def _give_up(self, problem: str) -> None:
        self._problem = problem
        self._waiting.put(None)

    def _pieces(self, first: bytes) -> Iterator[bytes]:
        self._digest.update(first)
        yield first
        while (file := self._waiting.get()) is not None and self._problem is None:
            with file:
                for piece in iter(partial(file.read, _PIECE_BYTES), b""):
                    with self._space:
                        self._waiting_bytes -= len(piece)
                        self._space.notify()
                    self._digest.update(piece)
                    yield piece
        if self._problem is not None:
            raise StoreError(self._problem)  # so that no half of a file is kept


def evidence_header(
    plan: Plan,
    shards: Iterable[Shard],
    settings: Settings,
    tenants: Sequence[Tenant],
    memory: WorkspaceMemory,
    now: datetime,
) -> Header:
    """Returns the first line of the evidence: all that judges, and what was asked for."""
    return Header(
        report_id=plan.report_id,
        made_at=now,
        as_of=plan.as_of,
        request=encode_request(plan.request),
        thresholds=encode_thresholds(settings.thresholds),
        project_uids=settings.tenant.project_uids,
        workspace_uids=settings.tenant.workspace_uids,
        include_clusters=settings.include_clusters,
        tenants=tuple(
            AskedTenant(
                name=tenant.name,
                api_url=tenant.api_url,
                project_uids=tenant.project_uids,
                workspace_uids=tenant.workspace_uids,
                schedule_time_zone=str(tenant.schedule_time_zone or "") or None,
            )
            for tenant in tenants
        ),
        problems=plan.problems,
        remembered=memory.only((workspace.tenant, workspace.uid) for shard in shards for workspace in shard.workspaces),
    )


def finish_evidence(
    evidence: EvidenceWriter | None, seconds_left: Callable[[], float]
) -> tuple[EvidenceFile | None, str | None]:
    """Returns where the evidence is kept, or a sentence that says why it is not."""
    if evidence is None:
        return None, None
    try:
        return evidence.finish(min(_FINISHING_SECONDS, seconds_left() / 3)), None
    except StoreError as error:
        return None, f"The evidence of this report could not be kept: {error}."
