"""Who gets a report: the settings, the request and what changed decide together."""

from __future__ import annotations

from collections.abc import Sequence

from backup_reporter.channels.channel import Channel, InsistentChannel
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Notify, Settings
from backup_reporter.report.changes import Comparison
from backup_reporter.report.model import Report


def wanted_channels(request: Request, channels: Sequence[Channel]) -> list[Channel]:
    """Returns the channels that the request names; all of them if it names none."""
    return [channel for channel in channels if not request.channels or channel.name in request.channels]


def choose_recipients(
    wanted: Sequence[Channel], report: Report, comparison: Comparison | None, request: Request, settings: Settings
) -> Sequence[Channel]:
    """Returns the channels that get the report. ``never`` means never, also for those that insist on it."""
    notify = _notify(request, settings)
    if _is_worth_sending(notify, report, comparison):
        return wanted
    return [] if notify == "never" else insistent_channels(wanted, report)


def insistent_channels(channels: Sequence[Channel], report: Report) -> list[Channel]:
    """Returns the channels that need a report although ``NOTIFY`` may hold it back."""
    return [channel for channel in channels if isinstance(channel, InsistentChannel) and channel.must_have(report)]


def is_regular(request: Request, settings: Settings) -> bool:
    """Tells the report that goes to all channels from one that a person asked for.

    Only the former is compared, remembered and counted. What was found for one person must still be news to the
    others, and must not pass for the report that they are waiting for.
    """
    notify = _notify(request, settings)
    is_narrower = (
        request.tenants
        or request.project_uids
        or request.workspace_uids
        or request.backup_request_uid
        or request.channels
    )
    return not is_narrower and request.as_of is None and not request.redeliver and notify != "never"


def _notify(request: Request, settings: Settings) -> Notify:
    """What the request says, else the settings; a what-if is not sent unless the request says so."""
    return request.notify or ("never" if request.as_of else settings.notify)


def _is_worth_sending(notify: Notify, report: Report, comparison: Comparison | None) -> bool:
    """Whether ``notify`` lets a report through.

    For ``changes``, incomplete reports, and reports without a baseline, count as changed. So does a report after one
    that a channel missed. A note that the last report had already is no change. For ``problems``, a workspace that is
    no longer listed is one: a key that sees less than it did must not fall silent.
    """
    if notify == "changes":
        changes = report.changes
        changed = changes.new or changes.resolved or changes.no_longer_judged or changes.note or not comparison
        has_new_note = not comparison or not set(report.notes).issubset(comparison.said_before)
        return bool(changed or report.problems or has_new_note or not report.workspaces)
    if notify == "problems":
        return report.status != "OK" or bool(comparison and comparison.gone)
    return notify == "always"
