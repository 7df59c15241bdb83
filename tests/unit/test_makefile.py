"""What make says before anything is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_a_python_that_is_too_old_is_refused_with_the_fix(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "demo.txt").touch()
    old = tmp_path / "python3.10"
    pretence = "import sys; sys.version_info = (3, 10, 13); sys.version = '3.10.13 (main)'; exec(sys.argv.pop(1))"
    old.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -c "{pretence}" "$@"\n')
    old.chmod(0o755)

    done = subprocess.run(
        ["make", "demo", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 2
    assert f"needs Python 3.11 or newer, and {old} is 3.10.13: make demo PYTHON=python3.12" in done.stderr
    assert not (tmp_path / ".venv").exists()
