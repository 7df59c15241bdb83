"""``make screenshots``: the pictures in ``docs/``, of the demo's fleet at a time that never changes.

The page on a large screen; and Slack, mail and page on a telephone, by day and by night.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from playwright.sync_api import Browser

from backup_reporter.demo.instructive import instructive
from backup_reporter.proof.audit import audit
from backup_reporter.proof.render import render_html
from backup_reporter.report.email_html import render_email
from backup_reporter.report.model import Report, ReportLink
from backup_reporter.report.page.page import render_page
from backup_reporter.report.slack import message
from support.quarter import FIRST, LAST, kept_reports
from support.sample import sample_report

from .chromium import HOW_TO_GET_IT, executable, launched
from .slack_like import slack_like

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
_DOCS = Path(__file__).parents[2] / "docs"
_LARGE, _PHONE, _RECORD = (1180, 910), (390, 844), (1180, 300)

Scheme = Literal["light", "dark"]


def main() -> None:
    """Takes all pictures, in a browser of this machine."""
    path = executable()
    if path is None:
        sys.exit(HOW_TO_GET_IT)
    html = _renderings(_with_link(sample_report(instructive(NOW), NOW, before=instructive(NOW, before=True))))
    with tempfile.TemporaryDirectory() as directory, launched(path) as browser:
        urls = {}
        for name, content in html.items():
            file = Path(directory) / f"{name}.html"
            file.write_text(content, encoding="utf-8")
            urls[name] = file.as_uri()
        _picture(browser, urls["page"], "light", _LARGE, "report-light")
        _picture(browser, f"{urls['page']}#workspaces", "dark", _LARGE, "report-dark")
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            for name, url in urls.items():
                _picture(browser, url, scheme, _PHONE, f"phone-{name}-{scheme}", is_whole=name != "page")
        record = Path(directory) / "audit.html"
        record.write_text(render_html(audit(kept_reports(), FIRST, LAST, timedelta(hours=80))), encoding="utf-8")
        _picture(browser, record.as_uri(), "light", _RECORD, "audit", is_whole=True)


def _renderings(report: Report) -> Mapping[str, str]:
    return {
        "page": render_page(report, ZONE),
        "mail": render_email(report, ZONE),
        "slack": slack_like(message(report, ZONE)),
    }


def _with_link(report: Report) -> Report:
    link = ReportLink(
        expires_at=NOW + timedelta(hours=12),
        s3_uri=f"s3://backup-reports/reports/2026/11/23/{report.report_id}.html",
        console_url="https://eu-central-1.console.aws.amazon.com/s3/object/backup-reports",
    )
    return msgspec.structs.replace(report, report_url="https://backup-reports.s3.amazonaws.com/report", link=link)


def _picture(
    browser: Browser, url: str, scheme: Scheme, size: tuple[int, int], name: str, *, is_whole: bool = False
) -> None:
    """The first screen, or the whole page."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=1.5 if size == _LARGE else 1,
    )
    page = context.new_page()
    page.goto(url)
    file = _DOCS / f"{name}.png"
    page.screenshot(path=file, full_page=is_whole)
    print(f"{file.relative_to(_DOCS.parent)}: {file.stat().st_size // 1000} KB")
    context.close()


if __name__ == "__main__":
    main()
