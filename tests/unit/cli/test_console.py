"""What commands print on narrow terminals."""

import pytest

from backup_reporter.cli.console import say, wrapped
from backup_reporter.cli.doctor_command import show_diagnosis
from backup_reporter.doctor.checks import Check, diagnosis


def test_no_word_is_broken_and_each_line_keeps_its_indent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    assert wrapped("The stack:\n  the function, its schedule-and-role") == (
        "The stack:\n  the function, its\n  schedule-and-role"
    )


def test_a_pipe_gets_each_line_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    say("a line that is longer than the terminal is wide")
    assert capsys.readouterr().out == "a line that is longer than the terminal is wide\n"


def test_a_long_name_is_shown_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name = "palette-backup-reporter-Deliveries-69832EA78386C"
    table = Check(name="table", result="passed", check="look it up", detail=f"{name} exists")
    show_diagnosis(diagnosis([table]), wants_json=False)
    assert name in "".join(capsys.readouterr().out.split())
