"""The estimate of what a deployment costs."""

import json
import re
from pathlib import Path

import pytest

from backup_reporter.cli.costs import ALARMS, KEPT_DAYS, METRICS_OF_A_REPORT, cost_lines, estimate
from backup_reporter.telemetry import Observer
from support.report_builders import a_report

REPOSITORY = Path(__file__).parents[3]
TEMPLATE = (REPOSITORY / "template.yaml").read_text(encoding="utf-8")


def test_a_hundred_workspaces_cost_one_to_five_dollars_as_the_readme_says() -> None:
    costs = estimate(100, secrets=2)
    least, most = sum(cost.least for cost in costs), sum(cost.most for cost in costs)
    assert (round(least), round(most)) == (1, 5)
    assert "costs $1 to $5 a month" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_alarms_are_those_of_the_template() -> None:
    assert TEMPLATE.count("Type: AWS::CloudWatch::Alarm\n") == ALARMS


def test_the_metrics_are_those_that_each_report_sends(capsys: pytest.CaptureFixture[str]) -> None:
    observer = Observer("1", "reporter")
    with observer.watching():
        observer.record(a_report(), is_regular=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    metrics = [
        metric["Name"]
        for line in lines
        if "_aws" in line
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    ]
    assert len(set(metrics)) == METRICS_OF_A_REPORT
    drawn_and_watched = set(
        re.findall(r'"BackupReporter", "(\w+)"|Namespace: BackupReporter\n\s+MetricName: (\w+)', TEMPLATE)
    )
    assert {name for pair in drawn_and_watched for name in pair if name} <= set(metrics)


def test_reports_are_kept_for_as_long_as_the_template_says() -> None:
    retention = re.search(r"ReportRetentionDays:\n\s+Type: Number\n\s+Default: (\d+)", TEMPLATE)
    old_versions = re.search(r"Id: old-reports.*?NoncurrentDays: (\d+)", TEMPLATE, re.DOTALL)
    assert retention
    assert old_versions
    assert int(retention[1]) + int(old_versions[1]) == KEPT_DAYS


def test_more_workspaces_cost_more_and_nothing_costs_less_than_nothing() -> None:
    few, many = (estimate(workspaces, secrets=1) for workspaces in (0, 10_000))
    assert sum(cost.least for cost in few) < sum(cost.least for cost in many)
    assert all(0 <= cost.least <= cost.most for cost in (*few, *many))


def test_the_last_line_is_the_sum() -> None:
    lines = cost_lines(estimate(100, secrets=1, has_dashboard=False))
    assert lines[-1].endswith("in all")
    assert "dashboard" not in "".join(lines)
