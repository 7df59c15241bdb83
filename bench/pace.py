"""How long fetching takes, compared with what the rate limit and the latency permit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

from backup_reporter.config.limits import MAX_THREADS
from backup_reporter.demo.lookalike import API_KEY
from backup_reporter.demo.synthetic import WORKSPACES_IN_A_PROJECT
from bench.document import Section, target_mark
from bench.processes import Function, Json, naive, palette
from bench.sizes import WITHOUT_LIMIT, Sizes

LATENCY_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class _Client:
    name: str
    run: Callable[[str], Json]
    latency_seconds: float = LATENCY_SECONDS
    most: float | None = None
    """The target of the ratio; ``None`` if there is no target."""


def rate_limiter(function: Function, sizes: Sizes) -> Section:
    """Our fetch compared with what the rate limit permits, and with other clients."""
    rows = [
        _paced_row(client, number, sizes.rounds)
        for number, most in zip(sizes.small_fleets, (1.15, 1.05), strict=False)
        for client in [_reporter(function, most)]
    ]
    others = [
        _Client("`requests`, 16 threads", lambda url: naive("pool", url)),
        _Client("`requests`, one by one", lambda url: naive("sequential", url)),
        _Client("`requests`, one by one", lambda url: naive("sequential", url), latency_seconds=0.03),
    ]
    clients = [_reporter(function, 1.02), *others]
    with ThreadPoolExecutor(len(clients)) as side_by_side:  # they mostly wait
        rows += side_by_side.map(lambda client: _paced_row(client, sizes.fleet, sizes.rounds), clients)
    return Section(
        "Pace",
        f"""
Palette allows 10 requests a second and 50 at once, so N results take at least max(0, (N - 50) / 10) seconds and one
latency. The clock runs from the moment the workspaces are known to the last result. *429s* is the server's count; *lost* is
the number of workspaces without a result. Medians of {sizes.rounds} rounds.
""",
        ("client", "N", "latency ms", "bound s", "wall s", "wall / bound", "429s", "lost"),
        rows,
        """
`PALETTE_BURST` is 49 by default, one less than Palette allows: with 50, a server whose clock is a little behind refuses a
request now and then. If other clients share the source address, set it lower: each request less costs 0.1 s in all.
""",
    )


def _reporter(function: Function, most: float) -> _Client:
    def fetch(url: str) -> Json:
        return function.probe("fetch", PALETTE_API_URL=url, PALETTE_API_KEY=API_KEY)

    return _Client("**backup-reporter**", fetch, most=most)


def _paced_row(client: _Client, number: int, rounds: int) -> tuple[str | int | float, ...]:
    walls, refused, lost = [], 0, 0
    for _ in range(rounds):
        with palette(workspaces=number, latency_seconds=client.latency_seconds, rate_limit=True) as server:
            taken = client.run(server.url)
        walls.append(taken["fetch_seconds"])
        refused, lost = max(refused, server.counted["refused"]), max(lost, taken["lost"])
    bound, wall = max(0.0, (number - 50) / 10) + client.latency_seconds, median(walls)
    ratio = target_mark(wall / bound, client.most, 3) if client.most else f"{wall / bound:.3f}"
    return (client.name, number, round(1000 * client.latency_seconds), bound, wall, ratio, refused, lost)


def beyond_workspaces(function: Function, sizes: Sizes) -> Section:
    """The same with every cluster of the tenant: their requests have a rate of their own, beside the workspaces'."""
    workspaces, clusters = sizes.fleet, 4 * sizes.fleet
    lists = 2 + workspaces / WORKSPACES_IN_A_PROJECT + clusters / 50
    bound = max((lists - 50) / 10, (workspaces - 50) / 10, (clusters - 250) / 50, 0.0) + 4 * LATENCY_SECONDS
    walls, refused, lost = [], 0, 0
    for _ in range(sizes.rounds):
        with palette(
            workspaces=workspaces, latency_seconds=LATENCY_SECONDS, rate_limit=True, listed_clusters=clusters
        ) as server:
            taken = function.probe("fetch", PALETTE_API_URL=server.url, PALETTE_API_KEY=API_KEY, INCLUDE_CLUSTERS="yes")
        walls.append(taken["asking_seconds"])
        refused, lost = max(refused, server.counted["refused"]), max(lost, taken["lost"])
    wall = median(walls)
    return Section(
        "With every cluster",
        """
`INCLUDE_CLUSTERS=yes`: the tenant has four clusters for each workspace, and every third has a backup policy of its own.
Palette allows 50 requests a second about clusters. The bound is the slowest of the prefixes and the four latencies that
follow one another; the clock runs from the first request to the last result.
""",
        ("workspaces", "clusters", "latency ms", "bound s", "wall s", "wall / bound", "429s", "lost"),
        [
            (
                workspaces,
                clusters,
                round(1000 * LATENCY_SECONDS),
                bound,
                wall,
                target_mark(wall / bound, 1.05, 3),
                refused,
                lost,
            )
        ],
    )


def without_limit(function: Function, sizes: Sizes) -> Section:
    """How fast it is without a rate limit."""
    number, walls, lost = sizes.fleet_without_limit, [], 0
    for _ in range(sizes.rounds):
        with palette(workspaces=number, latency_seconds=LATENCY_SECONDS) as server:
            taken = function.probe("fetch", PALETTE_API_URL=server.url, PALETTE_API_KEY=API_KEY, **WITHOUT_LIMIT)
        walls.append(taken["fetch_seconds"])
        lost = max(lost, taken["lost"])
    bound, wall = LATENCY_SECONDS * number / MAX_THREADS, median(walls)
    return Section(
        "Without a limit",
        f"""
Without a rate limit the bound is latency × N / concurrency; at most {MAX_THREADS} threads ask at a time. This is no real
case: it shows what the reporter itself costs, and the look-alike, which is Python too and answers on the same two cores.
""",
        ("N", "latency ms", "threads", "bound s", "wall s", "wall / bound", "results / s", "lost"),
        [(number, round(1000 * LATENCY_SECONDS), MAX_THREADS, bound, wall, wall / bound, number / wall, lost)],
    )
