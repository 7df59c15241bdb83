import msgspec

from backup_reporter.report.groups import groups, tally
from backup_reporter.report.model import Change, Changes
from support.report_builders import NOW, a_finding, a_report, a_workspace, days


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


def test_the_worst_comes_first_and_then_what_strikes_most() -> None:
    report = a_report(
        a_workspace("a", a_finding("disks-not-included"), a_finding("backup-stuck"), a_finding("never-backed-up")),
        a_workspace("b", a_finding("unreadable")),
        a_workspace("c", a_finding("backup-expired")),
        a_workspace("d", a_finding("backup-expired")),
    )

    assert [group.code for group in groups(report)] == [
        "backup-expired",
        "never-backed-up",
        "unreadable",
        "backup-stuck",
        "disks-not-included",
    ]


def test_groups_of_one_code_stand_together() -> None:
    report = a_report(
        a_workspace("a", a_finding(message="one"), a_finding("never-backed-up")),
        a_workspace("b", a_finding(message="two"), a_finding("never-backed-up")),
        a_workspace("c", a_finding(message="two")),
    )

    assert [(group.code, group.message) for group in groups(report)] == [
        ("backup-failed", "two"),
        ("backup-failed", "one"),
        ("never-backed-up", "The last 2 backups failed."),
    ]


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
