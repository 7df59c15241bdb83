"""The Palettes that are asked: the one of the settings, or every tenant of a JSON document.

The document is a list of objects with the fields of :data:`FIELDS`. ``name`` is required; what else a
tenant leaves out is as the settings of Palette's (``PALETTE_…``) have it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from backup_reporter.config.parsers import (
    given,
    holds_no_secret,
    parse_api_url,
    parse_number,
    parse_secret_name,
    parse_whole,
)
from backup_reporter.config.settings import UID_PATTERN, Settings
from backup_reporter.errors import SettingsError
from backup_reporter.wording import listed

MAX_TENANTS = 1000

_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant of a Palette, and how to ask it. ``name`` is ``None`` where there is no list of tenants."""

    name: str | None = None
    api_url: str
    api_key_secret: str | None = field(default=None, repr=False)  # may be the key itself, in the wrong place
    ca_bundle: str | None = None
    """A private CA: certificates as PEM text, or the path of a PEM file."""
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    requests_per_second: float = 10.0
    burst: int = 49


def only_tenant(settings: Settings) -> Tenant:
    """What the settings say of Palette, as a tenant without a name."""
    return Tenant(
        api_url=settings.api_url,
        api_key_secret=settings.api_key_secret,
        ca_bundle=settings.ca_bundle,
        project_uids=settings.project_uids,
        workspace_uids=settings.workspace_uids,
        requests_per_second=settings.requests_per_second,
        burst=settings.burst,
    )


def parse_tenants(document: bytes | str, settings: Settings) -> tuple[Tenant, ...]:
    """The tenants of a document, sorted by name.

    Raises :class:`SettingsError` with every problem in it; what may be a secret is not shown.
    """
    try:
        entries = msgspec.json.decode(document)
    except msgspec.DecodeError as error:
        raise SettingsError([f"TENANTS: {settings.tenants} holds no JSON: {error}"]) from None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_TENANTS:
        raise SettingsError([f"TENANTS: {settings.tenants} should hold a list of 1 to {MAX_TENANTS} tenants"])
    problems: list[str] = []
    tenants = [_tenant(entry, number, settings, problems) for number, entry in enumerate(entries, 1)]
    problems += _contradictions(tenants)
    if problems:
        raise SettingsError([f"TENANTS: {problem}" for problem in problems])
    return tuple(sorted(tenants, key=lambda tenant: tenant.name or ""))


def alike(things: Iterable[_Thing], trait: Callable[[_Thing], object]) -> list[list[_Thing]]:
    """Things that share a trait, together, each in their order.

    Tenants with the same URL share what their Palette allows one source address: what asks it takes turns.
    """
    together: dict[object, list[_Thing]] = {}
    for thing in things:
        together.setdefault(trait(thing), []).append(thing)
    return list(together.values())


def _tenant(entry: object, number: int, settings: Settings, problems: list[str]) -> Tenant:
    """An entry as a tenant; a sentence for whatever is wrong with it goes to ``problems``."""
    if not isinstance(entry, Mapping):
        problems.append(f"tenant {number} should be an object with the fields {', '.join(FIELDS)}")
        return only_tenant(settings)
    name = entry.get("name")
    called = f"{name!r}" if isinstance(name, str) and _NAME.fullmatch(name) else f"tenant {number}"
    problems += [f"{called}: {str(field)[:40]!r} is no field; valid are {', '.join(FIELDS)}" for field in entry
                 if field not in FIELDS]  # fmt: skip
    values: dict[str, Any] = {}
    for known, (attribute, parse) in FIELDS.items():
        try:
            if entry.get(known) is not None:
                values[attribute] = parse(entry[known])
        except ValueError as error:
            shown = given(entry[known], may_be_secret=_may_be_secret(known, entry[known]))
            problems.append(f"{called}: {known}: {shown} is not valid: {error}")
    if name is None:
        problems.append(f"{called}: name: not set: every tenant needs one")
    if entry.get("apiKeySecret") is None and not settings.api_key_secret:
        problems.append(f"{called}: apiKeySecret: not set: give the name or ARN of the secret that holds its API key")
    return Tenant(**{**_left_out(settings), **values})


def _left_out(settings: Settings) -> dict[str, Any]:
    tenant = only_tenant(settings)
    return {attribute: getattr(tenant, attribute) for attribute, _ in FIELDS.values()}


def _contradictions(tenants: Sequence[Tenant]) -> Iterator[str]:
    """What is valid tenant by tenant, but not together."""
    for some in alike(tenants, lambda tenant: (tenant.name or "").casefold()):
        if len(some) > 1 and some[0].name:
            yield f"{_names(some)} have the same name"
    for some in alike(tenants, lambda tenant: tenant.api_url):
        if len({(tenant.requests_per_second, tenant.burst) for tenant in some}) > 1:
            yield (
                f"{_names(some)} have the same apiUrl, and so share what it allows: "
                "give them the same requestsPerSecond and burst"
            )
        for twins in alike(some, lambda tenant: tenant.api_key_secret):
            if len(twins) > 1 and twins[0].api_key_secret and _overlap(twins):
                yield (
                    f"{_names(twins)} have the same apiUrl and apiKeySecret, which would report the same workspaces "
                    "twice: give each projectUids of its own, or leave one out"
                )


def _overlap(tenants: Sequence[Tenant]) -> bool:
    uids = [uid for tenant in tenants for uid in tenant.project_uids]
    return not all(tenant.project_uids for tenant in tenants) or len(uids) > len(set(uids))


def _names(tenants: Sequence[Tenant]) -> str:
    return listed([repr(tenant.name) for tenant in tenants])


_NAME = re.compile(r"\w(?:[\w .-]{0,61}[\w.-])?")


# Each parser below takes a JSON value and raises ValueError with what would be valid.


def _name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("should be a text of 1 to 63 letters, digits, spaces, '-', '_' and '.'")
    return value


def _text(parse: Callable[[str], str]) -> Callable[[object], str]:
    def parse_text(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("should be a text")  # noqa: TRY004 - every parser here raises the same
        return parse(value.strip())

    return parse_text


def _numeric(parse: Callable[[str], float]) -> Callable[[object], float]:
    def parse_numeric(value: object) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return parse(str(value) if is_number else "")

    return parse_numeric


def _uids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(uid, str) and UID_PATTERN.fullmatch(uid) for uid in value):
        raise ValueError('should be a list of uids, such as ["66f0a1b2c3d4e5f60718293a"]')
    return tuple(dict.fromkeys(value))


def _certificates(value: object) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=value if isinstance(value, str) else "")
    except (ssl.SSLError, ValueError, TypeError):
        raise ValueError("should be the text of a PEM file with at least one certificate") from None
    return str(value)


FIELDS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "name": ("name", _name),
    "apiUrl": ("api_url", _text(parse_api_url)),
    "apiKeySecret": ("api_key_secret", _text(parse_secret_name)),
    "caBundle": ("ca_bundle", _certificates),
    "projectUids": ("project_uids", _uids),
    "workspaceUids": ("workspace_uids", _uids),
    "requestsPerSecond": ("requests_per_second", _numeric(parse_number(0.1, 1000))),
    "burst": ("burst", _numeric(parse_whole(1, 1000))),
}
"""The fields of a tenant: our names for them, and their parsers."""


def _may_be_secret(field: str, value: object) -> bool:
    return field in ("apiKeySecret", "caBundle") or (field == "apiUrl" and not holds_no_secret(str(value)))
