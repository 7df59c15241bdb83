"""What a fleet's plan, its merge and a redelivery have in memory does not grow with the fleet by more than what is kept packed of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]


def test_two_thousand_workspaces_leave_room_for_a_hundred_thousand() -> None:
    # `make distributed-memory` measures 100,000; what grows beyond this is about a kilobyte for each.
    finished = subprocess.run(
        [sys.executable, "bench/distributed_memory.py", "2000"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "src"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    peaks = dict(re.findall(r"(\w+): (\d+) MB", finished.stdout))
    assert peaks.keys() == {"plan", "publish", "redeliver"}
    assert all(int(peak) < 120 for peak in peaks.values()), finished.stdout


def test_the_documents_table_is_the_one_that_the_command_makes() -> None:
    made = subprocess.run(
        [sys.executable, "bench/scale.py"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "src"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert made in (REPOSITORY / "docs/scale.md").read_text(encoding="utf-8"), "renew it with: make scale"
