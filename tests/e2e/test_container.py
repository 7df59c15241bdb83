"""The container's definition: its steps, run here in the order in which a builder would, with this machine's Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import venv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_reporter.demo.instructive import instructive
from support.lookalike import API_KEY, LookAlike
from support.stack import REPOSITORY


class Builder:
    """Runs COPY and RUN of each stage in a directory of its own, which stands for WORKDIR."""

    def __init__(self, directory: Path) -> None:
        self._root = directory
        self._environment = directory / "environment"
        venv.create(self._environment, with_pip=True)
        self._stages: dict[str, Path] = {}
        self._work = directory
        self.entry_point: list[str] = []

    def run(self, lines: list[str]) -> None:
        for line in lines:
            instruction, _, arguments = line.partition(" ")
            getattr(self, f"_{instruction.lower()}")(arguments)

    def _from(self, arguments: str) -> None:
        name = arguments.partition(" AS ")[2] or "last"
        self._work = self._stages[name] = self._root / name
        self._work.mkdir()

    def _workdir(self, _arguments: str) -> None:
        """The stage's directory stands for it."""

    def _copy(self, arguments: str) -> None:
        *sources, target = arguments.split()
        base = REPOSITORY
        if sources[0].startswith("--from="):
            base = self._stages[sources.pop(0).partition("=")[2]]
            sources = [source.removeprefix("/project/") for source in sources]
        for source in sources:
            to = self._work / target / (Path(source).name if target.endswith("/") else "")
            to.parent.mkdir(parents=True, exist_ok=True)
            if (base / source).is_dir():
                shutil.copytree(base / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(base / source, to)

    def _run(self, arguments: str) -> None:
        path = f"{self._environment / 'bin'}:{os.environ['PATH']}"
        subprocess.run(["sh", "-c", arguments], cwd=self._work, env={**os.environ, "PATH": path}, check=True)

    def _user(self, arguments: str) -> None:
        assert int(arguments) > 0, "not as root"

    def _entrypoint(self, arguments: str) -> None:
        self.entry_point = json.loads(arguments)

    @property
    def command(self) -> str:
        return str(self._environment / "bin" / self.entry_point[0])


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    builder = Builder(tmp_path_factory.mktemp("container"))
    lines = (REPOSITORY / "Containerfile").read_text().splitlines()
    builder.run([line for line in lines if line and not line.startswith("#")])
    return builder.command


def test_the_command_line_of_the_container_reports(command: str) -> None:
    with LookAlike(instructive(datetime.now(UTC)), rate_limit=False) as palette:
        environment = {"PATH": os.environ["PATH"], "PALETTE_API_URL": palette.url, "PALETTE_API_KEY": API_KEY}
        done = subprocess.run(
            [command, "report"], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (2, "")
    assert "17 of 18 workspaces" in done.stdout
