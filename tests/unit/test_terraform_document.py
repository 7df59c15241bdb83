"""docs/terraform.md deploys the same function as template.yaml does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import hcl2
import yaml

from backup_reporter.config.environment import load

REPOSITORY = Path(__file__).parents[2]
TEXT = "".join(re.findall(r"```hcl\n(.*?)```", (REPOSITORY / "docs/terraform.md").read_text(), re.DOTALL))
TEMPLATE = (REPOSITORY / "template.yaml").read_text()


def unquoted(node: Any) -> Any:
    """The parser keeps quotes around texts and names."""
    if isinstance(node, dict):
        return {unquoted(name): unquoted(value) for name, value in node.items()}
    if isinstance(node, list):
        return [unquoted(value) for value in node]
    return node.strip('"') if isinstance(node, str) else node


DOCUMENT: dict[str, Any] = unquoted(hcl2.loads(TEXT))


def block(kind: str, name: str) -> dict[str, Any]:
    return next(one[kind][name] for one in DOCUMENT["resource"] if name in one.get(kind, {}))


FUNCTION = block("aws_lambda_function", "backup_reporter")


def test_every_reference_leads_to_something_that_is_defined() -> None:
    defined = {f"{kind}.{name}" for one in DOCUMENT["resource"] for kind, named in one.items() for name in named}
    defined |= {f"data.{kind}.{name}" for one in DOCUMENT["data"] for kind, named in one.items() for name in named}
    without_texts = re.sub(r'"(?:[^"$]|\$(?!\{))*"', "", TEXT)
    references = set(re.findall(r"\b((?:data\.)?(?:aws|archive)_[a-z0-9_]+\.[a-z_]+)\.", without_texts))
    assert references
    assert references <= defined


def test_the_function_is_the_templates() -> None:
    for name in ("handler", "runtime"):
        assert f"{name.capitalize()}: {FUNCTION[name]}" in TEMPLATE
    assert f"MemorySize: {FUNCTION['memory_size']}" in TEMPLATE
    assert f"Timeout: {FUNCTION['timeout']}" in TEMPLATE
    assert f"Architectures: {yaml.safe_dump(FUNCTION['architectures'], default_flow_style=True).strip()}" in TEMPLATE


def test_the_function_understands_every_variable() -> None:
    (environment,) = FUNCTION["environment"]
    variables = environment["variables"]
    assert all(re.search(rf"^ +{name}: ", TEMPLATE, re.MULTILINE) for name in variables)
    values = {name: value for name, value in variables.items() if not value.startswith("${")}
    assert load(values).tenant.api_key_secret == "palette-api-key"


def test_the_roles_may_do_nothing_that_the_templates_may_not() -> None:
    actions = set(re.findall(r'"([a-z0-9]+:[A-Z][A-Za-z]+)"', TEXT)) - {"aws:SourceAccount"}
    assert actions
    assert {action for action in actions if action not in TEMPLATE} == set()


def test_the_schedule_sends_the_event_of_the_template() -> None:
    assert "<aws.scheduler.scheduled-time>" in TEXT
    assert '"<aws.scheduler.scheduled-time>"' in TEMPLATE
