"""What ``setup`` asks, as data: each question's flag, text, default and where its answer goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

NOT_SET = "none"
"""The answer, and the parameter, that switches something off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question whose answer is a parameter of the template."""

    parameter: str
    flag: str
    text: str
    help: str
    examples: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretQuestion:
    """A question whose answer goes into Secrets Manager; the parameter gets the secret's name.

    The flag gives the name of a secret, and ``variable`` the value, so that no value is on a command line.
    """

    parameter: str
    setting: str
    flag: str
    text: str
    holds: str
    variable: str
    secret_name: str
    channel: str | None = None

    @property
    def is_needed(self) -> bool:
        """Whether nothing works without it: it is Palette's key, and no channel's secret."""
        return self.channel is None

    @property
    def help(self) -> str:
        """What the flag is for."""
        return f"The secret with the {self.holds}; {self.secret_name} by default."


PALETTE_URL = Question(
    parameter="PaletteApiUrl", flag="--palette-url", text="URL of your Palette", help="The URL of your Palette."
)
PALETTE_KEY = SecretQuestion(
    parameter="PaletteApiKeySecret",
    setting="PALETTE_API_KEY_SECRET",
    flag="--api-key-secret",
    text="Palette API key (user menu, My API Keys)",
    holds="Palette API key",
    variable="PALETTE_API_KEY",
    secret_name="palette-api-key",  # noqa: S106 - a name
)
EMAIL = Question(
    parameter="SubscriberEmail",
    flag="--email",
    text="E-mail address for reports",
    help="The address that gets the reports; none for no e-mail.",
)
CHANNEL_SECRETS = (
    SecretQuestion(
        parameter="SlackWebhookSecret",
        setting="SLACK_WEBHOOK_SECRET",
        flag="--slack-secret",
        text="Slack: URL of an incoming webhook",
        holds="Slack webhook's URL",
        variable="SLACK_WEBHOOK_URL",
        secret_name="slack-webhook",  # noqa: S106 - a name
        channel="slack",
    ),
    SecretQuestion(
        parameter="TeamsWebhookSecret",
        setting="TEAMS_WEBHOOK_SECRET",
        flag="--teams-secret",
        text="Microsoft Teams: URL of a workflow",
        holds="Teams workflow's URL",
        variable="TEAMS_WEBHOOK_URL",
        secret_name="teams-webhook",  # noqa: S106 - a name
        channel="teams",
    ),
    SecretQuestion(
        parameter="PagerDutySecret",
        setting="PAGERDUTY_SECRET",
        flag="--pagerduty-secret",
        text="PagerDuty: routing key (Events API v2)",
        holds="PagerDuty routing key",
        variable="PAGERDUTY_ROUTING_KEY",
        secret_name="pagerduty-routing-key",  # noqa: S106 - a name
        channel="pagerduty",
    ),
)
SECRETS = (PALETTE_KEY, *CHANNEL_SECRETS)

ALARM_EMAIL = Question(
    parameter="AlarmEmail",
    flag="--alarm-email",
    text="E-mail address for alarms about the reporter itself",
    help="The address that gets alarms about the reporter itself; none for no e-mail.",
)
SCHEDULE = Question(
    parameter="ScheduleExpression",
    flag="--schedule",
    text="When to report",
    examples="07:00, or cron(0 7 ? * MON-FRI *)",
    help="When to report: 07:00, or an expression of EventBridge Scheduler.",
)
TIME_ZONE = Question(
    parameter="TimeZone",
    flag="--time-zone",
    text="Time zone of the schedule and of times in reports",
    help="The IANA time zone of the schedule and of times in reports.",
)
RETENTION = Question(
    parameter="ReportRetentionDays",
    flag="--retention-days",
    text="Days to keep reports",
    help="Days after which a kept report is deleted.",
)
QUESTIONS = (PALETTE_URL, EMAIL, ALARM_EMAIL, SCHEDULE, TIME_ZONE, RETENTION)


def zone_problem(text: str) -> str | None:
    """Returns why the text is not a time zone; ``None`` if it is."""
    try:
        ZoneInfo(text)
    except (KeyError, OSError, ValueError):
        return "it should be an IANA time zone, such as Europe/Berlin"
    return None


def machine_zone(environ: Mapping[str, str] = os.environ, etc: Path = Path("/etc")) -> str:
    """Returns this machine's time zone, as far as it says which; else UTC."""
    link = etc / "localtime"
    linked = str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    written = (etc / "timezone").read_text(encoding="utf-8").strip() if (etc / "timezone").is_file() else ""
    zones = (environ.get("TZ", "").lstrip(":"), linked, written)
    zone = next((zone for zone in zones if zone and zone_problem(zone) is None), "UTC")
    return "UTC" if zone == "Etc/UTC" else zone


def changed_parameters(
    answers: Mapping[str, str], before: Mapping[str, str], defaults: Mapping[str, str | None]
) -> dict[str, str]:
    """Returns what differs from the template's defaults, and all that was set before.

    A parameter that was set stays, even with its default: SAM keeps the old value of one that is left out or empty.
    """
    values = {**before, **answers}
    return {name: value or NOT_SET for name, value in values.items() if name in before or value != defaults.get(name)}
