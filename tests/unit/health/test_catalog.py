"""The catalog of findings, and the document made from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backup_reporter.health.catalog import CODES
from backup_reporter.health.codes import Code
from backup_reporter.health.rules import REPORTED_WITHOUT_A_RULE, RULES
from tools.findings_document import findings_document

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_is_explained_in_whole_sentences(code: Code) -> None:
    for text in (code.meaning, code.why, code.confirm, code.action):
        assert re.match(r"[A-Z]", text)
        assert text.endswith((".", "?"))
        assert "  " not in text
    assert not code.title.endswith(".")


def test_no_two_codes_share_a_name_or_a_title() -> None:
    assert len({code.title for code in CODES.values()}) == len(CODES)
    assert all(name == code.name for name, code in CODES.items())


def test_the_document_in_the_docs_is_current() -> None:
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == findings_document(), "run make findings"


def test_the_document_has_every_code_under_its_severity() -> None:
    sections = dict(part.split("\n", 1) for part in findings_document().split("\n## ")[1:])
    for code in CODES.values():
        assert f"### {code.name}\n\n**{code.title}**" in sections[code.severity.capitalize()]


def test_every_code_has_a_rule_and_every_rule_has_a_code() -> None:
    codes_of_rules = {rule.code for rule in RULES}
    assert codes_of_rules.isdisjoint(REPORTED_WITHOUT_A_RULE)
    assert codes_of_rules | REPORTED_WITHOUT_A_RULE == CODES.keys()
