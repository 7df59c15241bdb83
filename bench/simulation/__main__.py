"""Counts false greens and false alarms: ``python -m bench.simulation --worlds 1000 --output docs/accuracy.md``."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count
from pathlib import Path

from bench.simulation.count import Count, count_worlds
from bench.simulation.document import document

_WORLDS_AT_ONCE = 10


def main() -> None:
    """Counts, prints the examples that were asked for, and writes the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--days", type=int, default=61)
    parser.add_argument("--seed", type=int, default=0, help="of the first world")
    parser.add_argument("--examples", type=int, default=0, help="print so many wrong reports")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.worlds)
    portions = [seeds[start : start + _WORLDS_AT_ONCE] for start in range(0, len(seeds), _WORLDS_AT_ONCE)]
    total = Count()
    with ProcessPoolExecutor(cpu_count()) as pool:
        for count in pool.map(partial(count_worlds, days=options.days), portions):
            total.add(count)
    for example in total.examples[: options.examples]:
        print(example)
    text = document(total, options.worlds, options.days, options.seed)
    if options.output:
        options.output.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
