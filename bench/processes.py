"""Runs each measured program, and each server it talks to, in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backup_reporter.demo.lookalike import API_KEY

REPOSITORY = Path(__file__).parents[1]
PROBES = Path(__file__).parent / "probes"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """The function as it is measured: its Python, and the directory that it was built into."""

    python: str
    package: str

    def probe(self, name: str, *arguments: str, **settings: str) -> Json:
        """Runs a program of ``probes`` as Lambda would run the function; returns what it prints."""
        printed: Json = json.loads(self.run(name, *arguments, **settings))
        return printed

    def cpu_seconds(self, name: str, *arguments: str, **settings: str) -> tuple[float, float]:
        """CPU and wall time of a whole process."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        self.run(name, *arguments, **settings)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall

    def run(self, name: str, *arguments: str, **settings: str) -> str:
        platform = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": self.package,
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "MALLOC_ARENA_MAX": "1",  # as in template.yaml
        }
        return _output([self.python, str(PROBES / f"{name}.py"), *arguments], {**platform, **settings})


COMMAND_LINE = Function(sys.executable, str(REPOSITORY / "src"))
"""What a person runs: it holds more than the function."""


def naive(way: str, url: str) -> Json:
    """What the naive client prints."""
    command = [sys.executable, "-m", "bench.naive_client", way, url, API_KEY]
    printed: Json = json.loads(_output(command, _own_environment()))
    return printed


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


@dataclass
class Palette:
    """A running look-alike; ``counted`` holds its figures once it has stopped."""

    url: str
    counted: Json = field(default_factory=dict)


@contextmanager
def palette(**arguments: Any) -> Iterator[Palette]:
    """A Palette look-alike; see ``palette_server.py`` for the arguments."""
    with _server("bench.palette_server", json.dumps(arguments)) as process:
        running = Palette(_line(process).strip())
        yield running
        printed, _ = process.communicate()
        running.counted.update(json.loads(printed))


@contextmanager
def aws() -> Iterator[dict[str, str]]:
    """A local AWS; yields the function's environment."""
    with _server("bench.aws_server") as process:
        yield json.loads(_line(process))
        process.communicate()


@contextmanager
def _server(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=_own_environment(),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a server did not start")
    return line


def _own_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}"}
