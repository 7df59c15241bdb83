"""``make screenshots``: the pictures of the page in ``docs/``, of the demo's fleet at a time that never changes."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser

from backup_reporter.demo.instructive import instructive
from backup_reporter.report.page.page import render_page
from support.sample import sample_report

from .chromium import HOW_TO_GET_IT, executable, launched

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
_DOCS = Path(__file__).parents[2] / "docs"
_WIDTH, _HEIGHT = 1180, 910


def main() -> None:
    """Opens the page as somebody who was sent the link: its first screen by day, a workspace in full by night."""
    path = executable()
    if path is None:
        sys.exit(HOW_TO_GET_IT)
    report = sample_report(instructive(NOW), NOW, before=instructive(NOW, before=True))
    with tempfile.TemporaryDirectory() as directory, launched(path) as browser:
        page = Path(directory) / "page.html"
        page.write_text(render_page(report, ZoneInfo("Europe/Berlin")), encoding="utf-8")
        _picture(browser, page.as_uri(), "light", _DOCS / "report-light.png")
        _picture(browser, f"{page.as_uri()}#workspaces", "dark", _DOCS / "report-dark.png")


def _picture(browser: Browser, url: str, scheme: Literal["light", "dark"], file: Path) -> None:
    viewport = {"width": _WIDTH, "height": _HEIGHT}
    context = browser.new_context(
        viewport=viewport,  # type: ignore[arg-type]
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=1.5,
    )
    page = context.new_page()
    page.goto(url)
    page.screenshot(path=file)
    print(f"{file.relative_to(_DOCS.parent)}: {file.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
