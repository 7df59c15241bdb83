"""The verdict on a report over what could be read."""

from __future__ import annotations

import pytest

from backup_reporter.health.workspace_report import WorkspaceReport
from support.report_builders import a_finding, a_history, a_report, a_workspace

MUTED_UNREAD = a_workspace("shop", a_finding("unreadable", muted=True))
MUTED_IN_PART = a_workspace("ledger", a_finding("unreadable", muted=True), history=a_history())
BAD = a_workspace("payments", a_finding())


@pytest.mark.parametrize(
    ("workspaces", "status"),
    [
        ((), "UNKNOWN"),
        ((MUTED_UNREAD,), "UNKNOWN"),
        ((MUTED_UNREAD, MUTED_UNREAD), "UNKNOWN"),
        ((MUTED_UNREAD, a_workspace("well")), "OK"),
        ((MUTED_UNREAD, BAD), "CRITICAL"),
        ((MUTED_IN_PART,), "OK"),
        ((a_workspace("gone", a_finding("being-deleted")),), "OK"),
    ],
)
def test_a_report_in_which_no_workspace_could_be_read_is_unknown_whatever_is_muted(
    workspaces: tuple[WorkspaceReport, ...], status: str
) -> None:
    assert a_report(*workspaces).status == status


def test_so_is_a_tenant_none_of_whose_workspaces_could_be_read() -> None:
    acme = a_workspace("shop", a_finding("unreadable", muted=True), tenant="acme")
    report = a_report(acme, a_workspace("well", tenant="globex"), tenants={"acme": (), "globex": ()})

    assert [(tenant.name, tenant.status) for tenant in report.tenants] == [("acme", "UNKNOWN"), ("globex", "OK")]
    assert report.status == "OK"
