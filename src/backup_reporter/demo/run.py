"""The demo: the real handler against stand-ins for Palette, AWS and Slack, and what its readers then see."""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console

from backup_reporter.demo import show
from backup_reporter.demo.fleet import Fleet, instructive, synthetic
from backup_reporter.demo.local_aws import LocalAws, local_aws
from backup_reporter.demo.lookalike import API_KEY, LookAlike
from backup_reporter.demo.slack_server import SlackServer
from backup_reporter.handler import lambda_handler
from backup_reporter.health.wording import count

EVENT_FILE = Path("events/scheduled.json")
DIRECTORY = Path("build/demo")

_RUN_SECONDS = 900
_SETTINGS = {"MAX_BACKUP_AGE_HOURS": "240", "POWERTOOLS_LOG_LEVEL": "INFO"}


@dataclass
class LambdaContext:
    """What the platform would pass in."""

    aws_request_id: str
    ends_at: float

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends_at - time.monotonic()) * 1000)


def fleet_for(workspaces: int | None, days: int, seed: int) -> Fleet:
    """The instructive fleet, or one of so many workspaces; as of this moment."""
    now = datetime.now(UTC)
    if workspaces is None:
        return instructive(now)
    return synthetic(workspaces, days, clusters=3, seed=seed, now=now)


def run_demo(fleet: Fleet, console: Console, *, event_file: Path = EVENT_FILE, directory: Path = DIRECTORY) -> None:
    """Runs the handler once on the scheduled event, and prints what reaches people.

    Writes the function's log, its answer and the kept reports into ``directory``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (
        _environment_of_nobody(),
        LookAlike(fleet) as palette,
        SlackServer() as slack,
        local_aws(api_key=API_KEY, webhook_url=slack.webhook_url) as aws,
    ):
        started = time.monotonic()
        os.environ.update({**aws.environment, **_SETTINGS, "PALETTE_API_URL": palette.url})
        answer = _invoke(_event(event_file), directory)
        seconds = time.monotonic() - started
        for mail in aws.mails():
            if mail.text:
                console.print(show.mail(mail))
            if mail.html:
                (directory / "email.html").write_text(mail.html, encoding="utf-8")
        for message in slack.messages:
            console.print(show.slack(message.payload, "backups"))
        console.print(
            f"Looked at {count(answer['summary']['workspaces'], 'workspace')} in {count(len(fleet.projects), 'project')} "
            f"with {count(len(palette.requests), 'request')} to the Palette look-alike, {palette.refused} of them "
            f"refused, in {seconds:.1f} s.",
            soft_wrap=True,
        )
        _tell_files(console, aws, directory)


def serve(fleet: Fleet, console: Console, *, port: int = 0) -> None:
    """Keeps the look-alike up until it is interrupted, and says how to ask it something."""
    with LookAlike(fleet, port=port) as palette:
        project = next(iter(fleet.projects), "")
        console.print(f"The Palette look-alike listens on {palette.url} (Ctrl-C ends it). Point anything at it:\n")
        console.print(f"  export PALETTE_API_URL={palette.url} PALETTE_API_KEY={API_KEY}", soft_wrap=True)
        console.print(f'  curl -H "ApiKey: {API_KEY}" {palette.url}/v1/dashboard/projects/metadata', soft_wrap=True)
        console.print(
            f'  curl -H "ApiKey: {API_KEY}" -H "ProjectUid: {project}" {palette.url}/v1/dashboard/workspaces',
            soft_wrap=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


def _event(event_file: Path) -> Any:
    if event_file.exists():
        return json.loads(event_file.read_text(encoding="utf-8"))
    return {"scheduledTime": datetime.now(UTC).isoformat(timespec="seconds")}


def _invoke(event: Any, directory: Path) -> dict[str, Any]:
    """Calls the handler as the platform does; its log goes into a file, as it would into CloudWatch."""
    log = io.StringIO()
    try:
        with contextlib.redirect_stdout(log):
            answer = lambda_handler(event, LambdaContext(str(uuid4()), time.monotonic() + _RUN_SECONDS))
    finally:
        (directory / "function.log").write_text(log.getvalue(), encoding="utf-8")
    (directory / "answer.json").write_text(json.dumps(answer, indent=2), encoding="utf-8")
    return answer


@contextlib.contextmanager
def _environment_of_nobody() -> Iterator[None]:
    """An environment of the demo's own: whatever AWS profile or setting somebody has neither helps nor harms."""
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


def _tell_files(console: Console, aws: LocalAws, directory: Path) -> None:
    written = [*aws.download_reports(directory), *directory.glob("email.html")]
    pages = [path for path in written if path.suffix == ".html"]
    for path in pages:
        console.print(f"Look at it: {path.resolve().as_uri()}", soft_wrap=True)
    names = " and ".join(str(directory / name) for name in ("answer.json", "function.log"))
    console.print(f"The function's answer and its log: {names}", soft_wrap=True)
