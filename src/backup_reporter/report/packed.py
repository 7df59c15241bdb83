"""Any number of workspaces' reports in little memory.

10,000 of them, each with three clusters and thirty days, take 69 MB as a plain list and 6 MB here (``PYTHONPATH=src
python -m bench.packed_memory 10000``). The list alone would break the target of ``make bench``: ten times the workspaces in 1.25
times the memory.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from typing import overload

import msgspec

from backup_reporter.health.findings import WORST_FIRST
from backup_reporter.health.workspace_report import WorkspaceReport

_Place = tuple[str, str, str, str]

_DECODER = msgspec.json.Decoder(WorkspaceReport)


class PackedReports(Sequence[WorkspaceReport]):
    """Packed reports, ordered by tenant, project, name and uid, or as they come if they are in order already (``is_ordered``).

    Each is kept as JSON, deflated by what it has in common with the first one: 0.7 KB where the objects
    of ten clusters and thirty days take ten. It is made anew whenever it is read, in some 30
    microseconds: a verdict that is read twice is equal to itself, but not the same object.
    """

    __slots__ = ("_begins", "_ends", "_first", "_packed", "_with_findings", "_worst_first")

    def __init__(self, workspace_reports: Iterable[WorkspaceReport] = (), *, is_ordered: bool = False) -> None:
        # One block of memory that grows: thousands of small ones would lie in the gaps between what comes and goes.
        self._packed, self._first = bytearray(), b""
        ends, places, has_findings, ranks = array("Q", [0]), list[_Place](), bytearray(), bytearray()
        for workspace_report in workspace_reports:
            json = msgspec.json.encode(workspace_report)
            self._first = self._first or json
            deflate = zlib.compressobj(zdict=self._first)
            self._packed += deflate.compress(json) + deflate.flush()
            ends.append(len(self._packed))
            places.append(
                (
                    workspace_report.tenant or "",
                    workspace_report.project_name,
                    workspace_report.name,
                    workspace_report.uid,
                )
            )
            has_findings.append(bool(workspace_report.findings))
            ranks.append(WORST_FIRST.index(workspace_report.status))
        order = range(len(places)) if is_ordered else sorted(range(len(places)), key=places.__getitem__)
        self._begins = array("Q", (ends[number] for number in order))
        self._ends = array("Q", (ends[number + 1] for number in order))
        self._with_findings = array("Q", (index for index, number in enumerate(order) if has_findings[number]))
        self._worst_first = array("Q", sorted(range(len(order)), key=lambda index: ranks[order[index]]))

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[WorkspaceReport]:
        return map(_DECODER.decode, self.json())

    @overload
    def __getitem__(self, index: int) -> WorkspaceReport: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WorkspaceReport]: ...
    def __getitem__(self, index: int | slice) -> WorkspaceReport | Sequence[WorkspaceReport]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        return _DECODER.decode(self._json(index))

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same verdicts."""
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # what findings say of their evidence has no hash either

    def with_findings(self) -> Iterator[WorkspaceReport]:
        """Those with findings. The others, which are most of a large fleet, are not even read for it."""
        return map(self.__getitem__, self._with_findings)

    def worst_first(self) -> Iterator[WorkspaceReport]:
        """By status, and in their order within a status."""
        return map(self.__getitem__, self._worst_first)

    def json(self) -> Iterator[bytes]:
        """Each as compact JSON."""
        return map(self._json, range(len(self)))

    def _json(self, index: int) -> bytes:
        inflate = zlib.decompressobj(zdict=self._first)
        return inflate.decompress(self._packed[self._begins[index] : self._ends[index]])


def with_findings(workspace_reports: Sequence[WorkspaceReport]) -> Iterable[WorkspaceReport]:
    """Those about which there is something to say, in their order."""
    if isinstance(workspace_reports, PackedReports):
        return workspace_reports.with_findings()
    return (workspace for workspace in workspace_reports if workspace.findings)


def worst_first(workspace_reports: Sequence[WorkspaceReport]) -> Iterator[WorkspaceReport]:
    """By status, and in their order within a status."""
    if isinstance(workspace_reports, PackedReports):
        return workspace_reports.worst_first()
    return iter(sorted(workspace_reports, key=lambda workspace: WORST_FIRST.index(workspace.status)))


def json_of(workspace_reports: Sequence[WorkspaceReport]) -> Iterator[bytes]:
    """Each as compact JSON, in their order."""
    return (
        workspace_reports.json()
        if isinstance(workspace_reports, PackedReports)
        else map(msgspec.json.encode, workspace_reports)
    )
