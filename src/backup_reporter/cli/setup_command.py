"""``backup-reporter setup``: asks what a deployment needs, tries each answer at once, and writes ``samconfig.toml``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.aws.errors import code_of, message_of
from backup_reporter.aws.secrets import keep_libraries_quiet
from backup_reporter.cli.costs import PRICES_AS_OF, cost_lines, estimate
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.output_file import write_file
from backup_reporter.cli.questions import (
    ALARM_EMAIL,
    CHANNEL_SECRETS,
    EMAIL,
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
    schedule_expression,
    zone_problem,
)
from backup_reporter.cli.samconfig import DEFAULT_STACK, SAMCONFIG, SamConfig, read_samconfig, renew_samconfig
from backup_reporter.cli.setup_secrets import SecretStore
from backup_reporter.cli.setup_trial import try_channel, try_palette
from backup_reporter.cli.template_parameters import TemplateParameter, read_parameters
from backup_reporter.config.parsers import parse_api_url
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.errors import BackupReporterError
from backup_reporter.wording import count

_NOT_SET = "none"
_TYPICAL_WORKSPACES = 100

_EXAMPLES = """\
\b
Examples:
  backup-reporter setup
  backup-reporter setup --yes --email platform-team@example.com
Values of secrets come from questions, or from these variables:
  PALETTE_API_KEY, SLACK_WEBHOOK_URL, TEAMS_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY
"""


class SetupError(BackupReporterError):
    """An answer that cannot be used, where no one can be asked again."""


def _flags(command: Callable[..., object]) -> Callable[..., object]:
    """A flag for each question, in their order."""
    options: list[tuple[str, str, str]] = [
        ("--profile", "profile", "The AWS profile."),
        ("--region", "region", "The AWS region."),
        ("--stack", "stack", "The name of the stack."),
        *((question.flag, question.parameter, question.help) for question in QUESTIONS),
        *(
            (secret.flag, secret.parameter, f"The secret in Secrets Manager; {secret.secret_name} by default.")
            for secret in SECRETS
        ),
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
    setup = _Setup(given, read_parameters(), read_samconfig(), yes=yes, replace_secrets=replace_secrets)
    setup.ask()
    return 0 if setup.finish() else 1


@dataclass
class _Setup:
    """One run through the questions."""

    given: Mapping[str, str]
    parameters: Mapping[str, TemplateParameter]
    before: SamConfig
    yes: bool
    replace_secrets: bool
    answers: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict, repr=False)
    """Secrets to store, by name."""
    workspaces: int = _TYPICAL_WORKSPACES
    profile: str | None = None
    region: str = ""
    stack: str = ""
    account: str = ""

    def ask(self) -> None:
        self._ask_for_aws()
        self._ask_for_palette()
        click.echo("\nWhere reports go. Enter leaves a question out.")
        self._ask(EMAIL, _NOT_SET)
        for question in CHANNEL_SECRETS:
            if question.parameter in self.parameters:
                self._ask_for_secret(question, partial(self._try, question))
        self._require_a_destination()
        self._ask(ALARM_EMAIL, self.answers.get(EMAIL.parameter) or _NOT_SET)
        click.echo()
        self._ask(SCHEDULE, self.parameters[SCHEDULE.parameter].default or "", convert=schedule_expression)
        self._ask(TIME_ZONE, machine_zone(), problem=zone_problem)
        self._ask(RETENTION, self.parameters[RETENTION.parameter].default or "")

    def _ask_for_aws(self) -> None:
        self.profile = self.given.get("profile") or self.before.profile
        session = self._session(None)
        self.region = self._answer("AWS region", self.given.get("region"), self.before.region or session.region_name)
        self.stack = self._answer("Name of the stack", self.given.get("stack"), self.before.stack or DEFAULT_STACK)
        # The checks build their clients from the environment.
        os.environ.update({"AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region})
        if self.profile:
            os.environ["AWS_PROFILE"] = self.profile
        try:
            identity = self._session(self.region).client("sts").get_caller_identity()
        except (ClientError, BotoCoreError) as error:
            raise SetupError(
                f"AWS does not accept the credentials ({code_of(error)}): give another --profile, or sign in "
                f"(aws sso login, or aws configure). {message_of(error)}"
            ) from error
        self.account = identity["Account"]
        click.echo(f"  Account {self.account}, as {identity['Arn'].rpartition(':')[2]}.\n")

    @cached_property
    def secrets(self) -> SecretStore:
        return SecretStore(self._session(self.region).client("secretsmanager"))

    def _session(self, region: str | None) -> boto3.Session:
        try:
            return boto3.Session(profile_name=self.profile, region_name=region)
        except BotoCoreError as error:
            raise SetupError(f"--profile: {error}") from error

    def _ask_for_palette(self) -> None:
        default = self.parameters[PALETTE_URL.parameter].default or ""
        self._ask(PALETTE_URL, default, problem=_url_problem)
        self._ask_for_secret(PALETTE_KEY, self._try_key)

    def _try_key(self, name: str, value: str | None) -> str | None:
        url = parse_api_url(self.answers[PALETTE_URL.parameter])
        bundle = os.environ.get("PALETTE_CA_BUNDLE")
        settings = Settings(tenant=Tenant(api_url=url, api_key_secret=name, ca_bundle=bundle))
        for check in try_palette(settings, value):
            if check.name in ("API key", "projects") and check.result == "failed":
                return f"{check.detail}. {check.fix}"
            if check.result in ("failed", "warning"):
                click.echo(f"  Warning: {check.name}: {check.detail}\n  {check.fix}")
            elif check.name in ("projects", "workspaces", "backup results"):
                click.echo(f"  {check.detail}.")
            if check.name == "workspaces" and check.detail.split()[0].isdigit():
                self.workspaces = int(check.detail.split()[0])
        return None

    def _try(self, question: SecretQuestion, name: str, value: str | None) -> str | None:
        check = try_channel(question, name, value)
        if check.result == "failed":
            return f"{check.detail}. {check.fix or ''}"
        click.echo(f"  {check.detail}." + (f" {check.fix}" if check.fix else ""))
        return None

    def _require_a_destination(self) -> None:
        channels = [EMAIL.parameter, *(question.parameter for question in CHANNEL_SECRETS), "EmailTo", "EventBusName"]
        topic = self.before.parameters.get("SnsTopicArn", "create")
        if topic in ("create", _NOT_SET) and not any(self._value(name) for name in channels):
            problem = "no one would be told: give an e-mail address, or a webhook"
            if self.yes:
                raise SetupError(f"{problem} ({EMAIL.flag}, or one of the variables in setup --help)")
            click.echo(f"  {problem[0].upper()}{problem[1:]}.")
            self._ask(EMAIL, "")

    def _value(self, parameter: str) -> str:
        value = self.answers.get(parameter, self.before.parameters.get(parameter, ""))
        return "" if value == _NOT_SET else value

    def _ask(
        self,
        question: Question,
        default: str,
        *,
        convert: Callable[[str], str] = str,
        problem: Callable[[str], str | None] = lambda value: None,
    ) -> None:
        """Asks until the template and ``problem`` take the answer."""
        parameter = self.parameters[question.parameter]
        given = self.given.get(question.parameter.lower())
        default = self.before.parameters.get(question.parameter) or default
        text = f"{question.text} ({question.examples})" if question.examples else question.text
        while True:
            answer = convert(self._answer(text, given, default))
            value = "" if answer == _NOT_SET and parameter.default == "" else answer
            reason = parameter.problem(value) or (problem(value) if value else None)
            if reason is None:
                self.answers[question.parameter] = value
                return
            self._refuse(f"{question.flag}: {answer!r}: {reason}")
            given = None

    def _ask_for_secret(self, question: SecretQuestion, attempt: Callable[[str, str | None], str | None]) -> None:
        """Asks until the value works; an empty answer keeps the secret that is there, or leaves the channel out."""
        name = (
            self.given.get(question.parameter.lower())
            or self.before.parameters.get(question.parameter)
            or question.secret_name
        )
        is_known = question.parameter.lower() in self.given or question.parameter in self.before.parameters
        there = self.secrets.value(name) if is_known or question is PALETTE_KEY else None
        value = os.environ.get(question.variable, "").strip() or None
        while True:
            if value is None and not self.yes:
                keep = f" [Enter keeps the secret {name}]" if there else ""
                typed = click.prompt(f"{question.text}{keep}", default="", show_default=False, hide_input=True)
                value = typed.strip() or None
            if value is None and there is None:
                if not is_known and question is not PALETTE_KEY:
                    return
                missing = f"there is no secret {name}: set {question.variable} to its value"
                self._refuse(f"{question.flag}: {missing}" if self.yes else "the key is needed")
                continue
            reason = attempt(name, value)
            if reason is None:
                break
            self._refuse(f"{question.flag}: {reason}")
            value = None
        self.answers[question.parameter] = name
        if value is not None and self._may_store(name, value, question):
            self.values[name] = value

    def _may_store(self, name: str, value: str, question: SecretQuestion) -> bool:
        """Whether the value is new, and an old one may be replaced."""
        there = self.secrets.value(name)
        if there is None or there.strip() == value:
            return there is None
        if self.replace_secrets or (
            not self.yes and click.confirm(f"  The secret {name} holds another value. Replace it?", default=False)
        ):
            return True
        raise SetupError(
            f"the secret {name} holds another value: give --replace-secrets, or another name with {question.flag}"
        )

    def _answer(self, text: str, given: str | None, default: str | None) -> str:
        if given is not None:
            return given
        if self.yes:
            if default is None:
                raise SetupError(f"{text}: there is no default; give it with a flag, such as --region")
            return default
        return str(click.prompt(text, default=default, type=str)).strip()

    def _refuse(self, reason: str) -> None:
        """Says why, so that the question can be asked again. Raises :class:`SetupError` if no one can be asked."""
        if self.yes:
            raise SetupError(reason)
        click.echo(f"  {reason}")

    def finish(self) -> bool:
        """Shows what will be there and what it costs; stores and writes it after a yes."""
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        config = SamConfig(
            stack=self.stack,
            region=self.region,
            profile=self.profile,
            parameters=changed_parameters(self.answers, self.before.parameters, defaults),
        )
        self._show(config)
        if not self.yes and not click.confirm("\nStore the secrets and write samconfig.toml?", default=True):
            click.echo("Nothing was stored or written.")
            return False
        text = SAMCONFIG.read_text(encoding="utf-8") if SAMCONFIG.is_file() else ""
        with self.secrets.stored(self.values):
            write_file(SAMCONFIG, renew_samconfig(text, config).encode())
        click.echo(f"\nWrote {SAMCONFIG}. Next: backup-reporter deploy")
        return True

    def _show(self, config: SamConfig) -> None:
        click.echo(f"\nThe stack {self.stack} in {self.region}, account {self.account}:")
        click.echo("  the function, its schedule and role, two queues, topics, alarms, a bucket, a table, a dashboard")
        for name, value in config.parameters.items():
            click.echo(f"  {name}: {value or _NOT_SET}")
        for name in self.values:
            click.echo(f"  stores the secret {name}")
        secrets = sum(question.parameter in config.parameters for question in SECRETS)
        costs = estimate(self.workspaces, secrets, has_dashboard=config.parameters.get("Dashboard") != _NOT_SET)
        click.echo(f"\nWhat it costs a month for {count(self.workspaces, 'workspace')} (list prices, {PRICES_AS_OF}):")
        for line in cost_lines(costs):
            click.echo(line)


def _url_problem(url: str) -> str | None:
    try:
        parse_api_url(url)
    except ValueError as error:
        return str(error)
    return None
