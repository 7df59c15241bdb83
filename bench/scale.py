"""Calculates what a report costs, as a table for docs/scale.md: ``python bench/scale.py``.

The formulas are those of the document. A measured value names the command that measured it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from backup_reporter.cli.costs import (
    EVIDENCE_BYTES,
    KEPT_DAYS,
    LAMBDA_GB_SECOND,
    LAMBDA_REQUEST,
    REPORT_BYTES,
    S3_GB_MONTH,
    S3_PUT,
)
from backup_reporter.run.plan import MAX_WORKSPACES, SHARD_SECONDS

RUNS_IN_A_MONTH = 30
WORKSPACES_IN_A_PROJECT = 50
PER_SECOND, BURST = 10, 49

MEMORY_GB = 0.5
START_SECONDS = 2.0
"""Of an invocation: cold, until it asks for the first time."""
LATENCY_SECONDS = 1.0
"""Until the last answers of a shard are there, and for the state machine to go on."""
PUBLISH_SECONDS = 0.0009
"""For a workspace: measured by ``make distributed-memory`` (27 s at 100,000 on one core), at a function's 0.29 cores."""
RUN_BYTES = REPORT_BYTES + EVIDENCE_BYTES

TRANSITION = 0.025 / 1000  # of Step Functions
GET = 0.0004 / 1000


@dataclass(frozen=True)
class Run:
    """One report of so many workspaces in so many Palettes of one tenant each."""

    workspaces: int
    palettes: int

    @property
    def is_distributed(self) -> bool:
        """Whether one function has too little time: 900 s, less what comes after asking."""
        return self._asking_seconds + self._publish_seconds > 840

    @property
    def _in_a_lane(self) -> int:
        return ceil(self.workspaces / self.palettes)

    @property
    def _lists(self) -> int:
        return self.palettes + ceil(self.workspaces / WORKSPACES_IN_A_PROJECT)

    @property
    def requests(self) -> int:
        return self._lists + self.workspaces

    @property
    def _listing_seconds(self) -> float:
        return _at_the_rate(ceil(self._lists / self.palettes))

    @property
    def _asking_seconds(self) -> float:
        return self._listing_seconds + _at_the_rate(self._in_a_lane)

    @property
    def _publish_seconds(self) -> float:
        return START_SECONDS + self.workspaces * PUBLISH_SECONDS

    @property
    def shards_in_a_lane(self) -> int:
        return ceil(self._in_a_lane / min(MAX_WORKSPACES, PER_SECOND * SHARD_SECONDS))

    @property
    def seconds(self) -> float:
        if not self.is_distributed:
            return self._asking_seconds + self._publish_seconds
        turns = self.shards_in_a_lane * LATENCY_SECONDS + START_SECONDS
        return START_SECONDS + self._asking_seconds + turns + self._publish_seconds

    @property
    def invocations(self) -> int:
        return 2 + self.palettes * self.shards_in_a_lane if self.is_distributed else 1

    @property
    def transitions(self) -> int:
        # Plan, Collect, Publish; a child's start and its lane; and each shard.
        return 3 + self.palettes * (2 + self.shards_in_a_lane) if self.is_distributed else 0

    @property
    def gb_seconds(self) -> float:
        if not self.is_distributed:
            return MEMORY_GB * self.seconds
        lane = START_SECONDS + _at_the_rate(self._in_a_lane) + self.shards_in_a_lane * LATENCY_SECONDS
        plan = START_SECONDS + self._listing_seconds
        return MEMORY_GB * (plan + self.palettes * lane + self._publish_seconds)

    @property
    def _kept_gb(self) -> float:
        return KEPT_DAYS * self.workspaces * RUN_BYTES / 1e9

    @property
    def running_dollars(self) -> float:
        """A month of daily reports, but for keeping them."""
        shards = self.invocations if self.is_distributed else 0
        requests_to_s3 = S3_PUT * (8 + 2 * shards + self.workspaces * RUN_BYTES / 5e6) + GET * (4 + 4 * shards)
        each = self.gb_seconds * LAMBDA_GB_SECOND + self.invocations * LAMBDA_REQUEST + self.transitions * TRANSITION
        return RUNS_IN_A_MONTH * (each + requests_to_s3)

    @property
    def keeping_dollars(self) -> float:
        """A month of keeping every report for as long as the template does, once it has been doing so for that long."""
        return self._kept_gb * S3_GB_MONTH


def _at_the_rate(requests: int) -> float:
    return max(0, requests - BURST) / PER_SECOND


RUNS = [Run(100, 1), Run(1000, 1), Run(8000, 1), Run(10_000, 1), Run(10_000, 10), Run(100_000, 10), Run(100_000, 1)]


def table() -> str:
    """The table, in Markdown."""
    head = "| workspaces | Palettes | how | time | requests | transitions | GB-seconds | running | keeping |"
    lines = [head, "|" + " ---: |" * 9]
    for run in RUNS:
        how = f"distributed, {run.palettes * run.shards_in_a_lane} shards" if run.is_distributed else "one function"
        lines.append(
            f"| {run.workspaces:,} | {run.palettes} | {how} | {_time(run.seconds)} | {run.requests:,} "
            f"| {run.transitions:,} | {run.gb_seconds:,.0f} | {_dollars(run.running_dollars)} "
            f"| {_dollars(run.keeping_dollars)} |"
        )
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _dollars(amount: float) -> str:
    return f"${amount:.2f}"


BEGIN, END = "<!-- begin: python bench/scale.py -->", "<!-- end -->"


def renewed(document: str) -> str:
    """The document with the table in its place."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(table())
