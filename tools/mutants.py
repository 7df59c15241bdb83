"""Changes the core in thousands of small ways, and tells which changes no test notices.

``python -m tools.mutants --minutes 60`` tries the changes in ``build/mutants`` for at most so long; a run that was
stopped goes on where it was, unless the core or its tests have changed. It prints the score and each survivor that is
not listed in ``tests/unit/health/equivalent_mutants.txt``, and exits with 1 if there are any.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

EQUIVALENT = Path("tests/unit/health/equivalent_mutants.txt")
WORK = Path("build/mutants")
_UNNOTICED = frozenset({"survived", "no tests"})


def main() -> int:
    """Runs, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    from tools import mutant_runs  # noqa: PLC0415 - what it imports is in an environment of its own

    deadline = time.monotonic() + options.minutes * 60
    known = equivalent_mutants(EQUIVALENT.read_text(encoding="utf-8"))
    mutant_runs.prepare(WORK)
    mutant_runs.run(deadline)
    results = mutant_runs.results()
    survivors = [name for name, result in results.items() if result in _UNNOTICED]
    unknown = [change for name in survivors if (change := change_of(name, mutant_runs.difference(name))) not in known]
    for change in unknown:
        print(f"{change}\n")
    print(
        summary(Counter(results.values()), len(unknown), sum(1 for name in mutant_runs.names() if name not in results))
    )
    return 1 if unknown else 0


def change_of(name: str, difference: str) -> str:
    """Returns a mutant's function and its changed lines. They stay the same while the function does."""
    lines = difference.splitlines()
    changed = (line for line in lines if line[:1] in ("-", "+") and line[:3] not in ("---", "+++"))
    return "\n".join([name.partition("__mutmut")[0], *(f"{line[0]} {line[1:].strip()}" for line in changed)])


def equivalent_mutants(text: str) -> set[str]:
    """Returns the listed changes: blocks of a function and changed lines, each after a comment that gives the reason."""
    blocks = (
        "\n".join(line for line in block.splitlines() if not line.startswith("#")) for block in text.split("\n\n")
    )
    return {block.strip() for block in blocks if block.strip()}


def summary(results: Counter[str], unknown: int, not_tried: int = 0) -> str:
    """Returns the score in a line or two."""
    judged = results.total()
    noticed = judged - sum(results[result] for result in _UNNOTICED)
    score = f"{100 * noticed / judged:.1f} %" if judged else "nothing"
    late = f" ({results['timeout']} by a test that took too long)" if results["timeout"] else ""
    lines = [f"{score} of {judged:,} mutants are noticed{late}; {unknown} survivors are not known to be equivalent."]
    return "\n".join([*lines, f"{not_tried:,} mutants were not tried."] if not_tried else lines)


if __name__ == "__main__":
    sys.exit(main())
