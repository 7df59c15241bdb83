from __future__ import annotations

import json
from pathlib import Path

from tools.report_schema import report_schema

SCHEMA = Path(__file__).parents[3] / "docs/report.schema.json"


def test_the_schema_in_the_docs_is_that_of_the_types() -> None:
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(report_schema())), "renew it with: make schema"


def test_every_field_is_always_there() -> None:
    for definition in report_schema()["$defs"].values():
        assert set(definition["required"]) == set(definition["properties"])
