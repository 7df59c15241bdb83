"""The Python of the tests, and the one of the deployed function if this machine has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

FUNCTION_VERSION = "3.13"


def pythons() -> list[str]:
    """Returns the interpreters to run a check in: this one, and the function's."""
    candidates = [shutil.which(f"python{FUNCTION_VERSION}"), *_installed_by_pyenv()]
    runnable = (path for path in candidates if path and _runs(path))
    return list(dict.fromkeys([sys.executable, *[path for path, _ in zip(runnable, "x", strict=False)]]))


def _installed_by_pyenv() -> list[str]:
    return [str(path) for path in Path.home().glob(f".pyenv/versions/{FUNCTION_VERSION}.*/bin/python")]


def _runs(python: str) -> bool:
    # A shim of pyenv's exists for every version, and answers with an error if its Python is not the chosen one.
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
