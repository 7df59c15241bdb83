"""A progress bar, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import ProgressColumn as Column
from rich.text import Text

from backup_reporter.cli.console import PlainConsole
from backup_reporter.run.check_shards import Progress as OnProgress
from backup_reporter.run.check_shards import ignore_progress


class _Rate(Column):
    """``9.8/s``."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", "dim")


@contextmanager
def progress_bar(*, is_wanted: bool) -> Iterator[OnProgress]:
    """Yields a function to report progress to. The bar is on stderr and disappears at the end."""
    if not (is_wanted and sys.stdout.isatty() and sys.stderr.isatty()):
        yield ignore_progress
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, _Rate(), TimeRemainingColumn(), console=PlainConsole(stderr=True), transient=True) as bar:
        task = bar.add_task("Looking for workspaces", total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, description="Asking about backups", completed=done, total=total)

        yield update
