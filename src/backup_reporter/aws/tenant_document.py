"""The list of tenants, read from where the setting ``TENANTS`` says: SSM Parameter Store or S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.errors import StoreError


def read_tenants(client: Callable[[str], Any], source: str) -> bytes:
    """The document at ``ssm:/parameter/name`` or ``s3://bucket/key``; ``client`` makes a client of boto3's.

    Raises :class:`StoreError` where it cannot be had.
    """
    try:
        if source.startswith("ssm:"):
            found = client("ssm").get_parameter(Name=source.removeprefix("ssm:"), WithDecryption=True)
            return str(found["Parameter"]["Value"]).encode()
        bucket, _, key = source.removeprefix("s3://").partition("/")
        return bytes(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        raise StoreError(f"TENANTS: {source} cannot be read: {code}") from error
    except BotoCoreError as error:
        raise StoreError(f"TENANTS: {source} cannot be read: {type(error).__name__}") from error
