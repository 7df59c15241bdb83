"""A plugin that makes the tests quicker."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest


def pytest_collection_finish() -> None:
    """Lets the garbage collector pass over modules and tests, which stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> Iterator[None]:
    """Every page and mail compiles its templates, as a function does once a day; here they are the same a thousand times."""
    if not find_spec("jinja2"):  # the core is tested without it too
        yield
        return
    from jinja2 import Environment  # noqa: PLC0415 - see above

    compile_template = Environment.compile
    compiled: dict[str, Any] = {}

    def compile_once(self: Environment, source: str, name: str | None, filename: str | None, **options: Any) -> Any:
        if filename is None:
            return compile_template(self, source, name, filename, **options)
        if filename not in compiled:
            compiled[filename] = compile_template(self, source, name, filename, **options)
        return compiled[filename]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield
