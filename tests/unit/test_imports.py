"""What a cold start pays for: importing the handler loads what every run needs, and nothing else."""

import os
import subprocess
import sys

import pytest

NEEDED_BY_SOME = {
    "click": "the command line",
    "rich": "the command line",
    "moto": "the demo",
    "jinja2": "pages and e-mails",
    "markupsafe": "pages and e-mails",
    "email.policy": "e-mails",
    "concurrent.futures.process": "nobody",
    "difflib": "those who misspell a name",
    "pydantic": "nobody",
    "aws_xray_sdk": "nobody",
    "aws_lambda_powertools.utilities.idempotency": "nobody",
    "aws_lambda_powertools.utilities.parameters": "nobody",
    "aws_lambda_powertools.utilities.parser": "nobody",
    "backup_reporter.channels.email": "those who set it up",
    "backup_reporter.channels.eventbridge": "those who set it up",
    "backup_reporter.channels.slack": "those who set it up",
    "backup_reporter.channels.sns": "those who set it up",
    "backup_reporter.channels.teams": "those who set it up",
    "backup_reporter.channels.pagerduty": "those who set it up",
    "backup_reporter.cli": "the command line",
    "backup_reporter.demo": "the demo",
    "backup_reporter.doctor": "the doctor",
    "backup_reporter.channels.heartbeat": "those who set it up",
    "backup_reporter.aws.delivery_log": "those who set it up",
    "backup_reporter.report.page.page": "those who keep reports",
    "backup_reporter.report.schema": "the docs",
    "backup_reporter.aws.report_store": "those who set it up",
}
ALLOWED = {"aws_lambda_powertools", "boto3", "cronsim", "msgspec", "urllib3"}
"""Packages that every run needs; what they bring along themselves is theirs."""

IMPORTED = """
import sys
import boto3
boto3.Session(region_name="eu-central-1").client("secretsmanager")
before = set(sys.modules)
import backup_reporter.handler
print(*sys.modules)
print(*{name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)
ours = [module for name, module in sys.modules.items() if name.startswith("backup_reporter")]
print(*{name for module in ours for name, value in vars(module).items() if hasattr(value, "__dataclass_fields__")})
"""


@pytest.fixture(scope="module")
def said() -> list[set[str]]:
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, env=path)
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_importing_the_handler_loads_nothing_that_only_some_runs_need(said: list[set[str]]) -> None:
    loaded, _, _ = said

    assert "backup_reporter.run.pipeline" in loaded
    assert {name: whose for name, whose in NEEDED_BY_SOME.items() if name in loaded} == {}


def test_the_handler_adds_few_packages_to_what_boto3_loads(said: list[set[str]]) -> None:
    _, added, _ = said

    ours = {name for name in added if not name.startswith(("_sysconfigdata", "backup_reporter"))}
    assert ours - {"typing_extensions"} <= ALLOWED


def test_nothing_is_a_dataclass_because_a_struct_is_made_forty_times_as_fast(said: list[set[str]]) -> None:
    _, _, dataclasses = said

    assert dataclasses == set()
