"""``pip install '.[cli]'`` from the package index into a fresh environment, and a report with it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from backup_reporter.demo.instructive import instructive
from support.lookalike import API_KEY, LookAlike

REPOSITORY = Path(__file__).parents[2]


def test_a_fresh_environment_has_all_that_the_command_needs(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
    pip = [str(tmp_path / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{REPOSITORY}[cli]"], check=True)
    with LookAlike(instructive(datetime.now(UTC)), rate_limit=False) as palette:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PALETTE_API_URL": palette.url,
            "PALETTE_API_KEY": API_KEY,
        }
        command = [str(tmp_path / "bin" / "backup-reporter"), "report"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert "17 of 18 workspaces" in done.stdout
