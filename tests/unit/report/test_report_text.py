import re
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_reporter.health.catalog import CODES
from backup_reporter.report.groups import groups
from backup_reporter.report.model import Change, Changes, Report, ReportLink, Scope
from backup_reporter.report.phrases import change_lines
from backup_reporter.report.text import MAX_LINES, sms, subject, text
from support.report_builders import NOW, a_cluster, a_finding, a_green_report, a_report, a_workspace, compared, days

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
    assert text(a_green_report(), UTC) == (
        "OK Palette backups: nothing wrong in 14 workspaces (24 Nov)\n"
        "Checked 14 of 14 workspaces, 14 clusters. As of 2026-11-24 07:00 UTC.\n"
    )


def test_a_problem_is_said_with_its_place_its_age_its_cause_and_what_to_do() -> None:
    report = a_report(
        a_workspace(
            "payments",
            a_finding(since=NOW - days(1), cluster_uid="uid of eu-1"),
            clusters=(a_cluster("eu-1"),),
        ),
        a_workspace("shop"),
    )

    assert text(report, BERLIN).splitlines() == [
        "CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)",
        "Checked 2 of 2 workspaces, 1 cluster. As of 2026-11-24 08:00 CET.",
        "",
        "Fix first:",
        "CRITICAL Backup failed [backup-failed] since Mon 2026-11-23, day 2",
        "  prod / payments: eu-1 (last copy made Sun 2026-11-22, expires Mon 2026-12-14)",
        "  The last 2 backups failed.",
        f"  What to do: {CODES['backup-failed'].action}",
        "",
        "1 workspace is OK.",
        "By hand means: in Palette, open the workspace, then Backups, and create a backup.",
        "What a code means: backup-reporter explain CODE.",
    ]


def test_what_to_do_is_said_once_for_several_causes_of_one_kind() -> None:
    report = a_report(a_workspace("a", a_finding(message="one")), a_workspace("b", a_finding(message="two")))

    assert text(report, UTC).count("What to do:") == 1


def test_what_could_not_be_looked_at_is_on_top_and_in_the_title() -> None:
    report = a_report(a_workspace("a"), problems=("Project staging cannot be listed: HTTP 403.",))

    lines = text(report, UTC).splitlines()

    assert lines[0] == "UNKNOWN Palette backups: not everything could be checked (24 Nov)"
    assert lines[2] == "Project staging cannot be listed: HTTP 403."


def test_an_unreadable_workspace_is_missing_from_the_trust_line_and_not_known_to_be_restorable() -> None:
    shown = text(a_report(a_workspace("a"), a_workspace("b", a_finding("unreadable"))), UTC)

    assert "\nChecked 1 of 2 workspaces, 0 clusters; 1 could not be read. As of" in shown
    assert "  - prod / b: not known (could not be looked at)\n" in shown


def test_no_workspace_at_all_is_no_good_news() -> None:
    assert text(a_report(), UTC).startswith("UNKNOWN Palette backups: nothing could be checked (24 Nov)\n")


def test_a_what_if_says_so_in_the_title_and_below() -> None:
    report = a_report(a_workspace("a"), as_of=NOW + days(4), generated_at=NOW, what_if=True)

    assert subject(report, UTC) == "What if: OK Palette backups: nothing wrong in 1 workspace (28 Nov)"
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


def test_only_a_workspace_that_was_asked_for_says_what_can_be_restored_of_it() -> None:
    shop = a_workspace("shop", clusters=(a_cluster(),), next_run_at=NOW + days(21))
    line = (
        "  - prod / shop: eu-1: made 2026-11-22 07:00 UTC, expires 2026-12-14 07:00 UTC, before the next backup is due"
    )

    assert line in text(a_report(shop, scope=Scope(workspace_uids=("uid of shop",))), UTC)
    assert line not in text(a_report(shop), UTC)


def test_what_cannot_be_restored_comes_first_and_says_how_much_can() -> None:
    bare = a_cluster("eu-1", restore_points=0, newest_restore_point_at=None, expires_at=None)
    report = a_report(
        a_workspace("a", a_finding(), clusters=(a_cluster(),)),
        a_workspace("z", a_finding("never-backed-up"), clusters=(a_cluster("us-2"), bare)),
        a_workspace("monitoring", a_finding("not-protected")),
    )

    assert text(report, UTC).splitlines()[2:7] == [
        "",
        "Cannot be restored (2 of 3 clusters can be restored):",
        "  - prod / z: eu-1 (never had a copy)",
        "  - prod / monitoring: nothing (no backup policy)",
        "",
    ]


def test_an_incomplete_copy_is_named_where_there_is_no_other() -> None:
    partial = a_cluster(restore_points=0, newest_restore_point_at=None, newest_incomplete_copy_at=NOW - days(1))
    report = a_report(a_workspace("a", a_finding("only-incomplete-copies"), clusters=(partial,)))

    assert "  - prod / a: eu-1 (only an incomplete copy of Mon 2026-11-23)\n" in text(report, UTC)
    asked_for = msgspec.structs.replace(report, scope=Scope(workspace_uids=("uid of a",)))
    assert "eu-1: only incomplete copies, the newest made 2026-11-23 07:00 UTC\n" in text(asked_for, UTC)


def test_a_green_report_does_not_say_that_nothing_is_wrong_if_something_is_muted() -> None:
    lasting = a_workspace("a", a_finding(muted=True), clusters=(a_cluster(),))
    report = a_report(lasting, a_workspace("b", a_finding("backup-stuck", muted=True)), a_workspace("c"))

    shown = text(report, UTC)

    assert shown.startswith("OK Palette backups: nothing wrong but for 2 muted findings (24 Nov)\n")
    assert "2 findings muted: prod / a, prod / b. Not everything can be restored of prod / b.\n" in shown


def test_what_changed_comes_after_the_causes_with_its_severity() -> None:
    changes = Changes(new=(a_change("a"),), ongoing=(a_change("b"),), resolved=(a_change("c", "backup-stuck"),))
    report = msgspec.structs.replace(a_report(a_workspace("a", a_finding())), changes=changes)

    shown = text(report, UTC)

    assert (
        "Since the last report: 1 new, 1 resolved, 1 ongoing.\n"
        "New critical: Backup failed: prod / a: eu-1\n"
        "Resolved critical: Backup does not finish: prod / c: eu-1\n"
    ) in shown
    assert shown.index("Since the last report") > shown.index("CRITICAL Backup failed")


def test_of_many_changes_the_most_severe_are_named() -> None:
    changes = Changes(
        new=tuple(
            msgspec.structs.replace(a_change("shop", code), severity=CODES[code].severity)
            for code in CODES
            if CODES[code].severity != "critical"
        ),
        resolved=tuple(a_change(f"shop-{number:02}") for number in range(30)),
    )

    first, resolved, *others = change_lines(msgspec.structs.replace(a_green_report(), changes=changes), 10)

    assert first == f"Since the last report: {len(changes.new)} new, 30 resolved."
    assert resolved.startswith("Resolved critical: Backup failed: prod / shop-00: eu-1; prod / shop-01: eu-1; ")
    named = len(re.findall(r"prod / shop-\d\d: eu-1", resolved))
    assert resolved.endswith(f"; and {30 - named} more")
    assert others[0].startswith("New unknown: ")
    assert len(others) == 10
    assert others[-1] == f"and {len(changes.new) - 9} more changes"


def test_changes_of_one_kind_are_one_line_and_each_workspace_is_told_apart_by_its_project() -> None:
    places = [("prod", "eu-1"), ("prod", "us-2"), ("staging", "eu-1"), (None, "eu-1")]
    changes = Changes(new=tuple(a_change("search", project=project, cluster=cluster) for project, cluster in places))

    shown = text(msgspec.structs.replace(a_green_report(), changes=changes), UTC)

    assert "New critical: Backup failed: prod / search: eu-1, us-2; staging / search: eu-1; search: eu-1\n" in shown


def test_the_first_report_does_not_name_everything_twice() -> None:
    changes = Changes(note="No earlier report of this scope is kept.", new=(a_change("a"),))
    report = msgspec.structs.replace(a_report(a_workspace("a", a_finding())), changes=changes)

    assert "No earlier report of this scope is kept.\n" in text(report, UTC)
    assert "New critical:" not in text(report, UTC)


def test_an_info_is_in_a_message_only_while_it_is_new() -> None:
    infos = [a_workspace(name, a_finding("disks-not-included", message=f"{name}.")) for name in ("a", "b")]
    report = a_report(*infos)
    new = msgspec.structs.replace(report, changes=compared(report, compared(a_report()).baseline).changes)

    assert "New info: Parts are left out of the backup by its policy: prod / a; prod / b\n" in text(new, UTC)
    assert "Parts are left out" not in text(report, UTC)
    first = msgspec.structs.replace(report, changes=Changes(note="No earlier report of this scope is kept."))
    assert "Worth knowing: Parts are left out of the backup by its policy: 2.\n" in text(first, UTC)


def test_the_link_says_until_when_it_works_and_how_to_open_the_report_afterwards() -> None:
    link = ReportLink(expires_at=NOW + days(0.5), s3_uri="s3://bucket/x.html", console_url="https://console.example/x")
    report = msgspec.structs.replace(a_green_report(), report_url="https://bucket.example/report", link=link)
    works = "The link works until 2026-11-24 19:00 UTC. Afterwards: backup-reporter open 20261124T070000Z-1a2b3c4d"

    assert text(report, UTC).splitlines()[2:] == [
        "The whole report: https://bucket.example/report",
        f"{works}, or s3://bucket/x.html (https://console.example/x)",
    ]


@pytest.mark.parametrize("character", ["x", "漢", "🔥"])
def test_a_text_has_45_lines_and_fits_into_a_message_however_long_the_names_are(character: str) -> None:
    def named(number: int) -> str:
        return f"{number:03}{character * 60}"

    workspaces = [
        a_workspace(
            named(number),
            *(a_finding(code, message=f"{character * number}. " * 9, cluster_name=named(1)) for code in CODES),
            project_name=named(0),
            clusters=tuple(a_cluster(named(cluster)) for cluster in range(8)),
        )
        for number in range(1, 60)
    ]
    report = a_report(*workspaces, problems=[f"{named(number)}, " * 9 for number in range(40)])
    report = msgspec.structs.replace(report, changes=compared(report, compared(a_report()).baseline, "").changes)

    shown = text(msgspec.structs.replace(report, report_url="https://bucket.example/report"), UTC)

    assert len(shown.splitlines()) <= MAX_LINES
    assert len(shown.encode()) <= 45_000
    assert "more findings: " in shown
    assert "\nThe whole report: https://bucket.example/report\n" in shown


@given(name=st.text(), message=st.text(), problem=st.text())
def test_a_text_message_is_160_characters_of_the_gsm_alphabet(name: str, message: str, problem: str) -> None:
    for report in (hostile_report(name, message, problem), a_report(problems=(problem,))):
        assert re.fullmatch(r"[A-Za-z0-9 !\"#$%&'()*+,\-./:;<=>?@_]{1,160}", sms(report, UTC))


def test_a_text_message_is_the_title_with_a_link_or_the_reports_id() -> None:
    report = a_report(a_workspace("a", a_finding("backup-stuck")), *(a_workspace(name, a_finding()) for name in "bcd"))
    short, long = (f"https://b.example/{'x' * length}" for length in (10, 200))
    title = "CRITICAL Palette backups: prod/b/eu-1: backup failed; 2 more critical (24 Nov)"

    assert sms(report, UTC) == f"{title} Report 20261124T070000Z-1a2b3c4d"
    assert sms(msgspec.structs.replace(report, report_url=short), UTC) == f"{title} {short}"
    assert sms(msgspec.structs.replace(report, report_url=long), UTC) == f"{title} Report 20261124T070000Z-1a2b3c4d"


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
    assert "and 9998 more" in text(report, UTC)
