"""Several tenants in one report: what each rendering says of them, and what identity they give a finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backup_reporter.report.csv import render_csv
from backup_reporter.report.email_html import render_email
from backup_reporter.report.markdown import render_markdown
from backup_reporter.report.model import Changes, Report, Scope, scope_id, to_json
from backup_reporter.report.page.page import render_page
from backup_reporter.report.phrases import scope_line, tenant_lines, trust_line
from backup_reporter.report.slack import message
from backup_reporter.report.text import sms, text
from backup_reporter.report.truncate import SizeLimit, fit, size_in_answer
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, compared, days

UTC = ZoneInfo("UTC")
BAD = a_workspace("ledger", a_finding(), tenant="globex", uid="w-1", clusters=(a_cluster(),))
WELL = a_workspace("payments", tenant="acme", uid="w-1", clusters=(a_cluster(),))
NOT_ASKED = {"acme": (), "globex": (), "initech": ("Palette could not be asked: no answer.",)}
REPORT = a_report(BAD, WELL, tenants=NOT_ASKED)
LINES = [
    "globex: CRITICAL, 1 critical of 1 workspace",
    "initech: UNKNOWN, no workspace was looked at",
    "acme: OK, nothing wrong in 1 workspace",
]


def test_each_tenant_has_a_status_and_one_that_could_not_be_asked_is_unknown() -> None:
    assert [(one.name, one.status, one.summary.workspaces) for one in REPORT.tenants] == [
        ("acme", "OK", 1),
        ("globex", "CRITICAL", 1),
        ("initech", "UNKNOWN", 0),
    ]
    assert REPORT.status == "CRITICAL"
    assert REPORT.problems == ("Tenant initech: Palette could not be asked: no answer.",)
    assert a_report(WELL, tenants={"acme": (), "initech": ("No answer.",)}).status == "UNKNOWN"


def test_a_report_in_which_no_workspace_could_be_read_is_unknown_whatever_is_muted() -> None:
    muted = a_finding("unreadable", muted=True)
    unread = a_workspace("ledger", muted)

    assert a_report(unread).status == "UNKNOWN"
    assert a_report(unread, a_workspace("payments")).status == "OK"


def test_the_counts_are_over_all_tenants_and_say_how_many_there_are() -> None:
    assert trust_line(REPORT, UTC).startswith("Checked 2 of 2 workspaces, 3 tenants, 2 clusters")
    assert REPORT.summary.workspaces == 2
    assert tenant_lines(REPORT, 10) == LINES
    assert tenant_lines(REPORT, 1) == [LINES[0], "and 2 more tenants: 1 UNKNOWN, 1 OK"]


RENDERINGS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: text(report, UTC),
    "slack": lambda report: str(message(report, UTC)),
    "e-mail": lambda report: render_email(report, UTC),
    "page": lambda report: render_page(report, UTC),
}


@pytest.mark.parametrize("name", RENDERINGS)
def test_every_rendering_shows_each_tenant_and_whose_a_workspace_is(name: str) -> None:
    said = RENDERINGS[name](REPORT)
    for line in LINES:
        assert line in said
    assert "globex / prod" in said
    assert "Tenant initech: Palette could not be asked" in said


def test_markdown_a_spreadsheet_and_a_telephone_name_the_tenant() -> None:
    said = render_markdown(REPORT, UTC)
    assert "- globex: CRITICAL, 1 critical of 1 workspace" in said.replace("\\", "")
    assert "globex / prod" in said.replace("\\", "")
    head, not_asked, first, *_ = render_csv(REPORT).splitlines()
    assert head.endswith(',"last restore state","tenant"')
    assert '"UNKNOWN","","","Tenant initech: Palette could not be asked' in not_asked
    assert first.endswith(',"globex"')
    assert "globex/prod/ledger" in sms(REPORT, UTC)


@pytest.mark.parametrize("name", RENDERINGS)
def test_one_tenant_alone_is_not_spoken_of(name: str) -> None:
    report = a_report(a_workspace("ledger", a_finding()))
    assert "enant" not in RENDERINGS[name](report).replace("the right tenant", "")
    assert "tenant" not in render_csv(report)
    assert report.tenants == ()


def test_the_page_links_each_tenants_workspace_to_its_own_place() -> None:
    other = msgspec.structs.replace(BAD, tenant="acme", name="shop")
    page = render_page(a_report(BAD, other, tenants={"acme": (), "globex": ()}), UTC)
    assert '<a href="#w0">shop</a>' in page
    assert '<a href="#w1">ledger</a>' in page


def test_the_same_uid_in_another_tenant_is_another_workspace() -> None:
    tenants = {"acme": (), "globex": ()}
    baseline = compared(a_report(BAD, tenants=tenants), None, "").baseline
    twin = msgspec.structs.replace(BAD, tenant="acme")
    later = a_report(twin, tenants=tenants, as_of=NOW + days(1), report_id="next")
    comparison = compared(later, baseline)

    assert [change.tenant for change in comparison.changes.new] == ["acme"]
    assert [change.tenant for change in comparison.changes.no_longer_judged] == ["globex"]
    assert "globex / " in (comparison.gone or "")


def test_what_was_wrong_in_a_tenant_that_is_no_longer_asked_is_no_longer_judged() -> None:
    baseline = compared(REPORT).baseline
    alone = a_report(WELL, tenants={"acme": ()}, as_of=NOW + days(1), report_id="next")
    changes = compared(alone, baseline).changes

    assert changes.resolved == ()
    assert {(change.tenant, change.reason) for change in changes.no_longer_judged} == {
        ("globex", "its tenant is no longer asked")
    }


def test_what_was_wrong_in_a_tenant_that_could_not_be_asked_is_ongoing_once_it_can() -> None:
    baseline = compared(REPORT).baseline
    blind = a_report(WELL, tenants=NOT_ASKED, as_of=NOW + days(1), report_id="next")
    comparison = compared(blind, baseline)

    assert comparison.changes.no_longer_judged == ()
    assert comparison.gone is None
    again = a_report(BAD, WELL, tenants=NOT_ASKED, as_of=NOW + days(2), report_id="after that")
    assert "globex" in [change.tenant for change in compared(again, comparison.baseline, "").changes.ongoing]


@pytest.mark.parametrize(("before", "after"), [(None, "acme"), ("acme", None), ("acme", "renamed")])
def test_a_tenant_that_gets_a_name_or_loses_it_takes_its_workspaces_along(
    before: str | None, after: str | None
) -> None:
    def of(tenant: str | None, **more: Any) -> Report:
        workspaces = (msgspec.structs.replace(one, tenant=tenant, uid=one.name) for one in (BAD, WELL))
        return a_report(*workspaces, tenants={tenant: ()} if tenant else {}, **more)

    baseline = compared(of(before), None, "").baseline
    comparison = compared(of(after, as_of=NOW + days(1), report_id="next"), baseline)

    assert comparison.gone is None
    assert [change.tenant for change in comparison.changes.ongoing] == [after]
    assert comparison.changes == Changes(ongoing=comparison.changes.ongoing)


def test_the_scope_of_one_tenant_is_known_by_the_same_name_as_ever() -> None:
    assert scope_id(Scope()) == "15c3552e1e91fe59"
    assert scope_id(Scope(project_uids=("a",))) == "bc17243588bf1fda"
    assert scope_id(Scope(tenants=("a", "b"))) == scope_id(Scope(tenants=("b", "a"))) != scope_id(Scope())
    assert scope_line(a_report(scope=Scope(tenants=("a",)))) == "Only what was asked for: 1 tenant."


def test_a_cut_report_keeps_the_worst_tenants() -> None:
    many: dict[str, tuple[str, ...]] = {f"tenant-{number:04}": () for number in range(1000)}
    report = a_report(WELL, BAD, tenants={**many, "acme": (), "globex": ()})
    cut = fit(report, SizeLimit(50_000, size_in_answer))

    assert cut.truncated
    assert cut.tenants[0].name == "globex"
    assert len(to_json(cut)) < 50_000
