"""The table as people see it, held against pictures of it in plain text.

``UPDATE_SNAPSHOTS=1 .venv/bin/pytest -n0 tests/unit/cli/test_cli_table.py`` takes new ones; look at them before you keep them.
"""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console, RenderableType

from backup_reporter.cli.formats import Screenful, write
from backup_reporter.cli.view import ReportView
from backup_reporter.demo.instructive import instructive
from backup_reporter.report.model import Scope
from support.sample import sample_report

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
SNAPSHOTS = Path(__file__).parent / "snapshots"


def drawn(renderable: RenderableType, **options: Any) -> list[str]:
    """What is seen of it, line by line."""
    file = io.StringIO()
    console = Console(file=file, color_system=None, highlight=False, markup=False, emoji=False, **options)
    console.print(renderable)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_whoever_asks_about_one_workspace_is_told_to_the_minute() -> None:
    whole = sample_report(instructive(NOW), NOW)
    payments = tuple(one for one in whole.workspaces if one.name == "payments")
    narrowed = msgspec.structs.replace(whole, workspaces=payments, scope=Scope(workspace_uids=(payments[0].uid,)))

    seen = drawn(ReportView(narrowed, ZoneInfo("Europe/Berlin")), width=80)

    heading = seen.index("  What can be restored of prod / payments:")
    assert seen[heading + 1] == "    ap-1: made 2026-11-23 02:02 CET, expires 2026-12-23 02:02 CET"
    assert not any("What can be restored of" in line for line in drawn(ReportView(whole, ZoneInfo("UTC")), width=80))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gitops", "Not known (Could not be looked at)"),
        ("monitoring", "Nothing (No backup policy)"),
        ("old-portal", "Nothing (Workspace is being deleted)"),
    ],
)
def test_whoever_asks_about_a_workspace_without_clusters_is_told_whether_anybody_knows(name: str, said: str) -> None:
    whole = sample_report(instructive(NOW), NOW)
    (asked,) = (one for one in whole.workspaces if one.name == name)
    narrowed = msgspec.structs.replace(whole, workspaces=(asked,), scope=Scope(workspace_uids=(asked.uid,)))

    seen = drawn(ReportView(narrowed, ZoneInfo("UTC")), width=80)

    heading = seen.index(f"  What can be restored of {asked.project_name} / {name}:")
    assert seen[heading + 1] == f"    {said}"
    assert seen[heading - 2 : heading][0], "one blank line, where there is no history to draw"


def test_a_long_link_to_the_report_stays_in_one_piece(tmp_path: Path) -> None:
    link = f"https://bucket.example/report.html?signature={'x' * 400}"
    report = msgspec.structs.replace(sample_report(instructive(NOW), NOW), report_url=link)

    write(report, "table", ZoneInfo("UTC"), tmp_path / "report.txt")

    assert (tmp_path / "report.txt").read_text(encoding="utf-8").endswith(f"\n  The whole report:\n  {link}\n")


@pytest.fixture(scope="module")
def view() -> ReportView:
    return ReportView(sample_report(instructive(NOW), NOW), ZoneInfo("Europe/Berlin"))


def test_a_watch_keeps_the_head_in_sight_and_says_how_much_more_there_is(view: ReportView) -> None:
    whole = drawn(view, width=80)
    seen = drawn(Screenful(view), width=80, height=30)
    assert len(seen) == 27, "three lines are left for what a watch says below"
    assert seen[:-1] == whole[:26]
    assert seen[-1] == f"  … {len(whole) - 26} more lines: make the window larger, or look without --watch"


def test_a_watch_cuts_nothing_off_that_has_room(view: ReportView) -> None:
    whole = drawn(view, width=80)
    assert drawn(Screenful(view), width=80, height=len(whole) + 3) == whole


def test_a_long_verdict_is_wrapped_under_itself() -> None:
    asked = sample_report(instructive(NOW), NOW)
    what_if = msgspec.structs.replace(asked, what_if=True)
    first, second, *_ = drawn(ReportView(what_if, ZoneInfo("UTC")), width=60)
    assert first.startswith("✗ What if it were")
    assert second.startswith("  ")


@pytest.mark.parametrize("width", [40, 80, 140])
def test_the_table_looks_as_it_did(view: ReportView, width: int) -> None:
    seen = drawn(view, width=width)
    text = "\n".join(seen) + "\n"
    snapshot = SNAPSHOTS / f"table-{width}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8")
    assert max(map(len, seen)) <= width
