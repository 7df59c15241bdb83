"""``backup-reporter destroy``: deletes the stack, and says what stays."""

from __future__ import annotations

import click
from botocore.exceptions import WaiterError

from backup_reporter.cli.console import say
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.questions import SECRETS
from backup_reporter.cli.stack import Stack, StackError, find_stack, stack_options

_SECRETS = (*(question.parameter for question in SECRETS), "HeartbeatUrlSecret")

_EXAMPLES = """\
\b
Examples:
  backup-reporter destroy
"""


@click.command("destroy", epilog=_EXAMPLES, short_help="Delete the stack.")
@click.option("--yes", is_flag=True, help="Delete it without asking.")
@stack_options
@debug_option
def destroy_command(*, yes: bool, stack: str | None, region: str | None, profile: str | None) -> int:
    """Delete the stack: the function, its schedule, queues, topics, alarms, table and log.

    Kept reports and secrets stay.
    """
    deployed = find_stack(stack, region, profile)
    stays = what_stays(deployed)
    say(f"This deletes the stack {deployed.name} in {deployed.region}, and what waits in its queues.")
    say("These stay:")
    for line in stays:
        say(f"  {line}")
    if not yes and click.prompt("Type the stack's name to delete it", default="", show_default=False) != deployed.name:
        say("Nothing was deleted.")
        return 1
    cloudformation = deployed.client("cloudformation")
    cloudformation.delete_stack(StackName=deployed.name)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=deployed.name, WaiterConfig={"Delay": 3})
    except WaiterError as error:
        raise StackError(
            f"the stack {deployed.name} could not be deleted: see its events in CloudFormation's console"
        ) from error
    say(f"The stack {deployed.name} is deleted.")
    return 0


def what_stays(stack: Stack) -> list[str]:
    """Returns what the stack leaves behind, with how to delete it."""
    bucket = stack.output("BucketName")
    secrets = [secret for name in _SECRETS if (secret := stack.parameter(name)) not in ("", "none")]
    return [
        *(
            [f"the bucket {bucket} with all kept reports (to delete it, empty it with all versions first)"]
            if bucket
            else []
        ),
        *(f"the secret {secret} (aws secretsmanager delete-secret --secret-id {secret})" for secret in secrets),
        "the package of the function in SAM CLI's bucket",
        "what you gave to the stack by name or ARN, and samconfig.toml",
    ]
