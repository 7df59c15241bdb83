from __future__ import annotations

import re

import pytest

from backup_reporter.errors import InvalidRequest
from backup_reporter.health.model import Workspace
from backup_reporter.palette.lists import Project
from backup_reporter.run.choose import choose_projects, choose_workspaces


def a_workspace(uid: str, name: str) -> Workspace:
    return Workspace(uid=uid, name=name, project_uid="p-1", project_name="prod")


PAYMENTS, LEDGER = a_workspace("w-1", "payments"), a_workspace("w-2", "ledger")
TWIN, OTHER_TWIN = a_workspace("w-3", "shop"), a_workspace("w-4", "shop")
NAMED_AS_A_UID = a_workspace("w-5", "w-1")
ALL = (PAYMENTS, LEDGER, TWIN, OTHER_TWIN, NAMED_AS_A_UID)


def choose(*asked: str, are_all_listed: bool = True) -> list[str]:
    return [workspace.uid for workspace in choose_workspaces(asked, ALL, are_all_listed=are_all_listed)]


def test_uids_and_names_may_be_mixed_and_each_workspace_counts_once() -> None:
    assert choose("ledger", "w-1", "payments") == ["w-2", "w-1"]


def test_a_uid_counts_before_a_name() -> None:
    assert choose("w-1") == ["w-1"]


def test_a_name_that_several_workspaces_have_is_refused_with_their_uids() -> None:
    with pytest.raises(InvalidRequest, match=r"2 workspaces are called shop; give the uid of one: .*w-3 or .*w-4"):
        choose("shop")


def test_what_is_not_there_is_refused_with_the_nearest_name_and_every_fault_at_once() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        choose("paymets", "w-9", "ledger")
    first, second = str(refusal.value).split("; workspaceUids: ")
    assert first.endswith("the uid or name 'paymets'; did you mean the workspace payments, uid w-1?")
    assert second.startswith("no workspace in scope has the uid or name 'w-9'")


def test_a_name_in_other_letters_is_the_nearest_one() -> None:
    with pytest.raises(InvalidRequest, match=r"'PAYMENTS'; did you mean the workspace payments, uid w-1\?"):
        choose("PAYMENTS")


def test_a_uid_may_be_in_a_list_that_could_not_be_read_but_a_name_is_refused() -> None:
    (lost,) = choose_workspaces(("w-9",), ALL, are_all_listed=False)
    assert (lost.uid, lost.project_uid) == ("w-9", "")
    with pytest.raises(InvalidRequest):
        choose("no such name", are_all_listed=False)


def test_projects_are_chosen_by_uid_or_name_in_the_same_way() -> None:
    prod, dev, other_dev = Project("p-1", "prod"), Project("p-2", "dev"), Project("p-3", "dev")
    everything = (prod, dev, other_dev)
    assert choose_projects(("prod", "p-2"), everything, are_all_listed=True) == (prod, dev)
    for asked, says in (
        (
            "pord",
            "projectUids: no project in scope has the uid or name 'pord'; did you mean the project prod, uid p-1?",
        ),
        ("dev", "projectUids: 2 projects are called dev; give the uid of one: the project dev, uid p-2 or"),
    ):
        with pytest.raises(InvalidRequest, match=re.escape(says)):
            choose_projects((asked,), everything, are_all_listed=True)
    assert choose_projects(("p-9",), everything, are_all_listed=False) == (Project("p-9", "p-9"),)
