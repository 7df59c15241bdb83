"""Invokes the deployed function, and waits for what comes of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.stack import Stack
from backup_reporter.config.environment import load
from backup_reporter.config.request import parse_event
from backup_reporter.errors import BackupReporterError, SettingsError
from backup_reporter.report.model import Report, from_json_lines, to_json
from backup_reporter.run.deliver import SEND_SECONDS
from backup_reporter.run.make_plan import invocation_digest

Event = Mapping[str, Any]
_Found = TypeVar("_Found")

_LONGEST_RUN_SECONDS = 15 * 60 + 60
_PAUSE_SECONDS = 2.0
_NARROWING = ("projectUids", "workspaceUids", "tenants", "backupRequestUid")


class InvocationError(BackupReporterError):
    """The function failed; says with which error."""


def invoke(stack: Stack, event: Event) -> Any:
    """Returns the function's answer. Raises :class:`InvocationError` if it raised."""
    answer = stack.client("lambda").invoke(FunctionName=stack.function, Payload=json.dumps(event).encode())
    document = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise InvocationError(_failure(document))
    return document


def make_report(stack: Stack, event: Event) -> Report:
    """Has the function make a report, and returns it. Raises :class:`InvocationError`.

    A narrowed report is quick, and a misspelt name in it is refused at once. A whole one may take longer than
    a NAT gateway keeps a silent connection (350 s), so it is started, and the report that is kept is waited for.
    """
    machine, store = stack.output("StateMachineArn"), stack.store()
    with _waiting():
        if machine:
            return _run_machine(stack, machine, event)
        if store is None or any(event.get(field) for field in _NARROWING):
            return from_json_lines(iter([json.dumps(invoke(stack, event)).encode()]))
        _refuse_early(stack, event)
        return _start_and_wait(stack, store, event)


def send_again(stack: Stack, event: Event) -> Any:
    """Returns the answer to an event that failed before. Raises :class:`InvocationError` if it fails again.

    The answer is waited for, because Lambda itself would try a started invocation again.
    """
    machine = stack.output("StateMachineArn")
    with _waiting():
        if machine and not event.get("redeliver"):
            return json.loads(to_json(_run_machine(stack, machine, event)))
        try:
            return invoke(stack, event)
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise InvocationError(f"the connection broke off, so its outcome is not known: {error}") from error


def _refuse_early(stack: Stack, event: Event) -> None:
    """Checks the request here: Lambda would try a refused one three times, and keep it as a failure."""
    try:
        configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.function)
        settings = load(configuration["Environment"]["Variables"])
    except (ClientError, BotoCoreError, SettingsError, KeyError):
        return  # not allowed to look: the function itself will refuse it
    parse_event(event, settings, tuple, datetime.now(UTC))


def _start_and_wait(stack: Stack, store: ReportStore, event: Event) -> Report:
    began = datetime.now(UTC)
    before = set(_kept_ids(store, began))
    answer = stack.client("lambda").invoke(
        FunctionName=stack.function, InvocationType="Event", Payload=json.dumps(event).encode()
    )
    invocation_id = answer["ResponseMetadata"]["RequestId"]

    def look() -> str | None:
        new = [report_id for report_id in _kept_ids(store, began) if report_id not in before]
        mine = [report_id for report_id in new if report_id.endswith(invocation_digest(invocation_id))]
        if mine or new:
            # Something between us and Lambda may answer with a request id of its own: then it is the first one.
            return (mine or new)[0]
        failure = _logged_failure(stack, invocation_id, began)
        if failure:
            raise InvocationError(f"{failure} (Lambda tries it twice more)")
        return None

    report_id = _poll(look, _LONGEST_RUN_SECONDS)
    if report_id is None:
        raise InvocationError("no report was kept within 16 minutes: look at the function's log")

    def with_deliveries() -> Report | None:
        report = store.load(report_id)
        return report if report.deliveries else None

    # A report is kept before it is sent, and again when every channel has answered.
    return _poll(with_deliveries, SEND_SECONDS) or store.load(report_id)


def _kept_ids(store: ReportStore, since: datetime) -> list[str]:
    """Returns the ids of the reports of the days since then, oldest first."""
    days = sorted({since.date(), datetime.now(UTC).date()})
    keys = [key for day in days for key in store.list_keys(f"{day:%Y/%m/%d}/") if key.endswith(".json")]
    return [key.rpartition("/")[2].removesuffix(".json") for key in keys]


def _run_machine(stack: Stack, machine: str, event: Event) -> Report:
    states = stack.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"]

    def look() -> Mapping[str, Any] | None:
        described: Mapping[str, Any] = states.describe_execution(executionArn=execution)
        return None if described["status"] == "RUNNING" else described

    while (described := _poll(look, _LONGEST_RUN_SECONDS)) is None:
        pass  # a distributed run may take hours, and always ends
    if described["status"] != "SUCCEEDED":
        cause = described.get("cause") or described.get("error")
        raise InvocationError(f"the run {execution} {described['status']}: {cause}")
    document, store = json.loads(described["output"]), stack.store()
    # The machine's output is cut to 256 KiB; the kept report is whole.
    return store.load(document["reportId"]) if store else from_json_lines(iter([json.dumps(document).encode()]))


def _logged_failure(stack: Stack, invocation_id: str, began: datetime) -> str | None:
    """Returns the error with which the invocation ended, as far as its log may be read."""
    group = stack.output("LogGroupName")
    if not group:
        return None
    start = int((began - timedelta(minutes=1)).timestamp() * 1000)
    try:
        found = stack.client("logs").filter_log_events(
            logGroupName=group, startTime=start, filterPattern=f'"{invocation_id}"'
        )
    except (ClientError, BotoCoreError):
        return None
    return next(filter(None, (_failure_in(event["message"]) for event in found["events"])), None)


def _failure_in(line: str) -> str | None:
    """Lambda's runtime logs an error that a function raises as ``[ERROR] InvalidRequest: …``."""
    if "[ERROR] " in line:
        return line.partition("[ERROR] ")[2].splitlines()[0]
    return "it was stopped after 15 minutes" if "Task timed out" in line else None


def _failure(document: Any) -> str:
    if not isinstance(document, Mapping):
        return f"the function failed: {document}"
    kind, message = document.get("errorType"), document.get("errorMessage")
    return f"{kind}: {message}" if kind else str(message)


def _poll(look: Callable[[], _Found | None], seconds: float) -> _Found | None:
    ends_at = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < ends_at:
        time.sleep(_PAUSE_SECONDS)
    return found


@contextmanager
def _waiting() -> Iterator[None]:
    """A sign of life on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with PlainConsole(stderr=True).status("Waiting for the report …"):
        yield
