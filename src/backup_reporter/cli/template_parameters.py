"""The parameters of ``template.yaml``: their defaults, and what they may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backup_reporter.errors import BackupReporterError

TEMPLATE = Path("template.yaml")


class TemplateError(BackupReporterError):
    """The template is not there."""


@dataclass(frozen=True, slots=True)
class TemplateParameter:
    """One parameter, as CloudFormation describes it. ``default`` is ``None`` if it has to be given."""

    name: str
    default: str | None
    pattern: str | None = None
    constraint: str = ""
    choices: tuple[str, ...] = ()
    is_number: bool = False
    lowest: float = float("-inf")
    highest: float = float("inf")

    def problem(self, value: str) -> str | None:
        """Returns why CloudFormation would refuse the value; ``None`` if it would not."""
        if self.choices and value not in self.choices:
            return f"it should be one of {', '.join(filter(None, self.choices))}"
        if self.is_number and not self._is_in_range(value):
            return f"it should be a number from {self.lowest:g} to {self.highest:g}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"it should be {self.constraint}" if self.constraint else f"it does not match {self.pattern}"
        return None

    def _is_in_range(self, value: str) -> bool:
        return bool(re.fullmatch(r"\d+(\.\d+)?", value)) and self.lowest <= float(value) <= self.highest


def read_parameters(path: Path = TEMPLATE) -> dict[str, TemplateParameter]:
    """Returns the template's parameters by name. Raises :class:`TemplateError`."""
    if not path.is_file():
        raise TemplateError(
            f"there is no {path} here: run this in the project's directory, which holds the template and the code"
        )
    document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    return {name: _parameter(name, described) for name, described in document["Parameters"].items()}


def _parameter(name: str, described: Mapping[str, Any]) -> TemplateParameter:
    default = described.get("Default")
    return TemplateParameter(
        name,
        None if default is None else str(default),
        described.get("AllowedPattern"),
        described.get("ConstraintDescription", ""),
        choices=tuple(map(str, described.get("AllowedValues", ()))),
        is_number=described["Type"] == "Number",
        lowest=described.get("MinValue", float("-inf")),
        highest=described.get("MaxValue", float("inf")),
    )


class _Loader(yaml.SafeLoader):
    """Skips CloudFormation's own tags, such as ``!If``: no parameter holds one."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
