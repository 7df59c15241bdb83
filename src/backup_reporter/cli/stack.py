"""A deployed stack: found by flags or ``samconfig.toml``, with its outputs, parameters and AWS clients."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import boto3
import click
from botocore.config import Config
from botocore.exceptions import ClientError

from backup_reporter.aws.errors import code_of, message_of
from backup_reporter.aws.report_store import ReportStore
from backup_reporter.aws.secrets import keep_libraries_quiet
from backup_reporter.cli.samconfig import DEFAULT_STACK, read_samconfig
from backup_reporter.errors import BackupReporterError

_Command = TypeVar("_Command", bound=Callable[..., object])

_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
# An invocation may take 15 minutes, and must not be repeated by itself.
_INVOKING = Config(connect_timeout=5, read_timeout=910, retries={"total_max_attempts": 1}, tcp_keepalive=True)


class StackError(BackupReporterError):
    """The stack is not there, or does not have what a command needs."""


class Stack:
    """A stack's name, and clients for where it is."""

    def __init__(self, name: str, session: boto3.Session) -> None:
        keep_libraries_quiet()
        self.name = name
        self._session = session
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client of boto3's."""
        if service not in self._clients:
            config = _INVOKING if service == "lambda" else _CONFIG
            if service == "s3":
                config = _CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
            self._clients[service] = self._session.client(service, config=config)
        return self._clients[service]

    @property
    def region(self) -> str:
        return str(self._session.region_name)

    @cached_property
    def _described(self) -> dict[str, Any]:
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.name)
        except ClientError as error:
            if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
                raise StackError(
                    f"there is no stack {self.name} in {self.region}: give its name with --stack and its region with "
                    "--region, or deploy it with backup-reporter deploy"
                ) from error
            raise
        described: dict[str, Any] = answer["Stacks"][0]
        return described

    def output(self, name: str) -> str | None:
        """Returns an output of the stack; ``None`` if it does not have it."""
        outputs = {output["OutputKey"]: str(output["OutputValue"]) for output in self._described.get("Outputs", [])}
        return outputs.get(name)

    def parameter(self, name: str) -> str:
        """Returns the value of a parameter; empty if it does not have it."""
        values = {
            entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in self._described.get("Parameters", [])
        }
        return str(values.get(name, ""))

    @property
    def function(self) -> str:
        """The name of the function."""
        name = self.output("FunctionName")
        if name is None and self._described.get("StackStatus") == "REVIEW_IN_PROGRESS":
            raise StackError(f"the stack {self.name} is not deployed yet: its first changes were not agreed to")
        if name is None:
            raise StackError(f"the stack {self.name} is not one of this project's: it has no output FunctionName")
        return name

    def store(self) -> ReportStore | None:
        """The kept reports; ``None`` if the stack keeps none."""
        bucket = self.output("BucketName")
        return bucket and ReportStore(self.client("s3"), bucket, self.parameter("ReportPrefix") or "reports/")  # type: ignore[return-value]


def find_stack(name: str | None, region: str | None, profile: str | None) -> Stack:
    """Returns the stack of the flags, else that of ``samconfig.toml`` in this directory. Raises :class:`StackError`."""
    config = read_samconfig()
    session = boto3.Session(profile_name=profile or config.profile, region_name=region or config.region)
    if not session.region_name:
        raise StackError("no AWS region: give --region, or set AWS_REGION, or run backup-reporter setup")
    return Stack(name or config.stack or DEFAULT_STACK, session)


def stack_options(command: _Command) -> _Command:
    """``--stack``, ``--region`` and ``--profile``."""
    for option, metavar, text in (
        ("--profile", "NAME", "The AWS profile; the one in samconfig.toml by default."),
        ("--region", "NAME", "The AWS region; the one in samconfig.toml by default."),
        ("--stack", "NAME", "The stack; the one in samconfig.toml by default."),
    ):
        command = click.option(option, metavar=metavar, help=text)(command)
    return command
