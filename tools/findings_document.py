"""``docs/findings.md``, made from the catalog. Renew it with ``make findings``."""

from __future__ import annotations

from collections.abc import Iterator

from backup_reporter.health.catalog import codes_worst_first
from backup_reporter.health.codes import Code
from backup_reporter.health.findings import Severity

_INTRODUCTION = """\
# What each finding means

Made from the code's own catalog by `make findings`; `backup-reporter explain CODE` says the same on a terminal. When
exactly each is reported stands in [rules.md](rules.md).

To see something with your own eyes in Palette: choose the project in the menu at the top of the page, then *Workspaces*
in the main menu, then the workspace. Its backups are under the tab *Backups*, its policy under *Settings*, *Schedule
backups*. A user who may only look sees the same.

To run a backup by hand, open the tab *Backups* and create a backup there.
"""

_SEVERITIES: dict[Severity, str] = {
    "critical": "A workspace with one of these is CRITICAL: something cannot be restored, or soon cannot.",
    "unknown": "A workspace with this is UNKNOWN, and never counted as OK.",
    "warning": "A workspace with one of these is WARNING: it can be restored, and something needs a look.",
    "info": "Worth knowing; these count toward no status.",
}


def findings_document() -> str:
    """The whole document, as Markdown."""
    return "\n".join([_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for severity, codes in codes_worst_first().items():
        yield f"## {severity.capitalize()}\n\n{_SEVERITIES[severity]}\n"
        for code in codes:
            yield from _entry(code)


def _entry(code: Code) -> Iterator[str]:
    yield f"### {code.name}\n"
    yield f"**{code.title}** (about a {code.about})\n"
    yield f"{code.meaning}\n"
    yield f"*Why it matters.* {code.why}\n"
    yield f"*How to confirm it.* {code.confirm}\n"
    yield f"*What to do.* {code.action}\n"


if __name__ == "__main__":
    print(findings_document(), end="")
