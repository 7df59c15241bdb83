"""What setup asks, and what becomes of the answers."""

from pathlib import Path

import pytest

from backup_reporter.cli.questions import (
    PALETTE_KEY,
    QUESTIONS,
    changed_parameters,
    machine_zone,
    zone_problem,
)
from backup_reporter.cli.template_parameters import read_parameters

PARAMETERS = read_parameters(Path(__file__).parents[3] / "template.yaml")


def test_every_answer_is_a_parameter_of_the_template() -> None:
    names = {question.parameter for question in (*QUESTIONS, PALETTE_KEY)}
    assert names <= set(PARAMETERS)


def test_every_default_is_what_the_template_would_take() -> None:
    assert {
        name for name, parameter in PARAMETERS.items() if parameter.default and parameter.problem(parameter.default)
    } == set()


def test_the_template_says_what_a_parameter_should_be() -> None:
    assert (
        PARAMETERS["ScheduleExpression"].problem("daily") == "it should be such as cron(0 7 * * ? *) or rate(12 hours)"
    )
    assert PARAMETERS["SubscriberEmail"].problem("nobody") is not None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ReportRetentionDays", "forever", "it should be a number from 1 to 36500"),
        ("ReportRetentionDays", "0", "it should be a number from 1 to 36500"),
        ("SilenceHours", "169", "it should be a number from 1 to 168"),
        ("Notify", "sometimes", "it should be one of always, problems, changes"),
    ],
)
def test_what_cloudformation_would_refuse_is_refused_at_once(name: str, value: str, says: str) -> None:
    assert PARAMETERS[name].problem(value) == says


def test_only_what_differs_from_the_defaults_is_written() -> None:
    defaults = {"Notify": "always", "TimeZone": "UTC", "Email": "", "Secret": None}
    answers = {"TimeZone": "UTC", "Email": "a@b.c", "Secret": "palette-api-key"}
    written = changed_parameters(answers, {"Notify": "changes", "Email": "old@b.c"}, defaults)
    assert written == {"Notify": "changes", "Email": "a@b.c", "Secret": "palette-api-key"}


def test_what_was_set_before_is_written_although_it_is_the_default_again() -> None:
    # SAM keeps the old value of a parameter that is left out or empty.
    defaults = {"TimeZone": "UTC", "Email": ""}
    before = {"TimeZone": "Europe/Berlin", "Email": "old@b.c"}
    assert changed_parameters({"TimeZone": "UTC", "Email": ""}, before, defaults) == {
        "TimeZone": "UTC",
        "Email": "none",
    }


def test_the_zone_of_this_machine_is_found(tmp_path: Path) -> None:
    assert machine_zone({"TZ": "Europe/Berlin"}, tmp_path) == "Europe/Berlin"
    assert machine_zone({"TZ": "CET-1CEST"}, tmp_path) == "UTC"
    (tmp_path / "timezone").write_text("Asia/Kolkata\n")
    assert machine_zone({}, tmp_path) == "Asia/Kolkata"
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/America/New_York")
    assert machine_zone({}, tmp_path) == "America/New_York"


@pytest.mark.parametrize("text", ["Mars/Olympus", "../etc/passwd", "CET-1CEST"])
def test_a_zone_that_does_not_exist_is_refused(text: str) -> None:
    assert zone_problem(text) == "it should be an IANA time zone, such as Europe/Berlin"
