import msgspec

from backup_reporter.health.workspace_report import BackupLocation, WorkspaceReport
from backup_reporter.report.groups import groups, tally
from backup_reporter.report.model import Change, Changes
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days


def test_the_same_message_in_many_places_is_one_group_with_its_members() -> None:
    report = a_report(
        a_workspace("shop", a_finding(cluster_uid="c-2", cluster_name="us-2"), a_finding()),
        a_workspace("payments", a_finding()),
    )

    (group,) = groups(report)

    assert [(member.workspace, member.cluster) for member in group.members] == [
        ("payments", "eu-1"),
        ("shop", "eu-1"),
        ("shop", "us-2"),
    ]


def test_another_message_or_another_code_is_another_group() -> None:
    report = a_report(
        a_workspace("a", a_finding(message="one")),
        a_workspace("b", a_finding(message="two")),
        a_workspace("c", a_finding("backup-stuck", message="one")),
    )

    assert len(groups(report)) == 3


def test_the_worst_comes_first_then_what_strikes_most() -> None:
    report = a_report(
        a_workspace("a", a_finding("disks-not-included"), a_finding("backup-stuck")),
        a_workspace("b", a_finding("unreadable")),
        a_workspace("c", a_finding("backup-expired")),
        a_workspace("d", a_finding("backup-expired")),
        a_workspace("e", a_finding("never-backed-up")),
    )

    assert [group.code for group in groups(report)] == [
        "backup-expired",
        "never-backed-up",
        "unreadable",
        "backup-stuck",
        "disks-not-included",
    ]


def test_nothing_to_restore_comes_before_the_copy_that_expires_first() -> None:
    bare = a_cluster(restore_points=0, newest_restore_point_at=None, expires_at=None)
    soon = a_cluster(expires_at=NOW + days(1))
    about = {"cluster_uid": "uid of eu-1"}
    report = a_report(
        a_workspace("a", a_finding(message="one", **about), clusters=(a_cluster(),)),
        a_workspace("b", a_finding(message="two", **about), clusters=(soon,)),
        a_workspace("c", a_finding("cluster-not-backed-up", **about), clusters=(bare,)),
    )

    assert [group.members[0].workspace for group in groups(report)] == ["c", "b", "a"]


def test_what_follows_from_a_cause_is_told_with_it() -> None:
    left_out, never = a_finding("cluster-not-backed-up"), a_finding("never-backed-up")
    overdue, expired = a_finding("backup-overdue"), a_finding("backup-expired", cluster_uid="c-2", cluster_name="us-2")

    found = groups(a_report(a_workspace("a", left_out, never, overdue, expired)))

    assert [(group.code, group.consequences) for group in found] == [
        ("backup-overdue", ("Nothing left to restore: the last copy has expired",)),
        ("cluster-not-backed-up", ("Never backed up: nothing to restore",)),
    ]


def test_a_cause_is_as_severe_as_what_follows_from_it() -> None:
    stuck, expired = a_finding("backup-stuck"), a_finding("backup-expired")

    (group,) = groups(a_report(a_workspace("a", stuck, expired)))

    assert (group.code, group.severity) == ("backup-stuck", "critical")


def test_messages_that_differ_by_numbers_and_dates_only_are_one_cause() -> None:
    report = a_report(
        a_workspace(
            "a", a_finding(message="The last 2 backups failed: pod x-1 is gone. The last was on Sun 2026-11-22.")
        ),
        a_workspace(
            "b", a_finding(message="The last 3 backups failed: pod x-2 is gone. The last was on Mon 2026-11-23.")
        ),
    )

    (group,) = groups(report)

    assert group.message.startswith("For example: The last 2 backups failed: pod x-1")


def test_a_workspace_with_thousands_of_failing_clusters_takes_no_quadratic_time() -> None:
    about = [{"cluster_uid": f"c-{number}", "cluster_name": f"c-{number}"} for number in range(5000)]
    failed = (a_finding(**which) for which in about)
    expiring = (a_finding("backup-expiring", **which) for which in about)

    (group,) = groups(a_report(a_workspace("a", *failed, *expiring)))

    assert len(group.members) == 5000


def test_muted_findings_are_in_no_group() -> None:
    assert groups(a_report(a_workspace("a", a_finding(muted=True)))) == ()


def test_a_group_began_when_the_first_of_its_members_did() -> None:
    early, late = a_finding(since=NOW - days(3)), a_finding(since=NOW - days(1))

    (group,) = groups(a_report(a_workspace("a", late), a_workspace("b", early), a_workspace("c", a_finding())))

    assert group.since == NOW - days(3)


def test_where_the_history_does_not_show_the_beginning_earlier_reports_do() -> None:
    ongoing = Change(
        workspace_uid="uid of a",
        workspace_name="a",
        cluster_uid=None,
        cluster_name=None,
        code="not-protected",
        severity="warning",
        message="",
        since=NOW - days(9),
    )
    report = a_report(a_workspace("a", a_finding("not-protected")))

    (group,) = groups(msgspec.structs.replace(report, changes=Changes(ongoing=(ongoing,))))

    assert group.since == NOW - days(9)


def test_a_tally_counts_findings_by_title() -> None:
    report = a_report(
        a_workspace("a", a_finding(message="one")),
        a_workspace("b", a_finding(message="two")),
        a_workspace("c", a_finding("unreadable")),
    )

    assert tally(groups(report)) == (("Backup failed", 2), ("Could not be looked at", 1))


ACCESS_KEY = "operation error S3: PutObject, api error InvalidAccessKeyId: The key does not exist"


def a_failure(name: str, message: str, location: str | None = "backups-s3") -> WorkspaceReport:
    found = a_finding(message=f"The last backup failed: {message}.", evidence={"palette": message})
    where = BackupLocation(uid="l-1", name=location) if location else None
    return a_workspace(name, found, backup_location=where)


def test_a_known_cause_is_the_advice_and_names_the_backup_location() -> None:
    (group,) = groups(a_report(a_failure("a", ACCESS_KEY), a_failure("b", f"{ACCESS_KEY}, again")))

    assert group.action.startswith("The credentials of the backup location backups-s3 were rotated or revoked")
    assert group.location == "backups-s3"


def test_failures_that_share_a_backup_location_are_one_cause_and_others_are_not() -> None:
    report = a_report(
        *(a_failure(name, f"Velero says {name * 3}") for name in "abc"),
        a_failure("other", "Velero says other", "backups-azure"),
        a_failure("unknown", "Velero says unknown", None),
    )

    found = {group.location: group for group in groups(report)}

    assert len(found) == 3
    assert [member.workspace for member in found["backups-s3"].members] == ["a", "b", "c"]
    assert found["backups-s3"].message.startswith("3 backups failed with 3 different messages. For example: ")


def test_two_failures_at_one_location_are_not_yet_a_cause_in_common() -> None:
    assert len(groups(a_report(a_failure("a", "Velero says so"), a_failure("b", "Velero says no")))) == 2
