"""The template as CloudFormation would work it out: after SAM's translator, for given parameters.

Knows the functions that the template uses and no others. What a resource is called is the caller's
choice, or else follows from its logical id.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
REGION, ACCOUNT = "eu-central-1", "123456789012"
_PSEUDO = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
_NO_VALUE = object()


@cache
def translated() -> dict[str, Any]:
    """The template after SAM's own translator, which lives in an environment of its own (`make .venv-sam/.sam`)."""
    printed = subprocess.run(
        [REPOSITORY / ".venv-sam/bin/python", "tools/translate_template.py"],
        cwd=REPOSITORY,
        env={"AWS_DEFAULT_REGION": REGION},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    template: dict[str, Any] = json.loads(printed)
    return template


@dataclass(frozen=True)
class Statement:
    """One statement of a role's policy, its resources in the template's order."""

    role: str
    policy: str
    number: int
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Any]


@dataclass(frozen=True)
class Deployed:
    """The template with these parameters. ``names`` says what ``!Ref`` gives for a resource, or ``!GetAtt`` (``X.Arn``)."""

    parameters: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The function's variables, as text."""
        function = translated()["Resources"]["BackupReporter"]["Properties"]
        variables = self.worked_out(function["Environment"]["Variables"])
        return {name: str(value) for name, value in variables.items()}

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type that these parameters make."""
        return {
            name: self.worked_out(resource["Properties"])
            for name, resource in translated()["Resources"].items()
            if resource["Type"] == kind and self.is_met(resource.get("Condition"))
        }

    def statements(self) -> Iterator[Statement]:
        """Every statement that is attached to a role."""
        for role, properties in self.resources("AWS::IAM::Role").items():
            for policy in properties["Policies"]:
                yield from _statements(role, policy)
        for policy in self.resources("AWS::IAM::Policy").values():
            for role in policy["Roles"]:
                yield from _statements(role, policy)

    def is_met(self, condition: str | None) -> bool:
        return condition is None or bool(self.worked_out(translated()["Conditions"][condition]))

    def worked_out(self, value: Any) -> Any:
        """A value without any function in it."""
        if isinstance(value, list):
            return [done for item in value if (done := self.worked_out(item)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and ((name := next(iter(value))) in ("Ref", "Condition") or name.startswith("Fn::")):
            return self._function(name.removeprefix("Fn::"), value[name])
        return {key: done for key, item in value.items() if (done := self.worked_out(item)) is not _NO_VALUE}

    def _function(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "GetAtt":
                return self._attribute(argument if isinstance(argument, str) else ".".join(argument))
            case "Condition":
                return self.is_met(argument)
            case "FindInMap":
                name, first, second = (self.worked_out(part) for part in argument)
                return translated()["Mappings"][name][first][second]
            case "If":
                return self.worked_out(argument[1 if self.is_met(argument[0]) else 2])
            case "Sub":
                text, more = argument if isinstance(argument, list) else (argument, {})
                return self._substituted(text, self.worked_out(more))
        return _FUNCTIONS[name](self.worked_out(argument))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in _PSEUDO:
            return _PSEUDO[name]
        if parameter := translated()["Parameters"].get(name):
            return str(self.parameters.get(name, parameter.get("Default", "")))
        return self.names.get(name, name)

    def _attribute(self, path: str) -> str:
        return self.names.get(path, f"arn:aws:made-by-stack:{REGION}:{ACCOUNT}:{path}")

    def _substituted(self, text: str, more: Mapping[str, Any]) -> str:
        def replaced(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in more:
                return str(more[name])
            return self._attribute(name) if "." in name else str(self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "Equals": lambda both: str(both[0]) == str(both[1]),
    "Not": lambda one: not one[0],
    "And": all,
    "Or": any,
    "Select": lambda given: given[1][int(given[0])],
    "Split": lambda given: given[1].split(given[0]),
}


def _statements(role: str, policy: Mapping[str, Any]) -> Iterator[Statement]:
    for number, statement in enumerate(policy["PolicyDocument"]["Statement"]):
        yield Statement(
            role=role,
            policy=policy["PolicyName"],
            number=number,
            effect=statement["Effect"],
            actions=_listed(statement["Action"]),
            resources=_listed(statement["Resource"]),
            condition=statement.get("Condition", {}),
        )


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
