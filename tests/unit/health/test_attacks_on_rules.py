"""What a workspace's owner can write that must not stop the judging."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest

from support.builders import NOTHING, backup, copy, judged, label, listed, nightly, only, run

EXPONENTIAL = {
    "optional letters": ("a?" * 40 + "a" * 40, "a" * 80),
    "nested quantifiers": ("(a+)+$", "a" * 40 + "!"),
    "alternatives": ("(a|aa)+", "a" * 60 + "!"),
    "many stars": (".*" * 30 + "x", "a" * 200),
    "a glob of stars": ("*a" * 60, "a" * 59),
    "braces": ("{a,b}" * 50, "c" * 50),
    "a large repetition": ("(a{1,100}){1,100}", "a" * 200),
    "open brackets": ("[" * 200, "a"),
}


@pytest.mark.parametrize(("pattern", "name"), EXPONENTIAL.values(), ids=EXPONENTIAL)
def test_a_namespace_pattern_takes_linear_time(pattern: str, name: str) -> None:
    started = perf_counter()
    judged(backup(*nightly(eu1=copy(namespaces=[name] * 50)), namespaces=[pattern]))

    assert perf_counter() - started < 2


def test_many_patterns_and_names_take_linear_time() -> None:
    names = [f"team-{number}" for number in range(5000)]
    patterns = [f"t.*{number}x" for number in range(5000)]
    started = perf_counter()
    verdict = judged(backup(run("11-23 01:00", eu1=copy(namespaces=names)), namespaces=patterns))

    assert perf_counter() - started < 5
    assert "namespace-not-backed-up eu1" in {label(finding) for finding in verdict.findings}


HUGE: dict[str, dict[str, Any]] = {
    "a list of a million minutes": {"schedule": ",".join(["1"] * 500_000) + " 1 * * *"},
    "a million commas": {"schedule": "," * 500_000 + " 1 * * *"},
    "a zone of a megabyte": {"schedule": "TZ=" + "a" * 1_000_000 + " 0 1 * * *"},
    "a million blanks": {"schedule": "@every" + " " * 1_000_000 + "1h"},
    "an interval of a megabyte": {"schedule": "@every " + "1h" * 500_000},
}


@pytest.mark.parametrize("policy", HUGE.values(), ids=HUGE)
def test_a_huge_schedule_cannot_be_read_and_takes_no_time(policy: dict[str, Any]) -> None:
    started = perf_counter()
    verdict = judged(backup(*nightly(), **policy))

    assert perf_counter() - started < 2
    (finding,) = verdict.findings
    assert finding.code == "schedule-unreadable"
    assert len(finding.message) < 400


def test_huge_mute_labels_take_no_time() -> None:
    labels = {"backup-reporter.mute": " " * 1_000_000 + "x", "backup-reporter.mute-codes": ".a" * 1_000_000}
    started = perf_counter()
    verdict = judged(backup(*nightly()), listed(labels=labels))

    assert perf_counter() - started < 2
    assert [finding.code for finding in verdict.findings] == ["mute-unreadable"]


def test_many_clusters_that_are_all_left_out_take_linear_time() -> None:
    clusters = [f"c{number}" for number in range(2000)]
    runs = [only("c0", f"11-{day} 01:00", deleted="Failed") for day in range(14, 24)]
    started = perf_counter()
    verdict = judged(backup(*runs), listed(clusters))

    assert perf_counter() - started < 5
    assert sum(finding.code == "cluster-not-backed-up" for finding in verdict.findings) == 1999


def test_many_runs_that_fail_for_many_clusters_take_linear_time() -> None:
    clusters: dict[str, Any] = {f"c{number}": "Completed" for number in range(300)}
    runs = [
        run(f"11-{day} {hour:02}:00", "PartiallyFailed", eu1=NOTHING, us2=NOTHING, **clusters)
        for day in range(20, 24)
        for hour in range(7)
    ]
    started = perf_counter()
    judged(backup(*runs), listed(list(clusters)))

    assert perf_counter() - started < 5
