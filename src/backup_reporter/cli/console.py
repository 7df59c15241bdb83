"""The console that every command prints to."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console


class PlainConsole(Console):
    """rich's console without markup, emoji and highlighting. A closed pipe raises."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> NoReturn:
        """Raises instead of exiting with 1, which would say WARNING."""
        raise BrokenPipeError
