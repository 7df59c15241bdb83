"""A kept report recomputed from its evidence, and the same results judged; prints the CPU seconds of both, as JSON.

``python recompute.py WORKSPACES DAYS CLUSTERS``; the bucket is in the environment.
"""

import json
import sys
import time
from datetime import UTC, datetime

import msgspec

from backup_reporter.cli.archive import archive_of
from backup_reporter.demo.synthetic import synthetic
from backup_reporter.health.judge import judge
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.palette.lists import Project, decode_workspaces
from backup_reporter.palette.results import decode_backup_result
from backup_reporter.proof.archive import load
from backup_reporter.proof.verify import verify
from backup_reporter.run.check_shards import pack


def recomputed() -> float:
    """Reads today's report and its evidence, judges again, and compares everything."""
    archive = archive_of(None)
    started = time.process_time()
    (report_id,) = archive.ids(datetime.now(UTC).date())
    kept = load(archive, report_id)
    assert kept
    verification = verify(archive, kept)
    assert verification.agrees, verification
    return time.process_time() - started


def judged(workspaces: int, days: int, clusters: int) -> float:
    """Decodes and judges each result, and packs the reports, as a run does."""
    now = datetime.now(UTC)
    fleet = synthetic(workspaces, days, clusters, seed=1, now=now, healthy_share=1.0)
    listed = [
        workspace
        for project_uid, items in fleet.workspaces.items()
        for workspace in decode_workspaces(msgspec.json.encode({"items": items}), Project(project_uid, "project")).items
    ]
    documents = [(workspace, msgspec.json.encode(fleet.backups[workspace.uid])) for workspace in listed]
    started = time.process_time()
    pack(
        judge(workspace, decode_backup_result(document, workspace.uid), Thresholds(), now)
        for workspace, document in documents
    )
    return time.process_time() - started


def main() -> None:
    print(json.dumps({"recomputed": recomputed(), "judged": judged(*map(int, sys.argv[1:]))}))


if __name__ == "__main__":
    main()
