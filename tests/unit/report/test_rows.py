from backup_reporter.report.rows import rows
from support.report_builders import a_cluster, a_finding, a_report, a_workspace


def test_a_cluster_has_its_own_findings_and_those_about_the_workspace_in_their_order() -> None:
    first, general, own = a_finding("backup-overdue"), a_finding("retention-gap"), a_finding(cluster_uid="uid of eu-1")
    workspace = a_workspace("shop", first, own, general, clusters=(a_cluster(), a_cluster("us-2")))

    assert [(row.cluster_name, [finding.code for finding in row.findings]) for row in rows(a_report(workspace))] == [
        ("eu-1", ["backup-overdue", "backup-failed", "retention-gap"]),
        ("us-2", ["backup-overdue", "retention-gap"]),
    ]


def test_a_workspace_without_clusters_is_a_row_of_its_own() -> None:
    (row,) = rows(a_report(a_workspace("shop", a_finding("not-protected"))))

    assert (row.cluster_name, row.status) == (None, "WARNING")


def test_five_thousand_failing_clusters_take_no_quadratic_time() -> None:
    names = [f"c-{number}" for number in range(5000)]
    failed = (a_finding(cluster_uid=f"uid of {name}", cluster_name=name) for name in names)

    assert sum(1 for _ in rows(a_report(a_workspace("shop", *failed, clusters=tuple(map(a_cluster, names)))))) == 5000
