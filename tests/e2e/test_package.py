"""The built package on its own: small, compiled, and with all that the function's clients need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_reporter.demo.instructive import instructive
from backup_reporter.demo.local_aws import local_aws
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer
from support.stack import MINISTACK, REPOSITORY

MAX_BYTES = 12_000_000

INVOKE = """
import json, sys
from backup_reporter.handler import lambda_handler
class Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    get_remaining_time_in_millis = staticmethod(lambda: 60_000)
out, sys.stdout = sys.stdout, sys.stderr
answers = [lambda_handler(event, Context()) for event in json.loads(sys.argv[1])]
assert all("/package/" in sys.modules[name].__file__ for name in ("boto3", "botocore", "urllib3", "msgspec", "jinja2"))
print(json.dumps(answers), file=out)
"""


@pytest.fixture(scope="module")
def python() -> str:
    """The function's Python, without any package beside its own."""
    said = "import sys; print(sys._base_executable)"
    return subprocess.run([MINISTACK / "python", "-c", said], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    directory = tmp_path_factory.mktemp("built") / "package"
    directory.mkdir()
    said = "import platform; print(*platform.python_version_tuple()[:2], sep='.'); print(platform.machine())"
    version, machine = subprocess.run([python, "-c", said], capture_output=True, text=True, check=True).stdout.split()
    settings = {"ARTIFACTS_DIR": directory, "ARCHITECTURE": machine, "PYTHON_VERSION": version}
    arguments = [f"{name}={value}" for name, value in settings.items()]
    subprocess.run(
        ["make", "-C", REPOSITORY / "src", "build-BackupReporter", f"PYTHON={sys.executable}", *arguments], check=True
    )
    return directory


def test_the_package_is_compiled_and_at_most_twelve_megabytes_zipped(package: Path, tmp_path: Path) -> None:
    files = [path for path in package.rglob("*") if path.is_file()]
    with zipfile.ZipFile(tmp_path / "package.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(package))

    assert (tmp_path / "package.zip").stat().st_size <= MAX_BYTES
    sources = {path for path in files if path.suffix == ".py"}
    compiled = {path.parent.parent / f"{path.name.split('.')[0]}.py" for path in files if path.suffix == ".pyc"}
    assert {path for path in sources if path.is_relative_to(package / "backup_reporter")} <= compiled
    assert len(compiled) > 0.95 * len(sources)


def test_every_client_of_the_function_works_from_the_package(package: Path, python: str) -> None:
    with (
        LookAlike(instructive(datetime.now(UTC)), rate_limit=False) as palette,
        SlackServer() as slack,
        local_aws({"PALETTE_API_KEY_SECRET": API_KEY, "SLACK_WEBHOOK_SECRET": slack.webhook_url}) as aws,
    ):
        settings = {**aws.environment, "PALETTE_API_URL": palette.url, "PYTHONPATH": str(package)}
        events = [
            {"scheduledTime": "2026-01-05T07:00:00Z"},
            {"scheduledTime": "2026-01-05T07:00:00Z"},
            {"doctor": True},
        ]
        done = subprocess.run(
            [python, "-c", INVOKE, json.dumps(events)],
            env={"PATH": os.environ["PATH"], **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    report, again, doctor = json.loads(done.stdout)

    everybody = {"sns", "slack", "email", "eventbridge"}
    assert {(one["channel"], one["status"]) for one in report["deliveries"]} == {
        (name, "delivered") for name in everybody
    }
    assert {(one["channel"], one["status"]) for one in again["deliveries"]} == {
        (name, "duplicate") for name in everybody
    }
    assert report["notes"] == again["notes"] == []
    assert report["reportUrl"]
    assert "UnknownServiceError" not in json.dumps(doctor)
    assert len(doctor) > 0
