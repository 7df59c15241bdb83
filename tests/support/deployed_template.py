"""The template as CloudFormation evaluates it: after SAM's translator, for given parameters, region and partition.

Knows the intrinsic functions that the template uses and no others. What a resource is called is the caller's
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
ABOUT_THE_ACCOUNT = {"ses:GetAccount", "sns:GetSMSSandboxAccountStatus"}
"""Actions that have no resource: IAM takes only * for them."""

REGION, ACCOUNT = "eu-central-1", "123456789012"
_NO_VALUE = object()


@cache
def translated(region: str = REGION) -> dict[str, Any]:
    """The template after SAM's own translator, which lives in an environment of its own (`make .venv-sam/.sam`)."""
    printed = subprocess.run(
        [REPOSITORY / ".venv-sam/bin/python", "tools/translate_template.py"],
        cwd=REPOSITORY,
        env={"AWS_DEFAULT_REGION": region},
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
    region: str = REGION
    partition: str = "aws"

    def environment(self) -> dict[str, str]:
        """The function's variables, as text."""
        function = self._template["Resources"]["BackupReporter"]["Properties"]
        variables = self.worked_out(function["Environment"]["Variables"])
        return {name: str(value) for name, value in variables.items()}

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type that these parameters make."""
        return {
            name: self.worked_out(resource.get("Properties", {}))
            for name, resource in self._template["Resources"].items()
            if resource["Type"] == kind and self.is_met(resource.get("Condition"))
        }

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        return {
            name: self.worked_out(output["Value"])
            for name, output in self._template["Outputs"].items()
            if self.is_met(output.get("Condition"))
        }

    def broken_rules(self) -> list[str]:
        """What CloudFormation says when it refuses these parameters for one of the template's rules."""
        return [
            assertion["AssertDescription"]
            for rule in self._template["Rules"].values()
            if self.worked_out(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.worked_out(assertion["Assert"])
        ]

    def statements(self) -> Iterator[Statement]:
        """Every statement that is attached to a role."""
        for role, properties in self.resources("AWS::IAM::Role").items():
            for policy in properties["Policies"]:
                yield from _statements(role, policy)
        for policy in self.resources("AWS::IAM::Policy").values():
            for role in policy["Roles"]:
                yield from _statements(role, policy)

    def is_met(self, condition: str | None) -> bool:
        return condition is None or bool(self.worked_out(self._template["Conditions"][condition]))

    def worked_out(self, value: Any) -> Any:
        """A value without any function in it."""
        if isinstance(value, list):
            return [done for item in value if (done := self.worked_out(item)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and ((name := next(iter(value))) in ("Ref", "Condition") or name.startswith("Fn::")):
            return self._function(name.removeprefix("Fn::"), value[name])
        return {key: done for key, item in value.items() if (done := self.worked_out(item)) is not _NO_VALUE}

    @property
    def _template(self) -> dict[str, Any]:
        return translated(self.region)

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
                return self._template["Mappings"][name][first][second]
            case "If":
                return self.worked_out(argument[1 if self.is_met(argument[0]) else 2])
            case "Sub":
                text, more = argument if isinstance(argument, list) else (argument, {})
                return self._substituted(text, self.worked_out(more))
        return _FUNCTIONS[name](self.worked_out(argument))

    def _ref(self, name: str) -> Any:
        if name.startswith("AWS::"):
            pseudo = {"Region": self.region, "AccountId": ACCOUNT, "Partition": self.partition, "NoValue": _NO_VALUE}
            return pseudo[name.removeprefix("AWS::")]
        if parameter := self._template["Parameters"].get(name):
            return str(self.parameters.get(name, parameter.get("Default", "")))
        return self._reference(name)

    def _reference(self, name: str) -> Any:
        return self.names.get(name, name)

    def _attribute(self, path: str) -> Any:
        return self.names.get(path, f"arn:{self.partition}:made-by-stack:{self.region}:{ACCOUNT}:{path}")

    def _substituted(self, text: str, more: Mapping[str, Any]) -> Any:
        def replaced(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in more:
                return str(more[name])
            return str(self._attribute(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)


class ResolvedTemplate(Deployed):
    """The same with the references between resources left in, as a template that a linter can read."""

    def template(self) -> dict[str, Any]:
        """Resources without conditions and parameters."""
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {
                name: {
                    "Properties": self.worked_out(resource.get("Properties", {})),
                    **{
                        key: resource[key]
                        for key in ("Type", "DeletionPolicy", "UpdateReplacePolicy")
                        if key in resource
                    },
                }
                for name, resource in self._template["Resources"].items()
                if self.is_met(resource.get("Condition"))
            },
            "Outputs": {name: {"Value": value} for name, value in self.outputs().items()},
        }

    def _reference(self, name: str) -> Any:
        return {"Ref": name}

    def _attribute(self, path: str) -> Any:
        return {"Fn::GetAtt": path.split(".", 1)}

    def _substituted(self, text: str, more: Mapping[str, Any]) -> Any:
        values: dict[str, Any] = {}

        def replaced(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return found[0]
            value = more[name] if name in more else self._attribute(name) if "." in name else self._ref(name)
            if not isinstance(value, dict):
                return str(value)
            values[name.replace(".", "")] = value
            return "${" + name.replace(".", "") + "}"

        text = re.sub(r"\$\{([^}]+)\}", replaced, text)
        return {"Fn::Sub": [text, values] if values else text} if "${" in text else text


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "Equals": lambda both: str(both[0]) == str(both[1]),
    "Not": lambda values: not values[0],
    "And": all,
    "Or": any,
    "Contains": lambda both: str(both[1]) in both[0],
    "Select": lambda given: given[1][int(given[0])],
    "Split": lambda given: given[1].split(given[0]),
    "Join": lambda given: given[0].join(given[1]),
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
