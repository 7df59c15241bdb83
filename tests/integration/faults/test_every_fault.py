"""``make faults``: every fault there is, and what becomes of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.fault_list import FAULTS, Fault
from support.fault_runner import in_words, run
from support.world import LocalAws

SLOWEST_FIRST = sorted(FAULTS, key=lambda fault: -fault.seconds)


@pytest.mark.parametrize("fault", SLOWEST_FIRST, ids=lambda fault: fault.name)
def test_the_report_comes_out_true_and_in_time(
    fault: Fault, aws: LocalAws, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outcome = run(fault, aws, tmp_path)

    record_property("fault", (fault.name, in_words(outcome), round(outcome.seconds, 1), fault.seconds))
