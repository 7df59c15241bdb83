"""The AWS account that ``setup`` prepares: its profile, and who is signed in."""

from __future__ import annotations

import os
from collections.abc import Mapping

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, InvalidRegionError

from backup_reporter.aws.errors import code_of, message_of
from backup_reporter.errors import BackupReporterError

_QUICK = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2})


class SetupError(BackupReporterError):
    """An answer that cannot be used, where no one can be asked again."""


class RegionError(SetupError):
    """AWS does not answer in the region."""


def profiles_to_choose() -> list[str]:
    """Returns the AWS profiles of this machine; none if the environment has chosen already."""
    is_chosen = any(name in os.environ for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"))
    return [] if is_chosen else boto3.Session().available_profiles


def session_of(profile: str | None, region: str | None) -> boto3.Session:
    """Returns a session with the credentials of the profile. Raises :class:`SetupError` if there is no such profile."""
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except BotoCoreError as error:
        raise SetupError(f"--profile: {error}") from error


def sign_in(profile: str | None, region: str) -> Mapping[str, str]:
    """Returns who is signed in, in the words of AWS. Raises :class:`SetupError`."""
    # The doctor's checks build their clients from the environment.
    os.environ.update({"AWS_DEFAULT_REGION": region, "AWS_REGION": region})
    if profile:
        os.environ["AWS_PROFILE"] = profile
    try:
        identity: Mapping[str, str] = session_of(profile, region).client("sts", config=_QUICK).get_caller_identity()
    except (EndpointConnectionError, InvalidRegionError) as error:
        raise RegionError(f"AWS does not answer in {region!r}: correct the region, or check the network") from error
    except (ClientError, BotoCoreError) as error:
        raise SetupError(
            f"AWS does not accept the credentials ({code_of(error)}): give another --profile, or sign in "
            f"(aws sso login, or aws configure). {message_of(error)}"
        ) from error
    return identity
