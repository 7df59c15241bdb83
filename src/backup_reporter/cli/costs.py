"""What a deployment costs a month, from AWS's list prices.

Prices in US dollars for us-east-1, from the services' own pricing pages (https://aws.amazon.com/SERVICE/pricing/),
as of November 2026. Free tiers are left out, except alarms and dashboards, where the estimate is a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PRICES_AS_OF = "November 2026, us-east-1"

_LAMBDA_GB_SECOND = 0.0000133334  # arm64
_LAMBDA_REQUEST = 0.20e-6
_S3_GB_MONTH = 0.023
_S3_PUT = 5.0e-6
_DYNAMODB_WRITE = 0.625e-6
_LOGS_GB = 0.50
_SECRET_MONTH = 0.40
_ALARM_MONTH = 0.10
_METRIC_MONTH = 0.30
_DASHBOARD_MONTH = 3.0

_MEMORY_GB = 0.5
_START_SECONDS = 3.0
_REQUESTS_PER_SECOND = 10.0
_BURST = 49
_RUNS_A_MONTH = 30.4
_KEPT_MONTHS = 13.0
_KEPT_MB_OF_A_WORKSPACE = 0.02
_FILES_OF_A_REPORT = 8
_LOG_MB_OF_A_RUN = 0.02
_ALARMS = 6
_METRICS = 24
_HOURS_OF_A_METRIC = 1.0
"""A custom metric is charged for the hours in which it is sent: one a day for a daily report."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of the estimate, in US dollars a month, from ``least`` to ``most``."""

    what: str
    least: float
    most: float


def estimate(workspaces: int, secrets: int, *, has_dashboard: bool = True) -> list[Cost]:
    """Returns the costs of one report a day on so many workspaces."""
    run_seconds = _START_SECONDS + max(0, workspaces - _BURST) / _REQUESTS_PER_SECOND
    function = _RUNS_A_MONTH * (run_seconds * _MEMORY_GB * _LAMBDA_GB_SECOND + _LAMBDA_REQUEST)
    report_gb = workspaces * _KEPT_MB_OF_A_WORKSPACE / 1024
    bucket = _RUNS_A_MONTH * (_FILES_OF_A_REPORT * _S3_PUT + report_gb * _KEPT_MONTHS * _S3_GB_MONTH)
    log = _RUNS_A_MONTH * (_LOG_MB_OF_A_RUN / 1024 * _LOGS_GB + 8 * _DYNAMODB_WRITE)
    metrics = _METRICS * _METRIC_MONTH * _HOURS_OF_A_METRIC / 24
    costs = [
        Cost("Lambda, S3, DynamoDB, logs", function + bucket + log, function + bucket + log),
        Cost(
            f"Secrets Manager, {secrets} secrets" if secrets != 1 else "Secrets Manager, 1 secret",
            *[secrets * _SECRET_MONTH] * 2,
        ),
        Cost("CloudWatch metrics", metrics, metrics),
        Cost(f"{_ALARMS} CloudWatch alarms (the first ten of an account are free)", 0, _ALARMS * _ALARM_MONTH),
    ]
    if has_dashboard:
        costs.append(Cost("CloudWatch dashboard (the first three of an account are free)", 0, _DASHBOARD_MONTH))
    return costs


def cost_lines(costs: Sequence[Cost]) -> list[str]:
    """Returns the estimate as lines of text, with the sum at the end."""
    total = Cost("in all", sum(cost.least for cost in costs), sum(cost.most for cost in costs))
    return [f"{_dollars(cost):>14}  {cost.what}" for cost in (*costs, total)]


def _dollars(cost: Cost) -> str:
    least, most = f"${cost.least:.2f}", f"${cost.most:.2f}"
    return least if least == most else f"{least} – {most}"
