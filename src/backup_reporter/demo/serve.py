"""The Palette look-alike on its own, kept up for whoever wants to point something at it."""

from __future__ import annotations

import contextlib
import time

from rich.console import Console

from backup_reporter.demo.documents import Fleet
from backup_reporter.demo.lookalike import API_KEY, LookAlike

SETTINGS = {"MAX_BACKUP_AGE_HOURS": "240"}
"""What the demo's fleet is judged with, for every kind of trouble to show."""


def serve(fleet: Fleet, console: Console, *, port: int = 0) -> None:
    """Keeps the look-alike up until it is interrupted, and says how to ask it something."""
    with contextlib.suppress(KeyboardInterrupt), LookAlike(fleet, port=port) as palette:
        project = next(iter(fleet.projects), "")
        say(console, f"The Palette look-alike listens on {palette.url} until Ctrl-C. In another terminal:")
        settings = " ".join(f"{name}={value}" for name, value in SETTINGS.items())
        say(console, f"  export PALETTE_API_URL={palette.url} PALETTE_API_KEY={API_KEY} {settings}")
        say(console, "  backup-reporter report")
        say(console, "Or ask it yourself:")
        say(console, f'  curl -H "ApiKey: {API_KEY}" {palette.url}/v1/dashboard/projects/metadata')
        headers = f'-H "ApiKey: {API_KEY}" -H "ProjectUid: {project}"'
        say(console, f"  curl {headers} {palette.url}/v1/dashboard/workspaces")
        while True:
            time.sleep(3600)


def say(console: Console, text: str) -> None:
    """A sentence for people; a URL in it stays whole."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)
