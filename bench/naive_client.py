"""The script that most people write first: ``requests``, one by one or in a pool, without a rate limit.

``python -m bench.naive_client sequential|pool URL KEY`` prints the time and the number of missing results, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

_THREADS = 16

Ask = Callable[[str, str], dict[str, Any]]


def main(way: str, url: str, key: str) -> None:
    session = requests.Session()
    session.headers["ApiKey"] = key

    def ask(path: str, project: str) -> dict[str, Any]:
        answered: dict[str, Any] = session.get(url + path, headers={"ProjectUid": project} if project else {}).json()
        return answered

    workspaces = list(listed(ask))
    started = time.perf_counter()
    results = WAYS[way](lambda place: ask(f"/v1/workspaces/{place[1]}/backup", place[0]), workspaces)
    taken = {
        "fetch_seconds": time.perf_counter() - started,
        "lost": sum("status" not in result for result in results),
        "workspaces": len(workspaces),
    }
    print(json.dumps(taken))


def listed(ask: Ask) -> Iterable[tuple[str, str]]:
    """Every workspace's project and uid."""
    for project in ask("/v1/dashboard/projects/metadata", "")["items"]:
        uid = project["metadata"]["uid"]
        yield from ((uid, item["metadata"]["uid"]) for item in ask("/v1/dashboard/workspaces", uid)["items"])


def one_by_one(ask: Callable[[Any], Any], places: list[tuple[str, str]]) -> list[Any]:
    return [ask(place) for place in places]


def in_a_pool(ask: Callable[[Any], Any], places: list[tuple[str, str]]) -> list[Any]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(ask, places))


WAYS = {"sequential": one_by_one, "pool": in_a_pool}

if __name__ == "__main__":
    main(*sys.argv[1:])
