"""The template as CloudFormation gets it: settings, permissions, and what nothing else checks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from cronsim import CronSim

from backup_reporter.config.environment import VARIABLES, load
from support.deployed_template import ABOUT_THE_ACCOUNT
from tools.parameters_document import document

REPOSITORY = Path(__file__).parents[2]
SETTINGS = set(VARIABLES)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, each as ``{"Fn::Name": value}``."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((REPOSITORY / "template.yaml").read_text(), Loader=_Loader)
    return loaded


def variables(template: dict[str, Any]) -> dict[str, Any]:
    function = template["Resources"]["BackupReporter"]["Properties"]
    found: dict[str, Any] = dict(function["Environment"]["Variables"])
    # For the C library and the SDK, which read them by themselves.
    del found["MALLOC_ARENA_MAX"], found["AWS_USE_FIPS_ENDPOINT"]
    return found


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Every statement of every role's policies, whatever its condition."""
    found = []
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Policy":
            found += resource["Properties"]["PolicyDocument"]["Statement"]
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                inner = policy["Fn::If"][1] if "Fn::If" in policy else policy
                found += inner["PolicyDocument"]["Statement"]
    return found


def test_every_setting_is_a_variable_of_the_function_and_the_reverse(template: dict[str, Any]) -> None:
    assert set(variables(template)) == SETTINGS


def test_every_variable_follows_a_parameter(template: dict[str, Any]) -> None:
    parameters = set(template["Parameters"])
    for name, value in variables(template).items():
        assert parameters & set(re.findall(r'"Ref": "(\w+)"', json.dumps(value))), name


def test_every_parameter_is_described_constrained_and_in_a_group(template: dict[str, Any]) -> None:
    grouped = [
        name
        for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
    ]
    assert sorted(grouped) == sorted(template["Parameters"])
    for name, parameter in template["Parameters"].items():
        assert len(parameter["Description"]) > 20, name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), name
        if "AllowedPattern" in parameter:
            assert parameter["ConstraintDescription"], name


def test_the_document_about_the_parameters_is_the_templates_own(template: dict[str, Any]) -> None:
    # `make parameters` renews it.
    assert (REPOSITORY / "docs/parameters.md").read_text(encoding="utf-8") == document(template)


def test_the_defaults_are_valid_and_only_the_secret_has_none(template: dict[str, Any]) -> None:
    without = [name for name, parameter in template["Parameters"].items() if "Default" not in parameter]
    assert without == ["PaletteApiKeySecret"]
    for name, parameter in template["Parameters"].items():
        if "AllowedPattern" in parameter and "Default" in parameter:
            assert re.fullmatch(parameter["AllowedPattern"], str(parameter["Default"])), name


def test_the_functions_settings_accept_the_templates_defaults(template: dict[str, Any]) -> None:
    environ = {
        name: str(template["Parameters"][value["Ref"]].get("Default", "palette-api-key"))
        for name, value in variables(template).items()
        if "Ref" in value
    }
    load(environ)


def test_the_schedule_is_one_that_falls_due_and_its_zone_exists(template: dict[str, Any]) -> None:
    # Neither cfn-lint nor any local AWS notices a cron expression that never fires.
    expression = template["Parameters"]["ScheduleExpression"]["Default"]
    fields = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)", expression)
    assert fields
    zone = ZoneInfo(template["Parameters"]["TimeZone"]["Default"])
    due = next(
        CronSim(" ".join(fields.groups()).replace("?", "*"), datetime(2026, 11, 24, tzinfo=UTC).astimezone(zone))
    )
    assert (due.hour, due.minute) == (7, 0)


def test_no_permission_is_for_everything(template: dict[str, Any]) -> None:
    found = statements(template)
    assert len(found) > 8
    for statement in found:
        if statement["Effect"] == "Deny":
            continue
        actions = _either(statement["Action"])
        assert not [action for action in actions if "*" in action]
        resources = _either(statement["Resource"])
        assert "*" not in resources or set(actions) <= ABOUT_THE_ACCOUNT


def _either(value: Any) -> list[Any]:
    """One or several, and whatever a condition may choose."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [one for choice in value["Fn::If"][1:] for one in _either(choice)]
    return value if isinstance(value, list) else [value]


def test_the_schedule_hands_over_its_time_and_keeps_what_it_cannot_deliver(template: dict[str, Any]) -> None:
    schedule = template["Resources"]["BackupReporterDaily"]["Properties"]
    target = schedule["Target"]
    assert json.loads(target["Input"]) == {"scheduledTime": "<aws.scheduler.scheduled-time>"}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": "MissedSchedules.Arn"}
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "TimeZone"}


def test_the_build_ships_what_the_lock_file_pins_and_leaves_out_what_only_people_use(tmp_path: Path) -> None:
    # Through the same makefile that sam calls, without the download: what it would install is in the lock file.
    plan = subprocess.run(
        ["make", "--dry-run", "build-BackupReporter", f"ARTIFACTS_DIR={tmp_path}"],
        cwd=REPOSITORY / "src",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "--require-hashes" in plan
    assert "manylinux2014_aarch64" in plan
    assert "backup_reporter/demo" in plan
    assert "unchecked-hash" in plan


def test_the_build_takes_along_the_certificate_of_a_private_ca(tmp_path: Path) -> None:
    (tmp_path / "palette-ca.pem").write_text("-----BEGIN CERTIFICATE-----")

    package = build_without_download(tmp_path, "*.pem")

    assert (package / "palette-ca.pem").read_text() == "-----BEGIN CERTIFICATE-----"


def test_nothing_that_the_build_leaves_of_the_code_needs_what_it_removes(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "src/backup_reporter", tmp_path / "backup_reporter")

    package = build_without_download(tmp_path, "cp -R", "rm -rf bin")

    names = [
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        for path in package.rglob("*.py")
    ]
    assert "backup_reporter.handler" in names
    assert "backup_reporter.cli" not in names
    importing = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    done = subprocess.run(
        [sys.executable, "-c", importing, *names],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(package)},
        cwd=tmp_path / "package",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def build_without_download(directory: Path, *parts: str) -> Path:
    """What the makefile's lines with some ``parts`` make of a directory."""
    package = directory / "package"
    package.mkdir()
    makefile = (REPOSITORY / "src/Makefile").read_text(encoding="utf-8")
    lines = [line for line in makefile.splitlines() if any(part in line for part in parts)]
    assert len(lines) == len(parts)
    (directory / "Makefile").write_text("\n".join(["all:", *lines, ""]))
    subprocess.run(["make", f"ARTIFACTS_DIR={package}"], cwd=directory, check=True, capture_output=True)
    return package
