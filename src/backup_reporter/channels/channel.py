"""What every channel can do, and how one is found and built by its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable
from zoneinfo import ZoneInfo

from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.report.model import Report

if TYPE_CHECKING:
    import urllib3


class Channel(Protocol):
    """A way to tell people (or programs) about a report."""

    @property
    def name(self) -> ChannelName: ...

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        """Sends one report; times are shown in ``zone``. Gives up before ``seconds_left`` runs out.

        Returns ``None``, or a sentence about what did not work although the report arrived (a file that
        could not be attached).

        Raises :class:`~backup_reporter.errors.ChannelError`, or another
        :class:`~backup_reporter.errors.BackupReporterError` if its secret cannot be read.
        """
        ...


@runtime_checkable
class InsistentChannel(Protocol):
    """A channel that needs some reports although ``NOTIFY`` holds them back."""

    def must_have(self, report: Report) -> bool:
        """Whether the channel needs this report, because it ends what an earlier one began."""
        ...


class CheckedChannel(Channel, Protocol):
    """A channel that the doctor can try as well."""

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Tries whether the channel would take a report; publishes nothing. Returns what it found.

        Raises :class:`~backup_reporter.errors.CheckError`, which says how to fix it, or what :meth:`send` raises.
        """
        ...


class Connections(Protocol):
    """What a channel is built from, besides the settings."""

    @property
    def http(self) -> urllib3.PoolManager:
        """Connections to anything but AWS."""
        ...

    @property
    def function_name(self) -> str:
        """The function that reports; ``local`` at the keyboard."""
        ...

    def aws(self, service: str, resource: str | None = None) -> Any:
        """Returns boto3's client for a service, in the region of a ``resource`` that is given by its ARN."""
        ...

    def secret(self, setting: str, name: str | None) -> str:
        """The text of the secret that a setting names. Raises :class:`~backup_reporter.errors.SecretError`."""
        ...


class ChannelModule(Protocol):
    """A module of this package with the name of a channel."""

    CHECK: str
    """What :meth:`CheckedChannel.check` tries: ``look up the event bus``."""

    def from_settings(self, settings: Settings, connections: Connections) -> CheckedChannel:
        """Builds the channel, which is on in the settings."""
        ...


def channel_module(name: ChannelName) -> ChannelModule:
    """Imports the module of a channel: only channels that are on are imported."""
    return cast("ChannelModule", import_module(f"{__package__}.{name}"))
