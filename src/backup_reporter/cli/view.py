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
"""Longer lines are hard to read, even on a wide terminal."""


class ReportView:
    """Everything the report says, for rich's console. Text from Palette is never markup."""

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
    """Writes the sentences, line by line."""

    def __init__(self, report: Report, zone: ZoneInfo, console: Console, options: ConsoleOptions) -> None:
        self._report = report
        self._problems, self._infos = problems_and_infos(report)
        self._zone = zone
        self._console = console
        self._cells = min(options.max_width, _PROSE_CELLS)
        self._ascii_only = options.ascii_only

    def head(self) -> Iterator[RenderableType]:
        report, sign = self._report, STATUSES[self._report.status]
        headline = f"{sign.drawn(ascii_only=self._ascii_only)} {phrases.headline(report)}"
        yield from self._heading(headline, sign.style)
        yield from self._wrap([phrases.trust_line(report, self._zone)])
        yield from self._wrap([phrases.what_if(report, self._zone), phrases.scope_line(report)], "cyan")
        yield from self._wrap(phrases.caveats(report, _MAX_CAVEATS), "magenta")
        if report.problems or not report.workspaces:
            yield from self._wrap(["Run backup-reporter doctor to find the reason."])
        if tenants := phrases.tenant_lines(report, _MAX_TENANTS):
            yield Text()
            yield from self._wrap(tenants)
        if changes := phrases.change_lines(report, _MAX_CHANGES):
            yield Text()
            yield from self._wrap(changes)

    def copies(self) -> Iterator[RenderableType]:
        """The times to the minute, for a report on certain workspaces; the table has only ages."""
        if not self._report.scope.workspace_uids:
            return
        for workspace in self._report.workspaces:
            yield Text()
            where = place(workspace.tenant, workspace.project_name, workspace.name)
            yield from self._wrap([f"What can be restored of {where}:"], "bold")
            lines = [copy_line(cluster, workspace, self._zone) for cluster in workspace.clusters]
            yield from self._wrap(lines or [nothing_line(workspace)], indent=4)

    def causes(self) -> Iterator[RenderableType]:
        problems = self._problems
        for index, group in enumerate(problems[:_MAX_CAUSES]):
            yield Text()
            yield from self._cause(group, phrases.action_line(problems, index))
        if problems:
            left_out = problems[_MAX_CAUSES:]
            yield Text()
            yield from self._wrap([phrases.more_line(left_out, self._report)] if left_out else [])
            yield from self._wrap(["What a finding means: backup-reporter explain CODE"], "dim")

    def _cause(self, group: Group, action: str | None) -> Iterator[RenderableType]:
        sign = STATUSES[STATUS_OF_SEVERITY[group.severity]]
        since = phrases.since_line(group, self._report.as_of, self._zone)
        yield from self._heading(f"{sign.drawn(ascii_only=self._ascii_only)} {group.title}", sign.style)
        yield from self._wrap([f"{group.code}, {since}" if since else group.code], "dim")
        yield from self._wrap(member_lines(group.members, _MAX_WORKSPACES, _MAX_CLUSTERS), "bold", indent=4)
        yield from self._wrap([quote(group.message, phrases.MESSAGE_LENGTH)])
        yield from self._wrap([action], "cyan")

    def tail(self) -> Iterator[RenderableType]:
        report = self._report
        lines: Sequence[str | None] = (
            phrases.muted_line(report, _MAX_WORKSPACES),
            *phrases.info_lines(self._infos, _MAX_WORKSPACES),
            _deliveries(report),
            "The whole report:" if report.report_url else None,
        )
        if any(lines):
            yield Text()
            yield from self._wrap(lines)
        if report.report_url:  # in one piece: a link that is broken at the end of a line cannot be copied
            yield Text(f"  {report.report_url}", no_wrap=True, overflow="ignore")

    def _heading(self, text: str, style: str) -> Iterator[Text]:
        first, *more = Text(text, f"bold {style}").wrap(self._console, self._cells - 2)
        for line in (first, *(Text.assemble("  ", line) for line in more)):
            line.rstrip()
            yield line

    def _wrap(self, lines: Iterable[str | None], style: str = "", indent: int = 2) -> Iterator[Text]:
        for line in filter(None, lines):
            for piece in Text(line, style).wrap(self._console, self._cells - indent):
                piece.rstrip()
                yield Text.assemble(" " * indent, piece)


def _deliveries(report: Report) -> str | None:
    outcomes = (
        f"{delivery.channel} {delivery.status}" + (f" ({delivery.error})" if delivery.error else "")
        for delivery in report.deliveries
    )
    return f"Channels: {', '.join(outcomes)}." if report.deliveries else None
