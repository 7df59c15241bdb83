"""``backup-reporter audit`` as an auditor runs it: over a copy of the bucket, and over the bucket."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

from backup_reporter.proof.archive import path_of
from backup_reporter.report.model import json_pieces, to_json
from support.command_line import Done, run_command
from support.quarter import kept_reports
from support.report_builders import NOW, a_history, a_report, a_workspace, days

PERIOD = ["--from", "2026-09-01", "--to", "2026-11-30"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quarter's reports, as the bucket keeps them."""
    directory = tmp_path_factory.mktemp("reports")
    for report, _ in kept_reports():
        file = directory / path_of(report.report_id, "json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(json_pieces(report, line_break=b"\n")))
    return directory


def run(*arguments: str, **environment: str) -> Done:
    return run_command("audit", *arguments, environment=environment, directory=Path())


def test_the_record_of_a_quarter_is_one_command(directory: Path, tmp_path: Path) -> None:
    page = tmp_path / "q.html"
    done = run(*PERIOD, "--directory", str(directory), "--output", str(page), MAX_BACKUP_AGE_HOURS="80")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"The record of 90 reports is in {page}\n"
    text = page.read_text(encoding="utf-8")
    assert "2 clusters exceeded it" in text
    assert "Content-Security-Policy" in text


def test_the_record_of_one_report_says_so(directory: Path, tmp_path: Path) -> None:
    day, page = ("--from", "2026-09-02", "--to", "2026-09-02"), tmp_path / "day.md"
    assert (
        run(*day, "--directory", str(directory), "--output", str(page)).stderr
        == f"The record of 1 report is in {page}\n"
    )


def test_the_same_as_json_for_a_program(directory: Path) -> None:
    record = json.loads(run(*PERIOD, "--directory", str(directory), "--format", "json").stdout)
    assert (record["made"], record["expected"]) == (90, 91)
    assert record["workspaces"][0]["missed"] == 2


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
@pytest.mark.parametrize("field", ["asOf", "generatedAt"])
def test_a_report_from_the_ends_of_the_calendar_is_named_and_the_others_are_summed_up(
    directory: Path, tmp_path: Path, field: str, time: str
) -> None:
    copy = copytree(directory, tmp_path / "reports")
    (odd,) = copy.glob("2026/09/15/*.json")
    odd.write_text(json.dumps({**json.loads(odd.read_bytes()), field: time}))
    done = run(*PERIOD, "--directory", str(copy))
    assert f"- Kept, but cannot be read: {odd.stem}." in done.stdout
    verified = run_command("verify", str(odd), environment={}, directory=Path())
    assert f"{odd.stem} cannot be read: it says that it was made in the year {time[:4].lstrip('0')}" in verified.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--from", "2026-11-30", "--to", "2026-09-01"], "--from 2026-11-30 is after --to 2026-09-01"),
        (["--from", "yesterday", "--to", "2026-09-01"], "'yesterday' should be a date such as 2026-09-30"),
        (
            ["--from", "2025-01-01", "--to", "2025-01-31"],
            "no report that can be read is kept from 2025-01-01 to 2025-01-31: check the dates and --directory",
        ),
        ([*PERIOD, "--workspace", "nothing"], "no report of this period has the workspace 'nothing'; it has payments"),
        ([*PERIOD, "--workspace", "PAYMNTS "], "has the workspace 'PAYMNTS '; did you mean payments?"),
        ([*PERIOD, "--output", "a.html", "--format", "csv"], "'a.html' ends like html, and --format says csv"),
        ([*PERIOD, "--output", "a.pdf"], "'.pdf' is not .md, .html, .csv, .json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(directory: Path, arguments: list[str], problem: str) -> None:
    done = run(*arguments, "--directory", str(directory))
    assert done.returncode != 0
    assert done.stdout == ""
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_place_to_read_from_the_command_says_what_to_set() -> None:
    assert "set REPORT_BUCKET (and REPORT_PREFIX), or give --directory" in run(*PERIOD).stderr


def test_an_invalid_setting_that_it_does_not_need_is_not_its_business(directory: Path) -> None:
    done = run(
        *PERIOD, "--directory", str(directory), NOTIFY="sometimes", EMAIL_TO="ops@example.com", REPORT_BUCKET="?"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_invalid_setting_that_it_needs_is_named(directory: Path) -> None:
    done = run(*PERIOD, "--directory", str(directory), MAX_BACKUP_AGE_HOURS="soon", NOTIFY="sometimes")
    assert done.returncode != 0
    assert "MAX_BACKUP_AGE_HOURS" in done.stderr
    assert "NOTIFY" not in done.stderr


def test_a_run_after_the_last_report_of_the_period_counts_as_the_next_report_says(tmp_path: Path) -> None:
    before = a_workspace(history=a_history("not-due", 1), next_run_at=NOW + days(0.6))
    after = a_workspace(history=a_history("failed", 1))
    for workspace, as_of in ((before, NOW), (after, NOW + days(7))):
        report = a_report(workspace, as_of=as_of, report_id=f"{as_of:%Y%m%dT%H%M%SZ}-1a2b3c4d")
        file = tmp_path / path_of(report.report_id, "json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(to_json(report))
    done = run("--from", "2026-11-24", "--to", "2026-11-24", "--directory", str(tmp_path))
    assert "of 1 due day 0 succeeded, 0 were partial, 1 failed, 0 were missed." in done.stdout


def test_a_misspelt_setting_is_named_if_the_command_needs_it(directory: Path) -> None:
    misspelt = {"MAX_BACKUP_AGE_HOUR": "26", "EXPIRY_WARNING_DAY": "3"}
    done = run(*PERIOD, "--directory", str(directory), **misspelt)
    assert done.stderr == (
        "warning: MAX_BACKUP_AGE_HOUR is not a setting and is ignored; did you mean MAX_BACKUP_AGE_HOURS?\n"
    )


def test_a_damaged_report_is_named_and_the_others_are_summed_up(directory: Path, tmp_path: Path) -> None:
    copy = copytree(directory, tmp_path / "reports")
    (damaged,) = copy.glob("2026/09/15/*.json")
    damaged.write_text("{")
    done = run(*PERIOD, "--directory", str(copy))
    assert done.returncode == 0
    assert f"- Kept, but cannot be read: {damaged.stem}." in done.stdout
    assert "- 89 reports of 91 expected are kept" in done.stdout
    assert f"{damaged.stem} was changed after 20260916T070000Z-" in done.stdout


def test_a_period_with_nothing_but_damaged_reports_has_no_record(tmp_path: Path) -> None:
    damaged = tmp_path / "2026/09/01/20260901T070000Z-00000001.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    done = run(*PERIOD, "--directory", str(tmp_path))
    assert done.returncode != 0
    assert "no report that can be read is kept from 2026-09-01 to 2026-11-30" in done.stderr
