"""Secrets that sing where they are seen: whatever goes wrong, they leave the process only where they are meant to.

Every fault of the suite is looked at for secrets as well (``fault_runner``); here are those that provoke it.
"""

from __future__ import annotations

import gc
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from backup_reporter.errors import BackupReporterError
from backup_reporter.handler import _reporter
from support.fault_list import always, palettes_error, raw
from support.local_server import Answer, Script
from support.pagerduty_server import PagerDutyServer, invalid_event
from support.stage import SCHEDULED, Stage, stage
from support.teams_server import workflow_error
from support.world import LocalAws, environment_of

KEY = "canary-key/0+9=ABCdef"
TOKEN = "xoxb-canary-token"
CANARIES = ("canary", "XXXXXXXXXXXXXXXXXXXXXXXX", "T0DEMO", PagerDutyServer.routing_key)
"""Parts of the key, of a bot's token, of the webhooks' URLs, and PagerDuty's routing key."""


def sung(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


@contextmanager
def a_stage(aws: LocalAws, **secrets: str) -> Iterator[Stage]:
    texts = {name.replace("_", "-"): text for name, text in secrets.items()}
    with stage(aws, {"palette-api-key": json.dumps({"apiKey": KEY}), **texts}) as made:
        made.palette.api_key = KEY
        made.environment |= {"POWERTOOLS_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOGGER_LOG_EVENT": "true"}
        yield made


def slack_says(answer: Answer | Script) -> Callable[[Stage], None]:
    def arrange(on: Stage) -> None:
        on.slack.fault = always(answer)

    return arrange


def teams_says(answer: Answer | Script) -> Callable[[Stage], None]:
    def arrange(on: Stage) -> None:
        on.teams.fault = always(answer)

    return arrange


def pagerduty_says(answer: Answer | Script) -> Callable[[Stage], None]:
    def arrange(on: Stage) -> None:
        on.pagerduty.fault = always(answer)

    return arrange


def palette_says(answer: Answer | Script) -> Callable[[Stage], None]:
    def arrange(on: Stage) -> None:
        on.palette.fault = always(answer)

    return arrange


def names_are_the_key(on: Stage) -> None:
    for items in on.palette.fleet.workspaces.values():
        items[0]["metadata"]["name"] = f"a {KEY}"


def fails_and_says_the_key(on: Stage) -> None:
    for run in on.palette.fleet.backups["ledger"]["status"]["workspaceBackupStatuses"]:  # type: ignore[index]
        for ref in run["workspaceBackupConfig"]["clusterBackupRefs"]:
            ref["backupStatusMeta"]["backupState"]["msg"] = f"401 for {KEY}"


LONG = "x" * 485
WEBHOOK = "/services/T0DEMO/B0DEMO/XXXXXXXXXXXXXXXXXXXXXXXX"
BROKEN_HEADER = raw("HTTP/1.1 200 OK", "this is no header", "X: 1", body=b"ok")
PROVOCATIONS: dict[str, Callable[[Stage], None]] = {
    "nothing wrong": lambda on: None,
    "Palette repeats the key in a 403": palette_says(palettes_error(403, "Denied", f"no access for {KEY}")),
    "Palette repeats it where a message is cut": palette_says(palettes_error(403, "Denied", f"{LONG} {KEY}")),
    "Palette repeats it in a 401": palette_says(palettes_error(401, KEY, KEY)),
    "a proxy repeats it in a page": palette_says(Answer(200, f"<b>{KEY}</b>".encode())),
    "a redirect with it": palette_says(Answer(302, headers={"Location": f"http://127.0.0.1:9/?key={KEY}"})),
    "it comes as a time": palette_says(Answer(200, json.dumps({"items": [{"metadata": {"uid": KEY}}]}).encode())),
    "workspaces are called like it": names_are_the_key,
    "a backup's message has it": fails_and_says_the_key,
    "Palette's headers are broken": palette_says(BROKEN_HEADER),
    "Slack's headers are broken": slack_says(BROKEN_HEADER),
    "Slack repeats its URL": slack_says(Answer(400, f"no such hook: {WEBHOOK}".encode())),
    "Slack repeats its URL as JSON": slack_says(Answer(200, json.dumps({"ok": False, "error": WEBHOOK}).encode())),
    "Slack redirects to its URL": slack_says(Answer(307, headers={"Location": f"http://127.0.0.1:9{WEBHOOK}"})),
    "Slack hangs up": slack_says(Script(reset=True)),
    "Teams repeats its signature": teams_says(workflow_error(401, "X" * 24)),
    "Teams redirects to its signature": teams_says(Answer(307, headers={"Location": f"/?sig={'X' * 24}"})),
    "PagerDuty repeats its key": pagerduty_says(invalid_event(f"no service for {PagerDutyServer.routing_key}")),
    "PagerDuty repeats its key alone": pagerduty_says(invalid_event(PagerDutyServer.routing_key)),
}


@pytest.mark.parametrize("arrange", PROVOCATIONS.values(), ids=PROVOCATIONS.keys())
def test_no_secret_leaves_the_process(aws: LocalAws, arrange: Callable[[Stage], None]) -> None:
    with a_stage(aws) as on:
        arrange(on)
        outcome = on.invoke(SCHEDULED, 5.0)
        assert outcome.report["status"]
        assert sung(on.left_the_process(outcome)) == []


SETTINGS = {
    "the key for its secret's name": {"PALETTE_API_KEY_SECRET": "canary-key"},
    "the key with a space": {"PALETTE_API_KEY_SECRET": "canary key"},
    "the webhook for its secret's name": {"SLACK_WEBHOOK_SECRET": "https://hooks.slack.com/services/T0DEMO/canary"},
    "the token for its secret's name": {"SLACK_WEBHOOK_SECRET": f"{TOKEN} "},
    "a password in the URL": {"PALETTE_API_URL": "https://me:canary@palette.example.com"},
    "a key in the URL": {"PALETTE_API_URL": "https://palette.example.com/?key=canary"},
}


@pytest.mark.parametrize("variables", SETTINGS.values(), ids=SETTINGS.keys())
def test_a_secret_in_the_wrong_setting_is_told_to_nobody(aws: LocalAws, variables: dict[str, str]) -> None:
    with a_stage(aws) as on:
        on.environment |= variables
        try:
            outcome = on.invoke(SCHEDULED, 5.0)
            said = on.left_the_process(outcome)
        except BackupReporterError as error:
            said = on.log.getvalue() + "".join(traceback.format_exception(error))
        assert sung(said) == []


def test_no_object_of_a_run_shows_a_secret_in_its_repr(aws: LocalAws) -> None:
    with a_stage(aws) as on:
        on.invoke(SCHEDULED, 2.0)
        with environment_of(on.environment):
            ours = [one for one in gc.get_objects() if _is_ours(type(one))]
    assert {"Reporter", "Settings", "SlackChannel", "RateLimiter"} <= {type(one).__name__ for one in ours}
    assert [type(one).__name__ for one in ours if sung(repr(one))] == []
    _reporter.cache_clear()


def _is_ours(kind: type) -> bool:
    module = str(getattr(kind, "__module__", ""))
    return module.startswith("backup_reporter.") and not module.startswith("backup_reporter.demo")
