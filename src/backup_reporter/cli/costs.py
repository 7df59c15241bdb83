"""What a deployment costs a month, by the prices that we know of.

Prices are in US dollars for us-east-1, as we know them in November 2026. They were not read from AWS's pages: compare
them (https://aws.amazon.com/SERVICE/pricing/). Free tiers are left out, except alarms and dashboards, where the estimate
is a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PRICES_AS_OF = "prices of us-east-1 as we know them in November 2026"

LAMBDA_GB_SECOND = 0.0000133334  # arm64
LAMBDA_REQUEST = 0.20e-6
S3_GB_MONTH = 0.023
S3_PUT = 5.0e-6
_DYNAMODB_WRITE = 0.625e-6
_LOGS_GB = 0.50
_SECRET_MONTH = 0.40
_ALARM_MONTH = 0.10
_METRIC_MONTH = 0.30
_DASHBOARD_MONTH = 3.0

REPORT_BYTES = 20_500
EVIDENCE_BYTES = 38_000
"""For a workspace and report, with 90 days × 10 clusters of history, which is much: page, CSV and JSON; and evidence.
``pytest tests/integration/test_kept_size.py -m slow`` measures them."""

KEPT_DAYS = 430
"""``ReportRetentionDays``, and 30 days more as an old version."""

_MEMORY_GB = 0.5
_START_SECONDS = 3.0
_REQUESTS_PER_SECOND = 10.0
_BURST = 49
_RUNS_A_MONTH = 30.4
_FILES_OF_A_REPORT = 8
_LOG_MB_OF_A_RUN = 0.02

ALARMS = 6
METRICS_OF_A_REPORT = 7
_METRICS_OF_CHANNELS_AND_FINDINGS = 17
"""One for each channel, and for each code among the findings: few in most reports."""
_HOURS_OF_A_METRIC = 1.0
"""A custom metric is charged for the hours in which it is sent: one a day for a daily report."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of the estimate, in US dollars a month, from ``least`` to ``most``."""

    what: str
    least: float
    most: float


def estimate(workspaces: int, secrets: int, *, has_dashboard: bool = True) -> list[Cost]:
    """Returns the costs of one report a day on so many workspaces, once as many are kept as will ever be."""
    run_seconds = _START_SECONDS + max(0, workspaces - _BURST) / _REQUESTS_PER_SECOND
    function = _RUNS_A_MONTH * (run_seconds * _MEMORY_GB * LAMBDA_GB_SECOND + LAMBDA_REQUEST)
    log = _RUNS_A_MONTH * (_LOG_MB_OF_A_RUN / 1024 * _LOGS_GB + 8 * _DYNAMODB_WRITE)
    running = function + log + _RUNS_A_MONTH * _FILES_OF_A_REPORT * S3_PUT
    keeping = KEPT_DAYS * workspaces * (REPORT_BYTES + EVIDENCE_BYTES) / 1e9 * S3_GB_MONTH
    metrics = (METRICS_OF_A_REPORT + _METRICS_OF_CHANNELS_AND_FINDINGS) * _METRIC_MONTH * _HOURS_OF_A_METRIC / 24
    costs = [
        Cost("Lambda, DynamoDB, logs, writing to S3", running, running),
        Cost("S3: up to 14 months of reports and evidence", 0, keeping),
        Cost(
            f"Secrets Manager, {secrets} secrets" if secrets != 1 else "Secrets Manager, 1 secret",
            *[secrets * _SECRET_MONTH] * 2,
        ),
        Cost("CloudWatch metrics", metrics, metrics),
        Cost(f"{ALARMS} CloudWatch alarms (the first ten of an account are free)", 0, ALARMS * _ALARM_MONTH),
    ]
    if has_dashboard:
        costs.append(Cost("CloudWatch dashboard (the first three of an account are free)", 0, _DASHBOARD_MONTH))
    return costs


def cost_lines(costs: Sequence[Cost]) -> list[str]:
    """Returns the estimate as lines of text, with the sum at the end."""
    total = Cost("in all", sum(cost.least for cost in costs), sum(cost.most for cost in costs))
    return [f"{_dollars(cost):>16}  {cost.what}" for cost in (*costs, total)]


def _dollars(cost: Cost) -> str:
    least, most = f"${cost.least:.2f}", f"${cost.most:.2f}"
    return least if least == most else f"{least} – {most}"
