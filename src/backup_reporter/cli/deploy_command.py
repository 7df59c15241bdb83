"""``backup-reporter deploy``: builds and deploys the stack, checks it, and makes the first report."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click

from backup_reporter.cli.console import say
from backup_reporter.cli.doctor_command import show_diagnosis
from backup_reporter.cli.invocation import make_report
from backup_reporter.cli.invoke_command import delivery_lines, diagnose_function
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.samconfig import SAMCONFIG, read_samconfig
from backup_reporter.cli.stack import Stack, StackError, find_stack
from backup_reporter.cli.template_parameters import read_parameters
from backup_reporter.report import phrases
from backup_reporter.report.model import Report, failed_deliveries

_OWN_SAM = Path(".venv-sam/bin/sam")
_NO_SAM = (
    "SAM CLI is not installed. Install it (https://docs.aws.amazon.com/serverless-application-model/latest/"
    f"developerguide/install-sam-cli.html), or run make {_OWN_SAM.parents[1]}/.sam in this directory"
)

_EXAMPLES = """\
\b
Examples:
  backup-reporter setup
  backup-reporter deploy
"""


@click.command("deploy", epilog=_EXAMPLES, short_help="Deploy to AWS, and make the first report.")
@debug_option
def deploy_command() -> int:
    """Build and deploy the stack of samconfig.toml, check it from inside, and make a report.

    Exit code: 0 if the stack is deployed, no check failed and every channel took the report, else 1.
    """
    read_parameters()
    if not SAMCONFIG.is_file():
        raise StackError(f"there is no {SAMCONFIG} here: run backup-reporter setup first")
    sam = find_sam()
    say("sam build (it downloads the function's packages)")
    _run(sam, "build", is_quiet=True)
    say("sam deploy")
    _run(sam, "deploy", "--no-fail-on-empty-changeset")
    stack = find_stack(None, None, None)
    for line in unconfirmed_mails(stack):
        say(line)
    say("\nThe function checks its settings:")
    found = diagnose_function(stack)
    show_diagnosis(found, wants_json=False)
    report = _make_first_report(stack)
    return 0 if found.healthy and not failed_deliveries(report) else 1


def _make_first_report(stack: Stack) -> Report:
    """Makes a report and shows what it found; no channel gets it if there are reports already."""
    is_first = _keeps_no_report(stack)
    say("\nThe first report:" if is_first else "\nA report, which no channel gets:")
    report = make_report(stack, {} if is_first else {"notify": "never"})
    say(f"  {phrases.headline(report)}")
    for line in delivery_lines(report):
        say(line)
    if report.report_url:
        say("  backup-reporter open shows it in the browser.")
    return report


def find_sam() -> str:
    """Returns the path of SAM CLI: the project's own, or an installed one. Raises :class:`StackError`."""
    sam = str(_OWN_SAM.absolute()) if _OWN_SAM.is_file() else shutil.which("sam")
    if sam is None:
        raise StackError(_NO_SAM)
    return sam


def _run(sam: str, command: str, *options: str, is_quiet: bool = False) -> None:
    environment = {"SAM_CLI_TELEMETRY": "0", **os.environ}
    profile = read_samconfig().profile
    if profile:
        environment["AWS_PROFILE"] = profile
    done = subprocess.run([sam, command, *options], env=environment, capture_output=is_quiet, text=True, check=False)  # noqa: S603 - SAM CLI
    if done.returncode:
        if is_quiet:
            click.echo(f"{done.stdout}{done.stderr}", err=True)
        raise StackError(f"sam {command} failed: see what it says above")


def _keeps_no_report(stack: Stack) -> bool:
    """Whether no report is kept yet: an upgrade sends none."""
    store = stack.store()
    return store is None or store.load_file(store.place_of("index.json")) is None


def unconfirmed_mails(stack: Stack) -> Iterator[str]:
    """Returns a line for each address that has to confirm its subscription."""
    for output, what in (("TopicArn", "reports"), ("AlarmTopicArn", "alarms")):
        topic = stack.output(output)
        if not topic:
            continue
        pages = stack.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        for subscription in (entry for page in pages for entry in page["Subscriptions"]):
            if subscription["Protocol"] == "email" and not subscription["SubscriptionArn"].startswith("arn:"):
                yield f"{subscription['Endpoint']} gets no {what} until the link in AWS's mail is followed."
