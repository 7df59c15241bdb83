"""The chain of regular reports: each names the one before it and that one's SHA-256, so that none can be changed unnoticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from backup_reporter.records import Record
from backup_reporter.report.model import Report


@dataclass(frozen=True, slots=True)
class Link:
    """A kept report: its id and the SHA-256 of its file, and what it says of the one before it."""

    report_id: str
    sha256: str
    previous_id: str | None
    previous_sha256: str | None

    @classmethod
    def of(cls, report: Report, sha256: str) -> Link:
        """Returns the link that a report is."""
        previous = report.previous
        return cls(
            report.report_id,
            sha256,
            previous.report_id if previous else None,
            previous.sha256 if previous else None,
        )


class Chain(Record, frozen=True, kw_only=True):
    """Whether a row of reports is unbroken. ``problems`` names each gap, change and second successor in a sentence."""

    reports: int
    problems: tuple[str, ...] = ()

    @property
    def is_unbroken(self) -> bool:
        """Whether each report names the one before it, as that one is today."""
        return not self.problems

    @classmethod
    def of(cls, links: Sequence[Link]) -> Chain:
        """Checks links, oldest first. The first one's predecessor lies before the period and is not looked at."""
        return cls(reports=len(links), problems=tuple(_problems(links)))


def _problems(links: Sequence[Link]) -> list[str]:
    by_id = {link.report_id: link for link in links}
    successors = Counter(link.previous_id for link in links if link.previous_id)
    # A report on demand for some channels or for no one is no link: it names none before it, and none names it.
    regular = [
        link for number, link in enumerate(links) if number == 0 or link.previous_id or successors[link.report_id]
    ]
    problems = []
    for before, link in pairwise(regular):
        if link.previous_id is None:
            problems.append(f"{link.report_id} names no report before it: the chain begins anew.")
        elif link.previous_id not in by_id:
            problems.append(
                f"{link.report_id} names {link.previous_id} before it, which is not kept: a report is missing."
            )
        elif by_id[link.previous_id].sha256 != link.previous_sha256:
            problems.append(f"{link.previous_id} was changed after {link.report_id} was made.")
        elif link.previous_id != before.report_id:
            problems.append(f"{link.report_id} names {link.previous_id} before it, and not {before.report_id}.")
    problems += [f"{name} has {number} successors." for name, number in successors.items() if number > 1]
    return problems
