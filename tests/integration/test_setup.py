"""``setup`` as a person runs it: on a terminal, against the look-alike, a local Slack and a local AWS."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from backup_reporter.cli.samconfig import parse_samconfig
from backup_reporter.demo.instructive import instructive
from support.command_line import Done, run_command
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer
from support.world import REGION, LocalAws

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "backup_reporter", "setup"]


@dataclass
class Desk:
    directory: Path
    palette: LookAlike
    slack: SlackServer
    aws: LocalAws
    environment: dict[str, str]

    def setup(self, *flags: str, **environment: str) -> Done:
        everything = {**self.environment, **environment}
        return run_command("setup", *flags, environment=everything, directory=self.directory)

    def on_a_terminal(self, *flags: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            COMMAND[0],
            [*COMMAND[1:], *flags],
            cwd=str(self.directory),
            env={**self.environment, "TERM": "dumb"},
            encoding="utf-8",
            timeout=30,
            dimensions=(50, 200),
            # A suite that was started in the background ignores Ctrl-C, and so would its children.
            preexec_fn=_listen_to_ctrl_c,
        )

    @property
    def written(self) -> str:
        file = self.directory / "samconfig.toml"
        return file.read_text() if file.exists() else ""

    @property
    def secrets(self) -> dict[str, str]:
        client = self.aws.client("secretsmanager")
        names = [secret["Name"] for secret in client.list_secrets()["SecretList"]]
        return {name: client.get_secret_value(SecretId=name)["SecretString"] for name in names}


@pytest.fixture
def desk(aws: LocalAws, tmp_path: Path) -> Iterator[Desk]:
    shutil.copy(REPOSITORY / "template.yaml", tmp_path)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY / "src"),
        "LANG": "C.UTF-8",
        "TZ": "Europe/Berlin",
        "SSL_CERT_FILE": os.devnull,
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    with LookAlike(instructive(datetime.now(UTC)), rate_limit=False) as palette, SlackServer() as slack:
        yield Desk(tmp_path, palette, slack, aws, environment)


def test_every_answer_is_tried_at_once_and_asked_again_if_it_is_wrong(desk: Desk) -> None:
    terminal = desk.on_a_terminal()
    terminal.expect(r"AWS region \[eu-central-1\]: ")
    terminal.sendline("")
    terminal.expect("Account 123456789012")
    terminal.expect(r"Name of the stack \[palette-backup-reporter\]: ")
    terminal.sendline("my stack")
    terminal.expect("it should be letters, digits and hyphens")
    terminal.expect("Name of the stack")
    terminal.sendline("")
    terminal.expect(r"URL of your Palette \[https://api.spectrocloud.com\]: ")
    terminal.sendline("palette.example.com")
    terminal.expect("should be an https:// URL|it should be an https")
    terminal.expect("URL of your Palette")
    terminal.sendline("http://127.0.0.1:1")
    terminal.expect("Palette could not be reached")
    terminal.expect("Does only a VPC reach it")
    terminal.sendline("n")
    terminal.expect("URL of your Palette")
    terminal.sendline(desk.slack.url)
    terminal.expect("something else answers there")
    terminal.expect("URL of your Palette")
    terminal.sendline(desk.palette.url)
    terminal.expect("Palette API key")
    terminal.sendline("wrong-key")
    terminal.expect("401")
    terminal.expect("Palette API key")
    terminal.sendline(API_KEY)
    terminal.expect("4 projects: edge, prod, shared-services, staging")
    terminal.expect("18 workspaces")
    terminal.expect(r"E-mail address for reports \[none\]: ")
    terminal.sendline("nobody")
    terminal.expect("it should be an e-mail address")
    terminal.expect("E-mail address for reports")
    terminal.sendline("team@example.com")
    terminal.expect("Slack: URL of an incoming webhook")
    terminal.sendline(f"{desk.slack.url}/services/T0DEMO/B0DEMO/wrong")
    terminal.expect("invalid_token")
    terminal.expect("Slack: URL of an incoming webhook")
    terminal.sendline(desk.slack.webhook_url)
    for answer in _skip_other_channels(terminal):
        assert answer == ""
    terminal.expect(r"\[team@example.com\]: ")
    terminal.sendline("")
    terminal.expect("When to report")
    terminal.sendline("cron(0 7 * * * *)")
    terminal.expect("should be ?")
    terminal.expect("When to report")
    terminal.sendline("6:30")
    terminal.expect(r"Time zone .*\[Europe/Berlin\]: ")
    terminal.sendline("")
    terminal.expect("Days to keep reports")
    terminal.sendline("forever")
    terminal.expect("it should be a number from 1 to 36500")
    terminal.expect("Days to keep reports")
    terminal.sendline("")
    terminal.expect(r"What it costs a month for 18 workspaces")
    terminal.expect("Store the secrets and write samconfig.toml")
    assert desk.secrets == {}
    terminal.sendline("y")
    terminal.expect("Wrote samconfig.toml. Next: backup-reporter deploy")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 0
    assert desk.secrets == {"palette-api-key": API_KEY, "slack-webhook": desk.slack.webhook_url}
    assert parse_samconfig(desk.written).parameters == {
        "PaletteApiUrl": desk.palette.url,
        "PaletteApiKeySecret": "palette-api-key",
        "SubscriberEmail": "team@example.com",
        "SlackWebhookSecret": "slack-webhook",
        "AlarmEmail": "team@example.com",
        "ScheduleExpression": "cron(30 6 * * ? *)",
        "TimeZone": "Europe/Berlin",
    }
    assert desk.slack.messages == []


def _listen_to_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(terminal: pexpect.spawn[str]) -> None:
    """Presses Ctrl-C until it is noticed: Python misses it in the moment before it waits for a key."""
    for _ in range(10):
        terminal.sendintr()
        if terminal.expect(["Nothing was stored or written.", pexpect.TIMEOUT], timeout=3) == 0:
            break
    terminal.expect(pexpect.EOF)


def _skip_other_channels(terminal: pexpect.spawn[str]) -> Iterator[str]:
    """Leaves out every channel that there may be besides, up to the question about alarms."""
    while terminal.expect(["Microsoft Teams", "PagerDuty", "E-mail address for alarms"]) != 2:
        terminal.sendline("")
        yield ""


def test_ctrl_c_leaves_nothing_behind(desk: Desk) -> None:
    terminal = desk.on_a_terminal("--region", REGION, "--stack", "s", "--palette-url", desk.palette.url)
    terminal.expect("Palette API key")
    terminal.sendline(API_KEY)
    terminal.expect("E-mail address for reports")
    _interrupt(terminal)
    terminal.close()
    assert terminal.exitstatus == 130
    assert desk.written == ""
    assert desk.secrets == {}


def test_without_a_terminal_it_says_what_to_do(desk: Desk) -> None:
    done = desk.setup()
    assert done.returncode == 1
    assert "Nothing was stored or written." in done.stdout
    assert (
        "backup-reporter: the input ended before every question had its answer: run the command in a terminal, or give "
        "--yes and the flags that backup-reporter setup --help lists" in " ".join(done.stderr.split())
    )


def flags(desk: Desk) -> tuple[str, ...]:
    return ("--yes", "--palette-url", desk.palette.url, "--email", "team@example.com")


def test_with_yes_nothing_is_asked_and_no_secret_is_shown(desk: Desk) -> None:
    done = desk.setup(*flags(desk), PALETTE_API_KEY=API_KEY, SLACK_WEBHOOK_URL=desk.slack.webhook_url)
    assert done.returncode == 0, done.stderr
    assert desk.secrets == {"palette-api-key": API_KEY, "slack-webhook": desk.slack.webhook_url}
    for said in (done.stdout, done.stderr, desk.written):
        assert API_KEY not in said
        assert "/services/" not in said


def test_a_second_setup_begins_with_what_is_there(desk: Desk) -> None:
    assert desk.setup(*flags(desk), PALETTE_API_KEY=API_KEY, SLACK_WEBHOOK_URL=desk.slack.webhook_url).returncode == 0
    text = f"# mine\n{desk.written}".replace('"TimeZone', '"Notify=changes",\n    "TimeZone')
    (desk.directory / "samconfig.toml").write_text(text)

    done = desk.setup("--yes", "--retention-days", "90")

    assert done.returncode == 0, done.stderr
    assert desk.written.startswith("# mine")
    parameters = parse_samconfig(desk.written).parameters
    assert parameters["Notify"] == "changes"
    assert parameters["SlackWebhookSecret"] == "slack-webhook"
    assert parameters["SubscriberEmail"] == "team@example.com"
    assert parameters["ReportRetentionDays"] == "90"


def test_none_takes_a_setting_back(desk: Desk) -> None:
    slack = {"SLACK_WEBHOOK_URL": desk.slack.webhook_url}
    assert desk.setup(*flags(desk), "--alarm-email", "a@b.example", PALETTE_API_KEY=API_KEY, **slack).returncode == 0
    assert desk.setup("--yes", "--email", "none", "--alarm-email", "none").returncode == 0
    parameters = parse_samconfig(desk.written).parameters
    # Left out, SAM would keep the old value of a stack that lives.
    assert (parameters["SubscriberEmail"], parameters["AlarmEmail"]) == ("none", "none")
    done = desk.setup("--yes", "--email", "team@example.com", "--slack-secret", "none")
    assert done.returncode == 0, done.stderr
    assert parse_samconfig(desk.written).parameters["SlackWebhookSecret"] == "none"
    assert "Secrets Manager, 1 secret\n" in done.stdout


def test_a_schedule_that_pauses_is_given_the_silence_that_it_needs(desk: Desk) -> None:
    key = {"PALETTE_API_KEY": API_KEY}
    assert desk.setup(*flags(desk), "--schedule", "cron(0 7 ? * MON-FRI *)", **key).returncode == 0
    assert parse_samconfig(desk.written).parameters["SilenceHours"] == "74"
    assert desk.setup("--yes", "--schedule", "07:00").returncode == 0
    assert parse_samconfig(desk.written).parameters["SilenceHours"] == "26"
    weekly = desk.setup("--yes", "--schedule", "cron(0 7 ? * MON *)")
    assert "report daily instead" in weekly.stdout


def test_a_secret_that_may_not_be_replaced_gets_another_name(desk: Desk) -> None:
    desk.aws.client("secretsmanager").create_secret(Name="palette-api-key", SecretString="of another team")
    where = ("--region", REGION, "--stack", "s", "--palette-url", desk.palette.url)
    terminal = desk.on_a_terminal(*where, "--email", "a@b.example", "--alarm-email", "none", "--schedule", "07:00")
    terminal.expect("Palette API key")
    terminal.sendline(API_KEY)
    terminal.expect("The secret palette-api-key holds another value. Replace it")
    terminal.sendline("n")
    terminal.expect("Name of a new secret")
    terminal.sendline("our-key")
    while terminal.expect(["URL of an incoming webhook", "URL of a workflow", "routing key", "Time zone"]) != 3:
        terminal.sendline("")
    terminal.sendline("")
    terminal.expect("Days to keep reports")
    terminal.sendline("")
    terminal.expect("Store the secrets and write samconfig.toml")
    terminal.sendline("")
    terminal.expect("Wrote samconfig.toml")
    terminal.expect(pexpect.EOF)
    assert desk.secrets == {"palette-api-key": "of another team", "our-key": API_KEY}
    assert parse_samconfig(desk.written).parameters["PaletteApiKeySecret"] == "our-key"


def test_a_palette_that_only_a_vpc_reaches_may_be_taken_untried(desk: Desk) -> None:
    where = ("--region", REGION, "--stack", "s", "--email", "a@b.example", "--alarm-email", "none")
    terminal = desk.on_a_terminal(*where)
    terminal.expect("URL of your Palette")
    terminal.sendline("http://127.0.0.1:1")
    terminal.expect("Does only a VPC reach it")
    terminal.sendline("y")
    terminal.expect("Palette API key")
    terminal.sendline(API_KEY)
    terminal.expect("URL of an incoming webhook: ")
    _interrupt(terminal)


def test_a_secret_that_is_going_is_named(desk: Desk) -> None:
    client = desk.aws.client("secretsmanager")
    client.create_secret(Name="palette-api-key", SecretString=API_KEY)
    client.delete_secret(SecretId="palette-api-key")
    done = desk.setup(*flags(desk))
    assert "restore it (aws secretsmanager restore-secret --secret-id palette-api-key)" in done.stderr


def test_a_region_in_which_aws_does_not_answer_is_asked_for_again(desk: Desk) -> None:
    nowhere = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
    refused = desk.setup(*flags(desk), "--region", "eu-cental-1", **nowhere)
    assert "AWS does not answer in 'eu-cental-1': correct the region" in refused.stderr
    desk.environment |= nowhere
    terminal = desk.on_a_terminal("--region", "eu-cental-1")
    terminal.expect("AWS does not answer in 'eu-cental-1'")
    terminal.expect(r"AWS region \[eu-cental-1\]: ")
    _interrupt(terminal)


def test_the_profile_is_asked_for_if_there_are_several(desk: Desk) -> None:
    file = desk.directory / "aws-config"
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    file.write_text(f"[default]\nregion = us-east-1\n{keys}[profile prod]\nregion = {REGION}\n{keys}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        del desk.environment[name]
    desk.environment["AWS_CONFIG_FILE"] = str(file)
    terminal = desk.on_a_terminal()
    terminal.expect(r"AWS profile \(default, prod\) \[default\]: ")
    terminal.sendline("nobody")
    terminal.expect("there is no profile 'nobody' on this machine")
    terminal.expect("AWS profile")
    terminal.sendline("prod")
    terminal.expect(rf"AWS region \[{REGION}\]: ")
    _interrupt(terminal)


def test_a_secret_with_another_value_is_replaced_only_when_asked(desk: Desk) -> None:
    desk.aws.client("secretsmanager").create_secret(Name="palette-api-key", SecretString="of another team")
    refused = desk.setup(*flags(desk), PALETTE_API_KEY=API_KEY)
    assert refused.returncode != 0
    assert "the secret palette-api-key holds another value: give --replace-secrets" in refused.stderr
    assert (desk.secrets["palette-api-key"], desk.written) == ("of another team", "")
    assert desk.setup(*flags(desk), "--replace-secrets", PALETTE_API_KEY=API_KEY).returncode == 0
    assert desk.secrets["palette-api-key"] == API_KEY


def test_a_secret_that_exists_is_used_by_its_name(desk: Desk) -> None:
    desk.aws.client("secretsmanager").create_secret(Name="ours/key", SecretString=API_KEY)
    assert desk.setup(*flags(desk), "--api-key-secret", "ours/key").returncode == 0
    assert parse_samconfig(desk.written).parameters["PaletteApiKeySecret"] == "ours/key"


@pytest.mark.parametrize(
    ("extra", "environment", "says"),
    [
        (("--email", "none"), {"PALETTE_API_KEY": API_KEY}, "no one would be told"),
        ((), {"PALETTE_API_KEY": "wrong"}, "--api-key-secret: "),
        ((), {}, "there is no secret palette-api-key: set PALETTE_API_KEY to its value"),
        (("--schedule", "daily"), {"PALETTE_API_KEY": API_KEY}, "--schedule: 'daily': it should be such as cron("),
        (("--time-zone", "Mars/Base"), {"PALETTE_API_KEY": API_KEY}, "--time-zone: 'Mars/Base': it should be an IANA"),
        (("--profile", "nobody"), {"PALETTE_API_KEY": API_KEY}, "--profile: "),
        ((), {"PALETTE_API_KEY": API_KEY, "SLACK_WEBHOOK_URL": "https://"}, "--slack-secret: "),
    ],
)
def test_a_wrong_answer_without_anyone_to_ask_is_an_error_with_the_reason(
    desk: Desk, extra: tuple[str, ...], environment: dict[str, str], says: str
) -> None:
    done = desk.setup(*flags(desk), *extra, **environment)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert desk.written == ""
    assert desk.secrets == {}


def test_outside_the_project_it_says_where_to_run_it(desk: Desk) -> None:
    (desk.directory / "template.yaml").unlink()
    assert "run this in the project's directory" in desk.setup("--yes").stderr
