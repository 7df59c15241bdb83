"""Which clusters count as being in no policy."""

from __future__ import annotations

from backup_reporter.report.coverage import CoverageCounter, Expected
from support.report_builders import a_cluster, a_finding, a_workspace

UNREADABLE = a_finding("unreadable", "HTTP 500.")
NO_POLICY = a_finding("not-protected", "It has none of its own.")


def test_only_the_clusters_that_an_unreadable_workspace_lists_are_in_doubt() -> None:
    counter = CoverageCounter(
        {None: Expected(listed_by={"c-1": ["broken"], "c-2": ["fine"], "c-3": ["fine", "broken"]})}
    )
    reports = [
        a_workspace("broken", UNREADABLE, uid="broken"),
        a_workspace("fine", uid="fine", clusters=(a_cluster("eu-3", uid="c-3"),)),
        *(a_workspace(f"eu-{number}", NO_POLICY, kind="cluster", uid=f"c-{number}") for number in (1, 2, 3)),
    ]

    assert [report.name for report in counter.keep(reports)] == ["broken", "fine"]

    coverage = counter.coverage()
    assert coverage
    assert (coverage.in_workspace_policy, coverage.in_none, coverage.unknown) == (1, 1, 1)
    (finding,) = counter.findings("info")
    assert finding.message == "1 cluster is in no backup policy: prod / eu-2."
