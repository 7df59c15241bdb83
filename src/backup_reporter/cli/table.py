"""The table of workspaces on a terminal: problems first, with every cluster; then a line for each healthy one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from backup_reporter.cli.symbols import DAY_WORDS, DAYS, STATUSES
from backup_reporter.health.findings import Finding, Severity, status_of
from backup_reporter.health.workspace_report import ClusterReport, Day, WorkspaceReport
from backup_reporter.report.day_states import STRIP_DAYS
from backup_reporter.report.groups import title_of_finding
from backup_reporter.report.locations import NAME_LENGTH, place
from backup_reporter.report.model import Report
from backup_reporter.report.rows import Row, rows
from backup_reporter.wording import age, count, quote

MAX_HEALTHY = 40
"""Healthy workspaces beyond these are counted: what matters must not scroll out of sight."""

_COPY_CELLS = 15
_EXPIRY_CELLS = 14
_MIN_NAME_CELLS = 29
_MAX_NAME_CELLS = 44
_WIDE_CELLS = 110
"""From this width on what is wrong has a column of its own; below it, lines of its own."""

_SEVERITY_STYLES: dict[Severity, str] = {"critical": "", "unknown": "", "warning": "", "info": "dim"}


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the table before it is laid out. ``reasons`` say what is wrong, one a piece."""

    sign: Text
    name: Text
    copy: Text = field(default_factory=Text)
    expiry: Text = field(default_factory=Text)
    strip: Text = field(default_factory=Text)
    reasons: Sequence[Text] = ()


class WorkspaceTable:
    """Renders as wide as the terminal is; nothing that tells two names apart is cut off."""

    def __init__(self, report: Report) -> None:
        self._as_of = report.as_of
        by_workspace = groupby(sorted(rows(report), key=_by_workspace), key=lambda row: row.workspace)
        workspaces = [(workspace, list(its_rows)) for workspace, its_rows in by_workspace]
        self._bad = [entry for entry in workspaces if entry[0].status != "OK"]
        self._healthy = [entry for entry in workspaces if entry[0].status == "OK"]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        drawing = _Drawing(self._as_of, ascii_only=options.ascii_only)
        bad = [line for workspace, its_rows in self._bad for line in drawing.lines(workspace, its_rows)]
        healthy = [drawing.healthy(workspace) for workspace, _ in self._healthy[:MAX_HEALTHY]]
        layout = _Layout(console, options.max_width, [*bad, *healthy])
        yield layout.head()
        for line in bad:
            yield from layout.laid_out(line)
        if bad and healthy:
            yield Text()
        for line in healthy:
            yield from layout.laid_out(line)
        if left_out := self._healthy[MAX_HEALTHY:]:
            yield Text(f"  and {count(len(left_out), 'more healthy workspace')}: --format csv has every one", "dim")
        shown = (*self._bad, *self._healthy[:MAX_HEALTHY])
        if days := [day for workspace, _ in shown for day in workspace.history[-STRIP_DAYS:]]:
            yield drawing.legend(days, options.max_width)


def _by_workspace(row: Row) -> tuple[object, ...]:
    workspace = row.workspace
    rank = list(STATUSES).index(workspace.status)
    names = (workspace.tenant or "", workspace.project_name, workspace.name, workspace.uid)
    return (rank, *names, row.cluster_name or "", row.cluster_uid or "")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What a workspace looks like: texts and styles, not yet where they go."""

    as_of: datetime
    ascii_only: bool

    def lines(self, workspace: WorkspaceReport, its_rows: Sequence[Row]) -> Iterator[_Line]:
        """A workspace with a problem, and every cluster of it."""
        sign = STATUSES[workspace.status]
        yield _Line(
            sign=Text(sign.drawn(ascii_only=self.ascii_only), f"bold {sign.style}"),
            name=Text(place(workspace.tenant, workspace.project_name, workspace.name), f"bold {sign.style}"),
            strip=self._strip(workspace.history),
            reasons=_reasons(finding for finding in workspace.findings if not _names_cluster(finding)),
        )
        yield from (self._cluster(row) for row in its_rows if row.cluster_uid or row.cluster_name)

    def healthy(self, workspace: WorkspaceReport) -> _Line:
        """A workspace on one line: the cluster that would lose most speaks for them all."""
        sign, clusters = STATUSES["OK"], workspace.clusters
        return _Line(
            sign=Text(sign.drawn(ascii_only=self.ascii_only), sign.style),
            name=Text(place(workspace.tenant, workspace.project_name, workspace.name)),
            copy=self._copy(min(clusters, key=_newest, default=None)),
            expiry=self._expiry(min(clusters, key=_expiry_order, default=None)),
            strip=self._strip(workspace.history),
            reasons=_reasons(workspace.findings),
        )

    def _cluster(self, row: Row) -> _Line:
        findings = [finding for finding in row.findings if _names_cluster(finding)]
        status = status_of(findings)
        sign = STATUSES[status]
        drawn = Text(sign.drawn(ascii_only=self.ascii_only), sign.style) if status != "OK" else Text(" ")
        return _Line(
            sign=Text.assemble("  ", drawn),
            name=Text(quote(row.cluster_name or row.cluster_uid or "", NAME_LENGTH)),
            copy=self._copy(row.cluster),
            expiry=self._expiry(row.cluster),
            reasons=_reasons(findings),
        )

    def _copy(self, cluster: ClusterReport | None) -> Text:
        if cluster is None:
            return Text("")
        if not cluster.restore_points:
            return Text("none", "bold red")
        made = cluster.newest_restore_point_at
        return Text(age(made, self.as_of)) if made else Text("unknown time", "yellow")

    def _expiry(self, cluster: ClusterReport | None) -> Text:
        if cluster is None or not cluster.restore_points:
            return Text("")
        return Text(age(cluster.expires_at, self.as_of) if cluster.expires_at else "never")

    def _strip(self, history: Sequence[Day]) -> Text:
        signs = [DAYS[day.state] for day in history[-STRIP_DAYS:]]
        return Text.assemble(*((sign.drawn(ascii_only=self.ascii_only), sign.style) for sign in signs))

    def legend(self, days: Iterable[Day], cells: int) -> Text:
        """What the signs of the strips mean, of those that occur; a sign and its word stay together."""
        seen, lines = {day.state for day in days}, [Text()]
        for state, sign in DAYS.items():
            if state in seen:
                word = Text.assemble(
                    (sign.drawn(ascii_only=self.ascii_only), sign.style), " ", (DAY_WORDS[state], "dim")
                )
                if not lines[-1] or lines[-1].cell_len + 3 + word.cell_len > cells:
                    lines.append(Text.assemble("  ", word))
                else:
                    lines[-1] = Text.assemble(lines[-1], "   ", word)
        return Text("\n").join(lines)


def _names_cluster(finding: Finding) -> bool:
    return bool(finding.cluster_uid or finding.cluster_name)


def _newest(cluster: ClusterReport) -> tuple[bool, float]:
    """Nothing to restore first, then the oldest."""
    made = cluster.newest_restore_point_at
    return (bool(cluster.restore_points), made.timestamp() if made else 0.0)


def _expiry_order(cluster: ClusterReport) -> tuple[bool, float]:
    """What expires first; what never does comes last."""
    at = cluster.expires_at
    return (not cluster.restore_points or at is None, at.timestamp() if at else 0.0)


def _reasons(findings: Iterable[Finding]) -> list[Text]:
    told: dict[str, Text] = {}
    for finding in findings:
        title = title_of_finding(finding)
        told.setdefault(title, Text(title, "dim" if finding.muted else _SEVERITY_STYLES[finding.severity]))
    return list(told.values())


class _Layout:
    """Columns as wide as their contents need, within what the terminal has."""

    def __init__(self, console: Console, width: int, lines: Sequence[_Line]) -> None:
        self._console = console
        self._width = width
        self._is_wide = width >= _WIDE_CELLS
        longest = max((line.sign.cell_len + 1 + line.name.cell_len for line in lines), default=0)
        most = _MAX_NAME_CELLS if self._is_wide else _MIN_NAME_CELLS + 2
        self._name_cells = min(max(longest, len("  Workspace")), most)
        self._strip_cells = max([len("Last 14 days"), *(line.strip.cell_len for line in lines)])

    def head(self) -> Text:
        head = _Line(Text(" "), Text("Workspace"), Text("Last good copy"), Text("Expires"), Text("Last 14 days"))
        (line,) = self._columns(head)
        if self._is_wide:
            line.append("  What is wrong")
        line.stylize("dim")
        line.rstrip()
        return line

    def laid_out(self, line: _Line) -> Iterator[Text]:
        *before, last = self._columns(line)
        indent = last.cell_len + 2 if self._is_wide else line.sign.cell_len + 3
        pieces = self._wrapped(line.reasons, self._width - indent)
        if self._is_wide and pieces:
            last = Text.assemble(last, "  ", pieces.pop(0))
        last.rstrip()
        yield from before
        yield last
        yield from (Text.assemble(" " * indent, piece) for piece in pieces)

    def _wrapped(self, reasons: Sequence[Text], cells: int) -> list[Text]:
        """One below the other; where they have no column of their own, on one line if that has room for all."""
        on_one_line = Text(", " if self._console.options.ascii_only else " · ").join(reasons)
        if not self._is_wide and reasons and on_one_line.cell_len <= cells:
            return [on_one_line]
        pieces = [piece for reason in reasons for piece in reason.wrap(self._console, max(20, cells))]
        for piece in pieces:
            piece.rstrip()
        return pieces

    def _columns(self, line: _Line) -> list[Text]:
        """One line, or two where the name is too long to stand beside anything."""
        name = Text.assemble(line.sign, " ", line.name)
        cells: tuple[tuple[Text, int], ...]
        cells = ((line.copy, _COPY_CELLS), (line.expiry, _EXPIRY_CELLS), (line.strip, self._strip_cells))
        if name.cell_len > self._name_cells and not line.copy.plain:
            # It may have the room of the columns that are empty in its line.
            room, cells = self._name_cells + _COPY_CELLS + _EXPIRY_CELLS + 4, cells[2:]
        else:
            room = self._name_cells
        before = [name] if name.cell_len > room else []
        return [*before, Text("  ").join(_padded(*cell) for cell in ((Text() if before else name, room), *cells))]


def _padded(text: Text, cells: int) -> Text:
    return Text.assemble(text, " " * max(0, cells - cell_len(text.plain)))
