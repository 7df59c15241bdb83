"""What the steps of one run leave for each other in the report bucket.

``reports/distributed/RUN/plan.json``, ``shards/00007.json``, ``verdicts/00007.jsonl.gz``, and ``lanes.json``, which the state
machine reads: a list of lanes, each with the shards that are collected one after the other.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

import msgspec

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.errors import InvalidRequest, StoreError
from backup_reporter.health.judge import Judgment
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.records import Record
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.pipeline import Checked
from backup_reporter.run.plan import VERSION, Plan, Shard, group_into_lanes

_VERDICT = msgspec.json.Decoder(WorkspaceReport)
_File = TypeVar("_File", bound=Record)


class ShardName(Record, frozen=True, kw_only=True):
    """Which shard of which run: all that the state machine passes to whoever collects it."""

    run: str
    number: int


class Head(Record, frozen=True, kw_only=True):
    """The first line of a file of verdicts; each of the others is one."""

    version: Literal[1] = VERSION
    tenant: str | None
    clock: str | None
    workspaces: int
    remembered: bytes
    """What the next report is to remember of them, packed."""


class Lane(Record, frozen=True, kw_only=True):
    """An item of the state machine's map."""

    palette: str
    shards: tuple[ShardName, ...]


def run_name(report_id: str, execution: str) -> str:
    """The name of an execution's files; two executions of one scheduled time have the same report, and not the same files."""
    return f"{report_id}-{hashlib.sha256(execution.encode()).hexdigest()[:8]}"


class RunFiles:
    """One run's files. Every method raises :class:`StoreError` where the bucket cannot be used."""

    def __init__(self, store: ReportStore, run: str) -> None:
        if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}-[0-9a-f]{8}", run, re.ASCII):
            raise InvalidRequest(f"run: {run[:80]!r} is none of this project's")
        self.run = run
        self._store = store

    def key(self, name: str) -> str:
        """Where a file is in the bucket."""
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
        """The plan."""
        return self._load("plan.json", Plan)

    def load_shard(self, number: int) -> Shard:
        """A shard of the plan."""
        return self._load(f"shards/{number:05}.json", Shard)

    def save_checked(self, shard: Shard, checked: Checked, clock: str | None) -> None:
        """Saves the judgments of a shard's workspaces, and what its tenant's ``clock`` shows; overwrites."""
        number, file = len(checked.workspace_reports), io.BytesIO()
        head = Head(tenant=shard.tenant, clock=clock, workspaces=number, remembered=checked.remembered)
        with gzip.open(file, "wb", compresslevel=3) as lines:
            lines.write(msgspec.json.encode(head) + b"\n")
            lines.writelines(line + b"\n" for line in checked.workspace_reports.json())
        self._store.save_working_file(self._name(f"verdicts/{shard.number:05}.jsonl.gz"), file.getvalue())

    def load_judgments(self, number: int, workspaces: int) -> tuple[Head, Iterator[Judgment]] | None:
        """Loads the judgments of a shard of so many workspaces, decoded one by one.

        Returns ``None`` if nothing was saved, or not all of it, or something else.
        """
        content = self._store.load_working_file(self._name(f"verdicts/{number:05}.jsonl.gz"))
        if content is None:
            return None
        try:
            # Read to its end before any of it is believed, and then once more: all at once it would take up memory.
            lines = gzip.GzipFile(fileobj=io.BytesIO(content))
            head = msgspec.json.decode(lines.readline(), type=Head)
            if not sum(1 for _ in lines) == head.workspaces == workspaces:
                return None
            memory = WorkspaceMemory(head.remembered)
        except (ValueError, msgspec.MsgspecError, OSError, EOFError, zlib.error):
            return None
        lines.seek(0)
        lines.readline()
        return head, (_judgment(_VERDICT.decode(line), memory) for line in lines)

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
