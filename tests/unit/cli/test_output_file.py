"""Where --output writes, and where it refuses to."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from backup_reporter.cli.output_file import follow_links, write_file
from backup_reporter.errors import OutputError


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_file(tmp_path / "report.json", b"{}")
    assert (tmp_path / "report.json").read_bytes() == b"{}"
    assert mode_of(tmp_path / "report.json") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_file_keeps_its_mode_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o664)
    before = path.stat()
    write_file(path, b"new")
    after = path.stat()
    assert path.read_text() == "new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_the_longest_name_that_the_system_allows_works(tmp_path: Path) -> None:
    path = tmp_path / f"{'r' * 250}.json"
    write_file(path, b"{}")
    write_file(path, b"[]")
    assert path.read_bytes() == b"[]"


def test_a_link_of_ones_own_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "today.json").write_text("old")
    (tmp_path / "directory").symlink_to("real")
    link = tmp_path / "latest.json"
    link.symlink_to("directory/../real/today.json")
    write_file(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "today.json").read_text() == "new"


def test_a_link_to_a_file_that_does_not_exist_yet_creates_it_there(tmp_path: Path) -> None:
    (tmp_path / "latest.json").symlink_to(tmp_path / "today.json")
    write_file(tmp_path / "latest.json", b"new")
    assert (tmp_path / "today.json").read_text() == "new"


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    with pytest.raises(OutputError, match="Too many levels of symbolic links"):
        write_file(tmp_path / "a.json", b"")


def test_a_link_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "trap.json").symlink_to("target")
    assert follow_links(tmp_path / "trap.json", (os.geteuid(),)) == (tmp_path / "target").resolve()
    with pytest.raises(OutputError, match=r"trap\.json is a link of another user; give the path it leads to"):
        follow_links(tmp_path / "trap.json", (os.geteuid() + 1,))


def test_a_device_stays_a_device() -> None:
    write_file(Path("/dev/null"), b"new")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"new")
    reader.join(timeout=10)
    assert read == [b"new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_cannot_be_written_is_said_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "directory.json").mkdir()
    with pytest.raises(OutputError, match=r"directory\.json cannot be written: Is a directory"):
        write_file(tmp_path / "directory.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["directory.json"]
