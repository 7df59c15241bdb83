"""The files that the steps of a distributed run leave for each other in the report bucket.

``reports/distributed/RUN/plan.json``, ``shards/00007.json``, ``judgments/00007.jsonl.gz``, and ``lanes.json``, which the
state machine reads: a list of lanes, each with the shards that are collected one after the other.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple, TypeVar

import msgspec

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.errors import InvalidRequest, StoreError, TooLargeError
from backup_reporter.health.judge import Judgment
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.records import Record
from backup_reporter.report.model import EvidenceFile
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_shards import Checked
from backup_reporter.run.plan import VERSION, Plan, Shard, group_into_lanes

_WORKSPACE_REPORT = msgspec.json.Decoder(WorkspaceReport)
_CHUNK_BYTES = 256 * 1024
_MAX_LINE_BYTES = 32 * 1024 * 1024
_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""Far more than a thousand workspaces take, and read in a few seconds."""
_MAX_SURPLUS_LINES = 100
"""Lines that are read although the shard has fewer workspaces: enough to say that the file is not as it should be."""
_File = TypeVar("_File", bound=Record)


class ShardName(Record, frozen=True, kw_only=True):
    """Which shard of which run: all that the state machine passes to the step that collects it."""

    run: str
    number: int


class Head(Record, frozen=True, kw_only=True):
    """The first line of a file of judgments. Each line after it is a workspace report."""

    version: Literal[1] = VERSION
    clock: str | None
    remembered: bytes
    """What the next report is to remember of the workspaces, packed."""
    evidence: EvidenceFile | None = None
    evidence_problem: str | None = None


class ShardJudgments(NamedTuple):
    """What a step found out about a shard: the first line of its file, and its workspaces' judgments."""

    head: Head
    judgments: Iterator[Judgment]


class Lane(Record, frozen=True, kw_only=True):
    """An item of the state machine's map."""

    palette: str
    shards: tuple[ShardName, ...]


def run_name(report_id: str, execution: str) -> str:
    """Returns the name of an execution's folder. Two executions of one scheduled time share the report, but not the files."""
    return f"{report_id}-{hashlib.sha256(execution.encode()).hexdigest()[:8]}"


class RunFiles:
    """One run's files. Every method raises :class:`StoreError` if the bucket cannot be used."""

    def __init__(self, store: ReportStore, run: str) -> None:
        if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}-[0-9a-f]{8}", run, re.ASCII):
            raise InvalidRequest(f"run: {run[:80]!r} is not the name of a distributed run")
        self.run = run
        self._store = store

    def key(self, name: str) -> str:
        """Returns the key of a file in the bucket."""
        return self._store.place_of(self._name(name))

    def save_plan(self, plan: Plan, shards: Sequence[Shard], memory: WorkspaceMemory) -> None:
        """Saves the plan, its shards with what the last report remembered of them, and their lanes."""
        self._save("plan.json", plan)
        for shard in shards:
            remembered = memory.only((workspace.tenant, workspace.uid) for workspace in shard.workspaces)
            self._save(f"shards/{shard.number:05}.json", msgspec.structs.replace(shard, remembered=remembered))
        lanes = [
            Lane(
                palette=lane[0].lane,
                shards=tuple(ShardName(run=self.run, number=shard.number) for shard in lane),
            )
            for lane in group_into_lanes(shards)
        ]
        self._save("lanes.json", lanes)

    def load_plan(self) -> Plan:
        """Loads the plan."""
        return self._load("plan.json", Plan)

    def load_shard(self, number: int) -> Shard:
        """Loads a shard of the plan."""
        return self._load(f"shards/{number:05}.json", Shard)

    def save_checked(
        self,
        shard: Shard,
        checked: Checked,
        clock: str | None,
        evidence: EvidenceFile | None = None,
        evidence_problem: str | None = None,
    ) -> None:
        """Saves the judgments of a shard's workspaces, what its tenant's ``clock`` shows, and where its evidence is."""
        head = Head(clock=clock, remembered=checked.remembered, evidence=evidence, evidence_problem=evidence_problem)
        file = io.BytesIO()
        with gzip.open(file, "wb", compresslevel=3) as lines:
            lines.write(msgspec.json.encode(head) + b"\n")
            lines.writelines(line + b"\n" for line in checked.workspace_reports.json())
        self._store.save_working_file(self._name_of_judgments(shard.number), file.getvalue())

    def load_judgments(self, shard: Shard) -> ShardJudgments | None:
        """Loads what was saved of a shard's workspaces. Returns ``None`` if the file is missing, damaged, or too large."""
        try:
            content = self._store.load_working_file(self._name_of_judgments(shard.number))
        except TooLargeError:
            return None
        if content is None:
            return None
        try:
            # Read to its end, where its checksum is, before any of it is believed, and never held as a whole.
            if not _is_whole(content):
                return None
            lines = gzip.GzipFile(fileobj=io.BytesIO(content))
            head = msgspec.json.decode(lines.readline(_MAX_LINE_BYTES), type=Head)
            memory = WorkspaceMemory(head.remembered)
        except (ValueError, msgspec.MsgspecError, OSError, EOFError, zlib.error):
            return None
        reports = _decode_lines(lines, len(shard.workspaces) + _MAX_SURPLUS_LINES)
        return ShardJudgments(head, (_judgment(report, memory) for report in reports))

    def _name_of_judgments(self, number: int) -> str:
        return self._name(f"judgments/{number:05}.jsonl.gz")

    def _name(self, name: str) -> str:
        return f"distributed/{self.run}/{name}"

    def _save(self, name: str, file: object) -> None:
        self._store.save_working_file(self._name(name), msgspec.json.encode(file))

    def _load(self, name: str, what: type[_File]) -> _File:
        content = self._store.load_working_file(self._name(name))
        if content is None:
            raise StoreError(f"{self.key(name)} is not in the bucket")
        try:
            return msgspec.json.decode(content, type=what)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{self.key(name)} is of another version, or damaged: {error}") from error


def _judgment(report: WorkspaceReport, memory: WorkspaceMemory) -> Judgment:
    found = memory.find(report.tenant, report.uid)
    return Judgment(report, found.backups if found else None)


def _is_whole(content: bytes) -> bool:
    """Whether a file can be unpacked to its end without becoming too large. Raises what unpacking raises."""
    file, total_bytes = gzip.GzipFile(fileobj=io.BytesIO(content)), 0
    while chunk := file.read(_CHUNK_BYTES):
        total_bytes += len(chunk)
        if total_bytes > _MAX_UNPACKED_BYTES:
            return False
    return True


def _decode_lines(lines: gzip.GzipFile, max_lines: int) -> Iterator[WorkspaceReport]:
    """Yields the report on each line. A line that is not one is left out: its workspace then counts as lost."""
    for _ in range(max_lines):
        line = lines.readline(_MAX_LINE_BYTES)
        if not line:
            return
        with suppress(msgspec.MsgspecError):
            yield _WORKSPACE_REPORT.decode(line)
