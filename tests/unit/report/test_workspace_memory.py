"""What is remembered of workspaces comes back, or counts as nothing."""

from __future__ import annotations

import struct
import zlib

import pytest

from backup_reporter.report.workspace_memory import ListedWorkspace, MemoryWriter, WorkspaceMemory

SHOP, LEDGER = (
    ListedWorkspace(uid=name, name=name, project_uid="p-1", project_name="prod") for name in ("shop", "ledger")
)


def packed(*workspaces: ListedWorkspace) -> bytes:
    writer = MemoryWriter()
    for workspace in workspaces:
        writer.add(workspace)
    return writer.packed()


def bomb() -> bytes:
    """40 MB, packed to 40 KB."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflate.compress(b" " * 40 * 2**20) + deflate.flush()
    return struct.pack("<QI", 0, len(deflated)) + deflated


def test_workspaces_come_back_by_their_uid() -> None:
    memory = WorkspaceMemory(packed(SHOP, LEDGER))
    assert (memory.find(None, "ledger"), memory.find(None, "blog")) == (LEDGER, None)


def test_a_workspace_that_unpacks_to_far_too_much_is_not_remembered() -> None:
    memory = WorkspaceMemory(packed(SHOP) + bomb())
    assert list(memory) == [SHOP]


def test_a_memory_whose_first_workspace_unpacks_to_far_too_much_is_damaged() -> None:
    with pytest.raises(ValueError, match="a workspace has more than 33,554,432 bytes"):
        WorkspaceMemory(bomb())
