"""Writes a file whole or not at all. It keeps owner and mode, and refuses links of other users."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Collection
from pathlib import Path

from backup_reporter.errors import OutputError

_MAX_LINKS = 40


def write_file(path: Path, content: bytes) -> None:
    """Replaces or creates the file; a pipe or device is written to.

    A new file has mode 0600. Links are followed if the caller or root owns them. Raises :class:`OutputError`.
    """
    try:
        target = follow_links(path, (os.geteuid(), 0))
        if path.exists() and not path.is_file():
            _write_into(path, content, 0)
        else:
            _replace(target, content)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def follow_links(path: Path, trusted_owners: Collection[int]) -> Path:
    """Returns the path without links; refuses a link of an owner that is not trusted."""
    resolved, parts, links = Path("/"), list(reversed(path.absolute().parts[1:])), 0
    while parts:
        step = resolved / parts.pop()
        if not step.is_symlink():
            resolved = resolved.parent if step.name == ".." else step
            continue
        links += 1
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if step.lstat().st_uid not in trusted_owners:
            raise OutputError(f"{path} cannot be written: {step} is a link of another user; give the path it leads to")
        target = step.readlink()
        resolved = Path("/") if target.is_absolute() else resolved
        parts.extend(reversed([part for part in target.parts if part != "/"]))
    return resolved


def _write_into(path: Path, content: bytes, flags: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY | flags)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(content)


def _replace(target: Path, content: bytes) -> None:
    before = target.stat() if target.exists() else None
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".report-")  # exclusive, mode 0600
    unfinished = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            if before:
                os.fchown(descriptor, before.st_uid, before.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        unfinished.replace(target)
    except PermissionError:
        if not before:
            raise
        # A file of another owner cannot be replaced by one that is like it.
        _write_into(target, content, os.O_TRUNC | os.O_NOFOLLOW)
    finally:
        unfinished.unlink(missing_ok=True)
