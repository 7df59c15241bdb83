"""An error that is kept as evidence says the same when it is read back."""

from __future__ import annotations

import pytest

from backup_reporter.errors import (
    BackupReporterError,
    OutOfTimeError,
    PaletteError,
    SecretError,
    UndecodableError,
    UnreachableError,
)
from backup_reporter.palette.recording import error_of, failure_of


@pytest.mark.parametrize(
    "error",
    [
        SecretError("the secret cannot be read"),
        UnreachableError("no connection can be made"),
        OutOfTimeError(),
        UndecodableError("the answer is larger than 32 MB"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_recorded_error_comes_back_with_its_text_and_is_judged_alike(error: BackupReporterError) -> None:
    again = error_of(failure_of(error))
    assert str(again) == str(error)
    assert isinstance(again, PaletteError) == isinstance(error, PaletteError)
    assert isinstance(again, UndecodableError) == isinstance(error, UndecodableError)


def test_of_a_foreign_error_only_the_kind_and_place_are_kept() -> None:
    failure = failure_of(RuntimeError("password"))
    assert str(error_of(failure)) == failure.text == "unexpected RuntimeError"
