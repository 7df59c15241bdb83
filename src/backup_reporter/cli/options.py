"""Options that every command has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])

DEBUG = "--debug"


def debug_option(command: _Command) -> _Command:
    """``--debug`` before or after the command's name; :func:`backup_reporter.cli.main.main` looks for it."""
    return click.option(DEBUG, is_flag=True, expose_value=False, help="Show the traceback of an error.")(command)
