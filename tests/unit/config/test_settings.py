from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from backup_reporter.config.environment import VARIABLES, find_misspelt, load
from backup_reporter.config.settings import Settings
from backup_reporter.errors import SettingsError
from backup_reporter.health.phases import KNOWN_STATES, phase_of
from support.setting_examples import SETTING_EXAMPLES, Example

KEY = {"PALETTE_API_KEY_SECRET": "palette-api-key"}


def problems_of(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        load({**KEY, **environ})
    return refusal.value.problems


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = load(KEY)
    assert settings.tenant.api_url == "https://api.spectrocloud.com"
    assert (settings.tenant.requests_per_second, settings.tenant.burst) == (10, 49)
    assert (settings.notify, settings.report_prefix, settings.channels) == ("always", "reports/", ())
    thresholds = settings.thresholds
    assert (thresholds.expiry_warning, thresholds.max_backup_age) == (timedelta(days=3), None)
    assert (thresholds.stuck_after, thresholds.grace) == (timedelta(hours=6), timedelta(minutes=120))
    assert (thresholds.history_days, str(thresholds.time_zone), thresholds.extra_states) == (30, "UTC", {})


def test_empty_and_blank_mean_not_set() -> None:
    assert load({**KEY, **dict.fromkeys(VARIABLES[:1] + VARIABLES[2:], "  ")}) == load(KEY)


def test_tenants_have_keys_and_scopes_of_their_own() -> None:
    assert load({"TENANTS": "ssm:/palette/tenants"}).tenants_source == "ssm:/palette/tenants"
    assert load({"TENANTS": "s3://bucket/some/tenants.json"}).tenants_source == "s3://bucket/some/tenants.json"
    (scopes,) = problems_of(TENANTS="ssm:/palette/tenants", PALETTE_PROJECT_UIDS="a")
    assert "cannot be used with TENANTS" in scopes


def test_every_setting_is_taken_over(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    settings = load(
        {
            **KEY,
            "PALETTE_API_URL": "https://palette.example.com:8443/api/",
            "PALETTE_CA_BUNDLE": str(bundle),
            "PALETTE_PROJECT_UIDS": "a, b ,a",
            "PALETTE_WORKSPACE_UIDS": "w",
            "PALETTE_REQUESTS_PER_SECOND": "0.5",
            "PALETTE_BURST": "7",
            "SNS_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:backups",
            "SLACK_WEBHOOK_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:slack-AbCdEf",
            "EMAIL_FROM": "a@example.com",
            "EMAIL_TO": "b@example.com, c@example.com",
            "EVENT_BUS_NAME": "default",
            "REPORT_BUCKET": "my-reports",
            "REPORT_PREFIX": "palette",
            "DELIVERY_TABLE": "deliveries",
            "NOTIFY": "Changes",
            "EXPIRY_WARNING_DAYS": "1.5",
            "MAX_BACKUP_AGE_HOURS": "36",
            "STUCK_AFTER_HOURS": "2",
            "SCHEDULE_GRACE_MINUTES": "0",
            "SCHEDULE_TIME_ZONE": "Asia/Kolkata",
            "UNSCHEDULED_WARNING_DAYS": "14",
            "EXTRA_STATES": "succeeded=Done, Finished;failed=Abort-ed",
            "HISTORY_DAYS": "14",
            "TIME_ZONE": "Europe/Berlin",
            "HEARTBEAT_URL_SECRET": "heartbeat",
        }
    )
    assert settings.tenant.api_url == "https://palette.example.com:8443/api"
    assert (settings.tenant.project_uids, settings.tenant.workspace_uids) == (("a", "b"), ("w",))
    assert settings.channels == ("sns", "slack", "email", "eventbridge")
    assert settings.report_prefix == "palette/"
    assert settings.notify == "changes"
    assert settings.thresholds.extra_states == {"done": "succeeded", "finished": "succeeded", "aborted": "failed"}
    assert settings.thresholds.max_backup_age == timedelta(hours=36)
    assert settings.thresholds.grace == timedelta()
    assert settings.thresholds.schedule_time_zone == ZoneInfo("Asia/Kolkata")
    assert settings.thresholds.unscheduled_warning == timedelta(days=14)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PALETTE_API_URL", "http://palette.example.com", "an https:// URL"),
        ("TENANTS", "/palette/tenants", "ssm:/PARAMETER/NAME or s3://BUCKET/KEY"),
        ("TENANTS", "ssm:palette", "ssm:/PARAMETER/NAME"),
        ("TENANTS", "s3://bucket", "s3://BUCKET/KEY"),
        ("PALETTE_API_URL", "https://[::1", "an https:// URL"),
        ("PALETTE_API_URL", "https://palette..example.com", "an https:// URL"),
        ("PALETTE_API_URL", "https://-palette.example.com", "an https:// URL"),
        ("PALETTE_API_URL", "https://münchen.example", "an https:// URL"),
        ("PALETTE_API_URL", "https://palette.example.com:65536", "an https:// URL"),
        ("PALETTE_API_URL", "https://palette.example.com/a b", "an https:// URL"),
        ("PALETTE_API_URL", "https://", "an https:// URL"),
        ("PALETTE_API_URL", "http://127.0.0.1.example.com", "http:// only for localhost"),
        ("PALETTE_CA_BUNDLE", "/no/such/file", "the path of a PEM file"),
        ("PALETTE_PROJECT_UIDS", "a,,b", "uids joined by commas"),
        ("PALETTE_WORKSPACE_UIDS", "../x", "uids joined by commas"),
        ("PALETTE_REQUESTS_PER_SECOND", "0", "a number from 0.1 to 1000"),
        ("PALETTE_REQUESTS_PER_SECOND", "nan", "a number from 0.1 to 1000"),
        ("PALETTE_BURST", "4.5", "a whole number from 1 to 1000"),
        ("SNS_TOPIC_ARN", "backups", "the ARN of a standard SNS topic"),
        ("SNS_TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:backups.fifo", "standard SNS topic"),
        ("EMAIL_FROM", "Ops <ops@example.com>", "an e-mail address"),
        ("EMAIL_TO", "a@example.com\nBcc: b@example.com", "an e-mail address"),
        ("EVENT_BUS_NAME", "a b", "event bus"),
        ("REPORT_BUCKET", "s3://bucket", "the name of an S3 bucket"),
        ("REPORT_PREFIX", "/reports", "a key prefix"),
        ("REPORT_PREFIX", "a/../b", "a key prefix"),
        ("DELIVERY_TABLE", "a", "DynamoDB table"),
        ("NOTIFY", "never", "one of always, problems, changes"),
        ("EXPIRY_WARNING_DAYS", "-1", "a number from 0 to 3650"),
        ("MAX_BACKUP_AGE_HOURS", "soon", "a number from 0.1 to 87600"),
        ("STUCK_AFTER_HOURS", "1e9", "a number from 0 to 8760"),
        ("SCHEDULE_GRACE_MINUTES", "x", "a number from 0 to 525600"),
        ("EXTRA_STATES", "good=Done", "with classes among succeeded, partial, failed"),
        ("EXTRA_STATES", "succeeded=Failed", "second meaning"),
        ("EXTRA_STATES", "succeeded=Done;failed=done", "second meaning"),
        ("EXTRA_STATES", "succeeded=", "empty word"),
        ("HISTORY_DAYS", "367", "a whole number from 1 to 366"),
        ("TIME_ZONE", "Berlin", "an IANA time zone"),
        ("TIME_ZONE", "../../etc/passwd", "an IANA time zone"),
    ],
)
def test_what_is_not_valid_is_named_with_what_would_be(name: str, value: str, says: str) -> None:
    more = {"EMAIL_FROM": "EMAIL_TO", "EMAIL_TO": "EMAIL_FROM"}.get(name)
    (problem,) = problems_of(**{name: value}, **({more: "a@example.com"} if more else {}))
    assert problem.startswith(f"{name}: ")
    assert says in problem
    assert repr(value.strip()) in problem


@pytest.mark.parametrize("example", SETTING_EXAMPLES, ids=lambda example: f"{example.variable}={example.text[:40]}")
def test_the_examples_are_valid_or_not(example: Example) -> None:
    needed = {
        "EMAIL_FROM": {"EMAIL_TO": "a@example.com"},
        "EMAIL_TO": {"EMAIL_FROM": "a@example.com"},
        "REPORT_LOCK_DAYS": {"REPORT_BUCKET": "reports"},
    }.get(example.variable, {})
    key = {} if example.variable == "TENANTS" else KEY
    environ = {**key, **needed, example.variable: example.text}
    if example.is_valid:
        load(environ)
    else:
        with pytest.raises(SettingsError, match=f"^{example.variable}: "):
            load(environ)


def test_a_lock_needs_reports_that_are_kept() -> None:
    (problem,) = problems_of(REPORT_LOCK_DAYS="30")
    assert problem.startswith("REPORT_LOCK_DAYS: cannot be used without REPORT_BUCKET")


def test_a_missing_key_is_not_hidden_by_its_name_in_another_fault() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"NOTIFY": "PALETTE_API_KEY_SECRET"})
    assert [problem.partition(":")[0] for problem in refusal.value.problems] == ["NOTIFY", "PALETTE_API_KEY_SECRET"]


def test_a_resource_may_be_in_another_region_but_not_in_another_partition() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:backups"
    assert load({**KEY, "AWS_REGION": "eu-central-1", "SNS_TOPIC_ARN": topic}).sns_topic_arn == topic
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/deliveries"
    assert load({**KEY, "AWS_REGION": "eu-central-1", "DELIVERY_TABLE": table}).delivery_table == table
    (problem,) = problems_of(AWS_REGION="us-gov-west-1", SNS_TOPIC_ARN=topic)
    assert problem.startswith("SNS_TOPIC_ARN: the region us-east-1 cannot be reached from us-gov-west-1")


def test_an_arn_names_a_region_of_its_own_partition() -> None:
    (problem,) = problems_of(SNS_TOPIC_ARN="arn:aws:sns:us-gov-west-1:123456789012:backups")
    assert "the region us-gov-west-1 is in the partition aws-us-gov, not in aws" in problem


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EXPIRY_WARNING_DAY", "EXPIRY_WARNING_DAYS"),
        ("SLACK_WEBHOOK", "SLACK_WEBHOOK_SECRET"),
        ("SNS_TOPIC", "SNS_TOPIC_ARN"),
        ("palette_api_url", "PALETTE_API_URL"),
        ("TIMEZONE", "TIME_ZONE"),
    ],
)
def test_a_name_close_to_a_settings_is_told_with_the_one_that_was_meant(name: str, meant: str) -> None:
    (warning,) = find_misspelt({**KEY, name: "x"})
    assert warning == f"{name} is not a setting and is ignored; did you mean {meant}?"
    assert list(find_misspelt({**KEY, name: "x", meant: "x"})) == []


def test_a_misspelt_api_key_is_told_if_no_secret_has_the_key() -> None:
    assert list(find_misspelt({"PALETTE_APIKEY": "x"})) == [
        "PALETTE_APIKEY is not a setting and is ignored; did you mean PALETTE_API_KEY?"
    ]
    assert list(find_misspelt({"PALETTE_APIKEY": "x", "PALETTE_API_KEY": "x"})) == []
    assert list(find_misspelt({"PALETTE_APIKEY": "x", **KEY})) == []


def test_what_other_programs_read_is_not_taken_for_a_misspelt_setting() -> None:
    usual = ["HOME", "PATH", "EMAIL", "AWS_REGION", "LANG", "TZ", "PALETTE_API_KEY", "HTTPS_PROXY", "USER", "TERM"]
    usual += ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "NOTIFY_SOCKET", "AWS_ENDPOINT_URL", "_HANDLER"]
    assert list(find_misspelt({**KEY, **dict.fromkeys(usual, "x")})) == []


def test_more_recipients_than_ses_takes_are_refused() -> None:
    def addresses(number: int) -> str:
        return ",".join(f"{index}@example.com" for index in range(number))

    (problem,) = problems_of(EMAIL_FROM="a@example.com", EMAIL_TO=addresses(51))
    assert problem.startswith("EMAIL_TO: ")
    assert "at most 50" in problem
    load({"PALETTE_API_KEY_SECRET": "key", "EMAIL_FROM": "a@example.com", "EMAIL_TO": addresses(50)})


@pytest.mark.parametrize("name", ["PALETTE_API_KEY_SECRET", "SLACK_WEBHOOK_SECRET", "HEARTBEAT_URL_SECRET"])
def test_a_secret_that_stands_where_its_name_should_is_not_shown(name: str) -> None:
    (problem,) = problems_of(**{name: "https://hooks.slack.com/services/T0/B0/hunter2"})
    assert problem.startswith(f"{name}: ")
    assert "hunter2" not in problem
    assert "not the secret itself" in problem


@pytest.mark.parametrize(
    "value",
    [
        "https://user:hunter2@example.com",
        "https://hunter2@example.com",
        "https://example.com/?key=hunter2",
        "https://example.com/#hunter2",
        "ftp://hunter2",
        "hunter2",
    ],
)
def test_what_may_be_a_secret_in_the_url_is_not_shown(value: str) -> None:
    (problem,) = problems_of(PALETTE_API_URL=value)
    assert problem.startswith("PALETTE_API_URL: the value given (not shown, it may be secret) is not valid: ")
    assert "an https:// URL without user, query or fragment" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize("url", ["http://localhost:8080", "HTTP://127.0.0.1:1", "http://[::1]:1"])
def test_plain_http_is_good_enough_for_this_machine(url: str) -> None:
    assert load({**KEY, "PALETTE_API_URL": url}).tenant.api_url == url.lower()


def test_plain_http_never_leads_to_the_api_of_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    for host in ("localhost", "127.0.0.1", "127.1.2.3", "[::1]"):
        (problem,) = problems_of(PALETTE_API_URL=f"http://{host}:9001")
        assert "AWS Lambda's own API" in problem
        load({**KEY, "PALETTE_API_URL": f"http://{host}:9002"})


def test_what_is_given_is_shown_but_not_all_of_it_when_it_is_long() -> None:
    (problem,) = problems_of(PALETTE_CA_BUNDLE="-----BEGIN CERTIFICATE-----\n" + "MIID" * 1000)
    assert problem.startswith("PALETTE_CA_BUNDLE: '-----BEGIN CERTIFICATE-----")
    assert len(problem) < 250


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"NOTIFY": "x", "HISTORY_DAYS": "x", "EMAIL_TO": "a@example.com"})
    assert [problem.partition(":")[0] for problem in refusal.value.problems] == [
        "NOTIFY",
        "HISTORY_DAYS",
        "PALETTE_API_KEY_SECRET",
        "EMAIL_FROM, EMAIL_TO",
    ]


def test_the_key_is_required_unless_it_comes_from_elsewhere() -> None:
    assert load({}, key_required=False).tenant.api_key_secret is None


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("PALETTE_REQUESTS_PER_SECOND", "0.1", "1000"),
        ("PALETTE_BURST", "1", "1000"),
        ("EXPIRY_WARNING_DAYS", "0", "3650"),
        ("MAX_BACKUP_AGE_HOURS", "0.1", "87600"),
        ("STUCK_AFTER_HOURS", "0", "8760"),
        ("SCHEDULE_GRACE_MINUTES", "0", "525600"),
        ("UNSCHEDULED_WARNING_DAYS", "0", "3650"),
        ("HISTORY_DAYS", "1", "366"),
    ],
)
def test_the_ends_of_a_range_belong_to_it(name: str, lowest: str, highest: str) -> None:
    for valid in (lowest, highest):
        load({**KEY, name: valid})
    (problem,) = problems_of(**{name: f"{highest}1"})
    assert f"from {lowest} to {highest}" in problem


def test_a_file_without_a_certificate_is_no_ca_bundle(tmp_path: Path) -> None:
    key_only = tmp_path / "key.pem"
    key_only.write_text("-----BEGIN PRIVATE KEY-----\n")
    (problem,) = problems_of(PALETTE_CA_BUNDLE=str(key_only))
    assert (
        problem == f"PALETTE_CA_BUNDLE: '{key_only}' is not valid: should be a PEM file with at least one certificate"
    )


# Whatever is given

CLASSES = st.sampled_from(["succeeded", "partial", "failed", "running", "partially-failing", "deleting"])
WORDS = st.sampled_from(
    ["Done", "Aborted", "COMPLETED", "Partially_Failed", "failed", "in progress", "Deleting", "-", ""]
)
GROUPS = st.builds("{}={}".format, CLASSES, st.lists(WORDS | st.text(max_size=5), min_size=1, max_size=2).map(",".join))


HOSTS = st.sampled_from(["localhost", "127.0.0.1", "[::1]", "evil.example", "a"])
REST = st.sampled_from(
    [":443", ":", "@", "/", "\\", "?", "#", ".", "%2e", "%40", "\t", "..", "v1", "localhost", "evil.example"]
)
ALMOST_URLS = st.builds("{}{}".format, HOSTS, st.lists(REST, max_size=4).map("".join))


def refused_or_taken(environ: dict[str, str]) -> tuple[tuple[str, ...], Settings]:
    try:
        return (), load({**KEY, **environ})
    except SettingsError as refusal:
        return refusal.problems, Settings()


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=40)))
def test_any_environment_is_taken_or_refused_by_name(environ: dict[str, str]) -> None:
    problems, _ = refused_or_taken(environ)
    for problem in problems:
        names, _, said = problem.partition(": ")
        assert set(names.split(", ")) <= environ.keys() | {
            "EMAIL_FROM",
            "EMAIL_TO",
            "PALETTE_PROJECT_UIDS",
            "PALETTE_WORKSPACE_UIDS",
        }
        assert len(said) > 20


@given(st.lists(GROUPS, min_size=1, max_size=2).map(";".join))
def test_no_extra_state_changes_what_a_known_state_means(text: str) -> None:
    _, settings = refused_or_taken({"EXTRA_STATES": text})
    for state, phase in KNOWN_STATES.items():
        assert phase_of(state, settings.thresholds.extra_states) == phase
    assert phase_of(None, settings.thresholds.extra_states) == "unknown"


@given(ALMOST_URLS)
def test_a_url_that_is_taken_means_the_same_host_to_the_one_who_connects(text: str) -> None:
    said, settings = refused_or_taken({"PALETTE_API_URL": f"https://{text}"})
    seen = parse_url(f"{settings.tenant.api_url}/v1/dashboard/projects/metadata")
    wanted = parse_url(f"https://{'api.spectrocloud.com' if said else text.strip().partition('/')[0]}")
    assert (seen.scheme, seen.auth, seen.host, seen.port or 443) == ("https", None, wanted.host, wanted.port or 443)


@given(ALMOST_URLS)
def test_plain_http_leads_nowhere_but_to_this_machine(text: str) -> None:
    said, settings = refused_or_taken({"PALETTE_API_URL": f"http://{text}"})
    assert said or parse_url(settings.tenant.api_url).host in ("localhost", "127.0.0.1", "[::1]")


@given(
    st.sampled_from(["PALETTE_API_KEY_SECRET", "SLACK_WEBHOOK_SECRET", "HEARTBEAT_URL_SECRET", "PALETTE_API_URL"]),
    st.sampled_from(["https://", "http://user:", "https://example.com/?key=", "xoxb-"]) | st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_setting_that_may_hold_a_secret_is_ever_shown(name: str, before: str, after: str) -> None:
    said, _ = refused_or_taken({name: f"{before}hunter2@{after}"})
    assert "hunter2" not in str(said)
