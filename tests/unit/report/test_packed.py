import io
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
from botocore.response import StreamingBody

from backup_reporter.health.workspace_report import Day, LatestRun, RestorePointSeries, WorkspaceReport
from backup_reporter.report.csv import csv_pieces, render_csv
from backup_reporter.report.email_html import render_email
from backup_reporter.report.model import from_json, from_json_lines, json_pieces, to_json
from backup_reporter.report.packed import PackedReports, with_findings, worst_first
from backup_reporter.report.rows import rows
from backup_reporter.report.slack import message
from backup_reporter.report.text import text
from backup_reporter.report.truncate import SizeLimit, fit
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days

BROKEN = a_workspace("payments", a_finding(evidence={"backup": "nightly-1"}), clusters=(a_cluster(),))
NOTED = a_workspace("archive", a_finding("disks-not-included"))
WELL = a_workspace("shop", clusters=(a_cluster(),), schedule="0 1 * * *")


def a_healthy_workspace(number: int) -> WorkspaceReport:
    """Ten clusters and thirty days, and no two workspaces alike."""
    made_at = NOW - timedelta(seconds=number)
    copies = RestorePointSeries(
        count=30,
        first_at=made_at - days(30),
        last_at=made_at,
        first_expires_at=made_at,
        last_expires_at=made_at + days(30),
    )
    return a_workspace(
        f"shop-{number:05}",
        schedule="0 1 * * *",
        latest_run=LatestRun(request_uid=f"run-{number}", backup_name=f"{number}-1", at=made_at, state="Completed"),
        clusters=tuple(
            a_cluster(f"{number}-{index}", newest_restore_point_at=made_at, restore_point_series=(copies,))
            for index in range(10)
        ),
        history=tuple(
            Day(date=(made_at - days(back)).date(), state="succeeded", backup_name=f"nightly-{number}-{back}")
            for back in range(30)
        ),
    )


def test_verdicts_are_read_as_they_were_written_in_the_order_of_a_report() -> None:
    elsewhere = msgspec.structs.replace(BROKEN, project_name="dev")

    assert list(PackedReports([WELL, BROKEN, NOTED, elsewhere])) == [elsewhere, NOTED, BROKEN, WELL]
    assert PackedReports([WELL, BROKEN])[0] == BROKEN
    assert PackedReports([WELL, BROKEN, NOTED])[-2:] == (BROKEN, WELL)


def test_verdicts_are_equal_to_any_sequence_of_the_same_ones() -> None:
    assert PackedReports([WELL, BROKEN]) == (BROKEN, WELL)
    assert PackedReports([WELL]) == PackedReports([WELL])
    assert PackedReports([WELL]) != (BROKEN,)
    assert PackedReports([WELL]) != (WELL, WELL)


def test_what_has_findings_is_found_without_reading_the_rest() -> None:
    some = [BROKEN, NOTED, WELL]

    assert list(with_findings(PackedReports(some))) == list(with_findings(tuple(some[i] for i in (1, 0, 2))))
    assert [one.name for one in with_findings(PackedReports(some))] == ["archive", "payments"]


def test_the_worst_come_first_and_the_others_follow_in_their_order() -> None:
    unknown = a_workspace("gitops", a_finding("unreadable"))

    assert [one.name for one in worst_first(PackedReports([WELL, NOTED, unknown, BROKEN]))] == [
        "payments",
        "gitops",
        "archive",
        "shop",
    ]


def test_json_written_in_pieces_is_the_json_of_the_whole() -> None:
    hostile = a_workspace('"workspaces":[]', a_finding(message='"workspaces":['))
    for some in ((), (WELL,), (hostile, BROKEN, WELL)):
        report = a_report(*some, problems=('"workspaces":[]',))
        whole = msgspec.json.encode(msgspec.structs.replace(report, workspaces=tuple(report.workspaces)))

        assert to_json(report) == whole
        assert to_json(msgspec.structs.replace(report, workspaces=tuple(report.workspaces))) == whole
        assert from_json(whole) == report
        in_lines = b"".join(json_pieces(report, line_break=b"\n"))
        assert in_lines.replace(b"\n", b"") == whole
        assert from_json_lines(iter(in_lines.splitlines())) == report


def test_a_large_report_in_lines_is_read_without_ever_being_held() -> None:
    report = a_report(*map(a_healthy_workspace, range(500)))
    kept = b"".join(json_pieces(report, line_break=b"\n"))
    body = StreamingBody(io.BytesIO(kept), len(kept))

    assert peak_bytes(lambda: from_json_lines(body.iter_lines(64 * 1024))) < len(kept) / 3


def test_a_large_fleet_is_written_and_cut_without_ever_being_held() -> None:
    # Large beside the 128 KB that a writer of CSV takes for itself.
    report = a_report(*map(a_healthy_workspace, range(1000)))
    whole = sum(map(len, json_pieces(report)))
    assert whole > 5_000_000
    for use in (
        lambda: sum(map(len, json_pieces(report))),
        lambda: sum(map(len, csv_pieces(report))),
        lambda: sum(1 for _ in rows(report)),
        lambda: fit(report, SizeLimit(20_000, lambda record: len(msgspec.json.encode(record)))),
    ):
        assert peak_bytes(use) < whole / 10


def test_the_worst_night_of_a_large_fleet_is_told_without_ever_being_held() -> None:
    failing = (
        msgspec.structs.replace(a_healthy_workspace(number), status="CRITICAL", findings=(a_finding(),))
        for number in range(500)
    )
    report, zone = a_report(*failing), ZoneInfo("UTC")
    whole = sum(map(len, json_pieces(report)))
    for tell in (lambda: text(report, zone), lambda: message(report, zone), lambda: render_email(report, zone)):
        tell()  # what it imports and compiles stays
        assert peak_bytes(tell) < whole / 2


def test_a_healthy_workspace_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        verdicts = PackedReports(map(a_healthy_workspace, range(1000)))
        kept_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert kept_bytes / len(verdicts) < 500


def test_the_csv_in_pieces_is_the_csv_of_the_whole() -> None:
    report = a_report(BROKEN, NOTED, WELL)

    assert b"".join(csv_pieces(report)) == render_csv(report).encode("utf-8-sig")


def peak_bytes(use: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        use()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
