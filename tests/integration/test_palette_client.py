"""The Palette client over the wire: what it sends, what it tries again, and what it refuses to wait for or to hold."""

from __future__ import annotations

import gzip
import ssl
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import msgspec
import pytest
import urllib3

from backup_reporter.demo.fleet import instructive, synthetic
from backup_reporter.errors import (
    KeyRefusedError,
    PaletteError,
    SecretError,
    UndecodableError,
    UnreachableError,
)
from backup_reporter.health.model import Workspace
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.lists import Project
from backup_reporter.palette.rate_limit import RateLimiter
from support.local_server import Answer, Fault, Request, Script
from support.lookalike import API_KEY, LookAlike
from support.worst_documents import gzip_bomb

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
FLEET = instructive(NOW)
PROJECT = Project(next(iter(FLEET.projects)), "prod")
WORKSPACE_UID = next(uid for uid, (project, _) in FLEET.located.items() if project == PROJECT.uid)
WORKSPACE = Workspace(uid=WORKSPACE_UID, name="payments", project_uid=PROJECT.uid, project_name="prod")


@pytest.fixture
def server() -> Iterator[LookAlike]:
    with LookAlike(FLEET, rate_limit=False) as server:
        yield server


class Asking:
    """A client with everything that it is usually given; what it slept is written down instead."""

    def __init__(
        self,
        url: str,
        *,
        read_key: Callable[[], str] = lambda: API_KEY,
        rate_limiter: RateLimiter | None = None,
        seconds_left: Callable[[], float] = lambda: 60.0,
        http: urllib3.PoolManager | None = None,
    ) -> None:
        self.slept: list[float] = []
        http = http or urllib3.PoolManager(maxsize=16)
        self.client = PaletteClient(
            http, url, read_key, rate_limiter or RateLimiter(1000, 1000), seconds_left, sleep=self.slept.append
        )

    def ask(self) -> int:
        """How many runs a good answer tells of."""
        return len(self.client.backup_result(WORKSPACE).runs)

    def refusal(self) -> PaletteError:
        with pytest.raises(PaletteError) as caught:
            self.ask()
        return caught.value


def first(number: int, fault: Answer | Script) -> Fault:
    """A fault that strikes so many times, and then no more."""
    left = [fault] * number

    def strike(request: Request) -> Answer | Script | None:
        return left.pop() if left else None

    return strike


def always(fault: Answer | Script) -> Fault:
    return lambda request: fault


def error(status: int, code: str = "SomeCode", message: str = "some message", ref: str = "r-1") -> Answer:
    return Answer(status, msgspec.json.encode({"code": code, "message": message, "ref": ref, "details": {}}))


def script(*lines: str, body: bytes = b"") -> Script:
    return Script([("\r\n".join(lines) + "\r\n\r\n").encode() + body])


# What it sends


def test_the_tenants_projects_are_asked_for_without_a_project(server: LookAlike) -> None:
    page = Asking(server.url).client.projects()

    assert {project.uid: project.name for project in page.items} == FLEET.projects
    (request,) = server.requests
    assert (request.path, request.headers["apikey"]) == ("/v1/dashboard/projects/metadata", API_KEY)
    assert "projectuid" not in request.headers


def test_a_projects_workspaces_and_their_results_are_asked_for_in_its_name(server: LookAlike) -> None:
    client = Asking(server.url).client

    page = client.workspaces(PROJECT)
    client.backup_result(page.items[0])

    assert len(page.items) == len(FLEET.workspaces[PROJECT.uid])
    assert [request.headers["projectuid"] for request in server.requests] == [PROJECT.uid] * 2
    assert [request.headers["apikey"] for request in server.requests] == [API_KEY] * 2


def test_an_empty_project_is_never_sent(server: LookAlike) -> None:
    nowhere = Workspace(uid="w-1", name="w-1", project_uid="", project_name="")

    with pytest.raises(PaletteError):
        Asking(server.url).client.backup_result(nowhere)

    assert "projectuid" not in server.requests[0].headers


def test_a_uid_stays_within_its_place_in_the_path(server: LookAlike) -> None:
    crafted = Workspace(uid="../projects?x=1#", name="", project_uid=PROJECT.uid, project_name="")

    with pytest.raises(PaletteError):
        Asking(server.url).client.backup_result(crafted, "r&s=1")

    assert server.requests[0].path == "/v1/workspaces/..%2Fprojects%3Fx%3D1%23/backup"
    assert server.requests[0].query == {"backupRequestUid": "r&s=1"}


def test_a_continuation_goes_into_the_query_as_it_came(server: LookAlike) -> None:
    client = Asking(server.url).client
    server.fault = always(Answer(200, b'{"items": []}'))

    client.projects({"continue": "a b/c=&"})
    client.workspaces(PROJECT, {"offset": "50"})

    assert [request.query for request in server.requests] == [{"continue": "a b/c=&"}, {"offset": "50"}]


def test_answers_come_compressed(server: LookAlike) -> None:
    assert Asking(server.url).ask() > 0
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_connections_are_kept_and_shared(server: LookAlike) -> None:
    pool = urllib3.PoolManager(maxsize=16)
    asking = Asking(server.url, http=pool)

    for _ in range(5):
        asking.ask()

    assert pool.connection_from_url(server.url).num_connections == 1


# The key


class Secret:
    """A secret whose value may be changed while others read it."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.read = 0

    def __call__(self) -> str:
        self.read += 1
        time.sleep(0.02)  # long enough for every thread to come by
        return self.values.pop(0) if len(self.values) > 1 else self.values[0]


def test_the_key_is_read_once_however_many_ask(server: LookAlike) -> None:
    secret = Secret(API_KEY)
    asking = Asking(server.url, read_key=secret)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: asking.ask(), range(32)))

    assert secret.read == 1


def test_a_key_that_was_rotated_is_read_again_once_and_the_run_goes_on(server: LookAlike) -> None:
    secret = Secret("the-old-key", API_KEY)
    asking = Asking(server.url, read_key=secret)
    together = Barrier(16)

    def ask(_: int) -> int:
        together.wait(10)
        return asking.ask()

    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(ask, range(16)))

    assert all(runs)
    assert secret.read == 2


def test_a_rotation_in_the_middle_of_a_run_goes_unnoticed(server: LookAlike) -> None:
    secret = Secret(API_KEY, "the-new-key")
    asking = Asking(server.url, read_key=secret)
    asking.ask()

    server.api_key = "the-new-key"

    assert asking.ask() > 0
    assert secret.read == 2


def test_a_key_that_stays_refused_is_not_sent_twice_for_one_thing(server: LookAlike) -> None:
    secret = Secret("a-dead-key")
    asking = Asking(server.url, read_key=secret)

    for _ in range(3):
        refusal = asking.refusal()
        assert isinstance(refusal, KeyRefusedError)
        assert refusal.status == 401
        assert "a-dead-key" not in str(refusal)

    assert secret.read == 2
    assert len(server.requests) == 3
    assert asking.slept == []


def test_a_newer_key_that_is_refused_as_well_is_not_read_a_third_time(server: LookAlike) -> None:
    secret = Secret("one-dead-key", "another-dead-key")
    asking = Asking(server.url, read_key=secret)

    for _ in range(2):
        assert isinstance(asking.refusal(), KeyRefusedError)

    assert secret.read == 2
    assert [request.headers["apikey"] for request in server.requests] == ["one-dead-key"] + ["another-dead-key"] * 2


def test_a_secret_that_cannot_be_read_is_said_and_nothing_is_asked(server: LookAlike) -> None:
    def read_key() -> str:
        raise SecretError("the secret palette-api-key cannot be read: AccessDeniedException")

    with pytest.raises(SecretError, match="palette-api-key"):
        Asking(server.url, read_key=read_key).ask()

    assert server.requests == []


# What is tried again


@pytest.mark.parametrize(("status", "tries"), [(500, 2), (502, 5), (503, 5), (504, 5)])
def test_what_may_pass_is_tried_again(server: LookAlike, status: int, tries: int) -> None:
    asking = Asking(server.url)

    server.fault = first(tries - 1, error(status))
    assert asking.ask() > 0
    assert len(server.requests) == tries

    server.fault = always(error(status))
    assert asking.refusal().status == status
    assert len(server.requests) == 2 * tries


@pytest.mark.parametrize("status", [204, 400, 402, 403, 404, 405, 409, 422, 501])
def test_what_will_not_pass_is_asked_once(server: LookAlike, status: int) -> None:
    server.fault = always(error(status))
    asking = Asking(server.url)

    assert asking.refusal().status == status
    assert len(server.requests) == 1
    assert asking.slept == []


def test_refusals_for_the_rate_use_up_no_tries_of_what_comes_after(server: LookAlike) -> None:
    trouble = [error(500), error(429), error(429)]
    server.fault = lambda request: trouble.pop() if trouble else None

    assert Asking(server.url).ask() > 0
    assert len(server.requests) == 4


CUT = {
    "reset": Script(reset=True),
    "closed without a word": Script(),
    "cut within the announced length": script("HTTP/1.1 200 OK", "Content-Length: 500", body=b'{"metadata": {'),
    "cut within a chunk": script("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b'50\r\n{"metadata": {'),
    "cut between chunks": script("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=b'e\r\n{"metadata": {\r\n'),
    "cut where the end of the connection is the end": script("HTTP/1.1 200 OK", body=b'{"metadata": {'),
    "cut within what is compressed": script(
        "HTTP/1.1 200 OK", "Content-Encoding: gzip", body=gzip.compress(b'{"metadata": {"uid": "' + b"x" * 5000)[:40]
    ),
    "damaged where it is compressed": script("HTTP/1.1 200 OK", "Content-Encoding: gzip", body=b"not gzip at all"),
    "not HTTP": Script([b"220 mail.example.com ESMTP\r\n"]),
}


@pytest.mark.parametrize("fault", CUT.values(), ids=CUT.keys())
def test_an_answer_that_is_cut_off_is_asked_for_again(server: LookAlike, fault: Script) -> None:
    server.fault = first(3, fault)
    asking = Asking(server.url)

    assert asking.ask() > 0
    assert len(server.requests) == 4


@pytest.mark.parametrize("fault", CUT.values(), ids=CUT.keys())
def test_where_every_answer_is_cut_off_it_is_said(server: LookAlike, fault: Script) -> None:
    server.fault = always(fault)

    refusal = Asking(server.url).refusal()

    assert str(refusal) == "Palette's answer was cut off or is not HTTP"
    assert len(server.requests) == 4


GOOD = msgspec.json.encode(FLEET.backups[WORKSPACE_UID])


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_an_answer_in_chunks_is_put_together(server: LookAlike, encoding: str) -> None:
    body = gzip.compress(GOOD) if encoding == "gzip" else GOOD
    pieces = [body[start : start + 700] for start in range(0, len(body), 700)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    head = ("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", f"Content-Encoding: {encoding}")
    runs = Asking(server.url).ask()
    server.fault = always(script(*head, body=chunks))

    assert Asking(server.url).ask() == runs > 0


def test_an_answer_that_does_not_come_is_asked_for_again(server: LookAlike) -> None:
    server.fault = first(1, Answer(200, b"{}", delay_seconds=5))
    asking = Asking(server.url, seconds_left=lambda: 0.6)

    assert asking.ask() > 0
    assert len(server.requests) == 2


def test_an_answer_that_never_comes_is_said(server: LookAlike) -> None:
    server.fault = always(Answer(200, b"{}", delay_seconds=5))

    refusal = Asking(server.url, seconds_left=lambda: 0.2).refusal()

    assert str(refusal) == "Palette's answer did not arrive in time"


def test_where_nobody_listens_it_is_tried_again_and_said(server: LookAlike) -> None:
    with LookAlike(FLEET) as gone:
        url = gone.url
    asking = Asking(url)

    assert str(asking.refusal()) == "Palette could not be reached: no connection can be made"
    assert len(asking.slept) == 3


def test_a_host_without_an_address_is_said() -> None:
    asking = Asking("http://palette.invalid")

    assert str(asking.refusal()) == "Palette could not be reached: its host name cannot be resolved"


def test_each_wait_is_longer_than_the_one_before_and_none_is_the_same_for_all(server: LookAlike) -> None:
    server.fault = always(error(503))
    waits = []
    for _ in range(8):
        asking = Asking(server.url)
        asking.refusal()
        waits.append(asking.slept)

    for attempt, longest in enumerate((0.5, 1.0, 2.0, 4.0)):
        some = [wait[attempt] for wait in waits]
        assert longest / 2 <= min(some) < max(some) <= longest


def test_whoever_says_how_long_to_wait_is_heeded_within_a_minute(server: LookAlike) -> None:
    said = iter(["7", "86400", "Fri, 27 Nov 2026 07:00:00 GMT"])
    asking = Asking(server.url, seconds_left=lambda: 100)
    server.fault = lambda request: Answer(503, headers={"Retry-After": wait}) if (wait := next(said, None)) else None

    assert asking.ask() > 0
    assert asking.slept[:2] == [7, 60]
    assert asking.slept[2] <= 2


def test_a_refusal_that_outlasts_the_time_left_is_the_last(server: LookAlike) -> None:
    server.fault = always(Answer(429, headers={"Retry-After": "10"}))

    assert Asking(server.url, seconds_left=lambda: 9).refusal().status == 429
    assert len(server.requests) == 1


def test_a_wait_that_the_time_left_does_not_allow_is_not_begun(server: LookAlike) -> None:
    server.fault = always(error(503))
    asking = Asking(server.url, seconds_left=lambda: 0.2)

    assert asking.refusal().status == 503
    assert (len(server.requests), asking.slept) == (1, [])


# The rate


def test_palette_never_has_to_refuse() -> None:
    fleet = synthetic(60, days=2, clusters=1, seed=1, now=NOW, healthy_share=1.0)
    with LookAlike(fleet) as limited:
        client = Asking(limited.url, rate_limiter=RateLimiter(10, 45)).client
        workspaces = [client.workspaces(Project(uid, uid)).items for uid in fleet.projects]
        started = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(client.backup_result, [one for some in workspaces for one in some]))
        seconds = time.monotonic() - started

    assert len(results) == 60
    assert limited.refused == 0
    assert 1.4 <= seconds < 3


def test_where_others_share_the_address_everybody_slows_down_and_nothing_is_lost() -> None:
    fleet = synthetic(10, days=2, clusters=1, seed=1, now=NOW, healthy_share=1.0)
    project = Project(next(iter(fleet.projects)), "one")
    with LookAlike(fleet) as limited:
        somebody_else = urllib3.PoolManager()
        for _ in range(60):
            somebody_else.request("GET", f"{limited.url}/v1/workspaces/x", headers={"ApiKey": API_KEY}, retries=False)
        client = Asking(limited.url, rate_limiter=RateLimiter(10, 45)).client
        workspaces = client.workspaces(project).items
        before = limited.refused
        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(client.backup_result, workspaces))

    assert len(results) == 10
    assert 0 < limited.refused - before <= 16


def test_a_turn_that_comes_too_late_is_not_waited_for(server: LookAlike) -> None:
    asking = Asking(server.url, rate_limiter=RateLimiter(0.1, 1), seconds_left=lambda: 5)
    asking.ask()

    refusal = asking.refusal()

    assert str(refusal) == "Palette had not answered when the time for asking was over"
    assert len(server.requests) == 1


def test_what_palette_said_before_the_time_was_over_is_said(server: LookAlike) -> None:
    server.fault = always(error(503))

    refusal = Asking(server.url, rate_limiter=RateLimiter(0.1, 1), seconds_left=lambda: 5).refusal()

    assert refusal.status == 503
    assert len(server.requests) == 1


# What it refuses


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(server: LookAlike) -> None:
    with LookAlike(FLEET) as elsewhere:
        server.fault = always(Answer(302, headers={"Location": f"{elsewhere.url}/v1/workspaces"}))
        refusal = Asking(server.url).refusal()

    assert elsewhere.requests == []
    assert len(server.requests) == 1
    assert refusal.status == 302
    assert "redirects" in str(refusal)


def test_an_answer_over_32_mb_is_refused(server: LookAlike) -> None:
    server.fault = always(Answer(200, b'{"a": "' + b"x" * (33 * 1024**2) + b'"}'))

    refusal = Asking(server.url).refusal()

    assert isinstance(refusal, UndecodableError)
    assert str(refusal) == "the answer is larger than 32 MB"
    assert len(server.requests) == 1


def test_an_answer_just_below_is_read(server: LookAlike) -> None:
    server.fault = always(Answer(200, b'{"metadata": {}, "a": "' + b"x" * (31 * 1024**2) + b'"}'))

    assert Asking(server.url).ask() == 0


@pytest.mark.parametrize("framing", ["Content-Length: %d", "Connection: close"])
def test_a_small_answer_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(
    server: LookAlike, framing: str
) -> None:
    bomb = gzip_bomb(megabytes=200)
    head = framing % len(bomb) if "%" in framing else framing
    server.fault = always(script("HTTP/1.1 200 OK", "Content-Encoding: gzip", head, body=bomb))
    asking = Asking(server.url)

    tracemalloc.start()
    try:
        refusal = asking.refusal()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "larger than 32 MB" in str(refusal)
    assert peak_bytes < 80 * 1024**2


def test_large_answers_are_read_one_at_a_time(server: LookAlike) -> None:
    body = b'{"metadata": {}, "a": "' + b"x" * (24 * 1024**2) + b'"}'
    server.fault = always(Answer(200, body))
    asking = Asking(server.url)

    tracemalloc.start()
    try:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: asking.ask(), range(16)))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answers == [0] * 16
    # One body in pieces and put together, a little of fifteen more; the server's compressed ones are small.
    assert peak_bytes < 4 * len(body)


def drip(*, seconds: float, number: int) -> Script:
    """An answer of which a byte comes now and then."""
    steps: list[bytes | float] = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"]
    return Script(steps + [seconds, b" "] * number)


def test_an_answer_that_drips_is_given_up_after_thirty_seconds(server: LookAlike) -> None:
    server.fault = always(drip(seconds=0.01, number=100))
    clock = [1000.0]

    def seconds_left() -> float:
        clock[0] -= 4
        return clock[0]

    asking = Asking(server.url, seconds_left=seconds_left)

    assert str(asking.refusal()) == "Palette's answer did not arrive in time"
    assert len(server.requests) == 4


def test_an_answer_that_drips_ends_with_the_run(server: LookAlike) -> None:
    server.fault = always(drip(seconds=0.02, number=200))
    ends_at = time.monotonic() + 0.4

    refusal = Asking(server.url, seconds_left=lambda: ends_at - time.monotonic()).refusal()

    assert str(refusal) == "Palette's answer did not arrive in time"
    assert time.monotonic() - ends_at < 0.5


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><body>Please sign in</body></html>", "not the JSON of Palette's API"),
        (b"", "not the JSON of Palette's API"),
        (b"[]", "object"),
        (b'{"status": {"workspaceBackupStatuses": 5}}', "$.status.workspaceBackupStatuses"),
        (b"\xff\xfe{}", "not the JSON of Palette's API"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_is_said_with_its_place(
    server: LookAlike, body: bytes, said: str
) -> None:
    server.fault = always(Answer(200, body, headers={"Content-Type": "text/html"}))

    refusal = Asking(server.url).refusal()

    assert isinstance(refusal, UndecodableError)
    assert said in str(refusal)
    assert len(server.requests) == 1


# What it says


def test_an_error_carries_palettes_code_message_and_ref(server: LookAlike) -> None:
    server.fault = always(error(403, "ResourceAccessDenied", "not allowed here", "ref-17"))

    refusal = Asking(server.url).refusal()

    assert (refusal.status, refusal.code, refusal.message, refusal.ref) == (
        403, "ResourceAccessDenied", "not allowed here", "ref-17",
    )  # fmt: skip
    assert (
        str(refusal) == "Palette answered with an error: HTTP 403, ResourceAccessDenied, not allowed here, ref ref-17"
    )


@pytest.mark.parametrize("body", [b"", b"<html>502 Bad Gateway</html>", b'{"code": 5}', b"[1]", b'"text"', b"\x00\xff"])
def test_an_error_with_any_body_is_still_its_status(server: LookAlike, body: bytes) -> None:
    server.fault = always(Answer(403, body))

    refusal = Asking(server.url).refusal()

    assert str(refusal) == "Palette answered with an error: HTTP 403"


def test_an_errors_text_is_one_bounded_line(server: LookAlike) -> None:
    server.fault = always(error(400, "Code\n\x1b[31m", "line one\r\nline two " + "x" * 5000, "ref\u202e"))

    said = str(Asking(server.url).refusal())

    assert said.isprintable()
    assert len(said) < 800


def test_no_error_shows_the_key(server: LookAlike) -> None:
    asking = Asking(server.url)
    for fault in (error(401), error(500), Script(reset=True), Script([API_KEY.encode() + b"\r\n\r\n"])):
        server.fault = always(fault)
        refusal = asking.refusal()
        assert API_KEY not in repr(refusal)
        assert API_KEY not in "".join(traceback.format_exception(refusal))


# TLS


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[LookAlike]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with LookAlike(FLEET, rate_limit=False, ssl_context=context) as server:
        yield server


def test_a_certificate_that_nobody_vouches_for_is_refused_and_not_looked_at_twice(secure_server: LookAlike) -> None:
    asking = Asking(secure_server.url, http=urllib3.PoolManager(ssl_context=ssl.create_default_context()))

    refusal = asking.refusal()

    assert isinstance(refusal, UnreachableError)
    assert "certificate is not trusted" in str(refusal)
    assert "PALETTE_CA_BUNDLE" in str(refusal)
    assert (secure_server.requests, asking.slept) == ([], [])


def test_a_certificate_for_another_host_is_refused(secure_server: LookAlike, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    url = secure_server.url.replace("127.0.0.1", "localhost")

    refusal = Asking(url, http=urllib3.PoolManager(ssl_context=context)).refusal()

    assert "certificate is not trusted" in str(refusal)
    assert secure_server.requests == []


def test_a_server_that_hangs_up_while_shaking_hands_is_asked_again(server: LookAlike) -> None:
    asking = Asking(server.url.replace("http:", "https:"))

    assert "TLS" in str(asking.refusal())
    assert len(asking.slept) == 3
