"""A plugin for pytest: no test finds in a cache of the core what another one left there.

Else the tests that reach a cached function are not all known to reach it, and its mutants survive.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


def pytest_runtest_setup() -> None:
    """Empties every cache of the core's functions."""
    for cached in _cached_functions():
        cached.cache_clear()


@cache
def _cached_functions() -> tuple[Any, ...]:
    modules = [module for name, module in sys.modules.items() if name.startswith("backup_reporter.health.")]
    return tuple(value for module in modules for value in vars(module).values() if hasattr(value, "cache_clear"))
