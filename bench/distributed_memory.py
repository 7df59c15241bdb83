"""Measures the memory of a distributed run's plan, merge and redelivery: ``python bench/distributed_memory.py 100000``.

Each step runs in a process of its own, as in Lambda, with all the imports of the function, and prints its peak. A
directory stands in for the bucket. No Palette is asked: each workspace gets a made-up report. One workspace in twenty
has a failed backup; with ``FAILING=all`` all of them have, and had it the night before.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

import backup_reporter.handler  # noqa: F401 - for its imports, which a step has in memory as well
from backup_reporter.aws.report_store import ReportStore
from backup_reporter.channels import email, eventbridge, sns
from backup_reporter.config.request import Request
from backup_reporter.config.settings import ChannelName, Settings, Tenant
from backup_reporter.distributed.files import RunFiles
from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import Finding, status_of
from backup_reporter.health.judge import Judgment
from backup_reporter.health.model import Cluster, Workspace
from backup_reporter.health.remembered import RememberedCluster, RememberedRestorePoint, RememberedWorkspace
from backup_reporter.health.workspace_report import ClusterReport, Day, LatestRun, RestorePointSeries, WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.clock_skew import ClockSkew
from backup_reporter.palette.lists import Page, Project
from backup_reporter.report.build import build_report
from backup_reporter.report.changes import compare
from backup_reporter.report.csv import csv_attachment
from backup_reporter.report.model import Report
from backup_reporter.report.slack import message
from backup_reporter.run.check_shards import pack
from backup_reporter.run.make_plan import Palette, make_plan
from backup_reporter.run.pipeline import load_memory, report_and_publish
from backup_reporter.run.publish import Destinations
from backup_reporter.run.publish import redeliver as send_again

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
RUN = "20261124T070000Z-00000000-00000000"
ONE_IN = 1 if os.environ.get("FAILING") == "all" else 20
MAX_MEGABYTES = 256 if ONE_IN > 1 else 640
TENANTS, WORKSPACES_IN_A_PROJECT, CLUSTERS, DAYS = 10, 50, 3, 30


class DirectoryAsBucket:
    """The part of S3's client that the report store uses."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    meta = SimpleNamespace(region_name="eu-central-1", partition="aws")

    def put_object(self, Key: str, Body: bytes | IO[bytes], **_: Any) -> None:  # noqa: N803 - boto3's names
        path = self._directory / Key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Body if isinstance(Body, bytes) else Body.read())

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        path = self._directory / Key
        if not path.exists():
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": StreamingBody(path.open("rb"), path.stat().st_size), "ETag": "1"}

    def create_multipart_upload(self, Key: str, **_: Any) -> dict[str, str]:  # noqa: N803
        self.put_object(Key, b"")
        return {"UploadId": Key}

    def upload_part(self, Key: str, Body: IO[bytes], PartNumber: int, **_: Any) -> dict[str, str]:  # noqa: N803
        with (self._directory / Key).open("ab") as file:
            file.write(Body.read())
        return {"ETag": str(PartNumber)}

    def complete_multipart_upload(self, **_: Any) -> None:
        """The parts are one file already."""

    def generate_presigned_url(self, *_: object, **__: object) -> str:
        return "https://example.com/report"


TENANT_NAMES: dict[str, tuple[str, ...]] = {f"tenant-{number}": () for number in range(TENANTS)}


class ManyWorkspaces(PaletteClient):
    """A tenant that lists so many workspaces."""

    def __init__(self, tenant: int, workspaces: int) -> None:
        self.seconds_left = lambda: 900.0
        self.clock = ClockSkew()
        self._tenant, self._workspaces = tenant, workspaces

    def may_ask_for_lists(self) -> bool:
        return True

    def projects(self, position: Mapping[str, str] | None = None) -> Page[Project]:
        numbers = range(0, self._workspaces, WORKSPACES_IN_A_PROJECT)
        return Page(tuple(Project(f"p-{number}", f"project-{number:06}") for number in numbers), ())

    def workspaces(self, project: Project, position: Mapping[str, str] | None = None) -> Page[Workspace]:
        first = int(project.uid.removeprefix("p-"))
        last = min(first + WORKSPACES_IN_A_PROJECT, self._workspaces)
        return Page(tuple(self._workspace(project, number) for number in range(first, last)), ())

    def _workspace(self, project: Project, number: int) -> Workspace:
        return Workspace(
            uid=f"{self._tenant:08x}{number:016x}",
            name=f"workspace-{number:06}",
            project_uid=project.uid,
            project_name=project.name,
            clusters=tuple(Cluster(f"{number:020x}{index:04}", f"cluster-{index}") for index in range(CLUSTERS)),
            created_at=NOW - timedelta(days=400),
            labels={"team": "platform"},
        )


class Writes:
    """A channel that writes its message and sends it nowhere."""

    def __init__(self, name: ChannelName, write: Callable[[Report, ZoneInfo], object]) -> None:
        self.name = name
        self._write = write

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        self._write(report, zone)


CHANNELS = (
    Writes("sns", sns.payload),
    Writes("slack", message),
    Writes("email", lambda report, zone: email.payload(report, zone, "a@b.example", [], csv_attachment(report))),
    Writes("eventbridge", lambda report, _: eventbridge.payload(report, "default")),
)


def a_workspace_report(workspace: Workspace) -> WorkspaceReport:
    """Thirty days of three clusters."""
    number = int(workspace.uid[8:], 16)
    is_bad = number % ONE_IN == 0
    finding = Finding(
        code="backup-failed",
        severity=CODES["backup-failed"].severity,
        cluster_uid=workspace.clusters[0].uid,
        cluster_name=workspace.clusters[0].name,
        message="The last 3 backups failed: backup storage location is unavailable.",
        since=NOW - timedelta(days=3),
        evidence={"backupName": f"daily-{number}", "state": "Failed"},
    )
    findings = (finding,) if is_bad else ()
    made = NOW - timedelta(hours=6, seconds=number % 3600)
    return WorkspaceReport(
        tenant=workspace.tenant,
        uid=workspace.uid,
        name=workspace.name,
        project_uid=workspace.project_uid,
        project_name=workspace.project_name,
        status=status_of(findings),
        schedule="0 1 * * *",
        retention_hours=720,
        next_run_at=NOW + timedelta(hours=18),
        survives_failures=29,
        latest_run=LatestRun(request_uid=f"r-{number}", backup_name=f"daily-{number}", at=made, state="Completed"),
        clusters=tuple(_cluster(cluster, made) for cluster in workspace.clusters),
        findings=findings,
        history=tuple(_day(number, back) for back in reversed(range(DAYS))),
    )


def _remembered(workspace: Workspace) -> RememberedWorkspace:
    number = int(workspace.uid[8:], 16)
    made = NOW - timedelta(hours=6, seconds=number % 3600)
    return RememberedWorkspace(
        seen_at=NOW,
        schedule="0 1 * * *",
        clusters=tuple(
            RememberedCluster(
                uid=cluster.uid,
                name=cluster.name,
                restore_point=RememberedRestorePoint(
                    request_uid=f"r-{number}", run_at=made, at=made, expires_at=made + timedelta(days=30)
                ),
            )
            for cluster in workspace.clusters
        ),
    )


def _cluster(cluster: Cluster, made: datetime) -> ClusterReport:
    expires = made + timedelta(days=30)
    first = made - timedelta(days=29)
    copies = RestorePointSeries(count=30, first_at=first, last_at=made, first_expires_at=NOW, last_expires_at=expires)
    return ClusterReport(
        uid=cluster.uid,
        name=cluster.name,
        newest_restore_point_at=made,
        expires_at=expires,
        restore_points=30,
        restore_point_series=(copies,),
    )


def _day(number: int, back: int) -> Day:
    return Day(date=date(2026, 11, 24) - timedelta(days=back), state="succeeded", backup_name=f"daily-{number}-{back}")


def plan(files: RunFiles, store: ReportStore, workspaces: int) -> None:
    palettes = [
        Palette(
            tenant=Tenant(name=f"tenant-{number}", api_url=f"https://palette-{number}.example"),
            client=ManyWorkspaces(number, workspaces // TENANTS),
        )
        for number in range(TENANTS)
    ]
    last_report = load_memory(Request(), Settings(), store, "execution", NOW, 900.0)
    plan, shards = make_plan(Request(), Settings(), palettes, "execution", NOW)
    files.save_plan(plan, shards, last_report.memory(plan.tenant_names, plan.as_of))


def collect(files: RunFiles, store: ReportStore, workspaces: int) -> None:
    for number in range(len(files.load_plan().shards)):
        shard = files.load_shard(number)
        judgments = (Judgment(a_workspace_report(workspace), _remembered(workspace)) for workspace in shard.workspaces)
        files.save_checked(shard, pack(judgments), None)


def publish(files: RunFiles, store: ReportStore, workspaces: int) -> None:
    found_plan = files.load_plan()
    checked = pack(_judgments(files, found_plan.shards))
    destinations = Destinations(channels=CHANNELS, store=store)
    report = report_and_publish(found_plan, checked, Settings(), destinations, lambda: NOW, lambda: 900.0)
    assert report.summary.workspaces == workspaces, report.summary
    assert not report.notes, report.notes
    assert all(delivery.status == "delivered" for delivery in report.deliveries), report.deliveries


def night_before(files: RunFiles, store: ReportStore, workspaces: int) -> None:
    """Saves a baseline that already knows all of today's workspaces and findings."""
    found_plan = files.load_plan()
    checked, scope = pack(_judgments(files, found_plan.shards)), found_plan.scope
    report = build_report(
        checked.workspace_reports, report_id="before", as_of=NOW, generated_at=NOW, scope=scope, tenants=TENANT_NAMES
    )
    store.save_baseline(scope, compare(report, checked.remembered, None, "").baseline, None)


def redeliver(files: RunFiles, store: ReportStore, workspaces: int) -> None:
    report_id, destinations = files.load_plan().report_id, Destinations(channels=CHANNELS, store=store)
    report = send_again(report_id, Request(), Settings(), destinations, lambda: 900.0)
    assert report.summary.workspaces == len(report.workspaces) == workspaces, report.summary


def _judgments(files: RunFiles, shards: tuple[int, ...]) -> Iterator[Judgment]:
    for number in range(len(shards)):
        found = files.load_judgments(files.load_shard(number))
        assert found is not None
        yield from found.judgments


STEPS = {
    "plan of the night before": plan,
    "collect": collect,
    "night before": night_before,
    "plan": plan,
    "publish": publish,
    "redeliver": redeliver,
}
MEASURED = ("plan", "publish", "redeliver")


class Measured(NamedTuple):
    """The peak memory and CPU of a step, and the bytes that it left in the bucket."""

    peak_megabytes: float
    cpu_seconds: float
    kept_bytes: int


def measured(workspaces: int) -> dict[str, Measured]:
    """Runs each step in a process of its own; returns what each took."""
    with tempfile.TemporaryDirectory() as directory:
        return {step: _measured(workspaces, step, directory) for step in STEPS}


def _measured(workspaces: int, step: str, directory: str) -> Measured:
    command = [sys.executable, __file__, str(workspaces), step, directory]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    kept = sum(path.stat().st_size for path in Path(directory).glob("reports/20*/*/*/*"))
    peak_megabytes, cpu_seconds = json.loads(printed)
    return Measured(peak_megabytes, cpu_seconds, kept)


def main() -> None:
    """Measures all steps, or runs one and prints what it took. Exits with 1 if a step took too much memory."""
    workspaces = int(sys.argv[1])
    if len(sys.argv) > 2:
        store = ReportStore(DirectoryAsBucket(Path(sys.argv[3])), "bucket", "reports/")  # type: ignore[arg-type]
        STEPS[sys.argv[2]](RunFiles(store, RUN), store, workspaces)
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps([used.ru_maxrss / 1024, used.ru_utime + used.ru_stime]))
        return
    took = measured(workspaces)
    for step in MEASURED:
        peak, cpu, kept = took[step]
        print(
            f"{step}: {peak:.0f} MB, {cpu:.0f} s of CPU, {kept / workspaces:.0f} bytes kept for each of {workspaces:,} workspaces"
        )
    sys.exit(any(took[step].peak_megabytes > MAX_MEGABYTES for step in MEASURED))


if __name__ == "__main__":
    main()
