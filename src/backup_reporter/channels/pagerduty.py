"""PagerDuty: one alert for each scope through the Events API v2, resolved by itself when a later report is better.

https://developer.pagerduty.com/docs/events-api-v2-overview
https://developer.pagerduty.com/docs/send-alert-event
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import urllib3

from backup_reporter.aws.secrets import check_api_url, parse_fields
from backup_reporter.channels.channel import Connections
from backup_reporter.channels.http import Answer, Poster, describe, refusal_of_check
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import ChannelError, SecretError
from backup_reporter.health.findings import Status
from backup_reporter.records import Discreet
from backup_reporter.report.causes import Cause
from backup_reporter.report.digest import Digest, digest_of
from backup_reporter.report.model import Report, scope_id
from backup_reporter.wording import quote

CHECK = "resolve an alert that does not exist"
API_URL = "https://events.pagerduty.com"
"""For accounts in the EU it is https://events.eu.pagerduty.com: https://support.pagerduty.com/main/docs/service-regions"""

MAX_BYTES = 512 * 1024
MAX_SUMMARY = 1024
MAX_DEDUP_KEY = 255

_SEVERITIES: Mapping[Status, str] = {"CRITICAL": "critical", "UNKNOWN": "warning"}
"""The statuses that trigger an alert; any other resolves it."""
_MAX_AGE_TO_RESOLVE = timedelta(hours=1)
"""An older report was delivered again by hand: it must not resolve an alert about what happened since."""
_CHECK_SECONDS = 10.0
_HEADERS = {"Content-Type": "application/json"}
_MAX_CAUSES = 10
_MAX_PLACES = 8
_MAX_LOST = 10
_MAX_REMARKS = 10
_NEW_KEY = (
    "copy the integration key of an Events API v2 integration again (PagerDuty, the service's Integrations) "
    "and put it into the secret"
)


def from_settings(settings: Settings, connections: Connections) -> PagerDutyChannel:
    """Builds the channel, whose secret is read when it is used."""
    name = settings.pagerduty_secret
    return PagerDutyChannel(
        connections.http,
        partial(connections.secret, "PAGERDUTY_SECRET", name),
        name or "",
        source=source_of(settings, connections.function_name),
    )


def source_of(settings: Settings, function_name: str) -> str:
    """Names what is watched: two functions that watch different workspaces must not resolve each other's alerts."""
    tenant = settings.tenant
    watched = (settings.tenants_source or tenant.api_url, tenant.project_uids, tenant.workspace_uids)
    return f"{function_name}/{hashlib.sha256(repr(watched).encode()).hexdigest()[:12]}"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PagerDutyChannel:
    """Sends events with the routing key in its secret, which is read for each report: it may be rotated."""

    name: ChannelName = "pagerduty"

    def __init__(
        self,
        http: urllib3.PoolManager,
        read_secret: Callable[[], str],
        secret_name: str,
        *,
        source: str,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._clock = clock
        self._poster = Poster(http, "PagerDuty", sleep)
        self._read_secret = read_secret
        self._secret_name = secret_name
        self._source = source

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        """Triggers or resolves the alert; a 429 and other temporary failures are tried again while there is time."""
        event = payload(report, zone, self._source)
        if event["event_action"] == "resolve":
            if self._clock() - report.generated_at > _MAX_AGE_TO_RESOLVE:
                return "an old report resolves no alert"
            if not _has_seen_every_cluster(report):
                return "not every cluster could be looked at, so no alert is resolved"
        answer = self._post(event, seconds_left)
        if not answer.is_ok:
            raise ChannelError(f"PagerDuty refused: {describe(answer)} ({_fix(answer)})", permanent=True)
        return None

    def must_have(self, report: Report) -> bool:
        """Whether the report resolves an alert: ``NOTIFY`` does not hold that back."""
        return report.status not in _SEVERITIES

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Resolves an alert that does not exist: PagerDuty checks the key, and drops the event."""
        event = {"event_action": "resolve", "dedup_key": f"backup-reporter/{self._source}/doctor"}
        answer = self._post(event, lambda: min(_CHECK_SECONDS, seconds_left()))
        if not answer.is_ok:
            raise refusal_of_check(answer, _fix(answer))
        return "it accepts events, and no alert was triggered"

    def _post(self, event: Mapping[str, Any], seconds_left: Callable[[], float]) -> Answer:
        target = parse_pagerduty_secret(self._read_secret(), self._secret_name)
        body = json.dumps({"routing_key": target.routing_key, **event}).encode()
        return self._poster.post(f"{target.api_url}/v2/enqueue", body, _HEADERS, read_answer, seconds_left)


def _has_seen_every_cluster(report: Report) -> bool:
    """Whether no cluster that the alert may be about was left out, because it could not be listed or read."""
    return report.coverage is None or (report.coverage.is_whole and not report.coverage.unknown)


def payload(report: Report, zone: ZoneInfo, source: str) -> dict[str, Any]:
    """The event without the routing key."""
    what_if = "/what-if" if report.what_if else ""
    identity = {"dedup_key": f"backup-reporter/{source}/{scope_id(report.scope)}{what_if}"}
    severity = _SEVERITIES.get(report.status)
    if not severity:
        return {"event_action": "resolve", **identity}
    digest = digest_of(report, zone)
    links = {"Open the whole report": digest.link.url, "AWS console": digest.link.console_url} if digest.link else {}
    return {
        "event_action": "trigger",
        **identity,
        "client": "backup-reporter",
        "payload": {
            "summary": digest.title,
            "source": source,
            "severity": severity,
            "timestamp": report.generated_at.isoformat(),
            "component": "Palette workspace backups",
            "class": report.status,
            "custom_details": _details(digest),
        },
        "links": [{"href": url, "text": text} for text, url in links.items() if url],
    }


def _details(digest: Digest) -> dict[str, Any]:
    """The digest, a field each part: PagerDuty shows a line for each field."""
    details: dict[str, Any] = {
        "Checked": digest.trust,
        "Remarks": digest.remarks[:_MAX_REMARKS],
        "Tenants": digest.tenants,
        "What can be restored right now": [str(place) for place in digest.asked_for],
        "Cannot be restored": list(map(str, digest.lost(_MAX_LOST))),
        **{
            f"{number}. {cause.title}": _lines_of(cause)
            for number, cause in enumerate(digest.fix_first[:_MAX_CAUSES], 1)
        },
        "More": digest.more_findings(_MAX_CAUSES),
        "Changes": digest.changes,
        "Besides": (*digest.rest, *digest.help),
        "Report": digest.link.note if digest.link else digest.report_id,
    }
    return {name: value for name, value in details.items() if value}


def _lines_of(cause: Cause) -> list[str]:
    more = cause.more_than(_MAX_PLACES)
    where = [*map(str, cause.where[:_MAX_PLACES]), *([f"and {more} more"] if more else [])]
    action = f"What to do: {cause.action}" if cause.action else None
    return list(filter(None, [cause.since, *where, cause.what, action, f"backup-reporter explain {cause.code}"]))


def read_answer(status: int, body: bytes) -> Answer:
    """PagerDuty takes an event with 202; a refusal has a list of errors, in words that repeat no value."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = {}
    errors = fields.get("errors") if isinstance(fields, dict) else None
    words = [error for error in errors if isinstance(error, str)] if isinstance(errors, list) else []
    # Nothing that may be a key is shown.
    word = re.sub(r"[A-Za-z0-9+_-]{20,}", "…", quote("; ".join(words), 200))
    return Answer(status=status, is_ok=status == 202, word=word)


def _fix(answer: Answer) -> str:
    if answer.status == 400:
        return _NEW_KEY
    return f"something else answers there, such as a proxy, or apiUrl is not PagerDuty's: {_NEW_KEY}"


class Integration(Discreet, frozen=True):
    """An integration of the Events API v2. Its routing key is all that is needed to send events."""

    routing_key: str
    api_url: str = API_URL


def parse_pagerduty_secret(text: str, name: str) -> Integration:
    """Reads the secret: the routing key itself, or JSON with ``routingKey``, and ``apiUrl`` for another region.

    Raises :class:`SecretError`, which names the secret and says what is wrong with it.
    """
    fields = parse_fields(text, f"the secret {name}")
    if fields is None:
        fields = {"routingKey": text}
    key, api_url = fields.get("routingKey"), fields.get("apiUrl", API_URL)
    if not key:
        raise SecretError(f"the secret {name} is JSON without routingKey")
    if not re.fullmatch(r"[A-Za-z0-9]{32}", key):
        raise SecretError(
            f"the secret {name} holds no routing key: it should be the integration key of an Events API v2 integration, "
            "32 letters and digits"
        )
    return Integration(key, check_api_url(api_url, name, API_URL).removesuffix("/v2/enqueue"))
