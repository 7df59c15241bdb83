"""Reads and writes ``samconfig.toml``, the file in which SAM CLI keeps the answers to its questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from backup_reporter.errors import BackupReporterError

SAMCONFIG = Path("samconfig.toml")
DEFAULT_STACK = "palette-backup-reporter"


class SamConfigError(BackupReporterError):
    """The file cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamConfig:
    """What the file says about deploying; ``parameters`` are the stack's, by name."""

    stack: str | None = None
    region: str | None = None
    profile: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_samconfig() -> SamConfig:
    """Returns what the file says; empty if there is no file. Raises :class:`SamConfigError`."""
    return parse_samconfig(SAMCONFIG.read_text(encoding="utf-8")) if SAMCONFIG.is_file() else SamConfig()


def parse_samconfig(text: str) -> SamConfig:
    """Returns what the file says. Values for deploying win over those for all commands."""
    document = _document(text)
    values = {**_table(document, "global"), **_table(document, "deploy")}
    return SamConfig(
        stack=values.get("stack_name"),
        region=values.get("region"),
        profile=values.get("profile"),
        parameters=_parse_overrides(values.get("parameter_overrides", "")),
    )


def renew_samconfig(text: str, config: SamConfig) -> str:
    """Returns the file with these values. Comments and everything else in it stay."""
    document = _document(text)
    document.setdefault("version", 0.1)
    parameters: Any = document
    for name in ("default", "deploy", "parameters"):
        parameters = parameters.setdefault(name, tomlkit.table(is_super_table=name != "parameters"))
    for name, value in (("stack_name", config.stack), ("region", config.region), ("profile", config.profile)):
        if value:
            parameters[name] = value
        else:
            parameters.pop(name, None)
    parameters.setdefault("capabilities", "CAPABILITY_IAM")
    if "s3_bucket" not in parameters:
        parameters.setdefault("resolve_s3", True)
    overrides = tomlkit.array().multiline(multiline=True)
    overrides.extend(f"{name}={_quoted(value)}" for name, value in config.parameters.items())
    parameters["parameter_overrides"] = overrides
    return tomlkit.dumps(document)


def _document(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise SamConfigError(f"{SAMCONFIG} is not valid TOML: {error}") from error


def _table(document: Mapping[str, Any], command: str) -> dict[str, Any]:
    table: Any = document
    for name in ("default", command, "parameters"):
        table = table.get(name, {}) if isinstance(table, Mapping) else {}
    return {name: getattr(value, "unwrap", lambda value=value: value)() for name, value in table.items()}


def _parse_overrides(value: str | list[str]) -> dict[str, str]:
    """SAM CLI takes a list of ``Name=value``, or one text of them; a value may be in quotes."""
    texts = value if isinstance(value, list) else re.findall(r'[^\s=]+=(?:"(?:\\.|[^"\\])*"|\S*)', value)
    pairs = (str(text).partition("=") for text in texts)
    return {name: _unquoted(value) for name, _, value in pairs}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if re.search(r'[\s"\\]', value) or not value else value


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if re.fullmatch(r'"(?:\\.|[^"\\])*"', value) else value
