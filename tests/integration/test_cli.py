"""The command as a person runs it: in a pipe, in a pseudo-terminal, against the look-alike."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from backup_reporter.cli.main import cli
from backup_reporter.demo.fleet import instructive
from backup_reporter.health.catalog import CODES
from support.command_line import Done, run_command
from support.local_server import Request
from support.lookalike import API_KEY, LookAlike
from support.slack_server import webhook_error
from support.world import World, a_fleet, a_result, a_run, an_item, small_fleet

SOURCE = Path(__file__).parents[2] / "src"
NOW = datetime.now(UTC)
COMMAND = [sys.executable, "-m", "backup_reporter"]


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    with LookAlike(instructive(NOW), rate_limit=False) as server:
        yield server


def environment(palette: LookAlike | None = None, /, **more: str) -> dict[str, str]:
    mine = {"PALETTE_API_URL": palette.url, "PALETTE_API_KEY": API_KEY} if palette else {}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "LANG": "C.UTF-8", **mine, **more}


def run(*arguments: str, env: dict[str, str]) -> Done:
    return run_command(*arguments, environment=env, directory=Path())


def in_a_process(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def on_a_terminal(*arguments: str, env: dict[str, str]) -> str:
    """What a person sees: standard output and error are one pseudo-terminal."""
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], env={"TERM": "xterm-256color", **env}, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        seen = b""
        while True:
            try:
                chunk = os.read(reader, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            seen += chunk
        process.wait(timeout=60)
    os.close(reader)
    return seen.decode()


def test_in_a_pipe_there_is_nothing_but_the_table(palette: LookAlike) -> None:
    done = in_a_process(*COMMAND, "report", env=environment(palette, COLUMNS="140"))
    assert done.returncode == 2
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("✗ CRITICAL: ")
    assert "17 of 18 workspaces" in second
    assert max(map(len, done.stdout.splitlines())) <= 140


def test_at_80_columns_every_line_fits(palette: LookAlike) -> None:
    done = run("report", env=environment(palette, COLUMNS="80"))
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "prod / payments" in done.stdout


def test_on_a_terminal_there_are_colours_and_progress(palette: LookAlike) -> None:
    seen = on_a_terminal("report", env=environment(palette))
    assert "\x1b[31m" in seen
    assert "18/18" in seen.replace(" ", "") or "100%" in seen
    plain = on_a_terminal("report", "--no-progress", env=environment(palette, NO_COLOR="1"))
    assert "\x1b[31m" not in plain


def test_no_aws_is_asked_for_anything(palette: LookAlike) -> None:
    # There is no AWS on this port, nor are there credentials or a region.
    done = run("report", env=environment(palette, AWS_ENDPOINT_URL="http://127.0.0.1:9"))
    assert done.returncode == 2
    assert "17 of 18 workspaces" in done.stdout


def test_a_pipeline_can_be_lenient(palette: LookAlike) -> None:
    incomplete = a_result(
        a_run(NOW - timedelta(hours=1), "PartiallyFailed"), a_run(NOW - timedelta(days=1)), schedule=None
    )
    palette.fleet = a_fleet({"late": incomplete})
    assert run("report", env=environment(palette)).returncode == 1
    assert run("report", "--fail-on", "critical", env=environment(palette)).returncode == 0


def test_no_pipeline_is_lenient_about_a_report_on_nothing(palette: LookAlike) -> None:
    palette.fleet = a_fleet({}, {})
    assert run("report", "--fail-on", "critical", env=environment(palette)).returncode == 3


def test_without_a_command_there_is_help_and_never_a_success() -> None:
    done = run(env=environment())
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Usage: backup-reporter")
    assert "Examples:" in done.stderr


def test_a_what_if_is_sent_where_somebody_says_so(around: World) -> None:
    env = {**environment(), **around.environment, "PALETTE_API_KEY": API_KEY}
    tomorrow = f"{NOW + timedelta(days=1):%Y-%m-%d}"
    done = run("report", "--as-of", tomorrow, "--publish", env=env)
    assert "Channels: sns delivered, slack delivered." in " ".join(done.stdout.split())
    assert len(around.slack.messages) == len(around.notifications()) == 1


def test_a_channel_that_did_not_get_the_report_is_named_even_if_the_report_is_in_a_file(
    around: World, tmp_path: Path
) -> None:
    env = {**environment(), **around.environment, "PALETTE_API_KEY": API_KEY}
    around.palette.fleet = small_fleet()
    around.slack.fault = lambda _: webhook_error("no_service")
    done = run("report", "--publish", "--workspace", "healthy", "--output", str(tmp_path / "r.html"), env=env)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("warning: slack did not get the report: Slack refused: no_service (")
    shown = run("report", "--publish", "--workspace", "healthy", env=env)
    assert "slack failed" in shown.stdout
    assert "warning" not in shown.stderr


def test_json_csv_markdown_and_html_are_the_same_report(palette: LookAlike, tmp_path: Path) -> None:
    env = environment(palette)
    document = json.loads(run("report", "--format", "json", env=env).stdout)
    assert document["summary"]["workspaces"] == 18
    rows = list(csv.DictReader(run("report", "--format", "csv", env=env).stdout.splitlines()))
    assert len(rows) >= 26
    assert "CRITICAL" in run("report", "--format", "markdown", env=env).stdout
    page = tmp_path / "report.html"
    done = run("report", "--output", str(page), env=env)
    assert done.returncode == 2
    assert "Content-Security-Policy" in page.read_text()


def test_a_workspace_is_found_by_its_name_or_uid(palette: LookAlike) -> None:
    env = environment(palette)
    by_name = json.loads(run("report", "--workspace", "payments", "--format", "json", env=env).stdout)
    (workspace,) = by_name["workspaces"]
    by_uid = json.loads(run("report", "--workspace", workspace["uid"], "--format", "json", env=env).stdout)
    assert [one["name"] for one in by_uid["workspaces"]] == ["payments"]


def test_a_name_that_means_several_lists_them(palette: LookAlike) -> None:
    palette.fleet = a_fleet(
        {"w1": a_result(), "w2": a_result()}, {"p1": [an_item("w1", "payments")], "p2": [an_item("w2", "payments")]}
    )
    done = run("report", "--workspace", "payments", env=environment(palette))
    assert done.returncode == 3
    assert "w1" in done.stderr
    assert "w2" in done.stderr


def test_a_name_that_means_nothing_says_among_what_it_was_looked_for(palette: LookAlike) -> None:
    done = run("report", "--project", "staging", "--workspace", "ledger", env=environment(palette))
    assert done.returncode == 3
    assert "no workspace in staging that the API key sees has the name or uid 'ledger'" in done.stderr
    assert "the workspaces are: edge-sites, gitops, profiles, sandbox, web-shop" in done.stderr


def test_nothing_is_sent_unless_it_is_asked_for(around: World) -> None:
    env = {**environment(), **around.environment, "PALETTE_API_KEY": API_KEY}
    assert run("report", env=env).returncode == 2
    assert around.slack.messages == []
    assert around.notifications() == []
    assert run("report", "--publish", env=env).returncode == 2
    assert len(around.slack.messages) == len(around.notifications()) == 1


@pytest.mark.parametrize(
    ("arguments", "more", "says"),
    [
        (["report"], {}, "PALETTE_API_KEY: not set"),
        (["report", "--format", "pdf"], {"PALETTE_API_KEY": "x"}, "--format"),
        (["report", "--as-of", "someday"], {"PALETTE_API_KEY": "x"}, "someday"),
        (["report", "--output", "/no/such/directory/x.json"], {"PALETTE_API_KEY": "x"}, "no directory"),
        (["report", "--output", ""], {"PALETTE_API_KEY": "x"}, "no file is named"),
        (
            ["report", "--output", "report.pdf"],
            {"PALETTE_API_KEY": "x"},
            "'.pdf' is not .txt, .json, .md, .csv, .html: use one of these, or --format",
        ),
        (["report", "-o", "r.html", "--format", "json"], {"PALETTE_API_KEY": "x"}, "'r.html' ends like html"),
        (["report"], {"PALETTE_API_KEY": "x", "PALETTE_API_URL": "api.spectrocloud.com"}, "'api.spectrocloud.com' is"),
        (["report", "--publish"], {"PALETTE_API_KEY": "x"}, "no channel is set up"),
        (["report"], {"PALETTE_API_KEY": "x", "TIME_ZONE": "Mars"}, "TIME_ZONE: 'Mars'"),
        (
            ["open"],
            {"AWS_REGION": "eu-central-1", "AWS_PROFILE": "nobody"},
            "(nobody) could not be found. Sign in to AWS",
        ),
        (["explain", "nonsense"], {}, "'nonsense' is not a finding's code"),
        (["explain", "backup-faild"], {}, "did you mean backup-failed"),
        (["explain", "nonsense"], {}, "the codes are: awaiting-first-backup, backup-expired, "),
    ],
)
def test_an_error_is_a_line_with_the_fix_and_no_traceback(
    arguments: list[str], more: dict[str, str], says: str
) -> None:
    done = run(*arguments, env=environment(**more))
    assert done.returncode == (3 if arguments[0] == "report" else 1)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 3


def test_a_host_that_is_down_is_an_unknown_report(palette: LookAlike) -> None:
    done = run("report", env=environment(PALETTE_API_KEY="x", PALETTE_API_URL="http://127.0.0.1:9"))
    assert done.returncode == 3
    assert "could not be reached" in done.stdout


def test_hostile_names_stay_text_on_a_terminal(palette: LookAlike) -> None:
    name = "[bold]evil\x1b[2J\u202e<b>&"
    palette.fleet = a_fleet({"w1": a_result(a_run(NOW, "Failed"))}, {"p1": [an_item("w1", name)]})
    seen = on_a_terminal("report", env=environment(palette))
    assert "\x1b[2J" not in seen
    assert "\u202e" not in seen
    assert "[bold]evil" in seen


def test_watch_reports_again_until_ctrl_c_and_then_ends_with_130(palette: LookAlike) -> None:
    looked: list[Request] = []
    palette.fault = looked.append
    command = [*COMMAND, "report", "--watch", "1s", "--format", "json"]
    with subprocess.Popen(
        command,
        env=environment(palette),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that runs the tests in the background ignores Ctrl-C, and the tests inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        assert process.stdout
        documents = 0
        while documents < 2:
            documents += b'"schemaVersion"' in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(timeout=10) == 130
    assert sum("projects/metadata" in request.path for request in looked) >= 2


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    done = CliRunner().invoke(cli, ["explain", code.upper()], standalone_mode=False)
    headings = ("What it means", "Why it matters", "How to confirm it in Palette", "What to do")
    parts = [done.output.index(f"\n  {heading}\n") for heading in headings]
    assert parts == sorted(parts)
    assert CODES[code].title in done.output


def test_the_list_of_codes_has_every_one() -> None:
    listed = run("explain", env=environment()).stdout
    assert all(f"  {code} " in listed for code in CODES)


@pytest.mark.parametrize("arguments", [("report",), ("doctor",), ("explain",), ("explain", "backup-failed")])
def test_at_40_columns_every_line_fits_and_no_word_is_broken(palette: LookAlike, arguments: tuple[str, ...]) -> None:
    env = environment(palette, PALETTE_API_KEY_SECRET="palette-api-key")
    wide, narrow = (run(*arguments, env={**env, "COLUMNS": columns}).stdout for columns in ("200", "40"))
    assert max(map(len, narrow.splitlines())) <= 40
    short_words = {word for word in re.findall(r"[\w-]+", narrow) if len(word) < 30}
    assert short_words <= set(re.findall(r"[\w-]+", wide))


def test_the_cost_is_estimated_with_its_sum_at_the_end() -> None:
    lines = run("cost", "--workspaces", "2000", env=environment()).stdout.splitlines()
    assert lines[0].startswith("One report a day on 2000 workspaces, US dollars a month (")
    assert lines[-1].endswith("in all")


def test_ctrl_c_while_the_command_still_starts_ends_with_130(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    path = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2] / 'src'}"}
    command = [sys.executable, "-m", "backup_reporter", "report"]
    done = subprocess.run(command, env=path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_the_version_is_said() -> None:
    assert re.fullmatch(r"backup-reporter, version \S+\n", run("--version", env=environment()).stdout)


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_has_help_with_examples_that_fits_a_narrow_terminal(command: str) -> None:
    text = CliRunner().invoke(cli, [command, "--help"], prog_name="backup-reporter", terminal_width=80).output
    assert f"Usage: backup-reporter {command} " in text
    assert f"\n    backup-reporter {command}" in text
    assert "\\b" not in text
    assert max(map(len, text.splitlines())) <= 82


def test_bash_completes_codes(tmp_path: Path) -> None:
    """With bash itself, and the line that docs/command-line.md gives."""
    command = tmp_path / "backup-reporter"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m backup_reporter "$@"\n')
    command.chmod(0o755)
    script = """
        eval "$(_BACKUP_REPORTER_COMPLETE=bash_source backup-reporter)"
        COMP_WORDS=(backup-reporter explain backup-o); COMP_CWORD=2
        _backup_reporter_completion backup-reporter
        echo "${COMPREPLY[@]}"
    """
    env = environment() | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = in_a_process("bash", "-c", script, env=env)
    assert done.stdout == "backup-overdue\n", done.stderr


@pytest.mark.parametrize(("words", "completed"), [("do", "doctor"), ("report --fail", "--fail-on")])
def test_commands_and_options_are_completed_too(words: str, completed: str) -> None:
    asked = {"COMP_WORDS": f"backup-reporter {words}", "COMP_CWORD": str(len(words.split()))}
    done = run(env=environment(_BACKUP_REPORTER_COMPLETE="bash_complete", **asked))
    assert done.stdout == f"plain,{completed}\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_have_a_script_too(shell: str) -> None:
    assert "_backup_reporter_completion" in run(env=environment(_BACKUP_REPORTER_COMPLETE=f"{shell}_source")).stdout


def test_without_what_the_command_line_needs_it_says_what_to_install_and_does_not_pass_for_a_warning() -> None:
    without_packages = "-S"
    done = in_a_process(sys.executable, without_packages, "-m", "backup_reporter", "report", env=environment())
    assert (done.returncode, done.stdout) == (3, "")
    assert "pip install '.[cli]'" in done.stderr


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_closed_pipe_is_told_from_every_status(palette: LookAlike, form: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [*COMMAND, "report", "--format", form]
    done = subprocess.run(
        command, env=environment(palette), stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
