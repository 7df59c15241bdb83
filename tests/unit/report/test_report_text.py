import re
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_reporter.health.catalog import CODES
from backup_reporter.report.changes import compare
from backup_reporter.report.groups import groups
from backup_reporter.report.model import Change, Changes, Report, Scope
from backup_reporter.report.text import sms, subject, text
from support.report_builders import NOW, a_cluster, a_finding, a_green_report, a_report, a_workspace, days

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def a_change(name: str, code: str = "backup-failed", project: str | None = "prod", cluster: str = "eu-1") -> Change:
    return Change(
        project_name=project,
        workspace_uid=f"{project}/{name}",
        workspace_name=name,
        cluster_uid=None,
        cluster_name=cluster,
        code=code,
        severity="critical",
        message="",
        since=NOW,
    )


def test_a_green_report_is_two_lines() -> None:
    assert text(a_green_report(), UTC).split("\n") == [
        "OK: nothing wrong in 14 workspaces",
        "",
        "14 of 14 workspaces, 14 clusters, 0 unreadable, 0 unknown states, as of 2026-11-24 07:00 UTC",
        "",
    ]


def test_a_problem_is_said_with_its_place_its_age_its_cause_and_what_to_do() -> None:
    report = a_report(
        a_workspace("payments", a_finding(since=NOW - days(1)), clusters=(a_cluster("eu-1"),)), a_workspace("shop")
    )

    assert text(report, BERLIN) == (
        "CRITICAL: 1 critical, 1 OK of 2 workspaces\n"
        "\n"
        "2 of 2 workspaces, 1 cluster, 0 unreadable, 0 unknown states, as of 2026-11-24 08:00 CET\n"
        "\n"
        "What can be restored right now:\n"
        "  prod / payments\n"
        "    eu-1: from 2026-11-22 08:00 CET, expires 2026-12-14 08:00 CET\n"
        "\n"
        "CRITICAL  Backup failed (since Mon 2026-11-23, day 2)\n"
        "  The last 2 backups failed.\n"
        "  - prod / payments: eu-1\n"
        "  What to do: Open the workspace's Backups tab in Palette, read the failed backup's message, and check the "
        "backup location and Velero on the cluster. Then run a backup by hand.\n"
    )


def test_a_cluster_without_a_copy_has_nothing_to_restore() -> None:
    empty = a_cluster(newest_restore_point_at=None, expires_at=None, restore_points=0)

    assert "eu-1: nothing to restore" in text(a_report(a_workspace("a", a_finding(), clusters=(empty,))), UTC)


def test_a_copy_that_runs_out_before_the_next_run_is_said_to() -> None:
    workspace = a_workspace("a", a_finding(), clusters=(a_cluster(),), next_run_at=NOW + days(21))

    assert "expires 2026-12-14 07:00 UTC, before the next backup is due" in text(a_report(workspace), UTC)


def test_what_to_do_is_said_once_for_several_causes_of_one_kind() -> None:
    report = a_report(a_workspace("a", a_finding(message="one")), a_workspace("b", a_finding(message="two")))

    assert text(report, UTC).count("What to do:") == 1


def test_what_could_not_be_looked_at_is_on_top_and_in_the_verdict() -> None:
    report = a_report(a_workspace("a"), problems=("Project staging cannot be listed: HTTP 403.",))

    lines = text(report, UTC).splitlines()

    assert lines[0] == "UNKNOWN: not everything could be looked at, 1 OK of 1 workspace"
    assert lines[4] == "Project staging cannot be listed: HTTP 403."


def test_an_unreadable_workspace_is_missing_from_the_trust_line() -> None:
    report = a_report(a_workspace("a"), a_workspace("b", a_finding("unreadable")))

    assert "\n1 of 2 workspaces, 0 clusters, 1 unreadable, 0 unknown states, as of" in text(report, UTC)


def test_no_workspace_at_all_is_no_good_news() -> None:
    assert text(a_report(), UTC).startswith("UNKNOWN: no workspace was looked at\n")


def test_a_what_if_says_so_in_the_verdict_and_below() -> None:
    report = a_report(a_workspace("a"), as_of=NOW + days(4), generated_at=NOW, what_if=True)

    assert subject(report) == "Palette backups What if it were 2026-11-28 07:00 UTC: OK: nothing wrong in 1 workspace"
    assert "judged as if it were 2026-11-28 07:00 UTC, from what Palette said at 2026-11-24 07:00 UTC" in text(
        report, UTC
    )


def test_a_what_if_about_the_future_says_what_it_takes_for_granted() -> None:
    ahead = a_report(a_workspace("a"), as_of=NOW + days(4), generated_at=NOW, what_if=True)
    back = a_report(a_workspace("a"), as_of=NOW - days(4), generated_at=NOW, what_if=True)

    assert "Palette said at 2026-11-24 07:00 UTC, and as if no backup ran from then on." in text(ahead, UTC)
    assert "as if no backup ran" not in text(back, UTC)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope(project_uids=("p", "q")), "Only what was asked for: 2 projects."),
        (Scope(project_uids=("p",), workspace_uids=("w",)), "Only what was asked for: 1 project and 1 workspace."),
        (Scope(workspace_uids=("w",), backup_request_uid="r-1"), "Only the backup request r-1 was judged"),
    ],
)
def test_a_narrower_scope_is_said(scope: Scope, said: str) -> None:
    assert said in text(a_report(a_workspace("a"), scope=scope), UTC)


def test_what_can_be_restored_comes_before_the_causes() -> None:
    report = a_report(a_workspace("payments", a_finding(), clusters=(a_cluster("eu-1"),)))

    shown = text(report, UTC)

    assert shown.index("What can be restored right now:") < shown.index("CRITICAL  Backup failed")


def test_what_no_copy_is_known_of_is_named_too_where_it_says_what_can_be_restored() -> None:
    report = a_report(
        a_workspace("payments", a_finding(), clusters=(a_cluster("eu-1"),)),
        *(a_workspace(name, a_finding("unreadable", message=f"{name}: HTTP 500.")) for name in ("gitops", "ledger")),
        a_workspace("monitoring", a_finding("not-protected")),
    )

    assert (
        "What can be restored right now:\n"
        "  prod / payments\n"
        "    eu-1: from 2026-11-22 07:00 UTC, expires 2026-12-14 07:00 UTC\n"
        "  Not known (Could not be looked at): prod / gitops, prod / ledger\n"
        "  Nothing (No backup policy): prod / monitoring\n"
    ) in text(report, UTC)


def test_where_nothing_can_be_restored_comes_first() -> None:
    bare = a_cluster("eu-1", restore_points=0, newest_restore_point_at=None, expires_at=None)
    report = a_report(
        a_workspace("a", a_finding(), clusters=(a_cluster(),)),
        a_workspace("z", a_finding("never-backed-up"), clusters=(a_cluster("us-2"), bare)),
    )

    shown = text(report, UTC)

    assert "    eu-1: nothing to restore, and there never was\n" in shown
    assert shown.index("  prod / z\n") < shown.index("  prod / a\n")


@pytest.mark.parametrize(("number", "said"), [(9, "and 1 more cluster"), (10, "and 2 more clusters")])
def test_clusters_that_are_left_out_are_counted(number: int, said: str) -> None:
    clusters = tuple(a_cluster(f"eu-{index}") for index in range(number))

    assert f"    {said}\n" in text(a_report(a_workspace("payments", a_finding(), clusters=clusters)), UTC)


def test_a_green_report_does_not_say_that_nothing_is_wrong_where_something_is_muted() -> None:
    lasting = a_workspace("a", a_finding(muted=True), clusters=(a_cluster(),))
    report = a_report(lasting, a_workspace("b", a_finding("backup-stuck", muted=True)), a_workspace("c"))

    shown = text(report, UTC)

    assert shown.startswith("OK: nothing wrong in 3 workspaces but for 2 muted findings\n")
    said = "2 findings muted: prod / a, prod / b. Not everything can be restored of prod / b.\n"
    assert said in shown


def test_what_is_new_and_what_is_resolved_comes_before_the_problems() -> None:
    changes = Changes(new=(a_change("a"),), ongoing=(a_change("b"),), resolved=(a_change("c", "backup-stuck"),))
    report = msgspec.structs.replace(a_report(a_workspace("a", a_finding())), changes=changes)

    shown = text(report, UTC)

    assert (
        "Since the last report: 1 new, 1 resolved, 1 ongoing.\n"
        "New: Backup failed: prod / a: eu-1\n"
        "Resolved: Backup does not finish: prod / c: eu-1\n"
    ) in shown
    assert shown.index("Since the last report") < shown.index("CRITICAL  Backup failed")


def test_of_many_changes_the_first_are_named() -> None:
    changes = Changes(
        new=tuple(a_change("shop", code) for code in CODES),
        resolved=tuple(a_change(f"shop-{number:02}") for number in range(30)),
    )

    shown = text(msgspec.structs.replace(a_green_report(), changes=changes), UTC)

    assert "Resolved: Backup failed: prod / shop-00: eu-1; prod / shop-01: eu-1; " in shown
    named = len(re.findall(r"prod / shop-\d\d: eu-1", shown))
    assert f"; and {30 - named} more workspaces\n" in shown
    assert shown.count("\nNew: ") == 11
    assert f"New: and {len(CODES) - 10} more\n" in shown


def test_changes_of_one_kind_are_one_line_and_each_workspace_is_told_apart_by_its_project() -> None:
    places = [("prod", "eu-1"), ("prod", "us-2"), ("staging", "eu-1"), (None, "eu-1")]
    changes = Changes(new=tuple(a_change("search", project=project, cluster=cluster) for project, cluster in places))

    shown = text(msgspec.structs.replace(a_green_report(), changes=changes), UTC)

    assert "New: Backup failed: prod / search: eu-1, us-2; staging / search: eu-1; search: eu-1\n" in shown


def test_the_first_report_does_not_name_everything_twice() -> None:
    changes = Changes(note="No earlier report of this scope is kept.", new=(a_change("a"),))
    report = msgspec.structs.replace(a_report(a_workspace("a", a_finding())), changes=changes)

    assert "No earlier report of this scope is kept.\n" in text(report, UTC)
    assert "New:" not in text(report, UTC)


def test_what_changes_no_status_is_one_short_line_at_the_end() -> None:
    infos = [a_workspace(name, a_finding("disks-not-included", message=f"{name}.")) for name in ("a", "b")]
    muted = a_workspace("c", a_finding(muted=True))

    assert text(a_report(*infos, muted), UTC).splitlines()[4:] == [
        "1 finding muted: prod / c. Not everything can be restored of prod / c.",
        "Parts are left out of the backup by its policy: prod / a, prod / b",
    ]


def test_the_link_to_the_whole_report_is_there_where_there_is_one() -> None:
    report = msgspec.structs.replace(a_green_report(), report_url="https://bucket.example/report")

    assert text(report, UTC).endswith("\n\nThe whole report: https://bucket.example/report\n")


def test_text_in_a_given_size_shows_the_worst_and_counts_the_rest() -> None:
    workspaces = [a_workspace(f"shop-{number}", a_finding(message=f"Cause {number}.")) for number in range(900)]

    shown = text(a_report(*workspaces, a_workspace("other", a_finding("not-protected"))), UTC, max_bytes=50_000)

    assert len(shown.encode()) <= 50_000
    left_out = 900 - len(re.findall(r"  Cause \d+\.", shown))
    assert f"… and {left_out + 1} more findings (Backup failed: {left_out}; No backup policy: 1)" in shown


@pytest.mark.parametrize("character", ["x", "漢", "🔥"])
def test_text_in_a_given_size_is_no_larger_however_long_the_names_are(character: str) -> None:
    def named(number: int) -> str:
        return f"{number:03}{character * 60}"

    workspaces = [
        a_workspace(
            named(number),
            *(a_finding(code, message=f"{named(number)}. " * 9, cluster_name=named(1)) for code in CODES),
            project_name=named(0),
            clusters=tuple(a_cluster(named(cluster)) for cluster in range(8)),
        )
        for number in range(60)
    ]
    report = a_report(*workspaces, problems=[f"{named(number)}, " * 9 for number in range(40)])
    report = msgspec.structs.replace(report, changes=compare(report, compare(a_report(), None, "")[1], "")[0])

    shown = text(msgspec.structs.replace(report, report_url="https://bucket.example/report"), UTC, max_bytes=50_000)

    assert len(shown.encode()) <= 50_000
    assert shown.startswith("CRITICAL: not everything could be looked at, 60 critical of 60 workspaces\n")
    assert re.search(r"What can be restored right now:\n  000.*\n  and \d+ more workspaces\n", shown, re.DOTALL)
    assert "more findings (" in shown
    assert shown.endswith("\n\nThe whole report: https://bucket.example/report\n")


@given(name=st.text(), message=st.text(), problem=st.text())
def test_a_text_message_is_160_characters_of_the_gsm_alphabet(name: str, message: str, problem: str) -> None:
    for report in (hostile_report(name, message, problem), a_report(problems=(problem,))):
        assert re.fullmatch(r"[A-Za-z0-9 !\"#$%&'()*+,\-./:;<=>?@_]{1,160}", sms(report))


def test_a_text_message_names_the_worst_and_counts_workspaces_however_many_clusters_it_strikes() -> None:
    report = a_report(a_workspace("a", a_finding("backup-stuck")), *(a_workspace(name, a_finding()) for name in "bcd"))
    one = a_report(a_workspace("a", *(a_finding(cluster_name=name, cluster_uid=name) for name in ("eu-1", "us-2"))))

    said = "CRITICAL: 3 critical, 1 warning of 4 workspaces. Backup failed: prod / b: eu-1 and 2 more workspaces"
    assert sms(report) == said
    assert sms(one) == "CRITICAL: 1 critical of 1 workspace. Backup failed: prod / a: eu-1, us-2"


def hostile_report(name: str, message: str, problem: str) -> Report:
    broken = a_workspace(
        name,
        a_finding(message=message, cluster_name=name),
        a_finding("backup-stuck", message="fine", cluster_name=message),
        a_finding("disks-not-included", message=message),
        project_name=name,
        clusters=(a_cluster(name),),
    )
    return a_report(broken, problems=(problem,))


def test_groups_of_ten_thousand_workspaces_take_no_quadratic_time() -> None:
    report = a_report(*(a_workspace(f"shop-{number}", a_finding()) for number in range(10_000)))

    (group,) = groups(report)

    assert len(group.members) == 10_000
    assert "and 9980 more workspaces" in text(report, UTC)
