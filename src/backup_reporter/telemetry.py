"""Writes what the function's operators see: structured logs and metrics (CloudWatch's embedded format)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from backup_reporter.aws.secrets import keep_libraries_quiet
from backup_reporter.errors import BackupReporterError
from backup_reporter.report.model import Report, has_arrived
from backup_reporter.report.packed import with_findings
from backup_reporter.wording import quote

SERVICE = "backup-reporter"
NAMESPACE = "BackupReporter"

_REASON_LENGTH = 1000
_MAX_REASONS = 50
_METRIC_OF_DELIVERY = {"delivered": "ReportsDelivered", "failed": "DeliveriesFailed"}
"""A channel that already has the report (``duplicate``) does not get it again, and is not counted again."""


class Observer:
    """Watches one invocation. Every log line carries the invocation's id, every metric the function's name."""

    def __init__(self, invocation_id: str, function_name: str) -> None:
        self.logger = Logger(service=SERVICE)
        self.logger.set_correlation_id(invocation_id)
        keep_libraries_quiet()
        # Two deployments in one account need metrics of their own: one's report would hide that the other made none.
        self._function_name = function_name
        self._metrics = Metrics(namespace=NAMESPACE)
        self._started = time.monotonic()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Logs the project's own errors as they leave the function. Always sends the metrics."""
        try:
            yield
        except BackupReporterError as error:
            # Without its traceback: the sentence says what went wrong.
            self.logger.error("the run failed", error=type(error).__name__, reason=str(error))  # noqa: TRY400
            raise
        finally:
            self._metrics.add_metric("RunDuration", MetricUnit.Seconds, time.monotonic() - self._started)
            self._metrics.add_dimension("function", self._function_name)
            self._metrics.flush_metrics()

    def record(self, report: Report, *, is_regular: bool) -> None:
        """Writes one line and the metrics of a finished report.

        ``is_regular``: the report is meant for all recipients. A report that someone asked for counts toward no alarm.
        """
        summary = report.summary
        self.logger.info(
            "report made",
            report_id=report.report_id,
            status=report.status,
            workspaces=summary.workspaces,
            unreadable=summary.unreadable,
            problems=_lines(report.problems),
            notes=_lines(report.notes),
            deliveries={delivery.channel: delivery.status for delivery in report.deliveries},
        )
        if is_regular:
            self._count_regular(report)
        self._count_deliveries(report)

    def _count_regular(self, report: Report) -> None:
        summary = report.summary
        for status in ("ok", "warning", "critical", "unknown"):
            self._metrics.add_metric(f"Workspaces{status.capitalize()}", MetricUnit.Count, getattr(summary, status))
        has_gaps = bool(summary.unknown or report.problems or not report.workspaces)
        self._metrics.add_metric("ReportsWithGaps", MetricUnit.Count, has_gaps)
        self._metrics.add_metric("ReportsArrived", MetricUnit.Count, has_arrived(report))
        self._count_findings(report)

    def _count_findings(self, report: Report) -> None:
        codes = Counter(
            finding.code
            for workspace in with_findings(report.workspaces)
            for finding in workspace.findings
            if not finding.muted
        )
        for code, number in sorted(codes.items()):
            self._single("Findings", number, "code", code)

    def _count_deliveries(self, report: Report) -> None:
        for delivery in report.deliveries:
            if delivery.status == "failed":
                self.logger.error(
                    "not delivered", channel=delivery.channel, reason=quote(delivery.error, _REASON_LENGTH)
                )
            elif delivery.error:
                self.logger.warning(
                    "delivered, but not all went well",
                    channel=delivery.channel,
                    reason=quote(delivery.error, _REASON_LENGTH),
                )
            if name := _METRIC_OF_DELIVERY.get(delivery.status):
                self._single(name, 1, "channel", delivery.channel)

    def _single(self, name: str, value: float, dimension: str, dimension_value: str) -> None:
        with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE) as metric:
            metric.add_dimension(name="function", value=self._function_name)
            metric.add_dimension(name=dimension, value=dimension_value)


def _lines(texts: Sequence[str]) -> list[str]:
    """Returns texts that are safe in a log: bounded, and without control characters."""
    return [quote(text, _REASON_LENGTH) for text in texts[:_MAX_REASONS]]
