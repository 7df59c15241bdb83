"""Reads the list of tenants from SSM Parameter Store or S3, as the setting ``TENANTS`` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backup_reporter.aws.errors import translate_errors
from backup_reporter.aws.s3_object import read_whole
from backup_reporter.errors import StoreError


def read_tenants(client: Callable[[str], Any], source: str) -> bytes:
    """Returns the document at ``ssm:/parameter/name`` or ``s3://bucket/key``. ``client`` builds a client of boto3.

    Raises :class:`StoreError` if it cannot be read.
    """
    with translate_errors(StoreError, f"TENANTS: {source} cannot be read"):
        if source.startswith("ssm:"):
            found = client("ssm").get_parameter(Name=source.removeprefix("ssm:"), WithDecryption=True)
            return str(found["Parameter"]["Value"]).encode()
        bucket, _, key = source.removeprefix("s3://").partition("/")
        return read_whole(f"TENANTS: {source}", client("s3").get_object(Bucket=bucket, Key=key)["Body"])
