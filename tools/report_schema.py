"""The JSON Schema of a report, made from the types: ``python -m backup_reporter.report.schema``."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from backup_reporter.report.model import SCHEMA_VERSION, Report


def report_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). Every field is always there; what is absent is ``null``."""
    (root,), definitions = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["required"] = list(definition.get("properties", {}))
        # Python 3.13 takes the indentation out of docstrings by itself, 3.11 does not.
        definition["description"] = inspect.cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Palette backup report, version {SCHEMA_VERSION}",
        **root,
        "$defs": definitions,
    }


if __name__ == "__main__":
    print(json.dumps(report_schema(), indent=2))
