"""What Palette's and Velero's messages mean, as far as their cause is known.

A message is matched by plain words, without regard to case, so that no text from outside can make it slow.
"""

from __future__ import annotations

from msgspec import Struct

_MAX_MESSAGE = 4000
"""Characters that are looked at. The words that tell the cause stand at the beginning."""


class _Cause(Struct, frozen=True):
    """A sentence for messages that hold all words of one of the ``patterns``."""

    patterns: tuple[tuple[str, ...], ...]
    sentence: str


_CAUSES = (
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and Palette's release notes for 4.9.5
    _Cause(
        (("invalidaccesskeyid",), ("signaturedoesnotmatch",), ("expiredtoken",), ("invalid_grant",)),
        "The credentials of the backup location were rotated or revoked: renew them in Palette. Before Palette 4.9.5 a "
        "change reaches the clusters only when the backup policy is saved again.",
    ),
    # Palette's release notes for 4.9.14; https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
    _Cause(
        (("assumerolewithwebidentity",), ("sts", "accessdenied"), ("sts", "access denied")),
        "Velero may not assume its AWS role. Since Palette 4.9.14 Velero on EKS uses IRSA: the role must trust the "
        "cluster's OIDC provider.",
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    _Cause(
        (("nosuchbucket",), ("bucket does not exist",), ("bucket", "not found")),
        "The bucket of the backup location does not exist: it was deleted or renamed, or the location names another region.",
    ),
    # https://velero.io/docs/main/locations/: a location's phase and access mode
    _Cause(
        (
            ("backup storage location", "unavailable"),
            ("backupstoragelocation", "unavailable"),
            ("location", "is unavailable"),
            ("location", "not found"),
            ("backup location", "not available"),
        ),
        "The backup location cannot be used from the cluster: check that it exists, and that its address and credentials "
        "are right.",
    ),
    _Cause(
        (("location", "read-only"), ("location", "readonly"), ("location", "read only")),
        "The backup location is read-only on the cluster: set its access mode to ReadWrite.",
    ),
    # https://velero.io/docs/main/csi/: --csi-snapshot-timeout
    _Cause(
        (
            ("volumesnapshot", "timed out"),
            ("volumesnapshot", "timeout"),
            ("csi", "timed out"),
            ("csi", "timeout"),
            ("snapshot", "context deadline exceeded"),
        ),
        "The snapshot of a volume was not ready in time: check the CSI driver and its snapshot controller on the cluster, "
        "and the storage's own limits.",
    ),
    # https://kubernetes.io/docs/concepts/policy/resource-quotas/, and the messages of file systems and object stores
    _Cause(
        (
            ("no space left on device",),
            ("quota exceeded",),
            ("exceeded quota",),
            ("quotaexceeded",),
            ("insufficient storage",),
            ("xminiostoragefull",),
            ("disk full",),
        ),
        "There is no space or no quota left: free some, or raise the limit, in the backup location or on the cluster.",
    ),
    # https://pkg.go.dev/crypto/x509#UnknownAuthorityError, and velero.io/docs/main/self-signed-certificates/
    _Cause(
        (
            ("x509",),
            ("certificate signed by unknown authority",),
            ("certificate", "not trusted"),
            ("certificate", "expired"),
        ),
        "The certificate of the backup location is not trusted by the cluster or has expired: give the location its CA "
        "certificate, or renew the certificate.",
    ),
)


def known_cause(message: str | None) -> str | None:
    """Returns what a backup's message means and what to do, in one or two sentences; ``None`` if it is not known."""
    if not message:
        return None
    text = message[:_MAX_MESSAGE].casefold()
    for cause in _CAUSES:
        if any(all(word in text for word in words) for words in cause.patterns):
            return cause.sentence
    return None
