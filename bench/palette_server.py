"""A Palette look-alike in a process of its own, so that it shares no interpreter with its client.

``python -m bench.palette_server '{"workspaces": 60, "latency_seconds": 0.08}'`` prints its URL. When its input
ends, it prints its counts as JSON and stops.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from backup_reporter.demo.lookalike import LookAlike
from backup_reporter.demo.synthetic import synthetic


def main(
    workspaces: int, days: int = 7, clusters: int = 2, latency_seconds: float = 0.0, rate_limit: bool = False
) -> None:
    fleet = synthetic(workspaces, days, clusters, seed=1, now=datetime.now(UTC), healthy_share=1.0)
    with LookAlike(fleet, latency_seconds=latency_seconds, rate_limit=rate_limit) as palette:
        print(palette.url, flush=True)
        sys.stdin.read()
    print(json.dumps({"requests": len(palette.requests), "refused": palette.refused}))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
