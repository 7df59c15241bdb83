"""Today's kept report taken for that of every day of a period, and summed up; prints what it took, as JSON.

``python audit.py REPORTS``; the bucket is in the environment.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from backup_reporter.cli.archive import archive_of
from backup_reporter.proof.archive import parse
from backup_reporter.proof.audit import audit
from backup_reporter.proof.render import render_html
from backup_reporter.report.model import Report


def main() -> None:
    number, now = int(sys.argv[1]), datetime.now(UTC)
    archive = archive_of(None)
    (report_id,) = archive.ids(now.date())
    content = archive.read(report_id, "json")
    assert content

    def reports() -> Iterator[tuple[Report, str]]:
        for days_ago in reversed(range(number)):
            kept = parse(report_id, content)
            at = kept.report.as_of - timedelta(days=days_ago)
            yield msgspec.structs.replace(kept.report, as_of=at, report_id=f"{at:%Y%m%d}"), kept.sha256

    started = time.perf_counter()
    record = audit(reports(), (now - timedelta(days=number - 1)).date(), now.date(), now=now)
    page = render_html(record)
    taken = {
        "reports": record.made,
        "workspaces": len(record.workspaces),
        "page_mb": len(page) / 1e6,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "wall_seconds": time.perf_counter() - started,
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
