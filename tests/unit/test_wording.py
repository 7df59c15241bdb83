"""Text from outside, as sentences show it."""

from __future__ import annotations

import pytest

from backup_reporter.wording import quote_state
from support.builders import backup, judged, run


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("Completed", "Completed"),
        ("Comp\u200bleted", "Comp\\u200bleted"),
        ("\ufeffCompleted", "\\ufeffCompleted"),
        ("\u202edeliaF", "\\u202edeliaF"),
        ("Com\u00adpleted\n", "Com\\xadpleted\\n"),
        ("ok " * 100, ("ok " * 33).rstrip() + "…"),
    ],
)
def test_invisible_characters_of_a_state_are_shown_escaped(state: str, shown: str) -> None:
    assert quote_state(state) == shown


def test_a_message_about_an_unknown_state_shows_what_is_odd_about_it() -> None:
    messages = " ".join(
        finding.message for finding in judged(backup(run("11-23 01:00", state="Comp\u200bleted"))).findings
    )

    assert "Comp\\u200bleted" in messages
