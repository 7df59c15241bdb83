"""What cannot be restored, if a cluster is in a workspace's policy and has one of its own."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.digest import Digest, digest_of
from support.report_builders import a_cluster, a_finding, a_report, a_workspace

LOST: dict[str, Any] = {"restore_points": 0, "newest_restore_point_at": None, "expires_at": None}
NEVER = a_finding("never-backed-up")


def shop(*, has_copy: bool, name: str = "shop") -> WorkspaceReport:
    clusters = (a_cluster(uid="c-1", **({} if has_copy else LOST)), a_cluster("us-2"))
    return a_workspace(name, *([] if has_copy else [NEVER]), clusters=clusters)


def own(*, has_copy: bool, uid: str = "c-1", **more: Any) -> WorkspaceReport:
    cluster = a_cluster(uid=uid, **({} if has_copy else LOST))
    findings = [] if has_copy else [NEVER]
    return a_workspace(f"own {uid}", *findings, kind="cluster", uid=uid, clusters=(cluster,), **more)


def digest(*workspaces: WorkspaceReport, in_both: int = 1) -> Digest:
    return digest_of(a_report(*workspaces, in_both={None: in_both}), ZoneInfo("UTC"))


def lost(of: Digest) -> list[str]:
    return [str(place).partition(" (")[0] for place in of.cannot_be_restored]


@pytest.mark.parametrize(
    ("in_workspace", "in_own", "restorable", "places"),
    [
        (True, True, 2, []),
        (True, False, 2, []),
        (False, True, 2, []),
        (False, False, 1, ["prod / shop: eu-1"]),
    ],
)
def test_a_cluster_in_both_kinds_of_policy_is_counted_once(
    in_workspace: bool, in_own: bool, restorable: int, places: list[str]
) -> None:
    found = digest(shop(has_copy=in_workspace), own(has_copy=in_own))

    assert found.restorable == f"{restorable} of 2 clusters can be restored."
    assert (lost(found), found.lost_workspaces) == (places, len(places))


def test_a_cluster_without_a_workspaces_policy_counts_by_itself() -> None:
    found = digest(shop(has_copy=True), own(has_copy=False, uid="c-9"), in_both=0)

    assert found.restorable == "2 of 3 clusters can be restored."
    assert lost(found) == ["prod / own c-9"]


def test_a_copy_under_another_workspaces_policy_hides_nothing() -> None:
    found = digest(shop(has_copy=False), shop(has_copy=True, name="other"), own(has_copy=False))

    assert lost(found) == ["prod / shop: eu-1"]


def test_a_cluster_of_another_tenant_is_another_cluster() -> None:
    found = digest(shop(has_copy=False), own(has_copy=True, tenant="acme"), in_both=0)

    assert found.restorable == "2 of 3 clusters can be restored."
    assert lost(found) == ["prod / shop: eu-1"]
