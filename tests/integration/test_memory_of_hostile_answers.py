"""No answer of Palette's takes more memory than a function has: the real handler under a limit of 512 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_reporter.demo.local_server import Request
from support.local_server import Script
from support.lookalike import LookAlike
from support.slack_server import SlackServer
from support.world import PROJECT, LocalAws, a_fleet, a_result, a_run, an_item, world
from support.worst_documents import packed, worst_documents

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[2] / "src"

INVOKE = """
import json, resource, sys
# What the function may write to, as Lambda counts it; each thread's stack counts in full, so they are small here.
resource.setrlimit(resource.RLIMIT_STACK, (256 * 1024, resource.getrlimit(resource.RLIMIT_STACK)[1]))
resource.setrlimit(resource.RLIMIT_DATA, (512 * 1024**2, 512 * 1024**2))
sys.path.insert(0, sys.argv[1])
from backup_reporter.handler import lambda_handler

class Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    def get_remaining_time_in_millis(self):
        return 280_000

answer = lambda_handler({"notify": "never"}, Context())
status = open("/proc/self/status").read()
peak_mb = int(status.partition("VmHWM:")[2].split()[0]) // 1024
print(json.dumps({"peak_mb": peak_mb, "answer": answer}))
"""


# As template.yaml sets it: one arena of memory for all threads.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "PALETTE_REQUESTS_PER_SECOND": "1000", "PALETTE_BURST": "1000"}


def compressed(document: bytes) -> Script:
    body = packed(document)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return Script([head.encode() + body])


def test_the_worst_documents_cost_their_own_workspaces_and_nothing_else(aws: LocalAws) -> None:
    now = datetime.now(UTC)
    documents = dict(worst_documents())
    uids = {f"worst-{number}": name for number, name in enumerate(documents)}
    answers = {uid: compressed(documents[name]) for uid, name in uids.items()}
    fleet = a_fleet(
        {uid: a_result(a_run(now)) for uid in (*uids, "healthy")},
        {PROJECT: [an_item(uid) for uid in (*uids, "healthy")]},
    )

    def fault(request: Request) -> Script | None:
        return answers.get(request.path.split("/")[3]) if request.path.endswith("/backup") else None

    with (
        LookAlike(fleet, rate_limit=False, fault=fault) as palette,
        SlackServer() as slack,
        world(aws, palette, slack) as around,
    ):
        ran = subprocess.run(
            [sys.executable, "-c", INVOKE, str(SOURCE)],
            env={**around.environment, **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    verdicts = {workspace["uid"]: workspace for workspace in told["answer"]["workspaces"]}
    assert verdicts["healthy"]["status"] == "OK"
    assert set(verdicts) == {*uids, "healthy"}
    for uid, name in uids.items():
        messages = " ".join(finding["message"] for finding in verdicts[uid]["findings"])
        assert "MemoryError" not in messages, name
        if name.startswith("32 MB"):
            assert "the answer holds more than 1,000,000 values" in messages
    assert told["peak_mb"] < 512
