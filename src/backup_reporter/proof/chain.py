"""The chain of regular reports: each names the one before it and that one's SHA-256, so that none can be changed unnoticed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backup_reporter.records import Record
from backup_reporter.report.model import PreviousReport, Report, scope_id
from backup_reporter.wording import listed

_MAX_LENGTH = 80
"""Of an id: a report's has 25 characters and more."""
_UNREAD = "{} cannot be read: whether it is part of the chain is not known."


@dataclass(frozen=True, slots=True)
class Link:
    """A kept report: its id and the SHA-256 of its file, and what it says of the one before it.

    ``is_regular`` is false for a report on demand for some channels or for no one: it is no part of a chain. Neither
    is a report that cannot be read, which has no ``scope``.
    """

    report_id: str
    sha256: str
    previous: PreviousReport | None = None
    scope: str | None = None
    is_regular: bool = False

    @classmethod
    def of(cls, report: Report, sha256: str) -> Link:
        """Returns the link that a report is."""
        return cls(
            report.report_id,
            sha256,
            report.previous,
            scope_id(report.scope),
            # The first of a chain names no report; it says that there was none to compare with.
            is_regular=report.previous is not None or report.changes.note is not None,
        )

    @property
    def is_first(self) -> bool:
        """Whether a chain begins with it."""
        return self.is_regular and self.previous is None

    def is_outside(self, scope: str | None) -> bool:
        """Whether it is known to be no part of the chain of a scope."""
        return self.scope is not None and (self.scope != scope or not self.is_regular)


class Chain(Record, frozen=True, kw_only=True):
    """Whether a row of reports is unbroken. ``problems`` names each gap, change and second successor in a sentence."""

    reports: int
    problems: tuple[str, ...] = ()

    @property
    def is_unbroken(self) -> bool:
        """Whether each report names the one before it, as that one is today."""
        return not self.problems

    @classmethod
    def of(cls, links: Sequence[Link], first: date) -> Chain:
        """Checks links, oldest first, each in the chain of its scope. What lies before the day ``first`` is not looked at."""
        by_id = {link.report_id: link for link in links}
        chains = defaultdict[str | None, list[Link]](list)
        for link in links:
            if link.is_regular:
                chains[link.scope].append(link)
        problems = [problem for chain in chains.values() for problem in _problems(chain, by_id, first)]
        named = {link.previous.report_id for link in links if link.previous}
        problems += (
            _UNREAD.format(link.report_id) for link in links if link.scope is None and link.report_id not in named
        )
        return cls(reports=sum(map(len, chains.values())), problems=tuple(problems))


def _problems(chain: Sequence[Link], by_id: Mapping[str, Link], first: date) -> Iterator[str]:
    successors = defaultdict[str, list[str]](list)
    for number, link in enumerate(chain):
        if link.previous:
            those = successors[link.previous.report_id]
            those.append(link.report_id)
            before = chain[number - 1] if number and len(those) == 1 else None
            yield from filter(None, [_problem(link, link.previous, by_id.get(link.previous.report_id), before, first)])
        elif number:
            yield f"{_shown(link.report_id)} names no report before it: the chain begins anew."
    for name, those in successors.items():
        if len(those) > 1:
            yield f"{_shown(name)} has {len(those)} successors: {listed([*map(_shown, those)], 5)}."


def _problem(link: Link, previous: PreviousReport, kept: Link | None, before: Link | None, first: date) -> str | None:
    """What is wrong with the report that a link names, ``kept`` if it is there.

    ``before`` is the link before it, if no other one names the same report.
    """
    name, named = _shown(link.report_id), _shown(previous.report_id)
    naming = f"{name} names {named} before it"
    if previous.sha256 is None:
        return f"{naming} without its SHA-256: whether it was changed is not known."
    if kept is None:
        if previous.report_id >= f"{first:%Y%m%d}":
            return f"{naming}, which is not kept: a report is missing."
        return f"{naming}, from before the period, and not {_shown(before.report_id)}." if before else None
    if kept.sha256 != previous.sha256:
        return f"{named} was changed after {name} was made."
    return f"{naming}, which is no report of the chain." if kept.is_outside(link.scope) else None


def _shown(report_id: str) -> str:
    """A report's id; what a file says instead of one, without what a terminal or a page takes for more than text."""
    return re.sub(r"[^\w.:-]", "?", report_id[:_MAX_LENGTH], flags=re.ASCII)
