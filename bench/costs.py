"""What the function costs: memory, CPU, a cold start, decoding, and the size of its package."""

from __future__ import annotations

import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec

from backup_reporter.demo.synthetic import synthetic
from bench.document import Section, target_mark
from bench.processes import Function, Json, aws, palette
from bench.sizes import WITHOUT_LIMIT, Sizes


def memory(function: Function, sizes: Sizes) -> Section:
    """CPU and peak memory of a whole invocation, the report kept in the bucket and sent to the topic."""
    small, large = sizes.memory_fleets
    without, few = _with_and_without_evidence(function, sizes, small, sizes.rounds)
    large_without, many = _with_and_without_evidence(function, sizes, large, sizes.large_rounds)
    days, clusters = sizes.history
    return Section(
        "Memory and CPU",
        f"""
One invocation of the built function over healthy workspaces with {days} days × {clusters} clusters of history each. It fetches
and judges every result, writes page, CSV and JSON to the bucket, publishes to the topic and answers with JSON. Peak is the
process' own (`ru_maxrss`), with `MALLOC_ARENA_MAX=1` as in the template. The rate limit is lifted here, so that more
documents are in memory at a time than in real life. First reports, with and without evidence in turn, {sizes.rounds} rounds of
the smaller fleet and {sizes.large_rounds} of the larger one: medians, and the range of the peaks.
""",
        ("workspaces", "evidence", "clusters", "unreadable", "peak MB", "CPU s", "CPU ms / workspace", "wall s"),
        [
            (
                run["summary"]["workspaces"],
                evidence,
                run["summary"]["clusters"],
                run["summary"]["unreadable"],
                f"{run['peak_mb']:.1f} ({run['lowest_peak_mb']:.1f} to {run['highest_peak_mb']:.1f})",
                run["cpu_seconds"],
                1000 * run["cpu_seconds"] / run["summary"]["workspaces"],
                run["wall_seconds"],
            )
            for evidence, run in (("no", without), ("yes", few), ("no", large_without), ("yes", many))
        ],
        f"""
Ten times the workspaces take {target_mark(many["peak_mb"] / few["peak_mb"], 1.25)} times the memory. The larger run peaks at
{target_mark(many["peak_mb"], 128, 0)} MB. Each workspace's report is held as compressed JSON, and the output is written one
workspace at a time. Evidence takes {target_mark(few["cpu_seconds"] / without["cpu_seconds"], 1.05)} times the CPU of the smaller
run, and {target_mark(round(many["peak_mb"] / large_without["peak_mb"], 2), 1.0)} times the peak of the larger one.
""",
    )


def _with_and_without_evidence(function: Function, sizes: Sizes, workspaces: int, rounds: int) -> tuple[Json, Json]:
    """An invocation without evidence and one with it: the medians of so many rounds in turn."""
    days, clusters = sizes.history
    taken: dict[str, list[Json]] = {"no": [], "yes": []}
    with palette(workspaces=workspaces, days=days, clusters=clusters) as server:
        for _ in range(rounds):
            for evidence, runs in taken.items():
                with aws() as environment:  # its own: a second report has the first one to compare with
                    settings = {**environment, **WITHOUT_LIMIT, "PALETTE_API_URL": server.url}
                    runs.append(function.probe("invoke", "{}", **settings, KEEP_EVIDENCE=evidence))
    return _medians(taken["no"]), _medians(taken["yes"])


def _medians(runs: list[Json]) -> Json:
    """The last run, with the medians of all in place of what was measured, and the range of the peaks."""
    measured = ("peak_mb", "cpu_seconds", "wall_seconds")
    peaks_mb = [run["peak_mb"] for run in runs]
    medians = {name: median(run[name] for run in runs) for name in measured}
    return {**runs[-1], **medians, "lowest_peak_mb": min(peaks_mb), "highest_peak_mb": max(peaks_mb)}


def memory_beyond_workspaces(function: Function, sizes: Sizes) -> Section:
    """The same with every cluster of the tenant, and the restores: the second report, which remembers the first."""
    (workspaces, _), (days, clusters) = sizes.memory_fleets, sizes.history
    taken: list[tuple[str, Json]] = []
    with (
        aws() as environment,
        palette(workspaces=workspaces, days=days, clusters=clusters, listed_clusters=sizes.memory_clusters) as server,
    ):
        for which in ("first", "second"):
            settings = {**environment, **WITHOUT_LIMIT, "PALETTE_API_URL": server.url}
            settings |= {"INCLUDE_CLUSTERS": "yes", "RESTORE_TEST_MAX_AGE_DAYS": "90"}
            taken.append((which, function.probe("invoke", "{}", **settings)))
    peak_mb = max(run["peak_mb"] for _, run in taken)
    return Section(
        "Memory with every cluster",
        f"""
The smaller fleet with {sizes.memory_clusters:,} clusters beside it, `INCLUDE_CLUSTERS=yes` and `RESTORE_TEST_MAX_AGE_DAYS=90`.
Every third cluster has a policy of its own and a week of backups. The second report loads what the first one remembered.
""",
        ("report", "workspaces", "clusters listed", "own policies", "peak MB", "CPU s", "wall s"),
        [
            (
                which,
                run["summary"]["workspaces"] - run["summary"]["clusterPolicies"],
                sizes.memory_clusters,
                run["summary"]["clusterPolicies"],
                run["peak_mb"],
                run["cpu_seconds"],
                run["wall_seconds"],
            )
            for which, run in taken
        ],
        f"The larger of the two peaks at {target_mark(peak_mb, 128, 0)} MB.",
    )


def start(function: Function, sizes: Sizes) -> Section:
    """A cold start, compared with the least that a function with a secret and a topic needs."""
    programs: dict[str, list[tuple[float, float]]] = {"reference": [], "imported": [], "invoke": []}
    with aws() as environment, palette(workspaces=1, latency_seconds=0.02) as server:
        del environment["REPORT_BUCKET"]
        settings = {**environment, "PALETTE_API_URL": server.url}
        for round_ in range(sizes.starts + 1):
            for name, taken in programs.items():
                seconds = function.cpu_seconds(name, "{}", **settings)
                if round_:  # the first one warms the disk's cache
                    taken.append(seconds)
    medians = {
        name: (median(cpu for cpu, _ in some), median(wall for _, wall in some)) for name, some in programs.items()
    }
    cpu = medians["reference"][0]
    names = {
        "reference": "`import boto3`, clients of Secrets Manager and SNS",
        "imported": "`import backup_reporter.handler`",
        "invoke": "import, and the first report of one workspace",
    }
    return Section(
        "Cold start",
        f"""
Whole processes in turn, medians of {sizes.starts}. The report reads its key from Secrets Manager, sends Palette its
requests (20 ms each), publishes to SNS and answers. The servers are processes of their own.
""",
        ("process", "CPU s", "CPU / reference", "wall s"),
        [
            (
                names[name],
                medians[name][0],
                target_mark(medians[name][0] / cpu, 1.35) if name == "invoke" else medians[name][0] / cpu,
                medians[name][1],
            )
            for name in programs
        ],
        """
It is this cheap because a channel's module and client are loaded only if the channel is set up, clients are built while
Palette answers, the package is compiled ahead, and garbage collection is off while modules are imported.
""",
    )


def decoding(function: Function, sizes: Sizes) -> Section:
    """Palette's JSON into typed structs, and further into what is judged, against ``json.loads``."""
    rows: list[tuple[str | int | float, ...]] = []
    for days, clusters in sizes.documents:
        fleet = synthetic(1, days, clusters, seed=1, now=datetime.now(UTC), healthy_share=1.0)
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(msgspec.json.encode(next(iter(fleet.backups.values()))))
            file.flush()
            taken = function.probe("decode", file.name)
        size, plain, structs, judged = (taken[name] for name in ("bytes", "json", "structs", "judged"))
        rows.append(
            (
                f"{days} × {clusters}",
                size,
                size / plain / 1e6,
                size / structs / 1e6,
                _at_least(plain / structs, 2.5),
                plain / judged,
            )
        )
    return Section(
        "Decoding",
        """
The same bytes, best of seven rounds. *Structs* are Palette's fields with their types checked. *Judged* goes on to the model
that the rules use, with times and clusters; a program that uses `json.loads` still has that step to do.
""",
        (
            "days × clusters",
            "bytes",
            "`json.loads` MB/s",
            "structs MB/s",
            "structs / `json.loads`",
            "judged / `json.loads`",
        ),
        rows,
    )


def _at_least(ratio: float, least: float) -> str:
    return f"**{ratio:.2f}** (at least {least:g})" if ratio >= least else f"**{ratio:.2f}** (misses {least:g})"


def package(function: Function, sizes: Sizes) -> Section:
    """How large the deployed package is."""
    files = [path for path in Path(function.package).rglob("*") if path.is_file()]
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(function.package))
        zipped = file.tell() / 1e6
    compiled = sum(path.suffix == ".pyc" for path in files)
    whole = sum(path.stat().st_size for path in files) / 1e6
    return Section(
        "Package",
        "What `sam build` makes, compiled, without botocore's data for the services that are not used.",
        ("files", "of them compiled", "MB", "MB zipped"),
        [(len(files), compiled, whole, target_mark(zipped, 12, 1))],
    )
