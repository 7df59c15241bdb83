"""How much a report leaves in the bucket, for each workspace with a long history: the cost estimate counts on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backup_reporter.cli.costs import EVIDENCE_BYTES, REPORT_BYTES
from backup_reporter.demo.synthetic import synthetic
from support.lookalike import LookAlike
from support.slack_server import SlackServer
from support.world import LocalAws, world

pytestmark = pytest.mark.slow

WORKSPACES = 30


def test_the_cost_estimate_knows_how_much_is_kept(aws: LocalAws) -> None:
    fleet = synthetic(WORKSPACES, 90, clusters=10, seed=1, now=datetime.now(UTC))
    with LookAlike(fleet, rate_limit=False) as palette, SlackServer() as slack, world(aws, palette, slack) as around:
        aws.make_bucket("kept")
        around.invoke({}, seconds=120, REPORT_BUCKET="kept")

    sizes = {"evidence": 0, "report": 0}
    for entry in aws.client("s3").list_objects_v2(Bucket="kept", Prefix="reports/2")["Contents"]:
        sizes["evidence" if ".evidence." in entry["Key"] else "report"] += entry["Size"]
    assert sizes["evidence"] / WORKSPACES == pytest.approx(EVIDENCE_BYTES, rel=0.1)
    # The page's own style and script count for more among so few workspaces.
    assert 0.8 * REPORT_BYTES < sizes["report"] / WORKSPACES < 1.8 * REPORT_BYTES
