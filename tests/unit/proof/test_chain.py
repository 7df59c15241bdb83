"""The chain of reports: what breaks it is named, and what is no part of it does not."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from backup_reporter.proof.chain import Chain, Link
from backup_reporter.report.model import Changes, PreviousReport, Scope
from support.report_builders import a_report

FIRST = date(2026, 11, 24)


def id_of(number: int) -> str:
    return f"202611{23 + number}T070000Z-{number + 1:08x}"


def a_link(
    number: int, previous: int | None, sha256: str | None = None, scope: str = "all", *, is_regular: bool = True
) -> Link:
    """The link of day ``number``, 1 being the first of the period; its file's SHA-256 is its number, unless given."""
    named = None if previous is None else PreviousReport(report_id=id_of(previous), sha256=str(previous))
    return Link(id_of(number), sha256 or str(number), named, scope, is_regular)


def problems(*links: Link) -> tuple[str, ...]:
    return Chain.of(links, FIRST).problems


def test_a_row_in_which_each_names_the_one_before_it_is_unbroken() -> None:
    chain = Chain.of([a_link(1, 0), a_link(2, 1), a_link(3, 2)], FIRST)
    assert (chain.is_unbroken, chain.reports) == (True, 3)


def test_the_first_report_ever_names_none_before_it() -> None:
    assert problems(a_link(1, None), a_link(2, 1)) == ()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_report_on_demand_is_no_part_of_the_chain_wherever_it_lies(place: int) -> None:
    links = [a_link(1, 0), a_link(2, 1)]
    links.insert(place, a_link(9, None, is_regular=False))
    chain = Chain.of(links, FIRST)
    assert (chain.problems, chain.reports) == ((), 2)


def test_a_removed_report_is_named() -> None:
    (problem,) = problems(a_link(1, 0), a_link(3, 2))
    assert problem == f"{id_of(3)} names {id_of(2)} before it, which is not kept: a report is missing."


def test_the_removed_first_report_of_the_period_is_named_by_the_second() -> None:
    (problem,) = problems(a_link(2, 1), a_link(3, 2))
    assert problem == f"{id_of(2)} names {id_of(1)} before it, which is not kept: a report is missing."


def test_a_changed_report_is_named() -> None:
    assert problems(a_link(1, 0), a_link(2, 1, "other"), a_link(3, 2)) == (
        f"{id_of(2)} was changed after {id_of(3)} was made.",
    )


def test_a_report_that_cannot_be_read_counts_as_changed() -> None:
    assert problems(a_link(1, 0), Link(id_of(2), "other"), a_link(3, 2)) == (
        f"{id_of(2)} was changed after {id_of(3)} was made.",
    )


def test_a_report_that_cannot_be_read_and_that_none_names_may_be_the_end_of_the_chain() -> None:
    assert problems(a_link(1, 0), Link(id_of(2), "2")) == (
        f"{id_of(2)} cannot be read: whether it is part of the chain is not known.",
    )


def test_a_report_that_this_version_cannot_read_is_as_it_was_if_the_next_one_says_so() -> None:
    assert problems(a_link(1, 0), Link(id_of(2), "2"), a_link(3, 2)) == ()


@pytest.mark.parametrize("number", [2, 3])
def test_a_report_that_lost_the_pointer_is_named_even_if_it_is_the_newest(number: int) -> None:
    links = [a_link(1, 0), a_link(2, 1), a_link(3, 2)]
    links[number - 1] = a_link(number, None)
    assert problems(*links) == (f"{id_of(number)} names no report before it: the chain begins anew.",)


def test_a_link_without_a_hash_proves_nothing() -> None:
    link = Link(id_of(2), "2", PreviousReport(report_id=id_of(1), sha256=None), "all", is_regular=True)
    assert problems(a_link(1, 0), link) == (
        f"{id_of(2)} names {id_of(1)} before it without its SHA-256: whether it was changed is not known.",
    )


def test_two_successors_are_named_with_the_report_that_has_them() -> None:
    assert problems(a_link(1, 0), a_link(2, 1), a_link(3, 1)) == (
        f"{id_of(1)} has 2 successors: {id_of(2)}, {id_of(3)}.",
    )


def test_a_report_put_in_between_is_named_although_the_one_that_it_names_lies_before_the_period() -> None:
    assert problems(a_link(1, 0), a_link(3, -1), a_link(4, 1)) == (
        f"{id_of(3)} names {id_of(-1)} before it, from before the period, and not {id_of(1)}.",
    )


@pytest.mark.parametrize("scope", ["all", "other"])
def test_a_report_put_in_between_is_named_if_the_one_that_it_names_is_no_report_of_the_chain(scope: str) -> None:
    outside = a_link(2, None, scope=scope, is_regular=scope == "other")
    assert problems(a_link(1, 0), outside, a_link(3, 2), a_link(4, 1)) == (
        f"{id_of(3)} names {id_of(2)} before it, which is no report of the chain.",
    )


def test_each_scope_has_a_chain_of_its_own() -> None:
    links = [a_link(1, None), a_link(2, None, scope="other"), a_link(3, 1), a_link(4, 2, scope="other")]
    chain = Chain.of(links, FIRST)
    assert (chain.problems, chain.reports) == ((), 4)


def test_a_regular_report_says_what_it_was_compared_with_and_one_on_demand_does_not() -> None:
    report = a_report()
    with_note = msgspec.structs.replace(report, changes=Changes(note="No earlier report of this scope is kept."))
    with_previous = msgspec.structs.replace(report, previous=PreviousReport(report_id=id_of(1), sha256="1"))
    links = [Link.of(one, "0") for one in (report, with_note, with_previous)]
    assert [link.is_regular for link in links] == [False, True, True]


def test_the_scope_of_a_link_is_that_of_its_report() -> None:
    narrow = msgspec.structs.replace(a_report(), scope=Scope(project_uids=("p-1",)))
    assert Link.of(narrow, "0").scope != Link.of(a_report(), "0").scope


def test_what_a_file_says_instead_of_an_id_is_shown_as_text_alone() -> None:
    named = PreviousReport(report_id="a\n# <b>[good](x)\x1b[2K", sha256="1")
    (problem,) = problems(Link("20261124T070000Z-1a2b3c4d", "1", named, "all", is_regular=True))
    assert problem.startswith("20261124T070000Z-1a2b3c4d names a????b??good??x???2K before it")
