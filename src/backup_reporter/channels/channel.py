"""What every channel can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from backup_reporter.config.settings import ChannelName
from backup_reporter.report.model import Report


class Channel(Protocol):
    """A way to tell people (or programs) about a report."""

    @property
    def name(self) -> ChannelName: ...

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        """Sends one report; times are shown in ``zone``. Gives up before ``seconds_left`` runs out.

        Returns ``None``, or a sentence about what did not work besides, where people have the
        report all the same (a file that could not be attached).

        Raises :class:`~backup_reporter.errors.ChannelError`, or another
        :class:`~backup_reporter.errors.BackupReporterError` where its secret cannot be had.
        """
        ...
