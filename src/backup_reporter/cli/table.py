"""The table of workspaces: problems first, with every cluster, then a line for each healthy workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.styled import Styled
from rich.table import Table
from rich.text import Text

from backup_reporter.cli.symbols import DAY_WORDS, DAYS, STATUSES
from backup_reporter.health.findings import Finding, Severity, status_of
from backup_reporter.health.workspace_report import ClusterReport, Day, WorkspaceReport
from backup_reporter.report.day_states import STRIP_DAYS
from backup_reporter.report.groups import title_of_finding
from backup_reporter.report.last_restore import last_restore_words
from backup_reporter.report.locations import NAME_LENGTH, place_of
from backup_reporter.report.model import Report
from backup_reporter.report.rows import Row, rows
from backup_reporter.wording import age, count, quote

MAX_HEALTHY = 40
"""More healthy workspaces than these are only counted, so that problems stay in sight."""

_COPY_CELLS = 15
_EXPIRY_CELLS = 14
_RESTORE_CELLS = 15
_FIXED_CELLS = _COPY_CELLS + _EXPIRY_CELLS + STRIP_DAYS + 3 * 2
_MIN_NAME_CELLS = len("  Workspace")
_MAX_NAME_CELLS = 44
_WIDE_CELLS = 110
"""From this width on, what is wrong (and the last restore) has a column of its own; below it, lines of its own."""
_MEDIUM_CELLS = 76
"""Below this width every fact has a line of its own."""

_SEVERITY_STYLES: dict[Severity, str] = {"critical": "", "unknown": "", "warning": "", "info": "dim"}


@dataclass(frozen=True, slots=True)
class _Line:
    """The contents of a row. ``reasons`` say what is wrong."""

    sign: Text
    name: Text
    copy: Text = field(default_factory=Text)
    expiry: Text = field(default_factory=Text)
    restore: Text = field(default_factory=Text)
    strip: Text = field(default_factory=Text)
    reasons: Sequence[Text] = ()


class WorkspaceTable:
    """Fits the width of the terminal; long names wrap, nothing is cut off."""

    def __init__(self, report: Report) -> None:
        self._as_of = report.as_of
        self._shows_restores = report.restore_test_max_age_days is not None
        by_workspace = groupby(sorted(rows(report), key=_by_workspace), key=lambda row: row.workspace)
        workspaces = [(workspace, list(its_rows)) for workspace, its_rows in by_workspace]
        self._bad = [entry for entry in workspaces if entry[0].status != "OK"]
        self._healthy = [entry for entry in workspaces if entry[0].status == "OK"]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        drawing = _Drawing(self._as_of, ascii_only=options.ascii_only)
        bad = [line for workspace, its_rows in self._bad for line in drawing.lines(workspace, its_rows)]
        healthy = [drawing.healthy(workspace) for workspace, _ in self._healthy[:MAX_HEALTHY]]
        layout = _Layout(
            options.max_width, [*bad, *healthy], ascii_only=options.ascii_only, shows_restores=self._shows_restores
        )
        yield layout.head()
        yield from map(layout.lay_out, bad)
        if bad and healthy:
            yield Text()
        yield from map(layout.lay_out, healthy)
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
    """Texts and styles of each row, without the layout."""

    as_of: datetime
    ascii_only: bool

    def lines(self, workspace: WorkspaceReport, its_rows: Sequence[Row]) -> Iterator[_Line]:
        """A workspace with a problem, and every cluster of it."""
        sign = STATUSES[workspace.status]
        yield _Line(
            sign=Text(sign.drawn(ascii_only=self.ascii_only), f"bold {sign.style}"),
            name=Text(
                place_of(workspace),
                f"bold {sign.style}",
            ),
            restore=self._restore(workspace),
            strip=self._strip(workspace.history),
            reasons=_reasons(finding for finding in workspace.findings if not _names_cluster(finding)),
        )
        yield from (self._cluster(row) for row in its_rows if row.cluster_uid or row.cluster_name)

    def healthy(self, workspace: WorkspaceReport) -> _Line:
        """A workspace on one line, with the ages of its worst cluster."""
        sign, clusters = STATUSES["OK"], workspace.clusters
        return _Line(
            sign=Text(sign.drawn(ascii_only=self.ascii_only), sign.style),
            name=Text(place_of(workspace)),
            copy=self._copy(min(clusters, key=_newest, default=None)),
            expiry=self._expiry(min(clusters, key=_expiry_order, default=None)),
            restore=self._restore(workspace),
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
            name=Text(quote(row.cluster_name or row.cluster_uid, NAME_LENGTH)),
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

    def _restore(self, workspace: WorkspaceReport) -> Text:
        return Text(last_restore_words(workspace, partial(age, now=self.as_of)))

    def _strip(self, history: Sequence[Day]) -> Text:
        signs = [DAYS[day.state] for day in history[-STRIP_DAYS:]]
        return Text.assemble(*((sign.drawn(ascii_only=self.ascii_only), sign.style) for sign in signs))

    def legend(self, days: Iterable[Day], cells: int) -> Text:
        """Explains the signs that occur; a sign and its word stay together."""
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
    """Sorts nothing to restore first, then the oldest."""
    made = cluster.newest_restore_point_at
    return (bool(cluster.restore_points), made.timestamp() if made else 0.0)


def _expiry_order(cluster: ClusterReport) -> tuple[bool, float]:
    """Sorts what expires first; what never expires is last."""
    at = cluster.expires_at
    return (not cluster.restore_points or at is None, at.timestamp() if at else 0.0)


def _reasons(findings: Iterable[Finding]) -> list[Text]:
    told: dict[str, Text] = {}
    for finding in findings:
        title = title_of_finding(finding)
        told.setdefault(title, Text(title, "dim" if finding.muted else _SEVERITY_STYLES[finding.severity]))
    return list(told.values())


class _Layout:
    """Columns as wide as the terminal allows: beside each other, or below each other if it is narrow."""

    def __init__(self, width: int, lines: Sequence[_Line], *, ascii_only: bool, shows_restores: bool) -> None:
        self._shows_restores = shows_restores
        self._is_wide = width >= _WIDE_CELLS + (_RESTORE_CELLS + 2) * shows_restores
        self._is_narrow = width < _MEDIUM_CELLS
        self._width = width
        self._separator = ", " if ascii_only else " · "
        longest = max((line.sign.cell_len + 1 + line.name.cell_len for line in lines), default=0)
        most = _MAX_NAME_CELLS if self._is_wide else width - _FIXED_CELLS
        self._name_cells = min(max(longest, _MIN_NAME_CELLS), most)

    def head(self) -> RenderableType:
        head = _Line(
            sign=Text(" "),
            name=Text("Workspace"),
            copy=Text("Last good copy"),
            expiry=Text("Expires"),
            restore=Text("Last restore" if self._is_wide else ""),
            strip=Text("" if self._is_narrow else f"Last {STRIP_DAYS} days"),
            reasons=[Text("What is wrong")] if self._is_wide else [],
        )
        return Styled(self.lay_out(head), "dim")

    def lay_out(self, line: _Line) -> RenderableType:
        name, ages = Text.assemble(line.sign, " ", line.name), (line.copy, line.expiry)
        if self._is_wide:
            restore = (line.restore,) if self._shows_restores else ()
            return self._row((name, *ages, *restore, line.strip), Group(*line.reasons))
        indent = line.sign.cell_len + 3
        facts = [*line.reasons, *([Text(f"last restore: {line.restore}", "dim")] if line.restore else [])]
        below: list[RenderableType] = [self._joined(facts, self._width - indent)] if facts else []
        if self._is_narrow:
            below = [*([self._row(ages)] if any(ages) else []), *filter(None, [line.strip]), *below]
            row: RenderableType = name
        else:
            row = self._row((name, *ages, line.strip))
        return Group(row, *(Padding(renderable, (0, 0, 0, indent)) for renderable in below))

    def _row(self, cells: Sequence[Text], *last: RenderableType) -> Table:
        """A row of the table is a table of its own, so that something may stand between two rows."""
        grid = Table.grid(padding=(0, 2))
        restore = (_RESTORE_CELLS,) if self._is_wide and self._shows_restores else ()
        widths = (self._name_cells, _COPY_CELLS, _EXPIRY_CELLS, *restore, STRIP_DAYS)
        for width in widths[1:3] if self._is_narrow else widths:
            grid.add_column(width=width, overflow="fold")
        grid.add_row(*cells, *last)
        return grid

    def _joined(self, reasons: Sequence[Text], cells: int) -> Text:
        """All reasons on one line if they fit, else one below the other."""
        on_one_line = Text(self._separator).join(reasons)
        return on_one_line if on_one_line.cell_len <= cells else Text("\n").join(reasons)
