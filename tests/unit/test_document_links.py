"""The links between the documents, and the README's table of findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from backup_reporter.health.catalog import codes_worst_first

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = (*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md")))


def links(document: Path) -> Iterator[str]:
    for markdown, attribute in re.findall(r'\]\(([^)\s]+)\)|(?:href|src)="([^"]+)"', document.read_text()):
        link = markdown or attribute
        if not re.match(r"[a-z]+:", link):
            yield link


@cache
def anchors(document: Path) -> frozenset[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower() for heading in headings)
    return frozenset(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), link


def test_the_readme_lists_every_finding_under_its_severity() -> None:
    rows = dict(
        re.findall(r"^\| (critical|unknown|warning|info) \| (.*) \|$", (REPOSITORY / "README.md").read_text(), re.M)
    )
    listed = {severity: re.findall(r"\[`([a-z-]+)`\]", row) for severity, row in rows.items()}
    assert listed == {severity: sorted(code.name for code in codes) for severity, codes in codes_worst_first().items()}
