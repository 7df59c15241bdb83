"""The document about reliability names tests: they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)))


def test_the_document_names_tests() -> None:
    assert len(NAMED) > 10


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_fault_that_runs_with_the_tests_is_in_the_table() -> None:
    rows = re.findall(r"^\| (.+?) \| (?:OK|WARNING|CRITICAL|UNKNOWN); ", DOCUMENT, re.MULTILINE)
    assert len(rows) > 90
    assert "nothing at all" in rows
