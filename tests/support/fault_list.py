"""Everything that can stand between the function and a report, as plain data: what it is, how it is put on the
stage, and what must be true of the report all the same.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import count
from threading import Lock
from typing import Literal
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace as replace_fields

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.aws.s3_object import MAX_BYTES
from backup_reporter.demo.documents import Json, cluster_backup_result, cluster_item, location_item, rfc3339
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Changes, PreviousReport, Report, Scope, scope_id
from support.local_server import Answer, Request, Script
from support.pagerduty_server import invalid_event
from support.stage import CHANNELS, WORKSPACES, Stage, service_of
from support.teams_server import workflow_error
from support.world import OTHER_PROJECT, PROJECT
from support.worst_documents import gzip_bomb

Wire = Answer | Script | None
Strike = Callable[[Request], Wire]
Certificate = Literal["of an unknown authority", "expired", "of another host"]

ALL = frozenset(WORKSPACES)
NONE: frozenset[str] = frozenset()
OF_THE_OTHER_PROJECT = frozenset(WORKSPACES[4:])
FOREVER = 600.0
"""Longer than any run here has."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``unread`` are the workspaces whose state cannot be known (``None``: some, whichever); of every other the truth
    must be told.

    ``deaf`` are the channels that cannot have the report; every other must. ``says`` stands in the report, or in
    the error of a delivery. ``seconds`` is what the platform gives the function.
    """

    name: str
    arrange: Callable[[Stage], None]
    unread: frozenset[str] | None = NONE
    deaf: frozenset[str] = NONE
    says: str = ""
    seconds: float = 40.0
    secrets: Mapping[str, str] = field(default_factory=dict)
    certificate: Certificate | None = None
    is_beyond_workspaces: bool = False
    """Whether clusters and restores are looked at too: a restore that cannot be read is a warning, clusters are rows."""
    costs_evidence: bool = False
    """Whether no evidence is kept beside the report; else it recomputes the report."""
    proof_says: str = ""
    """What recomputing the report, and the chain, find wrong; nothing unless given."""
    quick: bool = False
    """Whether it runs with the other tests as well: a second or less."""


# Where a fault strikes


def in_palette(strike: Strike) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        stage.palette.fault = strike

    return arrange


def in_slack(strike: Strike) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        stage.slack.fault = strike

    return arrange


def in_teams(strike: Strike) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        stage.teams.fault = strike

    return arrange


def in_pagerduty(strike: Strike) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        stage.pagerduty.fault = strike

    return arrange


def in_aws(strike: Strike, *services: str) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        stage.gate.fault = lambda request: strike(request) if service_of(request) in services else None

    return arrange


def in_evidence(part: str, answer: Wire) -> Callable[[Stage], None]:
    """Strikes uploads of large evidence, those with ``part`` in method and query."""

    def strike(request: Request) -> Wire:
        asked = f"{request.method} {urlencode(request.query)}&"
        return answer if ".evidence" in request.path and part in asked else None

    return all_of(large_answers, in_aws(strike, "s3"))


def environment(**variables: str) -> Callable[[Stage], None]:
    return lambda stage: stage.environment.update(variables)


def all_of(*arranging: Callable[[Stage], None]) -> Callable[[Stage], None]:
    def arrange(stage: Stage) -> None:
        for one in arranging:
            one(stage)

    return arrange


def always(answer: Wire) -> Strike:
    return lambda request: answer


def about(part: str, answer: Wire) -> Strike:
    """Strikes requests whose path or project has ``part`` in it."""
    return lambda request: answer if part in request.path + request.headers.get("projectuid", "") else None


def first(times: int, answer: Wire) -> Strike:
    """Strikes so many requests, whichever they are."""
    numbers, lock = count(), Lock()

    def strike(request: Request) -> Wire:
        with lock:
            return answer if next(numbers) < times else None

    return strike


def after(times: int, answer: Wire) -> Strike:
    """Lets so many requests pass, and strikes the others."""
    numbers, lock = count(), Lock()

    def strike(request: Request) -> Wire:
        with lock:
            return None if next(numbers) < times else answer

    return strike


def nth(number: int, answer: Wire) -> Strike:
    """Strikes one request alone, the first being number 0."""
    numbers, lock = count(), Lock()

    def strike(request: Request) -> Wire:
        with lock:
            return answer if next(numbers) == number else None

    return strike


# What goes over the wire


def palettes_error(status: int, code: str = "SomeCode", message: str = "some message") -> Answer:
    return Answer(status, json.dumps({"code": code, "message": message, "ref": "r", "details": {}}).encode())


def awss_error(service: str, status: int, code: str) -> Answer:
    """A refusal in the protocol of the service."""
    error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    bodies = {"s3": error, "sns": f"<ErrorResponse>{error}</ErrorResponse>"}
    body = bodies.get(service) or json.dumps({"__type": code, "message": "no"})
    return Answer(status, body.encode(), {"x-amzn-errortype": code})


def raw(*lines: str, body: bytes = b"") -> Script:
    return Script([("\r\n".join(lines) + "\r\n\r\n").encode() + body])


def drip(head: str, body: bytes, seconds: float) -> Script:
    steps: list[bytes | float] = [head.encode()]
    for byte in body:
        steps += [bytes([byte]), seconds]
    return Script(steps)


OK = "HTTP/1.1 200 OK"
JSON = "Content-Type: application/json"
HALF = b'{"metadata": {"creationTimestamp": "2026-01-'
LOGIN = Answer(200, b"<!DOCTYPE html><title>Sign in</title><form action=/login>", {"Content-Type": "text/html"})
PROXY_404 = Answer(404, b"<html><h1>404 Not Found</h1>nginx</html>", {"Content-Type": "text/html"})
STALL = Script([FOREVER])
STALL_IN_BODY = Script([f"{OK}\r\nContent-Length: 5000\r\n\r\n".encode() + HALF, FOREVER])
ENDLESS = Script([f"{OK}\r\n{JSON}\r\n\r\n".encode() + b'{"a": "', *[b"x" * 2**20] * 40])
HUGE = Answer(
    200,
    b"".join(
        (
            b'{"items": [' + b"{}," * 200_000 + b'{}], "status": {',
            *(
                b'"%sStatuses": [' % name.encode() + b"{}," * 50_000 + b"{}],"
                for name in ("workspaceRestore", "clusterRestore", "clusterBackup")
            ),
            b'"x": 0}, "spec": {"config": {}}}',
        )
    ),
)
DEEP = Answer(200, b'{"status":' + b"[" * 200_000 + b"]" * 200_000 + b"}")
DEEP_UNKNOWN = Answer(200, b'{"added": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}")


def bomb(megabytes: int) -> Script:
    packed = gzip_bomb(megabytes)
    return raw(OK, "Content-Encoding: gzip", f"Content-Length: {len(packed)}", body=packed)


def wrong(json_text: str) -> Answer:
    return Answer(200, json_text.encode())


def of_one_workspace(name: str, answer: Wire, says: str, *, quick: bool = False, seconds: float = 40.0) -> Fault:
    """What happens to one workspace's result and to no other's."""
    return Fault(
        name=name,
        arrange=in_palette(about("/search/backup", answer)),
        unread=frozenset({"search"}),
        says=says,
        quick=quick,
        seconds=seconds,
    )


def survived(name: str, answer: Wire, times: int = 3, *, quick: bool = False) -> Fault:
    """What passes when it is tried again: nothing is lost."""
    return Fault(name=name, arrange=in_palette(first(times, answer)), quick=quick)


def hanging(part: str, what: str, unread: frozenset[str] | None, says: str) -> Fault:
    """The deadline, arriving while one request hangs."""
    return Fault(
        name=f"the deadline, while {what} hangs",
        arrange=in_palette(about(part, STALL)),
        unread=unread,
        says=says,
        seconds=8.0,
    )


def slow_fleet(seconds: float) -> Fault:
    """The deadline, arriving somewhere in a fleet that is asked about one by one."""
    return Fault(
        name=f"the deadline, {seconds:g} s into a fleet that takes longer",
        arrange=all_of(
            environment(PALETTE_REQUESTS_PER_SECOND="1", PALETTE_BURST="1"),
            in_palette(about("/dashboard/projects", None)),
        ),
        unread=None,
        says="when the time for asking was over",
        seconds=seconds,
    )


def dated(skew: timedelta) -> Callable[[Stage], None]:
    """Palette's clock is wrong by ``skew``: in what it answers, and in the times of its backups."""

    def arrange(stage: Stage) -> None:
        def strike(request: Request) -> Wire:
            answer = stage.palette.answer(request)
            return Answer(answer.status, answer.body, {"Date": format_datetime(datetime.now(UTC) + skew)})

        stage.palette.fault = strike

    return arrange


def key_revoked(stage: Stage) -> None:
    """After the lists, so that it happens in the middle."""

    def strike(request: Request) -> Wire:
        if request.path.startswith("/v1/workspaces"):
            stage.palette.api_key = "another"
        return None

    stage.palette.fault = strike


def project_gone(stage: Stage) -> None:
    """Listed, and gone before its results are asked for."""

    def strike(request: Request) -> Wire:
        if request.path.startswith("/v1/workspaces") and request.headers.get("projectuid") == OTHER_PROJECT:
            return palettes_error(404, "ProjectNotFoundInTenant")
        return None

    stage.palette.fault = strike


def rate_storm(stage: Stage) -> None:
    """Somebody else at the same address uses the rate up: every other request is refused."""
    numbers, lock = count(), Lock()

    def strike(request: Request) -> Wire:
        with lock:
            return palettes_error(429, "TooManyRequests") if next(numbers) % 2 == 0 else None

    stage.palette.fault = strike


def mixed_up(stage: Stage) -> None:
    """A cache that forgets to look at the path: everybody gets the same workspace's result."""
    stage.palette.fault = about("/backup", wrong(json.dumps(_result_of("shop", stage))))


def swapped(stage: Stage) -> None:
    stage.palette.fault = about("/ledger/backup", wrong(json.dumps(_result_of("shop", stage))))


def _result_of(uid: str, stage: Stage) -> Mapping[str, object]:
    result = stage.palette.fleet.backups[uid]
    assert isinstance(result, dict)
    return {**result, "spec": {**result["spec"], "workspaceUid": uid}}


def in_other_list(change: Callable[[list[object]], object]) -> Callable[[Stage], None]:
    """What the second project lists is changed."""

    def arrange(stage: Stage) -> None:
        answer = wrong(json.dumps(change(list(stage.palette.fleet.workspaces[OTHER_PROJECT]))))

        def strike(request: Request) -> Wire:
            is_it = request.path.endswith(THE_LISTS) and request.headers.get("projectuid") == OTHER_PROJECT
            return answer if is_it else None

        stage.palette.fault = strike

    return arrange


def eight_thousand_squared() -> Answer:
    """Runs that name no cluster, and as many clusters that the policy names, in 76 KB."""
    uids = [f"c{number}" for number in range(8_000)]
    runs: list[object] = [{}] * 8_000
    return wrong(json.dumps({"spec": {"config": {"clusterUids": uids}}, "status": {"workspaceBackupStatuses": runs}}))


def not_of_clusters(answer: Wire) -> Strike:
    """Strikes requests for the restores of a workspace."""
    return lambda request: (
        answer if request.path.startswith("/v1/workspaces/") and request.path.endswith("/restore") else None
    )


def beyond(name: str, strike: Strike, says: str, *, quick: bool = False) -> Fault:
    """What is asked about clusters, restores and keys goes wrong: the workspaces' report is as right as before."""
    beyond_workspaces = environment(INCLUDE_CLUSTERS="yes", RESTORE_TEST_MAX_AGE_DAYS="90")
    return Fault(
        name=name,
        arrange=all_of(with_clusters, beyond_workspaces, in_palette(strike)),
        says=says,
        quick=quick,
        is_beyond_workspaces=True,
        seconds=30.0,
    )


def with_clusters(stage: Stage) -> None:
    """Three clusters, one of them with a policy of its own; every workspace was restored a month ago."""
    at = datetime.now(UTC) - timedelta(days=30)
    clusters = [
        cluster_item("project-1", name, project_uid=PROJECT, created=at) for name in ("own", "spare", "virtual")
    ]
    clusters[2]["specSummary"]["cloudConfig"]["cloudType"] = "nested"
    own = cluster_backup_result(
        clusters[0], schedule="0 1 1 1 *", retention_hours=9000, runs=[], policy_created=datetime.now(UTC)
    )
    restored: Json = {
        "status": {
            "workspaceRestoreStatuses": [
                {"workspaceRestoreConfig": {"restoreTime": rfc3339(at), "restoreState": {"state": "Completed"}}}
            ]
        }
    }
    stage.palette.fleet = replace(
        stage.palette.fleet,
        clusters=clusters,
        cluster_backups={clusters[0]["metadata"]["uid"]: own},
        locations=[location_item("backups-s3", at)],
        restores=dict.fromkeys(WORKSPACES, restored),
    )


def large_answers(stage: Stage) -> None:
    """Two results of 8 MB that gzip cannot make smaller than 6: the evidence goes up in parts."""
    backups = dict(stage.palette.fleet.backups)
    for uid in ("shop", "blog"):
        result = backups[uid]
        assert isinstance(result, dict)
        noise = base64.b64encode(random.Random(uid).randbytes(6 * 2**20)).decode()
        backups[uid] = {**result, "added": noise}
    stage.palette.fleet = replace(stage.palette.fleet, backups=backups)


LAST_ID = "20261123T070000Z-0a1b2c3d"
"""Of the report before the one that is made."""


def last_report(change: Callable[[Stage, ReportStore, Report, Baseline], None]) -> Callable[[Stage], None]:
    """A report was made a day ago; then ``change`` befell the bucket."""

    def arrange(stage: Stage) -> None:
        store, at = ReportStore(stage.aws.client("s3"), "kept", "reports/"), datetime.now(UTC) - timedelta(days=1)
        report = replace_fields(
            build_report([], report_id=LAST_ID, as_of=at, generated_at=at, scope=Scope()),
            changes=Changes(note="No earlier report of this scope is kept."),
        )
        baseline = Baseline(report_id=LAST_ID, as_of=at, report_sha256=store.save(report))
        store.save_baseline(Scope(), baseline, None)
        change(stage, store, report, baseline)

    return arrange


def _is_gone(stage: Stage, store: ReportStore, report: Report, baseline: Baseline) -> None:
    stage.aws.client("s3").delete_object(Bucket="kept", Key=store.key(LAST_ID, "json"))


def _was_changed(stage: Stage, store: ReportStore, report: Report, baseline: Baseline) -> None:
    store.save(replace_fields(report, status="OK"))


def _left_half_a_file(stage: Stage, store: ReportStore, report: Report, baseline: Baseline) -> None:
    store.save_working_file(BASELINE, msgspec.json.encode(baseline)[:-20])


def _left_far_too_much(stage: Stage, store: ReportStore, report: Report, baseline: Baseline) -> None:
    """Someone else who may write the bucket wants to fill the function's memory."""
    for name in (BASELINE, "index.json"):
        store.save_working_file(name, b" " * (MAX_BYTES + 1))


def _left_no_hash(stage: Stage, store: ReportStore, report: Report, baseline: Baseline) -> None:
    store.save_baseline(Scope(), replace_fields(baseline, report_sha256=None), None)


def _has_a_successor(stage: Stage, store: ReportStore, report: Report, baseline: Baseline) -> None:
    """Such as one that was made at the same moment."""
    previous = PreviousReport(report_id=LAST_ID, sha256=baseline.report_sha256)
    store.save(replace_fields(report, report_id="20261123T190000Z-0a1b2c3d", previous=previous))


BASELINE = f"baseline/{scope_id(Scope())}.json"
UNSAID = {("the clusters", "about another one"), ("the backup locations", "about another one")}
"""A list that is empty says nothing about whose it is."""
RUNS = '{"status": {"workspaceBackupStatuses": [%snull]}}'
SAYS_NOTHING = "an answer without metadata, spec and status"
LEDGER_BEING_DELETED = {"metadata": {"uid": "ledger", "name": "ledger", "deletionTimestamp": "2026-11-20T00:00:00Z"}}
THE_LIST = "/dashboard/projects"
THE_LISTS = "/dashboard/workspaces"
CUT_OFF = "cut off or is not HTTP"
NOT_JSON = "not the JSON of Palette's API"
THE_OTHER = "the workspaces of project project-2"

NO_EVIDENCE = "The evidence of this report could not be kept"
ALL_NEW = "Everything counts as new, because the last report could not be loaded"

FAULTS: tuple[Fault, ...] = (
    Fault(name="nothing at all", arrange=lambda stage: None, quick=True),
    # Statuses
    Fault(name="a storm of 429", arrange=rate_storm),
    Fault(
        name="nothing but 429",
        arrange=in_palette(always(palettes_error(429, "TooManyRequests"))),
        unread=ALL,
        says="HTTP 429, TooManyRequests",
        seconds=12.0,
    ),
    survived("500, once", palettes_error(500), 1),
    survived("502 three times", Answer(502)),
    survived("503 three times", Answer(503, b"<html>maintenance</html>")),
    survived("504 three times", Answer(504)),
    *(
        Fault(
            name=f"nothing but {status}",
            arrange=in_palette(always(Answer(status))),
            unread=ALL,
            says=f"HTTP {status}",
            seconds=30.0,
        )
        for status in (500, 502, 503, 504)
    ),
    of_one_workspace("403 for one workspace", palettes_error(403, "ResourceAccessDenied"), "HTTP 403", quick=True),
    of_one_workspace("a proxy's 404 for one workspace", PROXY_404, "HTTP 404", quick=True),
    of_one_workspace("204 for one workspace", Answer(204), "HTTP 204"),
    of_one_workspace("206, a part of the answer", Answer(206, b"{}"), "HTTP 206"),
    of_one_workspace("a redirect", Answer(302, headers={"Location": "http://127.0.0.1:9/"}), "redirects"),
    Fault(
        name="a proxy's 404 for everything",
        arrange=in_palette(always(PROXY_404)),
        unread=ALL,
        says="HTTP 404",
    ),
    Fault(
        name="403 for one project's list",
        arrange=in_palette(about(OTHER_PROJECT, palettes_error(403, "ResourceAccessDenied"))),
        unread=OF_THE_OTHER_PROJECT,
        says=THE_OTHER,
    ),
    # The connection
    survived("the connection reset, three times", Script(reset=True)),
    Fault(
        name="every connection reset",
        arrange=in_palette(always(Script(reset=True))),
        unread=ALL,
        says=CUT_OFF,
    ),
    of_one_workspace("one workspace's connection reset", Script(reset=True), CUT_OFF),
    of_one_workspace("reset in the body", Script(STALL_IN_BODY.steps[:1], reset=True), CUT_OFF),
    of_one_workspace("closed without a word", Script(), CUT_OFF),
    of_one_workspace("cut within the announced length", raw(OK, "Content-Length: 500", body=HALF), CUT_OFF),
    of_one_workspace("cut within a chunk", raw(OK, "Transfer-Encoding: chunked", body=b"50\r\n" + HALF), CUT_OFF),
    of_one_workspace("cut where nothing announces the length", raw(OK, body=HALF), CUT_OFF),
    of_one_workspace("a length that is too short", raw(OK, "Content-Length: 60", body=HALF * 3), CUT_OFF),
    of_one_workspace("two lengths", raw(OK, "Content-Length: 4", "Content-Length: 5", body=b"{  }"), CUT_OFF),
    of_one_workspace("a length that is not a number", raw(OK, "Content-Length: many", body=HALF), CUT_OFF),
    of_one_workspace(
        "cut gzip", raw(OK, "Content-Encoding: gzip", body=gzip.compress(b'{"a": "' + b"x" * 5000)[:40]), CUT_OFF
    ),
    of_one_workspace("a body that is not gzip", raw(OK, "Content-Encoding: gzip", body=HALF), CUT_OFF),
    of_one_workspace("a gzip bomb of 200 MB", bomb(200), "larger than 32 MB"),
    of_one_workspace("an endless body", ENDLESS, "larger than 32 MB"),
    of_one_workspace("not HTTP", Script([b"220 mail.example.com ESMTP\r\n"]), CUT_OFF),
    of_one_workspace("a thousand headers", raw(OK, *(f"X-{n}: 1" for n in range(1000)), body=b"{}"), CUT_OFF),
    of_one_workspace("an endless header", raw(OK, "X: " + "x" * 10**6, body=b"{}"), CUT_OFF),
    # Time
    of_one_workspace("a stall before the answer", STALL, "", seconds=8.0),
    of_one_workspace("a stall in the body", STALL_IN_BODY, "", seconds=8.0),
    of_one_workspace("a slow drip of headers", drip(OK + "\r\nX: ", b"x" * 500, 0.2), "", seconds=8.0),
    of_one_workspace("a slow drip of the body", drip(OK + "\r\n\r\n", HALF * 20, 0.2), "", seconds=8.0),
    Fault(name="every answer stalls", arrange=in_palette(always(STALL)), unread=ALL, says="Palette", seconds=8.0),
    hanging(THE_LIST, "the list of projects", ALL, "Palette could not be asked"),
    hanging(OTHER_PROJECT, "everything of one project", None, THE_OTHER),
    *(hanging(f"/{uid}/backup", f"the result of {uid}", frozenset({uid}), "") for uid in WORKSPACES),
    *(slow_fleet(seconds) for seconds in (4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)),
    # What is said
    of_one_workspace("a login page", LOGIN, NOT_JSON, quick=True),
    Fault(name="login pages only", arrange=in_palette(always(LOGIN)), unread=ALL, says=NOT_JSON, quick=True),
    Fault(
        name="a login page for one project's list",
        arrange=in_palette(
            lambda request: (
                LOGIN
                if request.path.endswith(THE_LISTS) and request.headers.get("projectuid") == OTHER_PROJECT
                else None
            )
        ),
        unread=OF_THE_OTHER_PROJECT,
        says=THE_OTHER,
    ),
    Fault(
        name="a list of three that counts 70",
        arrange=in_other_list(lambda items: {"items": items, "listmeta": {"count": 70}}),
        says="3 of 70 workspaces are listed",
        quick=True,
    ),
    Fault(
        name="a workspace that a second project lists as being deleted",
        arrange=in_other_list(lambda items: {"items": [*items, LEDGER_BEING_DELETED]}),
        says="is listed 2 times",
        quick=True,
    ),
    Fault(
        name="an empty object for a list",
        arrange=in_palette(about(THE_LISTS, wrong("{}"))),
        unread=ALL,
        says="missing required field `items`",
    ),
    of_one_workspace(
        "the wrong content type, and no JSON", Answer(200, b"\xff\xfe", {"Content-Type": "image/png"}), NOT_JSON
    ),
    of_one_workspace("an empty answer", Answer(200), NOT_JSON),
    of_one_workspace("an empty object", wrong("{}"), SAYS_NOTHING, quick=True),
    of_one_workspace("null", wrong("null"), SAYS_NOTHING),
    of_one_workspace("404 and an empty body", Answer(404), "HTTP 404"),
    of_one_workspace("404 and an empty object", Answer(404, b"{}"), "HTTP 404", quick=True),
    of_one_workspace("30 MB of null", wrong(RUNS % ("null," * 6_000_000)), "more than 1,000,000 values"),
    of_one_workspace("20,000 runs", wrong(RUNS % ("{}," * 20_000)), "a history of more than 10,000 runs", quick=True),
    of_one_workspace(
        "8,000 runs times 8,000 clusters", eight_thousand_squared(), "8,000 runs of 8,000 clusters", quick=True
    ),
    of_one_workspace("invalid JSON", wrong('{"metadata": {]}'), NOT_JSON),
    of_one_workspace("JSON after JSON", wrong('{}{"status": {}}'), NOT_JSON),
    of_one_workspace("a list where an object should be", wrong("[]"), "Expected `object"),
    of_one_workspace("deeply nested JSON", DEEP, "`$"),
    of_one_workspace("deeply nested JSON in a new field", DEEP_UNKNOWN, NOT_JSON, quick=True),
    of_one_workspace("a wrong type", wrong('{"status": {"workspaceBackupStatuses": 5}}'), "workspaceBackupStatuses"),
    of_one_workspace(
        "one entry of a history with a wrong type",
        wrong('{"status": {"workspaceBackupStatuses": [{"requestUid": 5}]}}'),
        "workspaceBackupStatuses[0].requestUid",
        quick=True,
    ),
    of_one_workspace("an invalid time", wrong('{"metadata": {"creationTimestamp": "soon"}}'), "creationTimestamp"),
    Fault(
        name="another workspace's result",
        arrange=swapped,
        unread=frozenset({"ledger"}),
        says="another workspace",
        quick=True,
    ),
    Fault(
        name="the same result for every workspace",
        arrange=mixed_up,
        unread=ALL - {"shop"},
        says="another workspace",
    ),
    # Beyond the workspaces
    *(
        beyond(
            f"{what} {how}",
            strike(answer),
            "" if (what, how) in UNSAID else says,
            quick=what == "the clusters" and how == "refused",
        )
        for what, strike, says in (
            ("the clusters", partial(about, "/spectroclusters/search"), "Which clusters no policy covers is not known"),
            ("the clusters' own policies", partial(about, "/features/backup"), ""),
            ("the backup locations", partial(about, "/assets/locations"), "backup locations"),
            ("the workspaces' restores", not_of_clusters, "Whether a restore was tried is not known"),
            ("the clusters' restores", partial(about, "/features/restore"), ""),
            ("the API keys", partial(about, "/apiKeys"), ""),
        )
        for how, answer in (
            ("refused", palettes_error(403, "ResourceAccessDenied")),
            ("missing", PROXY_404),
            ("out of order", Answer(500)),
            ("cut", raw(OK, "Content-Length: 500", body=HALF)),
            ("as a login page", LOGIN),
            ("of a wrong type", wrong('{"items": 5, "clusters": 5, "spec": 5, "status": 5}')),
            ("huge", HUGE),
            ("that hang", STALL),
            ("endless", ENDLESS),
            ("about another one", wrong('{"items": [], "spec": {"clusterUid": "other", "workspaceUid": "other"}}')),
        )
    ),
    # In the middle of a run
    Fault(name="the key revoked in mid-run", arrange=key_revoked, unread=ALL, says="refused the API key", quick=True),
    Fault(
        name="a project that vanishes in mid-run",
        arrange=project_gone,
        unread=OF_THE_OTHER_PROJECT,
        says="ProjectNotFoundInTenant",
        quick=True,
    ),
    # Where it is
    Fault(
        name="no name server knows the host",
        arrange=environment(PALETTE_API_URL="https://palette.invalid"),
        unread=ALL,
        says="its host name cannot be resolved",
    ),
    Fault(
        name="a proxy that does not answer",
        arrange=environment(PALETTE_API_URL="https://palette.invalid", HTTPS_PROXY="http://user:word@127.0.0.1:9"),
        unread=ALL,
        says="the proxy that HTTPS_PROXY names could not be reached",
    ),
    Fault(
        name="nothing listens on the port",
        arrange=environment(PALETTE_API_URL="http://127.0.0.1:9"),
        unread=ALL,
        says="no connection can be made",
    ),
    *(
        Fault(
            name=f"a certificate {certificate}",
            arrange=lambda stage: None,
            certificate=certificate,
            unread=ALL,
            says="certificate is not trusted",
            quick=certificate == "expired",
        )
        for certificate in ("of an unknown authority", "expired", "of another host")
    ),
    *(
        Fault(
            name=f"a clock that is {name}",
            arrange=dated(skew),
            unread=None,
            says="clock",
            quick=name == "three days behind",
        )
        for name, skew in (("three days behind", timedelta(days=-3)), ("two hours ahead", timedelta(hours=2)))
    ),
    # Secrets Manager
    Fault(
        name="Secrets Manager throttles for a while",
        arrange=in_aws(first(2, awss_error("secretsmanager", 400, "ThrottlingException")), "secretsmanager"),
    ),
    Fault(
        name="Secrets Manager throttles for good",
        arrange=in_aws(always(awss_error("secretsmanager", 400, "ThrottlingException")), "secretsmanager"),
        unread=ALL,
        deaf=frozenset({"slack", "teams", "pagerduty"}),
        says="PALETTE_API_KEY_SECRET names cannot be read: ThrottlingException",
        seconds=40.0,
    ),
    Fault(
        name="Secrets Manager refuses",
        arrange=in_aws(always(awss_error("secretsmanager", 400, "AccessDeniedException")), "secretsmanager"),
        unread=ALL,
        deaf=frozenset({"slack", "teams", "pagerduty"}),
        says="PALETTE_API_KEY_SECRET names cannot be read: AccessDeniedException",
        quick=True,
    ),
    Fault(
        name="Secrets Manager does not answer",
        arrange=in_aws(always(STALL), "secretsmanager"),
        unread=ALL,
        deaf=frozenset({"slack", "teams", "pagerduty"}),
        says="PALETTE_API_KEY_SECRET names cannot be read: ReadTimeoutError",
        seconds=40.0,
    ),
    Fault(
        name="Secrets Manager answers nonsense",
        arrange=in_aws(always(LOGIN), "secretsmanager"),
        unread=ALL,
        deaf=frozenset({"slack", "teams", "pagerduty"}),
        says="palette-api-key",
        quick=True,
    ),
    # Channels
    *(
        Fault(
            name=f"{what} refuses",
            arrange=in_aws(always(awss_error(service, 403, "AccessDenied")), service),
            deaf=frozenset({channel}),
            says="AccessDenied",
            quick=what == "SNS",
        )
        for what, service, channel in (
            ("SNS", "sns", "sns"),
            ("SES", "ses", "email"),
            ("EventBridge", "events", "eventbridge"),
        )
    ),
    Fault(name="SNS throttles for a while", arrange=in_aws(first(2, awss_error("sns", 400, "Throttling")), "sns")),
    Fault(
        name="SNS throttles for good",
        arrange=in_aws(always(awss_error("sns", 400, "Throttling")), "sns"),
        deaf=frozenset({"sns"}),
        says="Throttling",
    ),
    Fault(
        name="SNS does not answer",
        arrange=in_aws(always(STALL), "sns"),
        deaf=frozenset({"sns"}),
        says="timed out after ",
        seconds=10.0,
    ),
    Fault(name="SNS answers nonsense", arrange=in_aws(always(LOGIN), "sns"), deaf=frozenset({"sns"}), says="sns"),
    Fault(
        name="Slack is down",
        arrange=in_slack(always(Answer(503))),
        deaf=frozenset({"slack"}),
        says="Slack is unavailable: HTTP 503",
    ),
    Fault(
        name="Slack does not answer",
        arrange=in_slack(always(STALL)),
        deaf=frozenset({"slack"}),
        says="slack",
        seconds=16.0,
    ),
    Fault(
        name="Slack answers with a login page",
        arrange=in_slack(always(LOGIN)),
        deaf=frozenset({"slack"}),
        says="Slack refused: HTTP 200",
    ),
    Fault(
        name="Slack says ok with status 403",
        arrange=in_slack(always(Answer(403, b"ok"))),
        deaf=frozenset({"slack"}),
        says="Slack refused: HTTP 403",
        quick=True,
    ),
    *(
        Fault(
            name=f"{name} {what}",
            arrange=strike(always(answer)),
            deaf=frozenset({channel}),
            says=says,
            seconds=seconds,
            quick=quick,
        )
        for name, channel, strike, refusal in (
            ("Teams", "teams", in_teams, workflow_error(404, "WorkflowNotFound")),
            ("PagerDuty", "pagerduty", in_pagerduty, invalid_event("Invalid routing key")),
        )
        for what, answer, says, seconds, quick in (
            ("is down", Answer(503), "is unavailable: HTTP 503", 20.0, False),
            ("does not answer", STALL, channel, 16.0, False),
            ("answers with a login page", LOGIN, "refused: HTTP 200", 20.0, True),
            ("refuses", refusal, "refused: HTTP 40", 20.0, True),
        )
    ),
    # The bucket and the table
    *(
        Fault(
            name=f"S3 {what}",
            arrange=in_aws(always(answer), "s3"),
            costs_evidence=True,
            says="This report could not be kept",
            seconds=seconds,
            quick=quick,
        )
        for what, answer, seconds, quick in (
            ("refuses", awss_error("s3", 403, "AccessDenied"), 40.0, True),
            ("is out of order", Answer(500), 60.0, False),
            ("does not answer", STALL, 40.0, False),
            ("answers nonsense", LOGIN, 40.0, True),
        )
    ),
    # The evidence and the chain
    Fault(
        name="S3 refuses the evidence",
        arrange=in_aws(about(".evidence", awss_error("s3", 403, "AccessDenied")), "s3"),
        costs_evidence=True,
        says=NO_EVIDENCE,
        quick=True,
    ),
    *(
        Fault(
            name=f"S3 refuses {what} large evidence",
            arrange=in_evidence(part, awss_error("s3", 403, "AccessDenied")),
            costs_evidence=True,
            says=NO_EVIDENCE,
        )
        for what, part in (
            ("to begin", "POST uploads="),
            ("the first part of", "partNumber=1&"),
            ("the second part of", "partNumber=2&"),
            ("to complete", "POST uploadId="),
        )
    ),
    Fault(
        name="S3 is out of order for a part of large evidence",
        arrange=in_evidence("partNumber=2&", Answer(500)),
        costs_evidence=True,
        says=NO_EVIDENCE,
    ),
    Fault(
        name="the time runs out while large evidence goes up",
        arrange=in_evidence("partNumber=2&", STALL),
        costs_evidence=True,
        says="could not be kept: timed out after",
        seconds=45.0,
    ),
    Fault(
        name="evidence with clusters and restores",
        arrange=all_of(with_clusters, environment(INCLUDE_CLUSTERS="yes", RESTORE_TEST_MAX_AGE_DAYS="90")),
        quick=True,
    ),
    Fault(
        name="what the last report left cannot be read",
        arrange=all_of(
            last_report(lambda *_: None),
            in_aws(about("/baseline/", awss_error("s3", 403, "AccessDenied")), "s3"),
        ),
        says=ALL_NEW,
        proof_says="the chain begins anew",
    ),
    *(
        Fault(name=f"the last report {what}", arrange=last_report(change), says=says, proof_says=proof_says)
        for what, change, says, proof_says in (
            ("left half a file", _left_half_a_file, ALL_NEW, "the chain begins anew"),
            ("left far too much", _left_far_too_much, "is larger than 64 MB", "the chain begins anew"),
            ("left no SHA-256", _left_no_hash, "", "without its SHA-256"),
            ("is gone", _is_gone, "", "which is not kept"),
            ("was changed", _was_changed, "", "was changed after"),
            ("has a successor already", _has_a_successor, "", "has 2 successors"),
        )
    ),
    *(
        Fault(name=f"DynamoDB {what}", arrange=in_aws(always(answer), "dynamodb"), seconds=seconds, quick=quick)
        for what, answer, seconds, quick in (
            ("refuses", awss_error("dynamodb", 400, "AccessDeniedException"), 20.0, True),
            ("throttles", awss_error("dynamodb", 400, "ThrottlingException"), 40.0, False),
            ("does not answer", STALL, 30.0, False),
            ("answers nonsense", LOGIN, 20.0, True),
        )
    ),
    # All at once
    Fault(
        name="everything at once, but for one channel",
        arrange=all_of(
            in_palette(always(STALL)),
            in_slack(always(Answer(503))),
            in_teams(always(Answer(503))),
            in_pagerduty(always(Answer(503))),
            in_aws(always(Answer(503)), "s3", "dynamodb", "ses", "events"),
        ),
        unread=ALL,
        deaf=frozenset(CHANNELS) - {"sns"},
        costs_evidence=True,
        says="Palette",
        seconds=45.0,
    ),
    Fault(
        name="everything hangs, but for one channel",
        arrange=all_of(
            in_palette(always(STALL)),
            in_slack(always(STALL)),
            in_teams(always(STALL)),
            in_pagerduty(always(STALL)),
            in_aws(always(STALL), "s3", "dynamodb", "ses", "events"),
        ),
        unread=ALL,
        deaf=frozenset(CHANNELS) - {"sns"},
        costs_evidence=True,
        says="Palette",
        seconds=45.0,
    ),
)
