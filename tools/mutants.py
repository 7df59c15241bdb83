"""Changes the core in thousands of small ways, and tells which changes no test notices.

``python -m tools.mutants --minutes 60`` runs mutmut, as ``pyproject.toml`` sets it up, for at most so long; a run that
was stopped goes on where it was. It prints the score and each survivor that is not listed in
``tests/unit/health/equivalent_mutants.txt``, and exits with 1 if there are any.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path

EQUIVALENT = Path("tests/unit/health/equivalent_mutants.txt")
MUTMUT = [str(Path(sys.executable).with_name("mutmut"))]
_NOTICED = frozenset({"killed", "timeout", "caught by type check", "segfault"})
_JUDGED = _NOTICED | {"survived", "no tests"}


def main() -> int:
    """Runs, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--only-results", action="store_true", help="print the results of the last run")
    options = parser.parse_args()
    if not options.only_results:
        run(options.minutes)
    results = read_results()
    known = equivalent_mutants(EQUIVALENT.read_text(encoding="utf-8"))
    unknown = [
        (name, change)
        for name, result in results.items()
        if result in _JUDGED - _NOTICED and (change := change_of(name)) not in known
    ]
    for name, change in unknown:
        print(f"{name}\n{change}\n")
    print(summary(Counter(results.values()), len(unknown)))
    return 1 if unknown else 0


def run(minutes: float) -> None:
    """Runs mutmut for so long at most."""
    try:
        subprocess.run([*MUTMUT, "run"], timeout=minutes * 60, check=False)
    except subprocess.TimeoutExpired:
        print(f"\nStopped after {minutes:g} minutes. Run it again to go on.")


def read_results() -> dict[str, str]:
    """Returns what became of each mutant."""
    printed = subprocess.run(
        [*MUTMUT, "results", "--all", "true"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    lines = (line.strip().rpartition(": ") for line in printed.splitlines() if ": " in line)
    return {name: result for name, _, result in lines}


def change_of(name: str) -> str:
    """Returns a mutant's function and its changed lines. They stay the same while the function does."""
    diff = subprocess.run([*MUTMUT, "show", name], stdout=subprocess.PIPE, text=True, check=True).stdout
    changed = (line for line in diff.splitlines() if line[:1] in ("-", "+") and line[:3] not in ("---", "+++"))
    return "\n".join([name.partition("__mutmut")[0], *(f"{line[0]} {line[1:].strip()}" for line in changed)])


def equivalent_mutants(text: str) -> set[str]:
    """Returns the listed changes: blocks of a function and changed lines, each after a comment that gives the reason."""
    blocks = (
        "\n".join(line for line in block.splitlines() if not line.startswith("#")) for block in text.split("\n\n")
    )
    return {block.strip() for block in blocks if block.strip()}


def summary(results: Counter[str], unknown: int) -> str:
    """Returns the score in a line or two."""
    noticed, judged = sum(results[result] for result in _NOTICED), sum(results[result] for result in _JUDGED)
    score = f"{100 * noticed / judged:.1f} %" if judged else "nothing"
    left = results.total() - judged
    lines = [f"{score} of {judged:,} mutants are noticed; {unknown} survivors are not known to be equivalent."]
    return "\n".join([*lines, f"{left:,} mutants were not tried."] if left else lines)


if __name__ == "__main__":
    sys.exit(main())
