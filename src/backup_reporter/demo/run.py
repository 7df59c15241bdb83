"""Runs the real handler against stand-ins for Palette, AWS and Slack, and shows what each channel gets."""

from __future__ import annotations

import contextlib
import html
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from rich.console import Console

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import load
from backup_reporter.demo import show
from backup_reporter.demo.fleet import Fleet
from backup_reporter.demo.inbox import Inbox
from backup_reporter.demo.local_aws import Mail, local_aws
from backup_reporter.demo.lookalike import API_KEY, LookAlike
from backup_reporter.demo.progress import request_progress
from backup_reporter.demo.serve import say
from backup_reporter.demo.show import Seen
from backup_reporter.handler import lambda_handler
from backup_reporter.proof.archive import DirectoryArchive, parse
from backup_reporter.proof.verify import verify
from backup_reporter.wording import count

_EVENT_FILE = Path("events/scheduled.json")

_RUN_SECONDS = 900


@dataclass
class LambdaContext:
    """The context that Lambda passes in."""

    aws_request_id: str
    ends_at: float

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends_at - time.monotonic()) * 1000)


def run_demo(fleet: Fleet, console: Console, *, before: Fleet | None) -> None:
    """Runs the handler on the scheduled event, and prints what reaches people.

    With ``before`` it runs on that fleet first, without showing it, so that the report can say what changed.
    Writes the function's log, its answer and the kept reports into a new temporary directory.
    """
    directory = Path(tempfile.mkdtemp(prefix="backup-reporter-demo-"))
    with (
        _own_environment(),
        LookAlike(fleet) as palette,
        Inbox() as inbox,
        local_aws({"PALETTE_API_KEY_SECRET": API_KEY, **inbox.secrets}) as aws,
    ):
        os.environ.update({**aws.environment, **fleet.settings, "PALETTE_API_URL": palette.url})
        with (directory / "function.log").open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
            if before:
                _report_of_yesterday(before)
            with request_progress(palette):
                answer = _invoke(_event(datetime.now(UTC)))
        (directory / "answer.json").write_text(json.dumps(answer, indent=2), encoding="utf-8")
        kept = {path.name: path.resolve().as_uri() for path in aws.download_reports(directory)}
        page = kept[f"{answer['reportId']}.html"]
        seen = _local(Seen.of(inbox, aws), answer["reportUrl"], page)
        _show_messages(console, seen)
        requests = count(len(palette.requests), "request")
        delivered = ", ".join(f"{delivery['channel']} {delivery['status']}" for delivery in answer["deliveries"])
        say(console, f"{requests} to the Palette look-alike, {palette.refused} of them refused. Channels: {delivered}.")
        (directory / "email.html").write_text(seen.mail.html or "", encoding="utf-8")
        _show_files(console, directory, page, kept["index.html"], _path(kept[f"{answer['reportId']}.json"]))


def _show_messages(console: Console, seen: Seen) -> None:
    say(console, "The deployed function made this report about example workspaces. Nothing left this machine.")
    for panel in show.everything(seen):
        console.print(panel)


def _show_files(console: Console, directory: Path, page: str, index: str, report: Path) -> None:
    say(console, f"The page of the report: {page}")
    say(console, f"The index of all reports: {index}")
    say(console, f"The e-mail as HTML: {(directory / 'email.html').resolve().as_uri()}")
    for sentence in _proof(report):
        say(console, sentence)
    say(console, f"The function's answer and its log: {directory / 'answer.json'} and {directory / 'function.log'}")


def _path(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def _proof(file: Path) -> Iterator[str]:
    """Recomputes the report from its evidence; yields the result, and the commands that do it by hand."""
    found = verify(DirectoryArchive(file.parents[3]), parse(file.stem, file.read_bytes()))
    result = "everything agrees" if found.agrees else "; ".join((*found.problems, *found.differences))
    yield f"Recomputed from what Palette answered: {result}. By hand: backup-reporter verify {file}"
    last = datetime.now(UTC).date()
    period = f"--from {last - timedelta(days=1)} --to {last}"
    yield f"The record for an auditor: backup-reporter audit {period} --directory {file.parents[3]}"


def _local(seen: Seen, link: str, page: str) -> Seen:
    """The same messages with links to the local file: the bucket ends with the demo."""

    def in_json(message: Mapping[str, Any]) -> Mapping[str, Any]:
        replaced: Mapping[str, Any] = json.loads(_with_local_link(json.dumps(message), link, page))
        return replaced

    return Seen(
        mail=_local_mail(seen.mail, link, page),
        sms=_with_local_link(seen.sms, link, page),
        slack=in_json(seen.slack),
        teams=in_json(seen.teams),
        pagerduty=in_json(seen.pagerduty),
    )


def _with_local_link(text: str, link: str, page: str) -> str:
    """Links to the file instead of the bucket, which ends with the demo."""
    return text.replace(html.escape(link), page).replace(link, page)


def _local_mail(mail: Mail, link: str, page: str) -> Mail:
    text, html_text = _with_local_link(mail.text, link, page), mail.html and _with_local_link(mail.html, link, page)
    return replace(mail, text=text, html=html_text)


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """Replaces the environment, so that the user's AWS profile and settings have no effect."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(
        PATH=kept.get("PATH", os.defpath), AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _event(now: datetime) -> Any:
    """The event as the schedule sends it, due now rather than on the day when the example was written."""
    event = json.loads(_EVENT_FILE.read_text(encoding="utf-8")) if _EVENT_FILE.exists() else {}
    return {**event, "scheduledTime": f"{now:%FT%TZ}"}


def _report_of_yesterday(fleet: Fleet) -> None:
    """Makes the report as the function would have made it a day ago: the next one remembers it."""

    def yesterday() -> datetime:
        return datetime.now(UTC) - timedelta(days=1)

    with LookAlike(fleet) as palette:
        reporter = Reporter(load({**os.environ, "PALETTE_API_URL": palette.url}), clock=yesterday)
        reporter.report(reporter.parse_event(_event(yesterday())), str(uuid4()), _RUN_SECONDS)


def _invoke(event: Any) -> dict[str, Any]:
    """Calls the handler as Lambda does."""
    return lambda_handler(event, LambdaContext(str(uuid4()), time.monotonic() + _RUN_SECONDS))
