"""A real browser for the pages: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Dialog, Page

from backup_reporter.demo.instructive import instructive
from backup_reporter.report.model import Report
from backup_reporter.report.page.page import render_page
from support.sample import sample_report

from .chromium import HOW_TO_GET_IT, executable, launched
from .screenshots import NOW


@dataclass
class Visit:
    """A page as it was opened, and what happened meanwhile."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Console messages, script errors and dialogs."""

    def note_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()


Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = executable()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_IT)
        pytest.skip(HOW_TO_GET_IT)
    with launched(path) as browser:
        yield browser


@pytest.fixture
def open_html(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens HTML from a file, as somebody does who has kept it; options are those of a Playwright context."""
    contexts = []

    def open_page(html: str, **options: Any) -> Visit:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("dialog", visit.note_dialog)
        visit.page.goto(file.as_uri())
        return visit

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def demo_report() -> Report:
    return sample_report(instructive(NOW), NOW, before=instructive(NOW, before=True))


@pytest.fixture(scope="session")
def demo_page(demo_report: Report) -> str:
    return render_page(demo_report, ZoneInfo("Europe/Berlin"))
