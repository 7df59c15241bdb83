"""Every backup result of one Palette fetched and judged in this process; prints what it took, as JSON.

The clock runs from the moment the workspaces are known until the last verdict.
"""

import json
import os
import time

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import load
from backup_reporter.config.request import Request


def main() -> None:
    moments: list[float] = []
    reporter = Reporter(load({"PALETTE_API_KEY_SECRET": "none", **os.environ}), api_key=os.environ["PALETTE_API_KEY"])
    started = time.perf_counter()
    report = reporter.report(
        Request(notify="never"), "bench", 900, lambda done, total: moments.append(time.perf_counter())
    )
    taken = {
        "fetch_seconds": moments[-1] - moments[0],
        "asking_seconds": moments[-1] - started,
        "report_seconds": time.perf_counter() - started,
        "lost": report.summary.unreadable,
        "workspaces": report.summary.workspaces,
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
