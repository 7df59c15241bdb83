"""Serves the Palette look-alike alone, to try other commands on it."""

from __future__ import annotations

import time
from typing import NoReturn

from rich.console import Console

from backup_reporter.demo.documents import Fleet
from backup_reporter.demo.lookalike import API_KEY, LookAlike


def serve(fleet: Fleet, console: Console, *, port: int) -> NoReturn:
    """Serves until Ctrl-C, and says how to use it."""
    with LookAlike(fleet, port=port) as palette:
        project = next(iter(fleet.projects), "")
        say(console, f"The Palette look-alike listens on {palette.url} until Ctrl-C. In another terminal:")
        variables = {"PALETTE_API_URL": palette.url, "PALETTE_API_KEY": API_KEY, **fleet.settings}
        say(console, f"  export {' '.join(f'{name}={value}' for name, value in variables.items())}")
        say(console, "  backup-reporter report")
        say(console, "Or send requests yourself:")
        say(console, f'  curl -H "ApiKey: {API_KEY}" {palette.url}/v1/dashboard/projects/metadata')
        headers = f'-H "ApiKey: {API_KEY}" -H "ProjectUid: {project}"'
        say(console, f"  curl {headers} {palette.url}/v1/dashboard/workspaces")
        while True:
            time.sleep(3600)


def say(console: Console, text: str) -> None:
    """Prints a sentence without breaking a URL in it."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)
