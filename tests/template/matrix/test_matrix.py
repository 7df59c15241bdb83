"""``make matrix``: the template for every set of parameters, against the schemas of regions in three partitions.

Each set goes through SAM's translator and has its conditions resolved, so that cfn-lint sees the resources as
CloudFormation would create them there. cfn-lint also checks the state machine's definition (rule E3601).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.deployed_template import REPOSITORY, ResolvedTemplate, translated
from support.parameter_sets import PARTITIONS, parameter_sets


def lint(region: str, *paths: Path) -> str:
    """Returns what cfn-lint finds, warnings included."""
    command = [str(REPOSITORY / ".venv-sam/bin/cfn-lint"), "--regions", region, "--", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("region", PARTITIONS)
def test_the_template_is_valid_for_every_set_of_parameters(region: str, tmp_path: Path) -> None:
    sets = parameter_sets(region, translated(region)["Parameters"])
    for name, parameters in sets.items():
        template = ResolvedTemplate(parameters, region=region, partition=PARTITIONS[region]).template()
        (tmp_path / f"{name}.json").write_text(json.dumps(template))

    assert len(sets) == 11
    assert lint(region, *tmp_path.iterdir()) == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda states: states["Plan"].update(Type="Job"),
        lambda states: states["Publish"].pop("End"),
        lambda states: states["Collect"]["ItemProcessor"]["States"]["Lane"].pop("ItemProcessor"),
    ],
)
def test_a_fault_in_the_state_machine_is_found(change: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    template = ResolvedTemplate({"PaletteApiKeySecret": "palette-api-key", "Distributed": "yes"}).template()
    change(template["Resources"]["StateMachine"]["Properties"]["Definition"]["States"])
    (tmp_path / "template.json").write_text(json.dumps(template))

    assert "E3601" in lint("eu-central-1", tmp_path / "template.json")
