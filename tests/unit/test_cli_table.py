"""The table as people see it, held against pictures of it in plain text.

``UPDATE_SNAPSHOTS=1 .venv/bin/pytest -n0 tests/unit/test_cli_table.py`` takes new ones; look at them before you keep them.
"""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from backup_reporter.cli.view import ReportView
from backup_reporter.demo.instructive import instructive
from backup_reporter.demo.sample import sample_report

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_looks_as_it_did(width: int) -> None:
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(ReportView(sample_report(instructive(NOW), NOW), ZoneInfo("Europe/Berlin")))
    seen = "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
    snapshot = SNAPSHOTS / f"table-{width}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(seen, encoding="utf-8")
    assert seen == snapshot.read_text(encoding="utf-8")
    assert max(map(len, seen.splitlines())) <= width
