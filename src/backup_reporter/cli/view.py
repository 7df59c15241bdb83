"""The report on a terminal: the verdict, the table, and what to do about each cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from backup_reporter.cli.symbols import STATUSES
from backup_reporter.cli.table import WorkspaceTable
from backup_reporter.health.findings import STATUS_OF_SEVERITY
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.locations import member_lines, place
from backup_reporter.report.model import Report
from backup_reporter.report.restorable import copy_line, nothing_line
from backup_reporter.wording import quote

_MAX_CAVEATS = 10
_MAX_TENANTS = 40
_MAX_CHANGES = 10
_MAX_CAUSES = 20
_MAX_WORKSPACES = 8
_MAX_CLUSTERS = 8
_PROSE_CELLS = 100
"""Lines longer than this are hard to read, however wide the terminal is."""


class ReportView:
    """Everything the report says, for a console of rich's; other people's text is never markup here."""

    def __init__(self, report: Report, zone: ZoneInfo) -> None:
        self._report = report
        self._zone = zone

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        writer = _Writer(self._report, self._zone, console, options)
        yield from writer.head()
        if self._report.workspaces:
            yield Text()
            yield WorkspaceTable(self._report)
        yield from writer.copies()
        yield from writer.causes()
        yield from writer.tail()


class _Writer:
    """Lays the sentences out, line by line."""

    def __init__(self, report: Report, zone: ZoneInfo, console: Console, options: ConsoleOptions) -> None:
        self._report = report
        self._problems, self._infos = problems_and_infos(report)
        self._zone = zone
        self._console = console
        self._cells = min(options.max_width, _PROSE_CELLS)
        self._ascii_only = options.ascii_only

    def head(self) -> Iterator[RenderableType]:
        report, sign = self._report, STATUSES[self._report.status]
        workspace_report = f"{sign.drawn(ascii_only=self._ascii_only)} {phrases.headline(report)}"
        first, *more = Text(workspace_report, f"bold {sign.style}").wrap(self._console, self._cells - 2)
        yield from (first, *(Text.assemble("  ", piece) for piece in more))
        yield from self._said([phrases.trust_line(report, self._zone)])
        yield from self._said([phrases.what_if(report, self._zone), phrases.scope_line(report)], "cyan")
        yield from self._said(phrases.caveats(report, _MAX_CAVEATS), "magenta")
        if report.problems or not report.workspaces:
            yield from self._said(["backup-reporter doctor looks for the reason."])
        tenants = phrases.tenant_lines(report, _MAX_TENANTS)
        if tenants:
            yield Text()
            yield from self._said(tenants)
        changes = phrases.change_lines(report, _MAX_CHANGES)
        if changes:
            yield Text()
            yield from self._said(changes)

    def copies(self) -> Iterator[RenderableType]:
        """To the minute, for whoever asks about certain workspaces; a table of all has only room for ages."""
        if not self._report.scope.workspace_uids:
            return
        for workspace in self._report.workspaces:
            yield Text()
            where = place(workspace.tenant, workspace.project_name, workspace.name)
            yield from self._said([f"What can be restored of {where}:"], "bold")
            lines = [copy_line(cluster, workspace, self._zone) for cluster in workspace.clusters]
            yield from self._said(lines or [nothing_line(workspace)], indent=4)

    def causes(self) -> Iterator[RenderableType]:
        problems = self._problems
        for index, group in enumerate(problems[:_MAX_CAUSES]):
            yield Text()
            yield from self._cause(group, phrases.action_line(problems, index))
        if problems:
            left_out = problems[_MAX_CAUSES:]
            yield Text()
            yield from self._said([phrases.more_line(left_out, self._report)] if left_out else [])
            yield from self._said(["What a finding means: backup-reporter explain CODE"], "dim")

    def _cause(self, group: Group, action: str | None) -> Iterator[RenderableType]:
        sign = STATUSES[STATUS_OF_SEVERITY[group.severity]]
        since = phrases.since_line(group, self._report.as_of, self._zone)
        yield Text(f"{sign.drawn(ascii_only=self._ascii_only)} {group.title}", f"bold {sign.style}")
        yield from self._said([f"{group.code}, {since}" if since else group.code], "dim")
        yield from self._said(member_lines(group.members, _MAX_WORKSPACES, _MAX_CLUSTERS), "bold", indent=4)
        yield from self._said([quote(group.message, phrases.MESSAGE_LENGTH)])
        yield from self._said([action], "cyan")

    def tail(self) -> Iterator[RenderableType]:
        report = self._report
        lines: Sequence[str | None] = (
            phrases.muted_line(report, _MAX_WORKSPACES),
            *phrases.info_lines(self._infos, _MAX_WORKSPACES),
            _deliveries(report),
            f"The whole report: {report.report_url}" if report.report_url else None,
        )
        if any(lines):
            yield Text()
            yield from self._said(lines)

    def _said(self, lines: Iterable[str | None], style: str = "", indent: int = 2) -> Iterator[Text]:
        for line in filter(None, lines):
            for piece in Text(line, style).wrap(self._console, self._cells - indent):
                piece.rstrip()
                yield Text.assemble(" " * indent, piece)


def _deliveries(report: Report) -> str | None:
    told = (f"{one.channel} {one.status}" + (f" ({one.error})" if one.error else "") for one in report.deliveries)
    return f"Told: {', '.join(told)}." if report.deliveries else None
