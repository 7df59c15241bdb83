"""A kept report's evidence, read back, and a Palette client that answers from it."""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, NamedTuple, TypeVar

import msgspec
from isal import igzip, igzip_lib

from backup_reporter.errors import OutOfTimeError
from backup_reporter.palette.client import Call, PaletteClient, refusal_of
from backup_reporter.palette.clock_skew import ClockSkew
from backup_reporter.palette.recording import Failure, RecordedAnswer, error_of
from backup_reporter.proof.archive import Archive
from backup_reporter.report.model import EvidenceFile
from backup_reporter.run.evidence import Header, Parts

_MAX_PROBLEMS = 100
_READ_BYTES = 1024 * 1024
_SECONDS = 24 * 3600.0

_Decoded = TypeVar("_Decoded")
_Key = tuple[str | None, str, str, str | None, str | None]


class KeptAnswer(NamedTuple):
    """A recorded answer, and where its body lies."""

    at: datetime
    status: int | None
    date: str
    failure: Failure | None
    place: int
    size: int


@dataclass(slots=True)
class Evidence:
    """A report's evidence: what judged, the answers, whose bodies lie in a temporary file, and what is wrong with it."""

    spool: IO[bytes]
    header: Header | None = None
    answers: dict[_Key, KeptAnswer] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, tenant: str | None, call: Call) -> KeptAnswer | None:
        """Returns the recorded answer to a request; ``None`` if none was recorded."""
        return self.answers.get(_key(tenant, call))

    def body(self, answer: KeptAnswer) -> bytes:
        """Returns the body of an answer. Safe for threads."""
        with self.lock:
            self.spool.seek(answer.place)
            return self.spool.read(answer.size)

    def report(self, problem: str) -> None:
        """Notes a problem, if there are not too many of them yet."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(problem)


def _key(tenant: str | None, call: Call) -> _Key:
    return (tenant, call.method, call.path, call.project_uid, call.body.decode() if call.body else None)


@contextmanager
def open_evidence(archive: Archive, file: EvidenceFile) -> Iterator[Evidence]:
    """Reads evidence and checks every hash in it. What is wrong is in ``problems``, a sentence each."""
    with tempfile.TemporaryFile() as spool:
        evidence = Evidence(spool)
        for part in _parts(archive, file, evidence) if file.key.endswith(".json") else (file,):
            header = _read_file(archive, part, evidence)
            evidence.header = evidence.header or header
        if not evidence.header and not evidence.problems:
            evidence.report("The evidence has no line that says what judged: the report cannot be recomputed.")
        yield evidence


def _parts(archive: Archive, file: EvidenceFile, evidence: Evidence) -> tuple[EvidenceFile, ...]:
    """The files of a distributed run's steps."""
    opened = _open(archive, file, evidence)
    if opened is None:
        return ()
    with opened:
        content = opened.read()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        evidence.report(f"{file.key} was changed: its SHA-256 is not the one that the report names.")
    try:
        return msgspec.json.decode(content, type=Parts).parts
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        evidence.report(f"{file.key} cannot be read: {error}.")
        return ()


def _open(archive: Archive, file: EvidenceFile, evidence: Evidence) -> IO[bytes] | None:
    opened = archive.open(file.key)
    if opened is None:
        evidence.report(f"{file.key} is not kept: it was removed, it has expired, or this copy lacks it.")
    return opened


def _read_file(archive: Archive, file: EvidenceFile, evidence: Evidence) -> Header | None:
    opened = _open(archive, file, evidence)
    if opened is None:
        return None
    hashed = _Hashed(opened)
    try:
        with igzip.IGzipFile(fileobj=hashed) as lines:  # type: ignore[no-untyped-call]
            header = _read_lines(file.key, lines, evidence)
    except (OSError, EOFError, ValueError, igzip_lib.IsalError):  # type: ignore[misc]
        evidence.report(f"{file.key} cannot be read to its end: it is cut off or damaged.")
        header = None
    sha256 = hashed.finish()
    if sha256 != file.sha256:
        evidence.report(f"{file.key} was changed: its SHA-256 is {sha256}, and the report names {file.sha256}.")
    return header


def _read_lines(key: str, lines: Iterator[bytes], evidence: Evidence) -> Header | None:
    header: Header | None = None
    expected = 1
    for position, line in enumerate(lines, start=1):
        try:
            if position == 1 and line.startswith(b'{"format"'):
                header = msgspec.json.decode(line, type=Header)
                continue
            answer = msgspec.json.decode(line, type=RecordedAnswer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            evidence.report(f"Line {position} of {key} cannot be read: {error}.")
            expected += 1
            continue
        if answer.number != expected:
            evidence.report(
                f"Line {position} of {key} has the number {answer.number} instead of {expected}: a line was removed, added or moved."
            )
        expected = answer.number + 1
        body = answer.content
        if answer.sha256 is not None and hashlib.sha256(body).hexdigest() != answer.sha256:
            evidence.report(f"Line {position} of {key} was changed: the body of {answer.path} has another SHA-256.")
        _keep(answer, body, evidence)
    return header


def _keep(answer: RecordedAnswer, body: bytes, evidence: Evidence) -> None:
    key = (answer.tenant, answer.method, answer.path, answer.project_uid, answer.asked)
    place = evidence.spool.seek(0, 2)
    evidence.answers[key] = KeptAnswer(answer.at, answer.status, answer.date, answer.failure, place, len(body))
    evidence.spool.write(body)


class _Hashed(io.RawIOBase):
    """A file that is read once, and its SHA-256."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads on, into the buffer. Returns how many bytes there were."""
        content = self._file.read(len(buffer))
        self._digest.update(content)
        buffer[: len(content)] = content
        return len(content)

    def finish(self) -> str:
        """Reads what is left, closes the file and returns its SHA-256 in hexadecimal."""
        while self.read(_READ_BYTES):
            pass
        self._file.close()
        return self._digest.hexdigest()


class LastAnswer(threading.local):
    """When the last answer of this thread was there, by the clock of the run that is replayed."""

    at: datetime


class ReplayClient(PaletteClient):
    """Answers from evidence as Palette answered the run; a request without a recorded answer had run out of time."""

    def __init__(self, evidence: Evidence, tenant: str | None, last_answer: LastAnswer) -> None:
        self.seconds_left = lambda: _SECONDS
        self.clock = ClockSkew(lambda: last_answer.at.timestamp())  # noqa: PLW0108 - read anew each time
        self._evidence = evidence
        self._tenant = tenant
        self._last_answer = last_answer
        self._decoding = threading.Lock()

    def may_ask_for_lists(self) -> bool:
        """Nothing waits for a rate here."""
        return False

    def may_ask_for_results(self) -> bool:
        """Nothing waits for a rate here."""
        return False

    def seconds_for_results(self, number: int) -> float:
        """Nothing waits for a rate here."""
        return 0.0

    def may_ask_for_clusters(self) -> bool:
        """Nothing waits for a rate here."""
        return False

    def request(self, call: Call, decode: Callable[[bytes], _Decoded]) -> _Decoded:
        """Returns what ``decode`` reads in the recorded answer. Raises what the run met."""
        answer = self._evidence.answer(self._tenant, call)
        if answer is None:
            raise OutOfTimeError
        self._last_answer.at = answer.at
        if answer.failure is not None:
            raise error_of(answer.failure)
        self.clock.note_date(answer.date)
        if answer.status == 200:
            with self._decoding:  # one at a time, as in a run
                return decode(self._evidence.body(answer))
        raise refusal_of(answer.status or 0, self._evidence.body(answer))
