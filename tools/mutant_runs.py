"""Makes the mutants of the core, and tries the tests on each.

mutmut writes the changes and finds out which tests reach which function. It would start pytest anew for each change, with
the tests in any order. Here each change is tried in a fork of one process that has collected the tests and run none,
and the tests come first that noticed another change of the same function.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import libcst
import mutmut.__main__ as mutmut
import mutmut.mutation.trampoline as trampoline
import pytest
from mutmut.mutation.diff_apply import get_diff_for_mutant

CORE = Path("src/backup_reporter/health")
_COPIED = ("src", "tests", "tools", "docs", "pyproject.toml")
_DECORATORS = frozenset({"property", "cached_property", "lru_cache"})
_SECONDS_FOR_A_TEST = 5
"""Of processor time: a loaded machine makes no change look noticed. The slowest test takes one."""
_BYTES = 3 << 30
_ENDS = {0: "survived", 1: "killed", 2: "no tests", -signal.SIGVTALRM: "timeout"}


def prepare(work: Path) -> None:
    """Makes ``work`` a copy of the project with all mutants of its core, unless it is one already; goes there."""
    digest = _digest()
    stamp = work / "digest.txt"
    if not (stamp.exists() and stamp.read_text() == digest):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name in _COPIED:
            copy = shutil.copytree if Path(name).is_dir() else shutil.copy
            copy(name, work / name)
        for path in (work / CORE).rglob("*.py"):
            path.write_text(_without_decorators(path.read_text(encoding="utf-8")), encoding="utf-8")
        os.chdir(work)
        _make_mutants()
        Path("digest.txt").write_text(digest)
    else:
        os.chdir(work)


def _digest() -> str:
    paths = [*CORE.rglob("*.py"), *Path("tests/unit/health").rglob("*"), *Path("tests/support").glob("*.py")]
    files = (path for path in [*paths, Path("pyproject.toml"), Path(__file__)] if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files) if path.suffix != ".txt")).hexdigest()


class _Undecorated(libcst.CSTTransformer):  # type: ignore[misc]
    """mutmut changes no decorated function: the body of a property or a cached function becomes a function of its own."""

    def __init__(self) -> None:
        self.classes: list[libcst.ClassDef] = []

    def visit_ClassDef(self, node: libcst.ClassDef) -> None:  # noqa: N802 - libcst's name
        self.classes.append(node)

    def leave_ClassDef(self, original_node: Any, updated_node: Any) -> Any:  # noqa: N802 - libcst's name
        self.classes.pop()
        return updated_node

    def leave_FunctionDef(self, original_node: Any, updated_node: Any) -> Any:  # noqa: N802 - libcst's name
        bases = [base.value for base in self.classes[-1].bases] if self.classes else []
        is_protocol = any(isinstance(base, libcst.Name) and base.value == "Protocol" for base in bases)
        if is_protocol or len(updated_node.decorators) != 1:
            return updated_node
        decorator = updated_node.decorators[0].decorator
        name = decorator.func if isinstance(decorator, libcst.Call) else decorator
        if not isinstance(name, libcst.Name) or name.value not in _DECORATORS:
            return updated_node
        plain = f"{updated_node.name.value}_body"
        body = updated_node.with_changes(decorators=[], name=libcst.Name(plain))
        called = f"lambda self: self.{plain}()" if self.classes else plain
        written = libcst.Module([]).code_for_node(decorator)
        assignment = libcst.parse_statement(f"{updated_node.name.value} = {written}({called})")
        return libcst.FlattenSentinel([body, assignment])


def _without_decorators(source: str) -> str:
    return str(libcst.parse_module(source).visit(_Undecorated()).code)


def _make_mutants() -> None:
    trampoline.set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir()
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(os.cpu_count() or 1)
    mutmut.run_stats_collection(mutmut.get_mutant_runner(1))


def results() -> dict[str, str]:
    """Returns what became of each mutant, as far as it was tried."""
    path = Path("results.jsonl")
    return dict(map(json.loads, path.read_text().splitlines())) if path.exists() else {}


def names() -> Iterator[str]:
    """Yields the name of every mutant."""
    for meta in sorted(Path("mutants/src").rglob("*.meta")):
        yield from json.loads(meta.read_text())["exit_code_by_key"]


def difference(name: str) -> str:
    """Returns what a mutant changes, as a diff."""
    module = name.rpartition(".")[0].replace(".", "/")
    return str(get_diff_for_mutant(name, path=Path(f"src/{module}.py")))


def run(deadline: float) -> None:
    """Tries the mutants that were not tried yet, until a time by ``time.monotonic``."""
    tried = results()
    configuration = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    os.environ["MUTANT_UNDER_TEST"] = ""
    with Path("results.jsonl").open("a", encoding="utf-8") as written:
        todo = [name for name in names() if name not in tried]
        os.chdir("mutants")
        trial = _Trial(todo, deadline, written)
        arguments = [
            *configuration["pytest_add_cli_args_test_selection"],
            *configuration["pytest_add_cli_args"],
        ]
        pytest.main(["--rootdir=.", "--tb=no", "-q", "-s", *arguments], plugins=[trial])
        os.chdir("..")


class _Trial:
    """Stands in for pytest's loop over the tests: goes over the mutants instead."""

    def __init__(self, todo: list[str], deadline: float, written: Any) -> None:
        self.todo, self.deadline, self.written = todo[::-1], deadline, written
        stats = json.loads(Path("mutmut-stats.json").read_text())
        self.tests_of: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
        reach = Counter(test for tests in self.tests_of.values() for test in tests)
        self.cost = {test: reach[test] * (seconds + 0.002) for test, seconds in stats["duration_by_test"].items()}
        self.noticed_by: dict[str, Counter[str]] = defaultdict(Counter)
        self.items: dict[str, Any] = {}
        self.has_failed = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.has_failed = self.has_failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        for plugin in ("terminalreporter", "logging-plugin"):
            session.config.pluginmanager.unregister(name=plugin)
        self.items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()  # What is never looked at is never copied into a fork.
        running: dict[int, tuple[int, str]] = {}
        while running or (self.todo and time.monotonic() < self.deadline):
            while self.todo and len(running) < (os.cpu_count() or 1) and time.monotonic() < self.deadline:
                self._start(self.todo.pop(), running)
            for pipe in select.select(list(running), [], [])[0]:
                self._end(pipe, *running.pop(pipe))
        return True

    def _start(self, name: str, running: dict[int, tuple[int, str]]) -> None:
        function = name.partition("__mutmut_")[0]
        tests = [test for test in self.tests_of.get(function, []) if test in self.items]
        noticed = self.noticed_by[function]
        tests.sort(key=lambda test: (-noticed[test], self.cost[test]))
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._try(name, tests, writing)
            finally:
                os._exit(3)
        os.close(writing)
        running[reading] = (pid, name)

    def _end(self, pipe: int, pid: int, name: str) -> None:
        with os.fdopen(pipe) as reading:
            noticed_by = reading.read()
        end = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if noticed_by:
            self.noticed_by[name.partition("__mutmut_")[0]][noticed_by] += 1
        self.written.write(json.dumps([name, _ENDS.get(end, "crashed")]) + "\n")
        self.written.flush()

    def _try(self, name: str, tests: list[str], noticed_by: int) -> NoReturn:
        """Runs the tests of one mutant in a process of its own, until one fails."""
        trampoline.set_mutant_under_test(name)
        trampoline.get_mutant_under_test = lambda: name  # The environment is slow to read.
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
        if not tests:
            os._exit(2)
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS_FOR_A_TEST)
            item = self.items[test]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.items.get(following or ""))
            if self.has_failed:
                os.write(noticed_by, test.encode())
                os._exit(1)
        os._exit(0)
