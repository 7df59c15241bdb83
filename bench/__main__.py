"""``python -m bench``: every comparison, written to ``docs/performance.md``."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.costs import decoding, memory, memory_beyond_workspaces, package, start
from bench.document import document
from bench.pace import beyond_workspaces, rate_limiter, without_limit
from bench.processes import REPOSITORY, Function
from bench.proof import proof
from bench.sizes import QUICK, Sizes

_COMPARISONS = (
    rate_limiter,
    beyond_workspaces,
    without_limit,
    memory,
    memory_beyond_workspaces,
    proof,
    start,
    decoding,
    package,
)

_HEAD = """
# Performance

Written by `make bench` on {date:%Y-%m-%d}: {machine}, function on Python {python}. Everything was measured side by side in one
run, on loopback. Trust the ratios, not the seconds. Targets are in parentheses beside the ratios.

`make bench` builds the package as it is deployed and starts a Palette look-alike and a local AWS as processes of their own. It
takes about twenty minutes. `make bench-quick` runs the same in a minute to show that it works; its figures mean nothing.
"""


def main() -> None:
    arguments = _arguments()
    function = Function(arguments.python, str(arguments.package.resolve()))
    sizes = QUICK if arguments.quick else Sizes()
    sections = []
    for comparison in _COMPARISONS:
        started = time.monotonic()
        sections.append(comparison(function, sizes))
        print(f"{comparison.__name__}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    head = _HEAD.format(date=datetime.now(UTC), machine=_machine(), python=_version(function.python))
    text = document(head, sections)
    arguments.output.write_text(text, encoding="utf-8")
    print(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="the built function")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the function")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "docs/performance.md")
    parser.add_argument(
        "--quick", action="store_true", help="a few workspaces and one round: only to see that it works"
    )
    return parser.parse_args()


def _machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}"


def _version(python: str) -> str:
    program = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
