"""Writes what the fault suite found into a document, between two marks, once all of it has held."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest

from support.fault_list import FAULTS

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
_HEAD = "| what goes wrong | the report | took | of |\n| --- | --- | ---: | ---: |"

_found: dict[str, tuple[str, float, float]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--table", type=Path, help="the document that takes the table of faults")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # Told of in the main process as well, whichever process ran the test.
    for name, value in report.user_properties:
        if name == "fault" and report.when == "call" and report.passed:
            fault, words, seconds, allowed_seconds = cast("tuple[str, str, float, float]", value)
            _found[fault] = (words, seconds, allowed_seconds)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    path = session.config.getoption("table")
    is_worker = hasattr(session.config, "workerinput")
    if path and not is_worker and not exitstatus and len(_found) == len(FAULTS):
        before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        path.write_text(f"{before}{BEGIN}\n{_table(fault.name for fault in FAULTS)}\n{END}{after}", encoding="utf-8")


def _table(names: Iterable[str]) -> str:
    rows = ((name, *_found[name]) for name in names)
    return "\n".join([_HEAD, *(f"| {name} | {words} | {took:.1f} s | {of:g} s |" for name, words, took, of in rows)])
