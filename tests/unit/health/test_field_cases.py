"""Workspaces as they were reported in public, with the findings that are right. All of the data is made up."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.health.findings import Finding
from backup_reporter.health.judge import judge
from backup_reporter.health.thresholds import Thresholds
from support.builders import decoded, describe

CASES = sorted(Path(__file__).with_name("field_cases").glob("*.json"))


def short(finding: Finding) -> str:
    return f"{finding.code}@{finding.cluster_uid or ''}{'!' if finding.muted else ''}"


def listed_item(workspace: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: workspace[key] for key in ("uid", "name", "labels", "creationTimestamp")}
    return {"metadata": metadata, "spec": {"clusterRefs": workspace["clusterRefs"]}}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_from_the_field_has_the_right_findings(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    workspace, result = decoded(listed_item(case["workspace"]), case["result"])

    report = judge(workspace, result, Thresholds(), datetime.fromisoformat(case["asOf"])).report

    assert sorted(map(short, report.findings)) == sorted(case["expect"]["findings"]), describe(report)
    assert report.status == case["expect"]["status"]


def test_there_are_cases() -> None:
    assert len(CASES) >= 14
