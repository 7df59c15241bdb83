"""What a report remembers of each workspace for the next one, in little memory."""

from __future__ import annotations

import hashlib
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

import msgspec

from backup_reporter.health.judge import Judgment
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.records import Record

_FRAME = struct.Struct("<QI")
"""Stands before each workspace: the digest of its uid, and how many bytes it has."""
_RAW_DEFLATE = -zlib.MAX_WBITS
_MAX_BYTES = 32 * 1024 * 1024
"""Of one workspace, unpacked: Palette's whole answer about it is no larger."""


class ListedWorkspace(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A workspace that a report listed, and what to remember of its backups."""

    tenant: str | None = None
    kind: Literal["workspace", "cluster"] = "workspace"
    uid: str
    name: str
    project_uid: str
    project_name: str
    backups: RememberedWorkspace | None = None

    @property
    def schedule(self) -> str | None:
        """Its schedule, if it has one."""
        return self.backups.schedule if self.backups else None


class WorkspaceMemory:
    """The workspaces of a report, packed as :class:`MemoryWriter` packs them.

    ``tenants`` are those that are asked now: a workspace of another one may have moved to one of them, because tenants
    got names or lost them. Raises :class:`ValueError` if ``packed`` is damaged.
    """

    __slots__ = ("_begins", "_dictionary", "_digests", "_packed", "_taken", "_tenants")

    def __init__(self, packed: bytes = b"", tenants: Collection[str | None] = (None,)) -> None:
        self._packed, self._tenants = packed, tenants
        found = sorted(_frames(packed))
        self._digests = array("Q", (digest for digest, _ in found))
        self._begins = array("Q", (begin for _, begin in found))
        self._taken = bytearray(len(found))
        self._dictionary = _dictionary(packed)

    def __iter__(self) -> Iterator[ListedWorkspace]:
        return filter(None, map(self._workspace_at, sorted(self._begins)))

    def find(self, tenant: str | None, uid: str) -> ListedWorkspace | None:
        """Returns what is remembered of a workspace, if anything."""
        found = self._found(tenant, uid)
        return found and found[1]

    def take(self, tenant: str | None, uid: str) -> ListedWorkspace | None:
        """Returns the same as :meth:`find`, and leaves the workspace out of :meth:`left`."""
        found = self._found(tenant, uid)
        if found:
            self._taken[found[0]] = True
        return found and found[1]

    def only(self, workspaces: Iterable[tuple[str | None, str]]) -> bytes:
        """Returns what is remembered of some workspaces, by tenant and uid; packed."""
        writer = MemoryWriter()
        for tenant, uid in workspaces:
            if found := self.find(tenant, uid):
                writer.add(found)
        return writer.packed()

    def left(self) -> Iterator[ListedWorkspace]:
        """Returns the workspaces that were not taken."""
        return filter(None, (self._workspace(index) for index, is_taken in enumerate(self._taken) if not is_taken))

    def _found(self, tenant: str | None, uid: str) -> tuple[int, ListedWorkspace] | None:
        digest, moved = _digest(uid), None
        for index in range(bisect_left(self._digests, digest), len(self._digests)):
            if self._digests[index] != digest:
                break
            workspace = self._workspace(index)
            if workspace and workspace.tenant == tenant:
                return index, workspace
            if workspace and workspace.tenant not in self._tenants:
                moved = index, workspace
        return moved

    def _workspace(self, index: int) -> ListedWorkspace | None:
        return self._workspace_at(self._begins[index])

    def _workspace_at(self, begin: int) -> ListedWorkspace | None:
        try:
            json = _inflate(self._packed, begin, self._dictionary if begin else b"")
            return msgspec.json.decode(json, type=ListedWorkspace)
        except (msgspec.MsgspecError, zlib.error):
            return None  # written by another version: nothing is remembered


class MemoryWriter:
    """Packs workspaces: each as JSON, deflated by what it shares with the first. May go on where another stopped."""

    __slots__ = ("_dictionary", "_packed")

    def __init__(self, packed: bytes = b"") -> None:
        self._packed, self._dictionary = bytearray(packed), _dictionary(packed)

    def add(self, workspace: ListedWorkspace) -> None:
        """Adds a workspace."""
        json = msgspec.json.encode(workspace)
        deflate = zlib.compressobj(wbits=_RAW_DEFLATE, zdict=self._dictionary)
        deflated = deflate.compress(json) + deflate.flush()
        self._dictionary = self._dictionary or json
        self._packed += _FRAME.pack(_digest(workspace.uid), len(deflated)) + deflated

    def add_judged(self, judgment: Judgment) -> None:
        """Adds a workspace that was judged, unless it is being deleted or no project lists it."""
        report = judgment.report
        is_listed = report.project_uid or report.kind == "cluster"
        if is_listed and not any(finding.code == "being-deleted" for finding in report.findings):
            self.add(
                ListedWorkspace(
                    tenant=report.tenant,
                    kind=report.kind,
                    uid=report.uid,
                    name=report.name,
                    project_uid=report.project_uid,
                    project_name=report.project_name,
                    backups=judgment.remembered,
                )
            )

    def packed(self) -> bytes:
        """Returns all of it."""
        return bytes(self._packed)


def _digest(uid: str) -> int:
    return int.from_bytes(hashlib.blake2b(uid.encode(), digest_size=8).digest(), "little")


def _frames(packed: bytes) -> Iterator[tuple[int, int]]:
    """Returns each workspace's digest, and where its frame begins."""
    begin = 0
    while begin < len(packed):
        if begin + _FRAME.size > len(packed):
            raise ValueError("what is remembered of the workspaces is cut off")
        digest, length = _FRAME.unpack_from(packed, begin)
        yield digest, begin
        begin += _FRAME.size + length
    if begin != len(packed):
        raise ValueError("what is remembered of the workspaces is cut off")


def _dictionary(packed: bytes) -> bytes:
    try:
        return _inflate(packed, 0, b"") if packed else b""
    except zlib.error as error:
        raise ValueError(f"what is remembered of the workspaces is damaged: {error}") from error


def _inflate(packed: bytes, begin: int, dictionary: bytes) -> bytes:
    _, length = _FRAME.unpack_from(packed, begin)
    inflate = zlib.decompressobj(wbits=_RAW_DEFLATE, zdict=dictionary)
    inflated = inflate.decompress(packed[begin + _FRAME.size : begin + _FRAME.size + length], _MAX_BYTES)
    if inflate.unconsumed_tail:
        raise zlib.error(f"a workspace has more than {_MAX_BYTES:,} bytes")
    return inflated
