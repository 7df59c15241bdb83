"""Shows on a terminal how many requests the look-alike has answered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from contextlib import AbstractContextManager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backup_reporter.demo.documents import Fleet
from backup_reporter.demo.lookalike import LookAlike


def request_progress(palette: LookAlike) -> AbstractContextManager[object]:
    """Returns a progress bar on stderr that disappears at the end; without a terminal it shows nothing."""
    console = Console(stderr=True)
    return _RequestProgress(palette, console) if console.is_terminal else contextlib.nullcontext()


class _RequestProgress(Progress):
    """Looks at the look-alike each time that rich draws the bar."""

    def __init__(self, palette: LookAlike, console: Console) -> None:
        self._palette, self._before = palette, len(palette.requests)
        columns = (TextColumn("Requests to Palette"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        super().__init__(*columns, console=console, transient=True)
        self.add_task("", total=_expected_requests(palette.fleet))

    def get_renderables(self) -> Iterable[RenderableType]:
        for task in self.task_ids:
            self.update(task, completed=len(self._palette.requests) - self._before)
        return super().get_renderables()


def _expected_requests(fleet: Fleet) -> int:
    """About how many requests a report takes: a list for each project, and one or two questions about each place."""
    questions_each = 2 if fleet.restores else 1
    return 2 + len(fleet.projects) + questions_each * (len(fleet.backups) + len(fleet.clusters))
