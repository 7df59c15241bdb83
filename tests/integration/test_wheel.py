"""The wheel, as ``pip install '.[cli]'`` makes it, in a fresh environment.

What it depends on comes from the environment of the tests, so that nothing is downloaded; ``make e2e`` installs it with
everything from the package index.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from test_cli import NOW

from backup_reporter.demo.fleet import instructive
from support.lookalike import API_KEY, LookAlike

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]


def run(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **env}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory, REPOSITORY)
    assert built.returncode == 0, built.stderr
    (wheel,) = directory.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment of its own."""
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=False)
    python = directory / "bin" / "python"
    done = run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "--quiet", wheel)
    assert done.returncode == 0, done.stderr
    (packages,) = directory.glob("lib/python3.*/site-packages")
    (packages / "around.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return directory / "bin" / "backup-reporter"


def test_the_command_line_is_an_extra_and_the_demo_another(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        assert "backup_reporter/py.typed" in archive.namelist()
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())
        head = HeaderParser().parsestr(archive.read(metadata).decode())
    needed = head.get_all("Requires-Dist") or []
    assert {line.partition(">")[0] for line in needed if "extra == 'cli'" in line} == {
        "click",
        "pyyaml",
        "rich",
        "tomlkit",
    }
    assert head["License-Expression"] == "Apache-2.0"
    assert not any(line.startswith(("click", "rich", "moto")) for line in needed if "extra" not in line)


def test_the_installed_command_reports(installed: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with LookAlike(instructive(NOW), rate_limit=False) as palette:
        env = {"PALETTE_API_URL": palette.url, "PALETTE_API_KEY": API_KEY}
        table = run(installed, "report", **env)
        written = run(installed, "report", "--output", page, **env)
    assert (table.returncode, table.stderr) == (2, "")
    assert "17 of 18 workspaces" in table.stdout
    assert "prod / payments" in table.stdout
    assert (written.returncode, written.stdout) == (2, "")
    assert "Content-Security-Policy" in page.read_text(encoding="utf-8"), "the templates are in the wheel"


def test_the_installed_command_is_the_one_of_the_wheel(installed: Path, wheel: Path) -> None:
    version = wheel.name.split("-")[1]
    assert run(installed, "--version").stdout == f"backup-reporter, version {version}\n"
    python = installed.parent / "python"
    where = run(python, "-c", "import backup_reporter; print(backup_reporter.__file__)").stdout
    assert where.startswith(str(installed.parents[1]))
