import pytest

from backup_reporter.cli.report_command import exit_code
from backup_reporter.report.model import Report
from support.report_builders import a_finding, a_green_report, a_report, a_workspace

OK = a_green_report(1)
WARNING = a_report(a_workspace("shop", a_finding("backup-stuck")))
UNKNOWN = a_report(a_workspace("shop", a_finding("unreadable")))
CRITICAL = a_report(a_workspace("shop", a_finding()))


@pytest.mark.parametrize(
    ("report", "codes"),
    [
        pytest.param(OK, {None: 0, "warning": 0, "unknown": 0, "critical": 0}, id="OK"),
        pytest.param(WARNING, {None: 1, "warning": 1, "unknown": 0, "critical": 0}, id="WARNING"),
        pytest.param(UNKNOWN, {None: 3, "warning": 3, "unknown": 3, "critical": 0}, id="UNKNOWN"),
        pytest.param(CRITICAL, {None: 2, "warning": 2, "unknown": 2, "critical": 2}, id="CRITICAL"),
    ],
)
def test_the_exit_code_is_the_status_unless_a_pipeline_is_lenient(report: Report, codes: dict[str | None, int]) -> None:
    assert {fail_on: exit_code(report, fail_on) for fail_on in codes} == codes


def test_a_report_on_nothing_never_passes() -> None:
    assert exit_code(a_report(), "critical") == 3
