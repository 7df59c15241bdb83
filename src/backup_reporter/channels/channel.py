"""What every channel can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from backup_reporter.report.model import Report
from backup_reporter.settings import ChannelName


class Channel(Protocol):
    """A way to tell people (or programs) about a report."""

    @property
    def name(self) -> ChannelName: ...

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        """Sends one report; times are shown in ``zone``.

        Raises :class:`~backup_reporter.errors.ChannelError`, or another
        :class:`~backup_reporter.errors.BackupReporterError` where its secret cannot be had.
        """
        ...
