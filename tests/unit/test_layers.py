"""The layers that ``pyproject.toml`` declares hold, and the check that says so can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, with the contracts that are checked."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shutil.copytree(REPOSITORY / "src/backup_reporter", tmp_path / "backup_reporter")
    return tmp_path


def check(directory: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        check=False,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_an_import_that_runs_upwards_is_refused(copy: Path) -> None:
    module = copy / "backup_reporter/report/groups.py"
    module.write_text(module.read_text() + "\nimport backup_reporter.doctor.checks\n")

    code, output = check(copy)

    assert code == 1
    assert "backup_reporter.report is not allowed to import backup_reporter.doctor" in output


def test_a_package_that_no_layer_names_is_refused(copy: Path) -> None:
    (copy / "backup_reporter/helpers").mkdir()
    (copy / "backup_reporter/helpers/__init__.py").touch()

    code, output = check(copy)

    assert code == 1
    assert "helpers" in output


def test_the_root_holds_few_modules() -> None:
    modules = {path.stem for path in (REPOSITORY / "src/backup_reporter").glob("*.py")} - {"__init__", "__main__"}
    assert len(modules) <= 9, sorted(modules)
