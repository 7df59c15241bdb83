"""The console that every command prints to."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import NoReturn

import click
from rich.console import Console


class PlainConsole(Console):
    """rich's console without markup, emoji and highlighting. A closed pipe raises."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> NoReturn:
        """Raises instead of exiting with 1, which would say WARNING."""
        raise BrokenPipeError


def say(text: str = "", *, err: bool = False) -> None:
    """Prints text. On a terminal no word is broken at the end of a line, and each line keeps its indent."""
    stream = sys.stderr if err else sys.stdout
    click.echo(wrapped(text) if stream.isatty() else text, err=err)


def wrapped(text: str) -> str:
    """Returns the text in lines as wide as the terminal."""
    width = shutil.get_terminal_size().columns
    return "\n".join(_wrap(line, width) for line in text.split("\n"))


def _wrap(line: str, width: int) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
