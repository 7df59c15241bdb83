"""Where reports go: the channels, bucket, table and heartbeat. Nothing is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from backup_reporter.aws.errors import code_of
from backup_reporter.bootstrap import Reporter
from backup_reporter.channels.channel import channel_module
from backup_reporter.config.settings import CHANNEL_NAMES, ChannelName, variable_names
from backup_reporter.doctor.checks import Check, run_check, skipped
from backup_reporter.errors import CheckError

_PROBE_KEY = "doctor/probe.txt"


def destination_checks(reporter: Reporter, seconds_left: Callable[[], float]) -> Iterator[Check]:
    """Every check, channels first; ``skipped`` for what is not set up."""
    settings = reporter.settings
    for name in CHANNEL_NAMES:
        yield _check_of_channel(reporter, name, seconds_left)
    if not settings.channels:
        yield Check(
            name="channels",
            result="warning",
            check="count the channels that are set up",
            detail="none: no one would be notified",
            fix=f"Set {', or '.join(map(variable_names, CHANNEL_NAMES))}.",
        )
    yield _check_setting(
        "bucket", "REPORT_BUCKET", settings.report_bucket, "write and read a small file in the bucket",
        lambda: _write_and_read(reporter)
    )  # fmt: skip
    yield _check_setting(
        "table", "DELIVERY_TABLE", settings.delivery_table, "look up the table", lambda: _look_up_table(reporter)
    )
    yield _check_setting(
        "heartbeat", "HEARTBEAT_URL_SECRET", settings.heartbeat_url_secret, "read its secret",
        lambda: _read_heartbeat_url(reporter)
    )  # fmt: skip


def _check_of_channel(reporter: Reporter, name: ChannelName, seconds_left: Callable[[], float]) -> Check:
    is_on = name in reporter.settings.channels
    what = channel_module(name).CHECK if is_on else ""
    return _check_setting(name, variable_names(name), is_on, what, lambda: reporter.channel(name).check(seconds_left))


def _check_setting(name: str, setting: str, value: object, check: str, look: Callable[[], str]) -> Check:
    if not value:
        return skipped(name, f"not set up ({setting})")
    return run_check(name, check, look, f"Check {setting}, and that it is in this account and region.")


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
