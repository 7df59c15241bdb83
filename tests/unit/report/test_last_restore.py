"""What each rendering says of the last restore."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from backup_reporter.cli.view import ReportView
from backup_reporter.health.workspace_report import LastRestore, WorkspaceReport
from backup_reporter.report.csv import render_csv
from backup_reporter.report.last_restore import last_restore_words
from backup_reporter.report.markdown import render_markdown
from backup_reporter.report.model import Report
from backup_reporter.report.page.page import render_page
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days

UTC = ZoneInfo("UTC")
TWELVE_DAYS_AGO = NOW - days(12)


def restored(state: str | None = "Completed", at: datetime | None = TWELVE_DAYS_AGO) -> WorkspaceReport:
    return a_workspace(
        "payments", clusters=(a_cluster(),), last_restore=LastRestore(at=at, state=state), restores_known=True
    )


NEVER = a_workspace("orders", a_finding(), clusters=(a_cluster(),), restores_known=True)
NOT_KNOWN = a_workspace("search", clusters=(a_cluster(),), restores_known=False)
NOT_ASKED = a_workspace("monitoring", a_finding("not-protected"))


@pytest.mark.parametrize(
    ("workspace", "words"),
    [
        (restored(), "12 days ago"),
        (restored("succeeded"), "12 days ago"),
        (restored("Failed"), "12 days ago (failed)"),
        (restored("PartiallyFailed"), "12 days ago (incomplete)"),
        (restored("InProgress"), "12 days ago (running)"),
        (restored("Rehydrated"), "12 days ago (state 'Rehydrated')"),
        (restored(None), "12 days ago (state not known)"),
        (restored(at=None), "at an unknown time"),
        (NEVER, "never"),
        (NOT_KNOWN, "not known"),
        (NOT_ASKED, ""),
    ],
)
def test_a_restore_that_did_not_succeed_is_never_a_bare_date(workspace: WorkspaceReport, words: str) -> None:
    assert last_restore_words(workspace, lambda _: "12 days ago") == words


def asked(*workspaces: WorkspaceReport) -> Report:
    return msgspec.structs.replace(a_report(*workspaces), restore_test_max_age_days=90.0)


WHOLE = asked(restored("Failed"), NEVER, NOT_KNOWN, NOT_ASKED)


def drawn(report: Report, width: int) -> str:
    file = io.StringIO()
    Console(file=file, color_system=None, highlight=False, markup=False, emoji=False, width=width).print(
        ReportView(report, UTC)
    )
    return file.getvalue()


def test_a_spreadsheet_has_the_time_and_the_state_and_says_never() -> None:
    lines = {line["workspace"]: line for line in csv.DictReader(io.StringIO(render_csv(WHOLE)))}
    said = {name: (line["last restore"], line["last restore state"]) for name, line in lines.items()}
    assert said == {
        "payments": ("2026-11-12T07:00:00Z", "Failed"),
        "orders": ("never", ""),
        "search": ("not known", ""),
        "monitoring": ("", ""),
    }


def test_a_wide_terminal_has_a_column_for_it() -> None:
    seen = drawn(WHOLE, 140)
    head = next(line for line in seen.splitlines() if "Last good copy" in line)
    start = head.index("Last restore")
    table = seen.splitlines()[seen.splitlines().index(head) + 1 :]
    column = [
        next(line[start : start + 15].strip() for line in table if f"prod / {name}" in line)
        for name in ("orders", "search", "monitoring", "payments")
    ]
    assert column == ["never", "not known", "", "12 days ago"]


@pytest.mark.parametrize("width", [40, 80])
def test_a_narrow_terminal_says_it_below_the_workspace(width: int) -> None:
    seen = drawn(WHOLE, width)
    assert "last restore: 12 days ago (failed)" in seen
    assert "last restore: never" in seen
    assert "last restore: \n" not in seen
    assert max(map(len, seen.splitlines())) <= width


def test_markdown_and_the_page_have_a_column_for_it() -> None:
    table = [line for line in render_markdown(WHOLE, UTC).splitlines() if line.startswith("|")]
    assert table[0].endswith("| Last restore |")
    assert any("payments" in line and "2026-11-12 07:00 UTC (failed) |" in line for line in table)
    assert any("orders" in line and line.endswith("| never |") for line in table)

    page = render_page(WHOLE, UTC)
    assert '<th scope="col">Last restore' in page
    assert "<td>never" in page
    assert "<td>not known" in page
    assert "<span>last restore: 12 days ago (failed)</span>" in page


def test_nothing_is_said_of_restores_if_no_one_asked_for_them() -> None:
    report = a_report(NOT_ASKED, a_workspace("payments", clusters=(a_cluster(),)))
    for said in (render_markdown(report, UTC), render_page(report, UTC), drawn(report, 140), drawn(report, 80)):
        assert "last restore" not in said.casefold()
