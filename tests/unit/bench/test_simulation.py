from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bench.simulation.count import Count, count_worlds, report_on
from bench.simulation.document import document
from bench.simulation.palette_answers import habits
from bench.simulation.truth import truth
from bench.simulation.world import CALM_DAYS, DAY, Schedule, World, copies_are_stolen, new_world, schedule_is_edited

SEEDS = range(16)
DAYS = 61


@pytest.fixture(scope="module")
def counted() -> Count:
    return count_worlds(SEEDS, DAYS)


def test_few_reports_of_the_fixed_seeds_are_wrong(counted: Count) -> None:
    assert counted.days == len(SEEDS) * (DAYS - 1)
    assert counted.false_greens.total() == 0, counted.examples
    assert counted.false_alarms.total() <= 1, counted.examples


def test_the_fixed_seeds_have_days_with_and_without_problems(counted: Count) -> None:
    assert 0.05 < counted.days_with_problems / counted.days < 0.5
    assert len(counted.problems) >= 8


def test_the_same_seed_makes_the_same_world(counted: Count) -> None:
    assert count_worlds([3], 20) == count_worlds([3], 20)


def test_the_page_names_its_command_and_every_cause(counted: Count) -> None:
    page = document(counted, len(SEEDS), DAYS, 0)
    assert "python -m bench.simulation --worlds 16 --days 61 --seed 0" in page
    assert all(cause in page for cause in (*counted.false_greens, *counted.false_alarms, *counted.problems))


def calm_world(seed: int) -> World:
    world = new_world(seed)
    while world.now.hour != 7 or len(world.due_times) < CALM_DAYS - 1:
        world.step()
    return world


def test_a_calm_world_has_no_problem_and_its_report_is_ok() -> None:
    world = calm_world(12)
    assert truth(world, habits(12), world.now - DAY).problems == frozenset()
    assert report_on(world, habits(12)).report.status == "OK"


def test_stolen_copies_are_a_problem_once_a_report_knew_them() -> None:
    world = calm_world(12)
    last_report_at = world.now - timedelta(seconds=1)
    copies_are_stolen(world)
    assert truth(world, habits(12), last_report_at).problems
    assert "copies vanished" not in truth(world, habits(12), world.now + DAY).problems


def test_a_schedule_is_due_on_the_wall_clock_of_its_zone() -> None:
    start = new_world(0).now
    schedule = Schedule("30 1 * * *", (1,), 30)
    due = list(schedule.due_times(ZoneInfo("Asia/Kolkata"), start, start + 2 * DAY))
    assert [f"{at:%d %H:%M}" for at in due] == ["01 20:00", "02 20:00"]


def test_an_edited_schedule_is_another_version_of_the_policy() -> None:
    world = calm_world(12)
    world.random = Random(1)
    before = world.policy
    schedule_is_edited(world)
    assert world.policy.created == before.created
    assert world.now < world.policy.modified < world.now + timedelta(seconds=5)
    assert world.policies[-2] == before
