"""Every command of the README and the documents: run by a test, or listed here with the reason why none can."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from backup_reporter.cli.main import cli

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md")))
PROGRAMS = "backup-reporter|make|pip|pipx|aws|sam|jq|git|docker|eval|export|_BACKUP_REPORTER_COMPLETE"

TESTED = {
    r"backup-reporter (report|explain|doctor)\b": "integration/test_cli.py",
    r"backup-reporter demo\b": "integration/test_demo.py",
    r"backup-reporter setup\b": "integration/test_setup.py",
    r"backup-reporter deploy$": "e2e/test_lifecycle.py",
    r"backup-reporter (invoke|open|redrive|destroy)\b": "integration/test_stack_commands.py",
    r"backup-reporter cost\b": "integration/test_cli.py",
    r"backup-reporter audit\b": "integration/test_audit_command.py",
    r"backup-reporter verify\b": "integration/test_evidence.py",
    r"(eval .*)?_BACKUP_REPORTER_COMPLETE=": "integration/test_cli.py",
    r"pip install '\.\[cli\]'": "e2e/test_installed.py",
    r"sam build": "e2e/test_deployed.py",
    r"make demo": "integration/test_demo.py",
    r"make (report|doctor)": "integration/test_cli.py",
    r"make deploy": "e2e/test_lifecycle.py",
}
"""The test that runs the command, or what a target of make runs."""

NOT_TESTED = {
    r"make test$": "it is the tests",
    r"export ": "it sets a variable of the reader's shell",
    r"pip install '\.\[cli,demo\]'": "the same as for [cli]; requirements/demo.txt has its packages, with which the tests run",
    r"pipx install": "pip in an environment of its own; what it installs is the wheel of integration/test_wheel.py",
    r"git (clone|pull)\b": "it needs the repository's server",
    r"docker (build|run)\b": "no builder is at hand; e2e/test_container.py runs the steps of the Containerfile",
    r"make [a-z-]+": "a maintainer's target",
    r"aws (configure|sso|s3api|logs|sns|scheduler|s3|ses|sesv2|ssm|secretsmanager|sqs|lambda|stepfunctions|cloudformation|kms|iam|cloudwatch|ec2|sts)\b":
        "AWS's own command, against a real account",
    r"jq ": "reads what an AWS command of the reader's wrote",
    r"sam (deploy|delete|logs)": "against a real account; e2e/test_lifecycle.py has the command line run it",
}  # fmt: skip
"""Why no test runs the command."""


def commands() -> Iterator[tuple[str, str]]:
    """Every command with its document: continued lines as one, parts of a chain one by one."""
    for document in DOCUMENTS:
        text = document.read_text()
        blocks = re.findall(r"^ *```(?:sh|bash|console)?\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
        for line in "\n".join(re.sub(r"\\\n\s*", "", block) for block in blocks).splitlines():
            yield from _parts(document.name, re.sub(r"\s+#.*$", "", line.strip()))
        for span in re.findall(
            r"`([^`\n]+ [^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
        ):
            yield from _parts(document.name, span)


def _parts(document: str, line: str) -> Iterator[tuple[str, str]]:
    for command in re.split(r"\s*(?:&&|;)\s+", line):
        if re.match(rf"({PROGRAMS})\b(?!\.)", command):
            yield document, command


COMMANDS = sorted(set(commands()))
OWN = sorted({command for _, command in COMMANDS if command.startswith("backup-reporter ")})


@pytest.mark.parametrize(("document", "command"), COMMANDS)
def test_every_command_is_run_by_a_test_or_has_a_reason(document: str, command: str) -> None:
    tested = [path for pattern, path in TESTED.items() if re.match(pattern, command)]
    reasons = [reason for pattern, reason in NOT_TESTED.items() if re.match(pattern, command)]
    assert tested or reasons, f"{document}: {command}: add the test that runs it to TESTED, or a reason to NOT_TESTED"
    texts = [(REPOSITORY / "tests" / path).read_text(encoding="utf-8") for path in tested]
    for word in _command_words(command):
        assert all(f'"{word}"' in text for text in texts), f"{tested} never runs {word}"


def _command_words(command: str) -> list[str]:
    """``invoke`` and ``report`` of ``backup-reporter invoke report --notify never``."""
    words: list[str] = []
    group: click.Command | None = cli
    for word in command.split()[1:] if command.startswith("backup-reporter ") else ():
        group = group.get_command(click.Context(cli), word) if isinstance(group, click.Group) else None
        if group is None:
            break
        words.append(word)
    return words


@pytest.mark.parametrize("command", OWN)
def test_the_command_line_understands_each_of_its_commands(command: str) -> None:
    words = shlex.split(re.split(r"\s[|>]", command.replace(" CODE", " backup-failed"))[0])[1:]
    group: click.Command = cli
    context = click.Context(cli)
    while isinstance(group, click.Group) and words:
        name = words.pop(0)
        found = group.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        group = found
    group.make_context(command, words, resilient_parsing=False)
