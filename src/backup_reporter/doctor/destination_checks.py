"""Where reports go: the channels, bucket, table and heartbeat. Nothing is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial

from botocore.exceptions import ClientError
from msgspec import Struct

from backup_reporter.aws.errors import code_of
from backup_reporter.bootstrap import Reporter
from backup_reporter.channels.channel import channel_module
from backup_reporter.config.settings import CHANNEL_NAMES, ChannelName, variable_names
from backup_reporter.doctor.checks import Check, run_check, skipped
from backup_reporter.errors import CheckError, TimedOutError
from backup_reporter.time_limit import countdown, result_within, start

_PROBE_KEY = "doctor/probe.txt"
_CHECK_SECONDS = 20.0
"""How long a check may take: one that hangs must not keep the others from their results."""


class _Destination(Struct, frozen=True, kw_only=True):
    """Somewhere a report goes: the settings that switch it on, and how it is checked."""

    name: str
    settings: str
    is_on: bool
    check: str
    look: Callable[[], str]


def destination_checks(reporter: Reporter, seconds_left: Callable[[], float]) -> Iterator[Check]:
    """Every check, channels first; ``skipped`` for what is not set up. All of them run at the same time."""
    channels = [_channel(reporter, name, seconds_left) for name in CHANNEL_NAMES]
    ends = countdown(min(_CHECK_SECONDS, seconds_left()))
    started = [
        (destination, start(destination.look, f"check {destination.name}") if destination.is_on else None)
        for destination in (*channels, *_stores(reporter))
    ]
    for destination, future in started:
        if future is None:
            yield skipped(destination.name, f"not set up ({destination.settings})")
        else:
            fix = f"Check {destination.settings}: its value, and that it is in this account and region."
            yield run_check(destination.name, destination.check, partial(_result, future, ends), fix)
    if not any(channel.is_on for channel in channels):
        yield _no_channel()


def _no_channel() -> Check:
    return Check(
        name="channels",
        result="warning",
        check="count the channels that are set up",
        detail="none: no one would be notified",
        fix=f"Set {', or '.join(map(variable_names, CHANNEL_NAMES))}.",
    )


def _result(started: Future[str], seconds_left: Callable[[], float]) -> str:
    try:
        return result_within(seconds_left(), started)
    except TimedOutError as error:
        fix = "Check the network from here: for a function in a VPC its NAT gateway or endpoints. Then try again."
        raise CheckError(str(error), fix) from error


def _channel(reporter: Reporter, name: ChannelName, seconds_left: Callable[[], float]) -> _Destination:
    is_on = name in reporter.settings.channels
    return _Destination(
        name=name,
        settings=variable_names(name),
        is_on=is_on,
        check=channel_module(name).CHECK if is_on else "",
        look=lambda: reporter.channel(name).check(seconds_left),
    )


def _stores(reporter: Reporter) -> Iterator[_Destination]:
    settings = reporter.settings
    for name, setting, value, check, look in (
        (
            "bucket",
            "REPORT_BUCKET",
            settings.report_bucket,
            "write and read a small file in the bucket",
            _write_and_read,
        ),
        ("table", "DELIVERY_TABLE", settings.delivery_table, "look up the table", _look_up_table),
        ("heartbeat", "HEARTBEAT_URL_SECRET", settings.heartbeat_url_secret, "read its secret", _read_heartbeat_url),
    ):
        yield _Destination(name=name, settings=setting, is_on=bool(value), check=check, look=partial(look, reporter))


def _write_and_read(reporter: Reporter) -> str:
    bucket, key = reporter.settings.report_bucket, reporter.settings.report_prefix + _PROBE_KEY
    s3 = reporter.aws("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"Written by backup-reporter's doctor; it may be deleted.\n")
    s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return f"{key} can be written and read"


def _look_up_table(reporter: Reporter) -> str:
    name = reporter.settings.delivery_table
    try:
        table = reporter.aws("dynamodb", name).describe_table(TableName=name)["Table"]
    except ClientError as error:
        # Reports only write items: the table may work although it may not be described.
        if code_of(error) == "AccessDeniedException":
            raise CheckError(
                "this role may not describe it; reports need only to write to it",
                "Check its key yourself: the partition key id (a string), and no sort key.",
                result="warning",
            ) from error
        raise
    keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table["AttributeDefinitions"]}
    if keys != [("id", "HASH")] or types.get("id") != "S":
        raise CheckError(
            "its key is not id, a string", "Create a table with the partition key id (a string), and no sort key."
        )
    return f"{name} exists and has the right key"


def _read_heartbeat_url(reporter: Reporter) -> str:
    heartbeat = reporter.heartbeat()
    assert heartbeat is not None  # noqa: S101 - it is set up
    return heartbeat.check()
