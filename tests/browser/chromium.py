"""Where Chromium is, and how it is started: for the tests, and for the pictures in the docs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

HOW_TO_GET_IT = "no Chromium here: 'apt-get install chromium' on Debian (or put a Chromium or Chrome on the path)"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The first of the usual names that is on the path."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """A headless browser, closed in the end."""
    with sync_playwright() as playwright:
        # As root, which CI often is, Chromium's sandbox does not start; only our own pages are opened.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
