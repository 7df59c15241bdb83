"""What is said about messages whose cause is known."""

from __future__ import annotations

import pytest

from backup_reporter.health.known_causes import known_cause

KNOWN = [
    ("rpc error: InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records", "credentials"),
    ("SignatureDoesNotMatch: The request signature we calculated does not match", "credentials"),
    ("operation error S3: ExpiredToken: The provided token has expired.", "credentials"),
    ("InvalidIdentityToken: failed to AssumeRoleWithWebIdentity", "OIDC provider"),
    ("operation error STS: AssumeRole, https response error StatusCode: 403, AccessDenied", "OIDC provider"),
    ("NoSuchBucket: The specified bucket does not exist", "bucket of the backup location does not exist"),
    ('backup can\'t be created because backup storage location "default" is currently in read-only mode', "ReadWrite"),
    ("location is unavailable", "cannot be used"),
    ('backup storage location "default" not found', "cannot be used"),
    ("BackupStorageLocation default is in Unavailable phase", "cannot be used"),
    ("timed out awaiting reconciliation of volumesnapshot web/data", "CSI driver"),
    ("CSI snapshot: context deadline exceeded", "CSI driver"),
    ("write /tmp/x: no space left on device", "space"),
    ('pods "velero" is forbidden: exceeded quota: compute', "quota"),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "CA certificate"),
]


@pytest.mark.parametrize(("message", "says"), KNOWN)
def test_a_known_message_is_explained(message: str, says: str) -> None:
    for spelling in (message, message.upper()):
        assert says in (known_cause(spelling) or "")


@pytest.mark.parametrize(
    "message", [None, "", "2 errors", "the moon is full", "AccessDenied", "a certificate of merit"]
)
def test_an_unknown_message_gets_nothing(message: str | None) -> None:
    assert known_cause(message) is None


def test_only_the_beginning_of_a_message_is_looked_at() -> None:
    assert known_cause("x" * 5000 + "NoSuchBucket") is None
