"""Reads the list of tenants: a JSON list of objects with the fields of :data:`FIELDS`.

``name`` is required. For everything else that a tenant leaves out, the ``PALETTE_…`` settings count.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from backup_reporter.config.fields import Field, always, check_names, read_fields
from backup_reporter.config.parsers import (
    json_number,
    json_text,
    json_uids,
    may_hold_secret,
    parse_api_url,
    parse_number,
    parse_secret_name,
    parse_time_zone,
    parse_whole,
)
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.errors import SettingsError
from backup_reporter.wording import listed

MAX_TENANTS = 1000
DEFAULT_API_HOSTS = ("*.spectrocloud.com",)
"""Hosts that a tenant may name without a setting for it, beside the host of ``PALETTE_API_URL``."""

_Item = TypeVar("_Item")
_NAME = r"\w(?:[\w .-]{0,61}[\w.-])?"


def _parse_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(_NAME, value):
        raise ValueError("should be a text of 1 to 63 letters, digits, spaces, '-', '_' and '.'")
    return value


def _parse_certificates(value: object) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=value if isinstance(value, str) else "")
    except (ssl.SSLError, ValueError, TypeError):
        raise ValueError("should be the text of a PEM file with at least one certificate") from None
    return str(value)


FIELDS = (
    Field("name", "name", _parse_name),
    Field("apiUrl", "api_url", json_text(parse_api_url), may_hold_secret),
    Field("apiKeySecret", "api_key_secret", json_text(parse_secret_name), always),
    Field("caBundle", "ca_bundle", _parse_certificates, always),
    Field("projectUids", "project_uids", json_uids),
    Field("workspaceUids", "workspace_uids", json_uids),
    Field("requestsPerSecond", "requests_per_second", json_number(parse_number(0.1, 1000))),
    Field("burst", "burst", json_number(parse_whole(1, 1000))),
    Field("scheduleTimeZone", "schedule_time_zone", json_text(parse_time_zone)),
)
"""The fields of a tenant."""


def parse_tenants(document: bytes | str, settings: Settings) -> tuple[Tenant, ...]:
    """Returns the tenants of a document, sorted by name.

    Raises :class:`SettingsError` with every problem in it. What may be a secret is not shown.
    """
    try:
        entries = msgspec.json.decode(document)
    except msgspec.DecodeError as error:
        raise SettingsError([f"TENANTS: {settings.tenants_source} does not hold JSON: {error}"]) from None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_TENANTS:
        raise SettingsError([f"TENANTS: {settings.tenants_source} should hold a list of 1 to {MAX_TENANTS} tenants"])
    problems: list[str] = []
    tenants = [_read_tenant(entry, number, settings, problems) for number, entry in enumerate(entries, 1)]
    problems += _contradictions(tenants)
    if problems:
        raise SettingsError([f"TENANTS: {problem}" for problem in problems])
    return tuple(sorted(tenants, key=lambda tenant: tenant.name or ""))


def group_by(items: Iterable[_Item], trait: Callable[[_Item], object]) -> list[list[_Item]]:
    """Returns the items in groups that share a trait, each group in its order."""
    groups: dict[object, list[_Item]] = {}
    for item in items:
        groups.setdefault(trait(item), []).append(item)
    return list(groups.values())


def _read_tenant(entry: object, number: int, settings: Settings, problems: list[str]) -> Tenant:
    """Returns an entry as a tenant. Adds a sentence to ``problems`` for everything that is wrong with it."""
    label = f"tenant {number}"
    if not isinstance(entry, Mapping):
        fields = ", ".join(field.name for field in FIELDS)
        problems.append(f"{label} should be an object with the fields {fields}")
        return settings.tenant
    found: list[str] = [*check_names(FIELDS, entry)]
    tenant = msgspec.structs.replace(settings.tenant, **read_fields(FIELDS, entry, found))
    if tenant.name:
        label = repr(tenant.name)
    if entry.get("name") is None:
        found.append("name: not set: every tenant needs one")
    if entry.get("apiKeySecret") is None and not settings.tenant.api_key_secret:
        found.append("apiKeySecret: not set: give the name or ARN of the secret that holds its API key")
    found += _not_allowed(tenant, settings)
    problems += [f"{label}: {problem}" for problem in found]
    return tenant


def _not_allowed(tenant: Tenant, settings: Settings) -> Iterator[str]:
    """What the list may not do, although it is valid: its writer could have keys and secrets sent to a host of theirs."""
    own_host, host = urlsplit(settings.tenant.api_url).hostname, urlsplit(tenant.api_url).hostname
    hosts = settings.tenant_api_hosts or DEFAULT_API_HOSTS
    if host != own_host and not any(_matches(host or "", allowed) for allowed in hosts):
        yield (
            f"apiUrl: the host {host!r} may not be asked: valid are {listed([own_host or '', *hosts], 20)}. "
            "Add it to TENANT_API_HOSTS"
        )
    if tenant.api_key_secret and _names_of(tenant.api_key_secret) & set(_destination_secrets(settings)):
        yield "apiKeySecret: names the secret of a channel or of the heartbeat: give the secret of a Palette API key"


def _matches(host: str, allowed: str) -> bool:
    return host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))


def _destination_secrets(settings: Settings) -> Iterator[str]:
    for field in settings.__struct_fields__:
        if field.endswith("_secret") and (name := getattr(settings, field)):
            yield from _names_of(name)


def _names_of(secret: str) -> set[str]:
    """The names that a secret's name or ARN may stand for: AWS adds six characters to the name in an ARN."""
    name = secret.rpartition(":secret:")[2]
    return {name, re.sub(r"-\w{6}$", "", name)} if secret.startswith("arn:") else {name}


def _contradictions(tenants: Sequence[Tenant]) -> Iterator[str]:
    """What is valid tenant by tenant, but not together."""
    for namesakes in group_by(tenants, lambda tenant: (tenant.name or "").casefold()):
        if len(namesakes) > 1 and namesakes[0].name:
            yield f"{_names(namesakes)} have the same name"
    for sharing in group_by(tenants, lambda tenant: tenant.api_url):
        if len({(tenant.requests_per_second, tenant.burst) for tenant in sharing}) > 1:
            yield (
                f"{_names(sharing)} have the same apiUrl, and so share what it allows: "
                "give them the same requestsPerSecond and burst"
            )
        for twins in group_by(sharing, lambda tenant: tenant.api_key_secret):
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
