"""What a rule is: a finding's code, the function that looks for it, and when it is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Literal

from msgspec import Struct

from backup_reporter.health.context import Context
from backup_reporter.health.findings import Finding
from backup_reporter.health.timeline import Subject

Check = Callable[[Context], Iterable[Finding]]


class Rule(Struct, frozen=True, kw_only=True):
    """One reason for a finding. Two rules may report the same code.

    ``needs_whole_history``: left out while an entry of the history cannot be read, because that entry may be what
    the rule misses. ``applies_to``: a rule about a history or a schedule says nothing about one run that is judged
    alone, and the other way round. ``explains_missing_copy``: its finding says why a cluster has no new copy.
    ``only_unexplained``: its finding is dropped if another one explains it.
    """

    code: str
    check: Check
    needs_whole_history: bool = False
    applies_to: Literal["any", "history", "one run"] = "any"
    explains_missing_copy: bool = False
    only_unexplained: bool = False


def each_cluster(check: Callable[[Context, Subject], Finding | None]) -> Check:
    """Returns a check that asks about every cluster in turn."""
    return partial(_check_each, check)


def _check_each(check: Callable[[Context, Subject], Finding | None], context: Context) -> Iterator[Finding]:
    return (found for subject in context.timeline.subjects if (found := check(context, subject)))
