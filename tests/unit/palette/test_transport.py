from contextlib import ExitStack

import pytest

from backup_reporter.palette.transport import MOST_AT_A_TIME, LargeAnswers

KB, MB = 1024, 1024 * 1024


@pytest.mark.parametrize(("size", "most"), [(64 * KB + 1, 8), (MB, 8), (MB + 1, 1), (32 * MB, 1)])
def test_only_so_many_answers_of_a_size_are_in_memory_at_a_time(size: int, most: int) -> None:
    answers = LargeAnswers()
    with ExitStack() as others:
        for _ in range(most):
            assert others.enter_context(answers.turn()).take(size, 0)
        with answers.turn() as late:
            assert not late.take(size, 0)

    with answers.turn() as next_one:
        assert next_one.take(size, 0)


def test_small_answers_wait_for_nothing() -> None:
    answers = LargeAnswers()
    with ExitStack() as others:
        assert all(others.enter_context(answers.turn()).take(min(MOST_AT_A_TIME), 0) for _ in range(100))


def test_an_answer_that_grows_takes_each_turn_once() -> None:
    answers = LargeAnswers()
    with ExitStack() as others:
        for _ in range(7):
            others.enter_context(answers.turn()).take(100 * KB, 0)
        growing = others.enter_context(answers.turn())

        assert all(growing.take(number * 64 * KB, 0) for number in range(100))
