from __future__ import annotations

from email.utils import formatdate

import pytest

from backup_reporter.palette.clock_skew import ClockSkew

NOW = 1_795_570_000.0


def looked(*dates: str) -> str | None:
    clock = ClockSkew(lambda: NOW)
    for date in dates:
        clock.note_date(date)
    return clock.problem


@pytest.mark.parametrize("seconds", [0, 3500, -3500])
def test_a_clock_that_is_a_little_off_is_no_problem(seconds: float) -> None:
    assert looked(formatdate(NOW + seconds, usegmt=True)) is None


@pytest.mark.parametrize(
    ("seconds", "says"), [(7200, "2 hours ahead of"), (-3 * 86400, "3 days behind"), (-4000, "66 minutes behind")]
)
def test_a_clock_that_is_far_off_is_said_whichever_answer_showed_it(seconds: float, says: str) -> None:
    right, wrong = formatdate(NOW, usegmt=True), formatdate(NOW + seconds, usegmt=True)
    assert says in (looked(right, wrong) or "")
    assert says in (looked(wrong, right) or "")


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Nov 2026 07:00:00 GMT", "\u0661"])
def test_a_date_that_is_none_says_nothing(date: str) -> None:
    assert looked(date) is None
