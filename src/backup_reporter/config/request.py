"""Reads what an invocation asks for: the schedule's event, or an on-demand one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from backup_reporter.config.fields import Field, check_names, read_fields, show
from backup_reporter.config.parsers import json_time
from backup_reporter.config.settings import (
    CHANNEL_NAMES,
    NOTIFY_SETTINGS,
    UID_PATTERN,
    ChannelName,
    Notify,
    Settings,
    Tenant,
)
from backup_reporter.errors import InvalidRequest
from backup_reporter.wording import listed, quote

_NOTIFY_VALUES: tuple[Notify, ...] = (*NOTIFY_SETTINGS, "never")
_UNRESOLVED_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
_MAX_AHEAD = timedelta(minutes=15)
"""A report of a later time would be taken for one that is still due, which then would reach no channel."""
_FIRST_YEAR = 2025
"""No schedule of this project's is older."""
_MAX_NAME_LENGTH = 128


class Request(Struct, frozen=True, kw_only=True):
    """One invocation. ``None`` or empty means: not asked for, so the settings decide. Times are UTC."""

    is_scheduled: bool = False
    scheduled_at: datetime | None = None
    """``None`` for a scheduled run whose event does not say its time; then ``note`` says so."""
    note: str | None = None
    tenants: tuple[str, ...] = ()
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    backup_request_uid: str | None = None
    notify: Notify | None = None
    channels: tuple[ChannelName, ...] = ()
    as_of: datetime | None = None
    redeliver: str | None = None
    doctor: bool = False


def is_doctor_event(event: object) -> bool:
    """Whether an event is exactly ``{"doctor": true}``, which is answered even if the settings cannot be read."""
    return isinstance(event, Mapping) and len(event) == 1 and event.get("doctor") is True


def parse_event(event: object, settings: Settings, tenants: Callable[[], Sequence[Tenant]], now: datetime) -> Request:
    """Reads a Lambda event that arrived at ``now``. ``tenants`` is called only if the event names some, or uids.

    Raises :class:`InvalidRequest` with every problem in it, and what ``tenants`` raises.
    """
    if not isinstance(event, Mapping):
        raise InvalidRequest(f"the event should be a JSON object, not {_kind(event)}")
    if event.get("detail-type") == "Scheduled Event":
        return _parse_rule_event(event, now)
    if set(event) == {"scheduledTime"}:
        return _parse_scheduler_event(event["scheduledTime"], now)
    return _parse_on_demand(event, settings, tenants)


def _parse_rule_event(event: Mapping[Any, Any], now: datetime) -> Request:
    """A classic rule's event. Its time may be missing or absurd: AWS's own sample events say 1970 and 2015."""
    try:
        at = json_time(event.get("time"))
    except ValueError:
        at = None
    if at is None or at.year < _FIRST_YEAR:
        note = f"The event says no usable time ({show(event.get('time'))}): this report is about the time it was made."
        return Request(is_scheduled=True, note=note)
    return _scheduled("time", event["time"], at, now)


def _parse_scheduler_event(value: object, now: datetime) -> Request:
    if value == _UNRESOLVED_SCHEDULED_TIME:
        note = f"The schedule did not fill in its time ({value}): this report is about the time it was made."
        return Request(is_scheduled=True, note=note)
    try:
        at = json_time(value)
    except ValueError as error:
        raise InvalidRequest(f"scheduledTime: {show(value)} is not valid: {error}") from None
    return _scheduled("scheduledTime", value, at, now)


def _scheduled(field: str, value: object, at: datetime, now: datetime) -> Request:
    if at > now + _MAX_AHEAD:
        minutes = int(_MAX_AHEAD.total_seconds() // 60)
        raise InvalidRequest(f"{field}: {show(value)} is not valid: should be at most {minutes} minutes ahead of now")
    return Request(is_scheduled=True, scheduled_at=at)


def _parse_on_demand(event: Mapping[Any, Any], settings: Settings, tenants: Callable[[], Sequence[Tenant]]) -> Request:
    others = [name for name in event if name != "scheduledTime"]
    problems = [*check_names(_FIELDS, others)]
    if "scheduledTime" in event:
        problems.append("scheduledTime: cannot be used with any other field")
    request = Request(**read_fields(_FIELDS, event, problems))
    if not problems:
        problems += _contradictions(request, settings)
        if request.tenants or request.project_uids or request.workspace_uids:
            problems += _check_tenants(request, tenants(), has_list=bool(settings.tenants_source))
    if problems:
        raise InvalidRequest("; ".join(problems))
    return request


def _contradictions(request: Request, settings: Settings) -> Iterator[str]:
    """What is valid field by field, but not together or not with these settings."""
    if request.doctor and request != Request(doctor=True):
        yield "doctor: cannot be used with any other field"
    if request.redeliver and request != Request(redeliver=request.redeliver, channels=request.channels):
        yield "redeliver: can only be used with channels"
    workspace_uids = request.workspace_uids or settings.tenant.workspace_uids
    if request.backup_request_uid and len(workspace_uids) != 1:
        yield f"backupRequestUid: needs exactly one workspace in workspaceUids, not {len(workspace_uids)}"
    set_up = ", ".join(settings.channels) or "none"
    for channel in request.channels:
        if channel not in settings.channels:
            yield f"channels: {channel} is not set up here; set up: {set_up}"


def _check_tenants(request: Request, tenants: Sequence[Tenant], *, has_list: bool) -> Iterator[str]:
    """What does not go with the tenants there are.

    Projects and workspaces are looked up later, within the tenant's own scope: an event can only narrow it.
    """
    names = [tenant.name for tenant in tenants if tenant.name]
    known = f"there are {listed(names, 20)}" if has_list else "there is only one, without a name (TENANTS is not set)"
    for name in request.tenants:
        if name not in names:
            yield f"tenants: there is no tenant {quote(name, 63)}; {known}"
    asked = [tenant for tenant in tenants if not request.tenants or tenant.name in request.tenants]
    narrowed = [field.name for field in (_PROJECT_UIDS, _WORKSPACE_UIDS) if getattr(request, field.attribute)]
    if narrowed and len(asked) > 1:
        yield f"{' and '.join(narrowed)}: needs exactly one tenant in tenants: uids belong to one"


def _parse_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(map(_is_name, value)):
        raise ValueError('should be a list of uids or names, such as ["66f0a1b2c3d4e5f60718293a"]')
    return tuple(dict.fromkeys(name.strip() for name in value))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 1 <= len(value.strip()) <= _MAX_NAME_LENGTH


def _parse_tenant_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError('should be a list of names, such as ["acme"]')
    return tuple(dict.fromkeys(value))


def _parse_uid(value: object) -> str:
    if not isinstance(value, str) or not UID_PATTERN.fullmatch(value):
        raise ValueError("should be a uid: a text of letters, digits, '-', '_' and '.'")
    return value


def _parse_notify(value: object) -> Notify:
    if value not in _NOTIFY_VALUES:
        raise ValueError(f"should be one of {', '.join(_NOTIFY_VALUES)}")
    return value


def _parse_channels(value: object) -> tuple[ChannelName, ...]:
    if not isinstance(value, list) or not value or not all(name in CHANNEL_NAMES for name in value):
        raise ValueError(f"should be a list out of {', '.join(CHANNEL_NAMES)}")
    return tuple(name for name in CHANNEL_NAMES if name in value)


def _parse_true(value: object) -> bool:
    if value is not True:
        raise ValueError("should be true")
    return True


def _parse_report_id(value: object) -> str:
    if not isinstance(value, str) or not UID_PATTERN.fullmatch(value):
        raise ValueError("should be a report's id, such as 20261124T070000Z-1a2b3c4d")
    return value


_PROJECT_UIDS = Field("projectUids", "project_uids", _parse_names)
_WORKSPACE_UIDS = Field("workspaceUids", "workspace_uids", _parse_names)
_FIELDS = (
    _PROJECT_UIDS,
    _WORKSPACE_UIDS,
    Field("tenants", "tenants", _parse_tenant_names),
    Field("backupRequestUid", "backup_request_uid", _parse_uid),
    Field("notify", "notify", _parse_notify),
    Field("channels", "channels", _parse_channels),
    Field("asOf", "as_of", json_time),
    Field("redeliver", "redeliver", _parse_report_id),
    Field("doctor", "doctor", _parse_true),
)


def _kind(value: object) -> str:
    return {type(None): "null", list: "a list", str: "a text", bool: "a boolean"}.get(type(value), "a number")
