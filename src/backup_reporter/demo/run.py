"""Runs the real handler against stand-ins for Palette, AWS and Slack, and shows what each channel gets."""

from __future__ import annotations

import contextlib
import html
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console

from backup_reporter.demo import show
from backup_reporter.demo.fleet import Fleet
from backup_reporter.demo.inbox import Inbox
from backup_reporter.demo.local_aws import Mail, local_aws
from backup_reporter.demo.lookalike import API_KEY, LookAlike
from backup_reporter.demo.progress import request_progress
from backup_reporter.demo.serve import SETTINGS, say
from backup_reporter.handler import lambda_handler
from backup_reporter.wording import count

EVENT_FILE = Path("events/scheduled.json")

_RUN_SECONDS = 900


@dataclass
class LambdaContext:
    """The context that Lambda passes in."""

    aws_request_id: str
    ends_at: float

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends_at - time.monotonic()) * 1000)


def run_demo(fleet: Fleet, console: Console, *, before: Fleet | None = None, event_file: Path = EVENT_FILE) -> None:
    """Runs the handler on the scheduled event, and prints what reaches people.

    With ``before`` it runs on that fleet first, without showing it, so that the report can say what changed.
    Writes the function's log, its answer and the kept reports into a new temporary directory.
    """
    directory = Path(tempfile.mkdtemp(prefix="backup-reporter-demo-"))
    with (
        _own_environment(),
        LookAlike(before or fleet) as palette,
        Inbox() as slack,
        local_aws(api_key=API_KEY, webhook_url=slack.webhook_url) as aws,
    ):
        os.environ.update({**aws.environment, **SETTINGS, "PALETTE_API_URL": palette.url})
        with (directory / "function.log").open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
            if before:
                _invoke(_event(event_file, datetime.now(UTC) - timedelta(days=1)))
            told = len(aws.mails()), len(slack.messages), len(palette.requests)
            palette.fleet = fleet
            with request_progress(palette):
                answer = _invoke(_event(event_file, datetime.now(UTC)))
        (directory / "answer.json").write_text(json.dumps(answer, indent=2), encoding="utf-8")
        kept = {path.name: path.resolve().as_uri() for path in aws.download_reports(directory)}
        pages = [kept[f"{answer['reportId']}.html"], kept["index.html"]]
        mails = [_local_mail(mail, answer["reportUrl"], pages[0]) for mail in aws.mails()[told[0] :]]
        for mail in mails:
            console.print(show.mail(mail))
        for message in slack.messages[told[1] :]:
            payload = _with_local_link(json.dumps(message), answer["reportUrl"], pages[0])
            console.print(show.slack(json.loads(payload), "backups"))
        requests = count(len(palette.requests) - told[2], "request")
        delivered = ", ".join(f"{delivery['channel']} {delivery['status']}" for delivery in answer["deliveries"])
        say(console, f"{requests} to the Palette look-alike, {palette.refused} of them refused. Channels: {delivered}.")
        if mails and mails[-1].html:
            (directory / "email.html").write_text(mails[-1].html, encoding="utf-8")
            pages.append((directory / "email.html").resolve().as_uri())
        for page in pages:
            say(console, f"Look at it in a browser: {page}")
        say(console, f"The function's answer and its log: {directory / 'answer.json'} and {directory / 'function.log'}")


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


def _event(event_file: Path, now: datetime) -> Any:
    """The event as the schedule sends it, due now rather than on the day when the example was written."""
    event = json.loads(event_file.read_text(encoding="utf-8")) if event_file.exists() else {}
    return {**event, "scheduledTime": f"{now:%FT%TZ}"}


def _invoke(event: Any) -> dict[str, Any]:
    """Calls the handler as Lambda does."""
    return lambda_handler(event, LambdaContext(str(uuid4()), time.monotonic() + _RUN_SECONDS))
