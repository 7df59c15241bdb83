"""Examples of settings, valid and not: the function's parsers and the template's patterns must agree on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Example(NamedTuple):
    """A text for a variable (its parameter has the same name in CamelCase), and whether it may be set to that."""

    variable: str
    text: str
    is_valid: bool


UID = "66f0a1b2c3d4e5f60718293a"
ACCOUNT = "123456789012"
SECRET_ARN = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret"
TOPIC_ARN = f"arn:aws:sns:eu-central-1:{ACCOUNT}"

_URLS_VALID = [
    "https://api.spectrocloud.com",
    "HTTPS://API.Example.com",
    "https://palette.example.com:8443/api",
    "https://palette.example.com/",
    "https://localhost",
    "http://localhost:8080",
    "http://127.0.0.1:1",
    "https://x:65535",
]
_URLS_INVALID = [
    "https://a..b",
    "https://x:99999",
    "https://x:65536",
    "https://-a.example.com",
    "https://",
    "http://palette.example.com",
    "http://127.0.0.1.example.com",
    "https://user@palette.example.com",
    "https://palette.example.com/?a=b",
    "https://palette.example.com/#a",
    "https://palette.example.com/a b",
    "ftp://palette.example.com",
    "palette.example.com",
]
_SECRETS_VALID = [
    "palette-api-key",
    "prod/palette@1",
    f"{SECRET_ARN}:palette-AbCdEf",
    f"arn:aws-us-gov:secretsmanager:us-gov-west-1:{ACCOUNT}:secret:palette-AbCdEf",
]
_SECRETS_INVALID = [
    "a b",
    "https://hooks.slack.com/services/T0/B0/x",
    f"{SECRET_ARN}:",
    f"{TOPIC_ARN}:topic",
    "x" * 513,
]
_UIDS = ([UID, f"{UID}, a.b_c-d", "a,b"], ["a,,b", ",a", "../x", "-a", "a b", "x" * 129])

_VALID_AND_INVALID: dict[str, tuple[list[str], list[str]]] = {
    "PALETTE_API_URL": (_URLS_VALID, _URLS_INVALID),
    "PALETTE_API_KEY_SECRET": (_SECRETS_VALID, _SECRETS_INVALID),
    "SLACK_WEBHOOK_SECRET": (_SECRETS_VALID, _SECRETS_INVALID),
    "HEARTBEAT_URL_SECRET": (_SECRETS_VALID, _SECRETS_INVALID),
    "PALETTE_PROJECT_UIDS": _UIDS,
    "PALETTE_WORKSPACE_UIDS": _UIDS,
    "PALETTE_REQUESTS_PER_SECOND": (["0.1", "10", "2.5", "1000"], ["0", "1001", "-1", "fast"]),
    "PALETTE_BURST": (["1", "49", "1000"], ["0", "4.5", "1001", "-1", "many"]),
    "TENANTS": (
        ["ssm:/palette/tenants", "s3://bucket/some/tenants.json"],
        ["/palette/tenants", "ssm:palette", "s3://bucket", "s3://Bucket/key", "https://example.com"],
    ),
    "TENANT_API_HOSTS": (
        ["palette.example.com", "*.example.com", "a.example.com, *.b.example.com", "127.0.0.1"],
        ["https://palette.example.com", "a..b", "*", "a.*.b", "palette.example.com:8443", "a,,b", "-a.example.com"],
    ),
    "SNS_TOPIC_ARN": (
        [f"{TOPIC_ARN}:backups", f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:backups"],
        ["backups", f"{TOPIC_ARN}:backups.fifo", f"{TOPIC_ARN}:", "arn:aws:sns:eu-central-1:1:backups"],
    ),
    "EMAIL_FROM": (["backups@example.com"], ["backups", "Ops <ops@example.com>", "a@b@c.example", "a b@example.com"]),
    "EMAIL_TO": (
        ["a@example.com", "a@example.com, b@example.com"],
        ["a@example.com,", "a", "a@example.com b@example.com"],
    ),
    "REPORT_BUCKET": (["my-reports", "my.reports"], ["s3://bucket", "My-Reports", "ab", "bucket/path", "-bucket"]),
    "REPORT_LOCK_DAYS": (["1", "365", "36500"], ["0", "36501", "-1", "x"]),
    "KEEP_EVIDENCE": (["yes", "no"], ["true", "1", "maybe"]),
    "REPORT_PREFIX": (["reports/", "a/b/"], ["/reports/", "a//b/", "a/../b/"]),
    "NOTIFY": (["always", "problems", "changes"], ["never", "sometimes"]),
    "EXPIRY_WARNING_DAYS": (["0", "1.5", "3650"], ["-1", "3651", "soon"]),
    "MAX_BACKUP_AGE_HOURS": (["0.1", "36", "36.5", "87600"], ["0", "99999", "-1", "soon"]),
    "STUCK_AFTER_HOURS": (["0", "6", "8760"], ["-1", "8761", "x"]),
    "RESTORE_TEST_MAX_AGE_DAYS": (["1", "90", "3650"], ["0", "-1", "3651", "quarterly"]),
    "SCHEDULE_GRACE_MINUTES": (["0", "120", "525600"], ["-1", "525601", "x"]),
    "SCHEDULE_TIME_ZONE": (["UTC", "Asia/Kolkata"], ["../../etc/passwd", "Europe/", "a b"]),
    "UNSCHEDULED_WARNING_DAYS": (["0", "7", "3650"], ["-1", "3651", "x"]),
    "INCLUDE_CLUSTERS": (["no", "yes", "warn"], ["maybe", "true", "1"]),
    "HISTORY_DAYS": (["1", "30", "366"], ["0", "367", "2.5", "x"]),
    "EXTRA_STATES": (
        ["succeeded=Done", "succeeded=Done,Finished;failed=Aborted"],
        ["Done", "succeeded=", "=Done", "good=Done"],
    ),
    "WORKSPACE_LINK": (
        ["https://palette.example.com/projects/{projectUid}/workspaces/{workspaceUid}", "https://x/{workspaceUid}"],
        ["https://palette.example.com", "http://x/{workspaceUid}", "https://x/{workspaceUid}|a", "x/{workspaceUid}"],
    ),
    "TIME_ZONE": (["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"], ["../../etc/passwd", "Europe/", "a b"]),
}


def _examples() -> Iterator[Example]:
    for variable, (valid, invalid) in _VALID_AND_INVALID.items():
        yield from (Example(variable, text, is_valid=True) for text in valid)
        yield from (Example(variable, text, is_valid=False) for text in invalid)


SETTING_EXAMPLES = tuple(_examples())
