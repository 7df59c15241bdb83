"""The demo as a person runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_cli import on_a_terminal

from backup_reporter.config.settings import CHANNEL_NAMES
from backup_reporter.health.catalog import CODES
from support.lookalike import API_KEY

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(REPOSITORY / "src"),
    "COLUMNS": "120",
    # What a person may have set must neither be used nor harm.
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "PALETTE_API_KEY_SECRET": "nothing",
    "NOTIFY": "sometimes",
}


def run(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    home = directory / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "backup_reporter", "demo", *arguments],
        env={**ENVIRONMENT, "TMPDIR": str(directory)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    directory = tmp_path_factory.mktemp("demo")
    done = run(directory=directory)
    (written,) = directory.glob("backup-reporter-demo-*")
    return done, written


def test_it_ends_well_and_complains_of_nothing(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert (done.returncode, done.stderr) == (0, "")


def test_it_writes_nothing_into_the_directory_where_it_is_run(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    assert list((demo[1].parent / "home").iterdir()) == []


def test_it_shows_every_medium_in_the_order_in_which_a_person_meets_them(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    printed = demo[0].stdout
    titles = ["─ Lock screen ─", "─ SMS ─", "─ Slack · #backups ─", "─ Microsoft Teams ─", "─ E-mail ─"]
    assert [printed.count(title) for title in titles] == [1] * len(titles)
    starts = [printed.index(title) for title in titles]
    assert starts == sorted(starts)
    panels = [printed[start:end] for start, end in zip(starts, [*starts[1:], len(printed)], strict=True)]
    lock_screen, sms, slack, teams, mail = panels
    for app in ("Slack", "E-mail", "SMS", "PagerDuty"):
        assert re.search(rf"{app} +CRITICAL", lock_screen)
    assert "Subject: CRITICAL Palette backups: " in mail
    assert all("CRITICAL" in panel for panel in (sms, slack, teams, mail))
    assert all("eu-1, us-2" in panel for panel in (slack, teams, mail))


def test_the_report_says_what_changed_since_the_one_before(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    answer = json.loads((demo[1] / "answer.json").read_text(encoding="utf-8"))
    changed = {kind: {change["workspaceName"] for change in changes or ()}
               for kind, changes in answer["changes"].items() if kind != "note"}  # fmt: skip
    assert changed["new"] == {"search", "registry", "edge-sites"}
    assert changed["resolved"] == {"profiles"}
    assert changed["ongoing"] >= {"payments", "ledger", "web-shop"}


def test_it_keeps_the_reports_and_says_where_they_are(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, directory = demo
    assert len(list((directory / "reports").glob("2*/*/*/*.json"))) == 2
    assert (directory / "email.html").as_uri() in done.stdout


def test_the_mails_link_leads_to_the_page_that_is_kept(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    directory = demo[1]
    answer = json.loads((directory / "answer.json").read_text(encoding="utf-8"))
    (page,) = (directory / "reports").glob(f"2*/*/*/{answer['reportId']}.html")
    mail = (directory / "email.html").read_text(encoding="utf-8")
    assert page.as_uri() in mail
    assert "X-Amz-Signature" not in mail


def test_no_link_leads_to_what_ended_with_the_demo(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    printed = demo[0].stdout
    assert "http://127.0.0.1" not in printed
    assert "The whole report:" in printed
    assert "Open the whole report" in printed
    assert "|Open the whole report" not in printed


def test_the_index_names_the_report_of_today_first(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    directory = demo[1]
    answer = json.loads((directory / "answer.json").read_text(encoding="utf-8"))
    index = json.loads((directory / "reports" / "index.json").read_text(encoding="utf-8"))
    assert answer["reportId"] in max(entry["path"] for entry in index)
    assert len({entry["asOf"][:10] for entry in index}) == len(index) == 2, "one of yesterday, one of today"
    assert answer["reportId"][:8] == f"{datetime.now(UTC):%Y%m%d}"


def test_it_keeps_the_answer_and_the_log(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    directory = demo[1]
    answer = json.loads((directory / "answer.json").read_text(encoding="utf-8"))
    codes = {finding["code"] for workspace in answer["workspaces"] for finding in workspace["findings"]}
    assert codes | {finding["code"] for finding in answer["findings"]} == set(CODES), "the example shows all of them"
    assert {delivery["channel"]: delivery["status"] for delivery in answer["deliveries"]} == dict.fromkeys(
        CHANNEL_NAMES, "delivered"
    )
    log = (directory / "function.log").read_text(encoding="utf-8")
    assert "report made" in log
    assert API_KEY not in log
    assert "/services/" not in log


def test_it_runs_a_fleet_of_any_size(tmp_path: Path) -> None:
    done = run("--workspaces", "30", "--days", "5", "--seed", "3", directory=tmp_path)
    assert done.returncode == 0
    assert "30 workspaces" in done.stdout


def test_it_serves_the_look_alike_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "backup_reporter", "demo", "--serve", "--workspaces", "3"]
    with subprocess.Popen(
        command,
        env=ENVIRONMENT,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        # Who runs the tests in the background has Ctrl-C ignored, and passes that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as serving:
        assert serving.stdout is not None
        url = serving.stdout.readline().partition("listens on ")[2].split()[0]
        assert f"PALETTE_API_URL={url}" in serving.stdout.readline()
        request = urllib.request.Request(f"{url}/v1/dashboard/projects/metadata", headers={"ApiKey": API_KEY})
        with urllib.request.urlopen(request, timeout=10) as response:
            assert json.load(response)["items"][0]["metadata"]["name"] == "project-000"
        serving.send_signal(2)
        assert serving.wait(timeout=10) == 130


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--serve", "--port", port, directory=tmp_path)
    assert done.returncode == 1
    assert f"port {port} is in use; give another, or none" in done.stderr


def test_on_a_terminal_there_is_a_progress_bar(tmp_path: Path) -> None:
    seen = on_a_terminal("demo", "--workspaces", "5", "--days", "1", env={**ENVIRONMENT, "TMPDIR": str(tmp_path)})
    assert re.search(r"Requests to Palette.*8/8", seen)


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    done = run("--workspaces", "many", directory=tmp_path)
    assert done.returncode == 1
    assert "--workspaces" in done.stderr


def test_it_says_first_what_is_shown_and_last_how_to_check_it(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, written = demo
    assert done.stdout.splitlines()[0].endswith("about example workspaces. Nothing left this machine.")
    (command,) = re.findall(r"backup-reporter (audit --from .*)", done.stdout)
    record = subprocess.run(
        [sys.executable, "-m", "backup_reporter", *command.split()],
        env={"PYTHONPATH": ENVIRONMENT["PYTHONPATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert str(written) in command
    assert "2 reports of 2 expected are kept" in record.stdout
