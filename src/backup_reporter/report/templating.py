"""Templates that escape everything from Palette, and what makes a page a file of its own.

Jinja2 is imported when something is rendered, not before: most runs of a function never do.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote as quote_url
from zoneinfo import ZoneInfo

from backup_reporter.health.findings import WORST_FIRST, Status
from backup_reporter.report import phrases
from backup_reporter.report.groups import title_of
from backup_reporter.report.locations import NAME_LENGTH, place
from backup_reporter.wording import count, local, quote

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_DATE = re.compile(r"\b(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d(?: \d\d:\d\d)?\b")
_TEMPLATES = Path(__file__).parent / "page" / "templates"


def environment(zone: ZoneInfo, now: datetime) -> Environment:
    """Jinja2 with everything escaped, and the words that templates use for names and times."""
    made = template_environment(_TEMPLATES)
    made.filters |= {
        "name": partial(quote, length=NAME_LENGTH),
        "message": partial(quote, length=phrases.MESSAGE_LENGTH),
        "when": lambda at: f"{local(at, zone):%Y-%m-%d %H:%M}",
        "long_date": lambda at: f"{local(at, zone):%A} {local(at, zone).day} {local(at, zone):%B %Y, %H:%M %Z}",
        "short_date": short_date,
        "iso": lambda at: at.astimezone(UTC).isoformat(),
        "title_of": title_of,
        "day_number": lambda since: phrases.day_number(since, now, zone),
        "since_line": lambda group: phrases.since_line(group, now, zone),
        "whole_dates": whole_dates,
        "status_word": lambda status: status if status == "OK" else status.capitalize(),
    }
    made.globals |= {"counted": count, "statuses": WORST_FIRST, "names": place}
    return made


def template_environment(templates: Path) -> Environment:
    """Returns Jinja2 for the templates of a directory, with everything escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see above

    return Environment(loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined)


def short_date(day: date) -> str:
    """``22 Nov``."""
    return f"{day.day} {day:%b}"


def whole_dates(text: str, attribute: str) -> Markup:
    """Text with its dates and times in elements that have ``attribute``, so that no line break divides them."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - see above

    return Markup(_DATE.sub(rf"<span {attribute}>\g<0></span>", str(escape(text))))  # noqa: S704 - escaped


@cache
def asset(name: str) -> Markup:
    """A style sheet or script of this package, to be put into a page as it is."""
    return asset_of(_TEMPLATES / name)


def asset_of(file: Path) -> Markup:
    """Returns a style sheet or script of ours, to be put into a page as it is."""
    from markupsafe import Markup  # noqa: PLC0415 - see above

    return Markup(file.read_text(encoding="utf-8"))  # noqa: S704 - our own file


def content_security_policy(style: str, script: str | None = None) -> str:
    """Lets exactly this inline style and script work, and nothing be loaded from anywhere."""
    scripts = f" script-src '{_hash(script)}';" if script else ""
    return (
        f"default-src 'none'; style-src '{_hash(style)}';{scripts} img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


_ICON_COLORS: dict[Status, str] = {"OK": "1d7347", "WARNING": "e5a823", "CRITICAL": "b3261e", "UNKNOWN": "5a49a8"}


def favicon(status: Status) -> str:
    """A dot in the status' colour, for a row of tabs."""
    circle = f"<circle cx='4' cy='4' r='4' fill='#{_ICON_COLORS[status]}'/>"
    return "data:image/svg+xml," + quote_url(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>{circle}</svg>"
    )
