"""The quick ones among the faults; ``make faults`` has them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.fault_list import FAULTS, Fault
from support.fault_runner import run
from support.world import LocalAws


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.quick], ids=lambda fault: fault.name)
def test_the_report_comes_out_true_and_in_time(fault: Fault, aws: LocalAws, tmp_path: Path) -> None:
    run(fault, aws, tmp_path)


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
