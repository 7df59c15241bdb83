"""``backup-reporter redrive``: sends again what waits in the failure queues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from backup_reporter.cli.console import say
from backup_reporter.cli.failed_events import FailedEvent, parse_message
from backup_reporter.cli.invocation import InvocationError, send_again
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.stack import Stack, find_stack, stack_options
from backup_reporter.wording import count, quote

_QUEUES = {
    "FailedReportsUrl": "failed or did not reach every channel",
    "MissedSchedulesUrl": "did not reach the function",
}
_HIDDEN_SECONDS = 1200
"""For so long no one else sees the messages: longer than one report takes."""
_MAX_EVENTS = 100
_REASON_LENGTH = 400

_EXAMPLES = """\
\b
Examples:
  backup-reporter redrive
  backup-reporter redrive --yes
"""


@dataclass(frozen=True, slots=True)
class _Waiting:
    queue_url: str
    failed: FailedEvent
    why: str


@click.command("redrive", epilog=_EXAMPLES, short_help="Send failed events again.")
@click.option("--yes", is_flag=True, help="Send them without asking.")
@stack_options
@debug_option
def redrive_command(*, yes: bool, stack: str | None, region: str | None, profile: str | None) -> int:
    """Show the events that failed and why, and send them again after a yes.

    What succeeds is deleted from its queue. A channel that has the report already does not get it twice.
    """
    deployed = find_stack(stack, region, profile)
    waiting = [event for output, why in _QUEUES.items() for event in _receive(deployed, output, why)]
    if not waiting:
        say("Both failure queues are empty. There is nothing to send again.")
        return 0
    remaining = list(waiting)
    try:
        for event in waiting:
            say(f"{event.failed.title}: {event.why}\n  {quote(event.failed.reason, _REASON_LENGTH)}")
        sendable = [event for event in waiting if event.failed.event is not None]
        if not sendable or not (yes or click.confirm(f"\nSend {count(len(sendable), 'event')} again?", default=False)):
            say("Nothing was sent.")
            return 1
        for event in sendable:
            if _sent(deployed, event):
                remaining.remove(event)
    finally:
        _put_back(deployed, remaining)
    if remaining:
        say(
            f"\nStill in the queues: {count(len(remaining), 'message')}. Fix the cause, and run this again; "
            "to drop one, delete it in the SQS console."
        )
    return 1 if remaining else 0


def _receive(stack: Stack, output: str, why: str) -> Iterator[_Waiting]:
    queue_url, sqs = stack.output(output), stack.client("sqs")
    received = 0
    while queue_url and received < _MAX_EVENTS:
        messages = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            VisibilityTimeout=_HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        received += len(messages)
        yield from (_Waiting(queue_url, parse_message(message), why) for message in messages)
        if not messages:
            return


def _sent(stack: Stack, waiting: _Waiting) -> bool:
    """Sends one event; deletes it if the report reached every channel."""
    assert waiting.failed.event is not None  # noqa: S101 - the others are left out
    try:
        answer: Any = send_again(stack, waiting.failed.event)
    except InvocationError as error:
        say(f"{waiting.failed.title}: failed again\n  {quote(str(error), _REASON_LENGTH)}")
        return False
    deliveries = answer.get("deliveries", [])
    said = ", ".join(f"{delivery['channel']} {delivery['status']}" for delivery in deliveries) or "no channel is set up"
    # A scheduled report that a channel did not take has failed above; one on demand only says so.
    if any(delivery["status"] == "failed" for delivery in deliveries):
        say(f"{waiting.failed.title}: failed again; {said}")
        return False
    stack.client("sqs").delete_message(QueueUrl=waiting.queue_url, ReceiptHandle=waiting.failed.receipt)
    say(f"{waiting.failed.title}: sent; {said}")
    return True


def _put_back(stack: Stack, waiting: list[_Waiting]) -> None:
    """Lets others see the messages at once."""
    for event in waiting:
        stack.client("sqs").change_message_visibility(
            QueueUrl=event.queue_url, ReceiptHandle=event.failed.receipt, VisibilityTimeout=0
        )
