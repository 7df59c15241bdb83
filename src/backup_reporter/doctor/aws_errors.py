"""The SDK's errors in a sentence, and how to fix them."""

from __future__ import annotations

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as AwsConnectionError

from backup_reporter.aws.errors import code_of, message_of
from backup_reporter.wording import quote

_CREDENTIALS = "Sign in to AWS (aws sso login, aws configure, or AWS_PROFILE); a function has its role instead."
_NOT_ALLOWED = (
    "Allow it: template.yaml has the policy for the function's role. On your own machine, allow it for your AWS user."
)
_KMS = "Allow kms:Decrypt (and kms:GenerateDataKey for writing) on the key that encrypts it."

_FIXES: dict[str, str] = {
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"),
        _NOT_ALLOWED,
    ),
    **dict.fromkeys(
        (
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        _CREDENTIALS,
    ),
    **dict.fromkeys(("DecryptionFailure", "KMSAccessDenied", "KMSAccessDeniedException"), _KMS),
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "TooManyRequestsException"), "AWS is busy: try again in a minute."
    ),
    "PermanentRedirect": "The bucket is in another region than AWS_REGION names: use one in the same region.",
}


_POLICIES = {
    "resource-based policy": "the resource's own policy (of the bucket, topic, secret, queue or key)",
    "service control policy": "a service control policy of your AWS organization",
    "resource control policy": "a resource control policy of your AWS organization",
    "VPC endpoint policy": "the policy of the VPC endpoint",
    "permissions boundary": "the permissions boundary of the role",
    "session policy": "the session policy",
    "identity-based policy": "the policies of the role",
}
"""The policies that AWS names in a refusal, and nowhere else in it:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""


def describe(error: ClientError | BotoCoreError) -> str:
    """``NotFound: Topic does not exist``."""
    said = f"{code_of(error)}: {message_of(error)}" if isinstance(error, ClientError) else message_of(error)
    return quote(said.rstrip(": "), 400)


def fix_for(error: ClientError | BotoCoreError) -> str | None:
    """Returns what to do about it, if that does not depend on what was tried."""
    if isinstance(error, ClientError):
        return _fix_for_policy(message_of(error)) or _FIXES.get(code_of(error))
    if isinstance(error, NoCredentialsError | PartialCredentialsError | ProfileNotFound):
        return _CREDENTIALS
    if isinstance(error, NoRegionError):
        return "Set AWS_DEFAULT_REGION to the region that it is in."
    if isinstance(error, AwsConnectionError | HTTPClientError):
        return "AWS cannot be reached from here: check the network, for a function in a VPC its NAT or endpoints."
    return None


def _fix_for_policy(message: str) -> str | None:
    """Returns which policy to change, if a refusal names one: it may not be that of the role."""
    kinds = "|".join(_POLICIES)
    found = re.search(rf"(explicit deny in|because no) (?:an? )?({kinds})", message)
    if not found:
        return None
    policy = _POLICIES[found[2]]
    if found[1] == "explicit deny in":
        return f"Remove the Deny from {policy}."
    return None if found[2] == "identity-based policy" else f"Allow it in {policy}."
