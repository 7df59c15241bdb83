"""Any number of workspaces' verdicts, in little memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import overload

import msgspec

from backup_reporter.health.findings import WORST_FIRST
from backup_reporter.health.verdict import WorkspaceReport

_DECODER = msgspec.json.Decoder(WorkspaceReport)


class Verdicts(Sequence[WorkspaceReport]):
    """Verdicts in the order of a report: by project, name and uid.

    Each is kept as deflated JSON (about 1.2 KB where the objects of ten clusters and thirty days take
    ten) and is made anew whenever it is read, in some 25 microseconds. So a verdict that is read twice
    is equal to itself, but not the same object, and nothing but what is in use takes up memory.
    """

    __slots__ = ("_packed", "_with_findings")

    def __init__(self, verdicts: Iterable[WorkspaceReport] = ()) -> None:
        entries = [(_place(one), zlib.compress(msgspec.json.encode(one)), bool(one.findings)) for one in verdicts]
        entries.sort(key=itemgetter(0))
        self._packed = [packed for _, packed, _ in entries]
        self._with_findings = [packed for _, packed, has_findings in entries if has_findings]

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[WorkspaceReport]:
        return map(_unpacked, self._packed)

    @overload
    def __getitem__(self, index: int) -> WorkspaceReport: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WorkspaceReport]: ...
    def __getitem__(self, index: int | slice) -> WorkspaceReport | Sequence[WorkspaceReport]:
        if isinstance(index, slice):
            return tuple(map(_unpacked, self._packed[index]))
        return _unpacked(self._packed[index])

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same verdicts."""
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_is_same, self, other))

    __hash__ = None  # type: ignore[assignment]  # what findings say of their evidence has no hash either

    def with_findings(self) -> Iterator[WorkspaceReport]:
        """Those with findings. The others, which are most of a large fleet, are not even read for it."""
        return map(_unpacked, self._with_findings)

    def json(self) -> Iterator[bytes]:
        """Each as compact JSON."""
        return map(zlib.decompress, self._packed)


def with_findings(verdicts: Sequence[WorkspaceReport]) -> Iterable[WorkspaceReport]:
    """Those about which there is something to say, in their order."""
    if isinstance(verdicts, Verdicts):
        return verdicts.with_findings()
    return (one for one in verdicts if one.findings)


def worst_first(verdicts: Sequence[WorkspaceReport]) -> Iterator[WorkspaceReport]:
    """By status, and in their order within a status. Read again for each status rather than held together."""
    for status in WORST_FIRST:
        some = verdicts if status == "OK" else with_findings(verdicts)
        yield from (one for one in some if one.status == status)


def json_of(verdicts: Sequence[WorkspaceReport]) -> Iterator[bytes]:
    """Each as compact JSON, in their order."""
    return verdicts.json() if isinstance(verdicts, Verdicts) else map(msgspec.json.encode, verdicts)


def _place(verdict: WorkspaceReport) -> tuple[str, str, str]:
    return (verdict.project_name, verdict.name, verdict.uid)


def _unpacked(packed: bytes) -> WorkspaceReport:
    return _DECODER.decode(zlib.decompress(packed))


def _is_same(one: object, other: object) -> bool:
    return one == other
