"""Lambda's entry: reads the environment and the event, reports, and insists on delivery."""

# ruff: noqa: E402

from __future__ import annotations

import gc

# Imported modules stay for good: looking for garbage in them takes a twelfth of a cold start.
gc.disable()

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import load
from backup_reporter.config.request import Request, is_doctor_event
from backup_reporter.errors import DeliveryFailed
from backup_reporter.report.model import Report, to_json
from backup_reporter.report.truncate import ANSWER, SizeLimit, fit
from backup_reporter.run.recipients import is_regular
from backup_reporter.telemetry import Observer
from backup_reporter.time_limit import countdown

gc.freeze()
gc.enable()

_ANSWER_SECONDS = 5.0
"""What the doctor leaves for its own answer."""


class LambdaContext(Protocol):
    """What this function uses of Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def lambda_handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Makes one report. Answers with it as JSON (see ``docs/report.schema.json``).

    Raises :class:`~backup_reporter.errors.SettingsError` and
    :class:`~backup_reporter.errors.InvalidRequest` before anything is fetched, and
    :class:`~backup_reporter.errors.DeliveryFailed` after a scheduled report that did not reach every channel.
    """
    observer = Observer(context.aws_request_id, _function_name(os.environ))
    with observer.watching():
        if is_doctor_event(event):
            return _diagnosis(context)  # settings that cannot be read are among its findings
        reporter = _reporter_of(os.environ)
        seconds = context.get_remaining_time_in_millis() / 1000
        if isinstance(event, Mapping) and "step" in event:
            return _step(event, reporter, seconds, observer)
        request = reporter.parse_event(event)
        if request.doctor:
            return _diagnosis(context)
        report = reporter.report(request, context.aws_request_id, seconds)
        json = _finish(report, request, reporter, observer, ANSWER)
        del report  # it takes up as much memory as the answer
    return _decode(json)


def _step(event: Mapping[Any, Any], reporter: Reporter, seconds: float, observer: Observer) -> dict[str, Any]:
    """Does one step of a distributed run, for the state machine. The last step answers with the report."""
    from backup_reporter.distributed import steps  # noqa: PLC0415 - a run in one function needs none of it

    step = steps.parse_step(event)
    if isinstance(step, steps.PlanStep):
        return steps.run_plan_step(step, reporter, seconds)
    if isinstance(step, steps.CollectStep):
        return steps.run_collect_step(step, reporter, seconds)
    request, report = steps.run_publish_step(step, reporter, seconds)
    return _decode(_finish(report, request, reporter, observer, steps.OUTPUT))


def _finish(report: Report, request: Request, reporter: Reporter, observer: Observer, limit: SizeLimit) -> bytes:
    """Logs and counts a report. Returns it as JSON, cut to ``limit``. Raises :class:`DeliveryFailed`."""
    observer.record(report, is_regular=is_regular(request, reporter.settings))
    if request.is_scheduled:
        _insist_on_delivery(report)
    return to_json(fit(report, limit))


def _decode(json: bytes) -> dict[str, Any]:
    # From the JSON alone: by now the report, which takes up as much memory, is gone.
    answer: dict[str, Any] = msgspec.json.decode(json)
    return answer


def _diagnosis(context: LambdaContext) -> dict[str, Any]:
    """The doctor's findings. Settings that cannot be used are one of them, and not an error."""
    from backup_reporter.doctor.diagnose import diagnose  # noqa: PLC0415 - no report needs it

    seconds = context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS
    return _decode(msgspec.json.encode(diagnose(lambda: _reporter_of(os.environ), countdown(seconds), os.environ)))


def _insist_on_delivery(report: Report) -> None:
    failed = [delivery for delivery in report.deliveries if delivery.status == "failed"]
    if failed:
        reasons = "; ".join(f"{delivery.channel}: {delivery.error}" for delivery in failed)
        raise DeliveryFailed(f"report {report.report_id} did not reach every channel: {reasons}")


def _reporter_of(environ: Mapping[str, str]) -> Reporter:
    return _reporter(tuple(sorted(_relevant(environ).items())))


@lru_cache(maxsize=1)
def _reporter(environ: tuple[tuple[str, str], ...]) -> Reporter:
    """Validated and built at the first invocation, and again whenever the environment has changed."""
    variables = dict(environ)
    return Reporter(load(variables), function_name=_function_name(variables))


def _function_name(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")


def _relevant(environ: Mapping[str, str]) -> dict[str, str]:
    # The platform puts a new trace id into the environment for every invocation.
    return {name: value for name, value in environ.items() if not name.startswith("_")}
