"""``backup-reporter setup``: asks what a deployment needs, tries each answer at once, and writes ``samconfig.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import click

from backup_reporter.aws.secrets import keep_libraries_quiet
from backup_reporter.cli.console import say
from backup_reporter.cli.costs import PRICES_AS_OF, cost_lines, estimate
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.output_file import write_file
from backup_reporter.cli.questions import (
    ALARM_EMAIL,
    CHANNEL_SECRETS,
    EMAIL,
    NOT_SET,
    PALETTE_KEY,
    PALETTE_URL,
    QUESTIONS,
    RETENTION,
    SCHEDULE,
    SECRETS,
    TIME_ZONE,
    Question,
    SecretQuestion,
    changed_parameters,
    machine_zone,
    zone_problem,
)
from backup_reporter.cli.samconfig import DEFAULT_STACK, SAMCONFIG, SamConfig, read_samconfig, renew_samconfig
from backup_reporter.cli.schedule_expression import (
    MAX_SILENCE_HOURS,
    schedule_expression,
    schedule_problem,
    silence_hours,
)
from backup_reporter.cli.setup_account import RegionError, profiles_to_choose, session_of, sign_in
from backup_reporter.cli.setup_dialog import Attempt, Dialog, SecretDialog
from backup_reporter.cli.setup_secrets import SecretStore
from backup_reporter.cli.setup_trial import try_channel, try_palette, try_url
from backup_reporter.cli.template_parameters import TemplateParameter, read_parameters
from backup_reporter.config.parsers import parse_api_url
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.doctor.checks import Check
from backup_reporter.wording import count

_TYPICAL_WORKSPACES = 100
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")

_EXAMPLES = """\
\b
Examples:
  backup-reporter setup
  backup-reporter setup --yes --email platform-team@example.com
Values of secrets come from questions, or from these variables:
  PALETTE_API_KEY, SLACK_WEBHOOK_URL, TEAMS_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY
"""


_SILENCE = "SilenceHours"


def _flags(command: Callable[..., object]) -> Callable[..., object]:
    """A flag for each question, in their order."""
    options: list[tuple[str, str, str]] = [
        ("--profile", "profile", "The AWS profile."),
        ("--region", "region", "The AWS region."),
        ("--stack", "stack", "The name of the stack."),
        *((question.flag, question.parameter, question.help) for question in QUESTIONS),
        *((secret.flag, secret.parameter, secret.help) for secret in SECRETS),
    ]
    for flag, name, text in reversed(options):
        command = click.option(flag, name.lower(), metavar="TEXT", help=text)(command)
    return command


@click.command("setup", epilog=_EXAMPLES, short_help="Prepare a deployment on AWS.")
@_flags
@click.option("--replace-secrets", is_flag=True, help="Replace the value of a secret that exists.")
@click.option("--yes", is_flag=True, help="Ask nothing: use the flags, what was set before, and the defaults.")
@debug_option
def setup_command(*, yes: bool, replace_secrets: bool, **flags: str | None) -> int:
    """Ask what a deployment needs, try each answer at once, and write samconfig.toml.

    Secrets go to AWS Secrets Manager. Nothing is stored or written before you agree.
    """
    keep_libraries_quiet()
    given = {name: value.strip() for name, value in flags.items() if value is not None}
    setup = _Setup(Dialog(given, yes=yes), read_parameters(), read_samconfig(), replace_secrets)
    try:
        setup.ask()
        return 0 if setup.finish() else 1
    except (click.Abort, KeyboardInterrupt):
        say("\nNothing was stored or written.")
        raise


@dataclass
class _Setup:
    """One run through the questions."""

    dialog: Dialog
    parameters: Mapping[str, TemplateParameter]
    before: SamConfig
    replace_secrets: bool
    answers: dict[str, str] = field(default_factory=dict)
    workspaces: int = _TYPICAL_WORKSPACES
    is_palette_tried: bool = True
    profile: str | None = None
    region: str = ""
    stack: str = ""
    account: str = ""

    def ask(self) -> None:
        self._ask_for_aws()
        self._ask_for_palette()
        self.dialog.tell("\nWhere reports go. Enter leaves a question out; none takes an earlier answer back.")
        self._ask(EMAIL, NOT_SET)
        for question in CHANNEL_SECRETS:
            if question.parameter in self.parameters:
                self._ask_for_secret(question, partial(self._try, question))
        self._require_a_destination()
        self._ask(ALARM_EMAIL, self.answers.get(EMAIL.parameter) or NOT_SET)
        self.dialog.tell()
        schedule = self.parameters[SCHEDULE.parameter].default or ""
        self._ask(SCHEDULE, schedule, convert=schedule_expression, problem=schedule_problem)
        self._allow_for_pauses()
        self._ask(TIME_ZONE, machine_zone(), problem=zone_problem)
        self._ask(RETENTION, self.parameters[RETENTION.parameter].default or "")

    def _ask_for_aws(self) -> None:
        given = self.dialog.given
        while True:
            self.profile = self._choose_profile(given.get("profile"))
            default = self.before.region or session_of(self.profile, None).region_name
            self.region = self.dialog.answer("AWS region", given.get("region"), default)
            try:
                identity = sign_in(self.profile, self.region)
            except RegionError as error:
                self.dialog.refuse(f"--region: {error}" if self.dialog.yes else str(error))
                given = {}
            else:
                break
        self.account = identity["Account"]
        say(f"  Account {self.account}, as {identity['Arn'].rpartition(':')[2]}.")
        default = self.before.stack or DEFAULT_STACK
        self.stack = self.dialog.valid(
            "Name of the stack", "--stack", self.dialog.given.get("stack"), default, _stack_problem
        )

    def _choose_profile(self, given: str | None) -> str | None:
        """Returns the AWS profile; asks if there are several and none is set."""
        default, profiles = given or self.before.profile, profiles_to_choose()
        if given or self.dialog.yes or len(profiles) <= 1:
            return default
        default = default or ("default" if "default" in profiles else profiles[0])
        while (answer := self.dialog.answer(f"AWS profile ({', '.join(profiles)})", None, default)) not in profiles:
            self.dialog.refuse(f"there is no profile {answer!r} on this machine")
        return answer

    @cached_property
    def secret_dialog(self) -> SecretDialog:
        store = SecretStore(session_of(self.profile, self.region).client("secretsmanager"))
        return SecretDialog(self.dialog, store, self.replace_secrets)

    def _ask_for_palette(self) -> None:
        self.dialog.tell()
        self._ask(PALETTE_URL, self.parameters[PALETTE_URL.parameter].default or "", problem=self._url_problem)
        self._ask_for_secret(PALETTE_KEY, self._try_key)

    def _url_problem(self, url: str) -> str | None:
        """Returns why the URL is not that of a Palette; a Palette that only a VPC reaches may be taken untried."""
        problem = try_url(url)
        if problem is None:
            return None
        if not problem.is_about_the_network or self.dialog.yes:
            return problem.text
        say(f"  {problem.text}")
        self.is_palette_tried = not click.confirm("  Does only a VPC reach it? Then it is not tried", default=False)
        return "give another URL" if self.is_palette_tried else None

    def _try_key(self, name: str, value: str | None) -> str | None:
        if not self.is_palette_tried:
            return None
        url = parse_api_url(self.answers[PALETTE_URL.parameter])
        bundle = os.environ.get("PALETTE_CA_BUNDLE")
        settings = Settings(tenant=Tenant(api_url=url, api_key_secret=name, ca_bundle=bundle))
        for check in try_palette(settings, value):
            if check.name in ("API key", "projects") and check.result == "failed":
                return f"{_typed(check.detail, name, value)}. {check.fix}"
            _show_palette(check)
            if check.name == "workspaces" and check.detail.split()[0].isdigit():
                self.workspaces = int(check.detail.split()[0])
        return None

    def _try(self, question: SecretQuestion, name: str, value: str | None) -> str | None:
        check = try_channel(question, name, value)
        if check.result == "failed":
            return " ".join(filter(None, (f"{_typed(check.detail, name, value)}.", check.fix)))
        say(f"  {check.name}: {check.detail}." + (f" {check.fix}" if check.fix else ""))
        return None

    def _require_a_destination(self) -> None:
        channels = [EMAIL.parameter, *(question.parameter for question in CHANNEL_SECRETS), "EmailTo", "EventBusName"]
        topic = self.before.parameters.get("SnsTopicArn", "create")
        while topic in ("create", NOT_SET) and not any(self._value(name) for name in channels):
            more = f", or a webhook ({EMAIL.flag}, or one of the variables in setup --help)" if self.dialog.yes else ""
            self.dialog.refuse(f"no one would be told: give an e-mail address{more}")
            self._ask(EMAIL, None)

    def _allow_for_pauses(self) -> None:
        """Sets after how many hours without a report the alarm comes, unless the schedule is the old one."""
        schedule = self.answers[SCHEDULE.parameter]
        default = self.parameters[SCHEDULE.parameter].default
        if schedule == self.before.parameters.get(SCHEDULE.parameter, default):
            return
        hours = silence_hours(schedule)
        if hours is None or hours > MAX_SILENCE_HOURS:
            say(
                f"  An alarm comes if no report arrives for SilenceHours ({MAX_SILENCE_HOURS} at most). If this schedule "
                "pauses for longer, report daily instead, with Notify=changes (docs/operations.md)."
            )
        else:
            self.answers[_SILENCE] = str(hours)

    def _value(self, parameter: str) -> str:
        value = self.answers.get(parameter, self.before.parameters.get(parameter, ""))
        return "" if value == NOT_SET else value

    def _ask(
        self,
        question: Question,
        default: str | None,
        *,
        convert: Callable[[str], str] = str,
        problem: Callable[[str], str | None] = lambda value: None,
    ) -> None:
        """Asks until the template and ``problem`` take the answer."""
        parameter = self.parameters[question.parameter]

        def problem_of(answer: str) -> str | None:
            value = value_of(answer)
            return parameter.problem(value) or (problem(value) if value else None)

        def value_of(answer: str) -> str:
            return "" if answer == NOT_SET and parameter.default == "" else convert(answer)

        default = self.before.parameters.get(question.parameter) or default
        text = f"{question.text} ({question.examples})" if question.examples else question.text
        given = self.dialog.given.get(question.parameter.lower())
        self.answers[question.parameter] = value_of(self.dialog.valid(text, question.flag, given, default, problem_of))

    def _ask_for_secret(self, question: SecretQuestion, attempt: Attempt) -> None:
        secret = self.secret_dialog.ask(question, self._value(question.parameter), attempt)
        if secret is not None:
            self.answers[question.parameter] = secret

    def finish(self) -> bool:
        """Shows what will be there and what it costs; stores and writes it after a yes."""
        config = self._config()
        self._show(config)
        does = "Store the secrets and write" if self.secret_dialog.to_store else "Write"
        if not self.dialog.yes and not click.confirm(f"\n{does} {SAMCONFIG}?", default=True):
            say("Nothing was stored or written.")
            return False
        text = SAMCONFIG.read_text(encoding="utf-8") if SAMCONFIG.is_file() else ""
        with self.secret_dialog.all_stored():
            write_file(SAMCONFIG, renew_samconfig(text, config).encode())
        say(f"\nWrote {SAMCONFIG}. Next: backup-reporter deploy")
        return True

    def _config(self) -> SamConfig:
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        parameters = changed_parameters(self.answers, self.before.parameters, defaults)
        return SamConfig(stack=self.stack, region=self.region, profile=self.profile, parameters=parameters)

    def _show(self, config: SamConfig) -> None:
        say(f"\nThe stack {self.stack} in {self.region}, account {self.account}:")
        say("  the function, its schedule and role, two queues, topics, alarms, a bucket, a table, a dashboard")
        for name, value in config.parameters.items():
            say(f"  {name}: {value or NOT_SET}")
        for name in self.secret_dialog.to_store:
            say(f"  stores the secret {name}")
        secrets = sum(config.parameters.get(question.parameter, NOT_SET) != NOT_SET for question in SECRETS)
        costs = estimate(self.workspaces, secrets, has_dashboard=config.parameters.get("Dashboard") != NOT_SET)
        say(f"\nWhat it costs a month for {count(self.workspaces, 'workspace')} ({PRICES_AS_OF}):")
        for line in cost_lines(costs):
            say(line)


def _show_palette(check: Check) -> None:
    """Says what a check of Palette found, if that is worth knowing here."""
    if check.result in ("failed", "warning"):
        say(f"  Warning: {check.name}: {check.detail}\n  {check.fix}")
    elif check.name in ("projects", "workspaces", "backup results") or "INCLUDE_CLUSTERS reports" in check.detail:
        say(f"  {check.name}: {check.detail}.")


def _stack_problem(name: str) -> str | None:
    if _STACK_NAME.fullmatch(name):
        return None
    return "it should be letters, digits and hyphens, with a letter first"


def _typed(detail: str, secret: str, value: str | None) -> str:
    """The checks speak of the secret, in which a typed value is not yet."""
    return re.sub(rf"the secret {re.escape(secret)}|^PALETTE_API_KEY\b", "what you typed", detail) if value else detail
