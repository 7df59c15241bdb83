"""``python -m backup_reporter.demo``: the demo on its own."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from rich.console import Console

from backup_reporter.demo.fleet import instructive, synthetic
from backup_reporter.demo.run import run_demo, serve


def main(arguments: list[str] | None = None) -> None:
    """Reads the arguments and runs the demo, or keeps the look-alike up."""
    parser = argparse.ArgumentParser(prog="backup-reporter demo", description="The whole thing on this machine.")
    parser.add_argument("--serve", action="store_true", help="keep the Palette look-alike up and say how to use it")
    parser.add_argument("--port", type=int, default=0, help="where --serve listens (default: a free port)")
    parser.add_argument("--workspaces", type=int, help="a made-up fleet of so many, instead of the instructive one")
    parser.add_argument("--days", type=int, default=30, help="days of history in a made-up fleet (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="which made-up fleet (default: 1)")
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)
    if options.workspaces is None:
        fleet, before = instructive(now), instructive(now, before=True)
    else:
        fleet, before = synthetic(options.workspaces, options.days, clusters=3, seed=options.seed, now=now), None
    if options.serve:
        serve(fleet, Console(), port=options.port)
    else:
        run_demo(fleet, Console(), before=before)


if __name__ == "__main__":
    main()
