"""Measures what reports of workspaces have in memory, packed and as a plain list: ``python -m bench.packed_memory 10000``."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator

from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.lists import Project
from backup_reporter.report.packed import PackedReports
from bench.distributed_memory import WORKSPACES_IN_A_PROJECT, ManyWorkspaces, a_workspace_report


def reports(number: int) -> Iterator[WorkspaceReport]:
    """Thirty days of three clusters for each workspace."""
    tenant = ManyWorkspaces(1, number)
    for first in range(0, number, WORKSPACES_IN_A_PROJECT):
        for workspace in tenant.workspaces(Project(f"p-{first}", f"project-{first}")).items:
            yield a_workspace_report(workspace)


def added_megabytes(number: int, kind: str) -> float:
    """Holds so many reports and returns by how much the process' peak has grown."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    held = PackedReports(reports(number)) if kind == "packed" else list(reports(number))
    assert len(held) == number
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(
            f"{sys.argv[2]}: {added_megabytes(int(sys.argv[1]), sys.argv[2]):.0f} MB for {int(sys.argv[1]):,} workspaces"
        )
    else:
        for kind in ("list", "packed"):
            subprocess.run([sys.executable, "-m", "bench.packed_memory", sys.argv[1], kind], check=True)
