"""What an invocation asks for: the schedule's event, or an on-demand one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from backup_reporter.config.parsers import given
from backup_reporter.config.settings import CHANNEL_NAMES, NOTIFY_SETTINGS, UID_PATTERN, ChannelName, Notify, Settings
from backup_reporter.errors import InvalidRequest
from backup_reporter.wording import listed, quote

_NOTIFY_VALUES: tuple[Notify, ...] = (*NOTIFY_SETTINGS, "never")
_UNRESOLVED_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One invocation. ``None`` or empty means: not asked for, so the settings decide. Times are UTC."""

    is_scheduled: bool = False
    scheduled_at: datetime | None = None
    tenants: tuple[str, ...] = ()
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    backup_request_uid: str | None = None
    notify: Notify | None = None
    channels: tuple[ChannelName, ...] = ()
    as_of: datetime | None = None
    redeliver: str | None = None
    doctor: bool = False


def parse_event(event: object, settings: Settings, tenants: Callable[[], Sequence[str]] = tuple) -> Request:
    """Reads a Lambda event. ``tenants`` tells the names of those that there are; asked only where the event calls for it.

    Raises :class:`InvalidRequest` with every problem in it, and what ``tenants`` raises.
    """
    if not isinstance(event, Mapping):
        raise InvalidRequest(f"the event should be a JSON object, not {_kind(event)}")
    if event.get("detail-type") == "Scheduled Event":
        return Request(is_scheduled=True, scheduled_at=_scheduled_time(event.get("time"), "time"))
    if set(event) == {"scheduledTime"}:
        return Request(is_scheduled=True, scheduled_at=_scheduled_time(event["scheduledTime"], "scheduledTime"))
    return _on_demand(event, settings, tenants)


def _scheduled_time(value: object, field: str) -> datetime | None:
    # A scheduler that leaves its placeholder in place still wants its report.
    if value == _UNRESOLVED_SCHEDULED_TIME:
        return None
    try:
        return _time(value)
    except ValueError as error:
        raise InvalidRequest(f"{field}: {given(value)} is not valid: {error}") from None


def _on_demand(event: Mapping[Any, Any], settings: Settings, tenants: Callable[[], Sequence[str]]) -> Request:
    problems = list(_unknown_fields(event))
    values: dict[str, Any] = {}
    for name, (attribute, parse) in _FIELDS.items():
        if event.get(name) is None:
            continue
        try:
            values[attribute] = parse(event[name])
        except ValueError as error:
            problems.append(f"{name}: {given(event[name])} is not valid: {error}")
    if not problems:
        request = Request(**values)
        problems = _contradictions(request, settings)
        if request.tenants or request.project_uids or request.workspace_uids:
            problems += _of_tenants(request, tenants())
    if problems:
        raise InvalidRequest("; ".join(problems))
    return request


def _unknown_fields(event: Mapping[Any, Any]) -> Iterator[str]:
    unknown = [name for name in event if name not in _FIELDS]
    if "scheduledTime" in unknown:
        unknown.remove("scheduledTime")
        yield "scheduledTime: goes alone, without any other field"
    if unknown:
        are = "is no field" if len(unknown) == 1 else "are no fields"
        yield f"{', '.join(map(given, unknown))} {are}; valid are {', '.join(_FIELDS)}"


def _contradictions(request: Request, settings: Settings) -> list[str]:
    """What is valid field by field, but not together or not with these settings."""
    problems: list[str] = []
    if request.doctor and request != Request(doctor=True):
        problems.append("doctor: goes alone, without any other field")
    if request.redeliver and request != Request(redeliver=request.redeliver, channels=request.channels):
        problems.append("redeliver: goes with channels only")
    workspace_uids = request.workspace_uids or settings.workspace_uids
    if request.backup_request_uid and len(workspace_uids) != 1:
        problems.append(f"backupRequestUid: needs exactly one workspace in workspaceUids, not {len(workspace_uids)}")
    set_up = ", ".join(settings.channels) or "none"
    missing = [channel for channel in request.channels if channel not in settings.channels]
    problems += [f"channels: {channel} is not set up here; set up: {set_up}" for channel in missing]
    problems += _outside("projectUids", request.project_uids, settings.project_uids, "PALETTE_PROJECT_UIDS")
    problems += _outside("workspaceUids", request.workspace_uids, settings.workspace_uids, "PALETTE_WORKSPACE_UIDS")
    return problems


def _of_tenants(request: Request, tenants: Sequence[str]) -> list[str]:
    """What does not go with the tenants that there are."""
    unknown = [name for name in request.tenants if name not in tenants]
    known = f"there are {listed(tenants, 20)}" if tenants else "there is only one, without a name (TENANTS is not set)"
    problems = [f"tenants: {quote(name, 63)} is none of them; {known}" for name in unknown]
    narrowed = [field for field, uids in (("projectUids", request.project_uids), ("workspaceUids", request.workspace_uids))
                if uids]  # fmt: skip
    if len(tenants) > 1 and narrowed and len(request.tenants) != 1:
        problems.append(f"{' and '.join(narrowed)}: needs exactly one tenant in tenants: uids belong to one")
    return problems


def _outside(field: str, asked: tuple[str, ...], allowed: tuple[str, ...], setting: str) -> list[str]:
    outside = [uid for uid in asked if allowed and uid not in allowed]
    return (
        [f"{field}: {', '.join(outside)} lies outside {setting}; a request can only narrow the scope"]
        if outside
        else []
    )


def _uids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError('should be a list of uids, such as ["66f0…"]')
    return tuple(dict.fromkeys(_uid(uid) for uid in value))


def _tenants(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError('should be a list of names, such as ["acme"]')
    return tuple(dict.fromkeys(value))


def _uid(value: object) -> str:
    if not isinstance(value, str) or not UID_PATTERN.fullmatch(value):
        raise ValueError("a uid is a text of letters, digits, '-', '_' and '.'")
    return value


def _notify(value: object) -> Notify:
    if value not in _NOTIFY_VALUES:
        raise ValueError(f"should be one of {', '.join(_NOTIFY_VALUES)}")
    return value


def _channels(value: object) -> tuple[ChannelName, ...]:
    if not isinstance(value, list) or not value or not all(name in CHANNEL_NAMES for name in value):
        raise ValueError(f"should be a list out of {', '.join(CHANNEL_NAMES)}")
    return tuple(name for name in CHANNEL_NAMES if name in value)


def _time(value: object) -> datetime:
    wanted = "should be an RFC 3339 time with a zone, such as 2026-12-04T07:00:00Z"
    if not isinstance(value, str):
        raise ValueError(wanted)  # noqa: TRY004 (every parser here raises the same)
    try:
        at: datetime = msgspec.convert(value, Annotated[datetime, msgspec.Meta(tz=True)]).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise ValueError(wanted) from None
    if not 2000 <= at.year <= 2200:
        raise ValueError(f"{wanted}, between the years 2000 and 2200")
    return at


def _doctor(value: object) -> bool:
    if value is not True:
        raise ValueError("should be true")
    return True


def _report_id(value: object) -> str:
    if not isinstance(value, str) or not UID_PATTERN.fullmatch(value):
        raise ValueError("should be a report's id, such as 20261124T070000Z-1a2b3c4d")
    return value


_FIELDS: dict[str, tuple[str, Callable[[object], object]]] = {
    "projectUids": ("project_uids", _uids),
    "workspaceUids": ("workspace_uids", _uids),
    "tenants": ("tenants", _tenants),
    "backupRequestUid": ("backup_request_uid", _uid),
    "notify": ("notify", _notify),
    "channels": ("channels", _channels),
    "asOf": ("as_of", _time),
    "redeliver": ("redeliver", _report_id),
    "doctor": ("doctor", _doctor),
}


def _kind(value: object) -> str:
    return {type(None): "null", list: "a list", str: "a text", bool: "a boolean"}.get(type(value), "a number")
