"""The three steps of a run as a state machine calls them: *plan*, *collect* for each shard, *publish*.

Each does what the one function does in one go (:mod:`backup_reporter.run.pipeline`); between them lie files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.bootstrap import Reporter, asking_seconds, utc_now
from backup_reporter.config.request import Request
from backup_reporter.distributed.files import RunFiles, ShardName, run_of
from backup_reporter.errors import InvalidRequest, SettingsError
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.records import Record
from backup_reporter.report.model import Report
from backup_reporter.report.packed import PackedReports
from backup_reporter.report.truncate import Room, size_in_answer
from backup_reporter.run import pipeline
from backup_reporter.run.plan import with_clocks
from backup_reporter.time_limit import countdown

OUTPUT = Room(200_000, size_in_answer, len(", "))
"""What is answered of a report: an execution's output is 256 KiB at most, and a little is left for what stands around it."""

_LOST = "The part of the run that should have asked about it failed, again and again"


class PlanStep(Record, frozen=True, tag_field="step", tag="plan"):
    """Finds out what there is to ask about. ``event`` is what the execution was started with."""

    event: Any
    execution: str


class CollectStep(Record, frozen=True, tag_field="step", tag="collect"):
    """Asks about one shard."""

    shard: ShardName


class PublishStep(Record, frozen=True, tag_field="step", tag="publish"):
    """Makes one report of what was collected, and delivers it."""

    run: str


def parse_step(event: Mapping[Any, Any]) -> PlanStep | CollectStep | PublishStep:
    """Reads what the state machine sends. Raises :class:`InvalidRequest`."""
    try:
        return msgspec.convert(event, PlanStep | CollectStep | PublishStep)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"step: {error}") from None


def plan(step: PlanStep, reporter: Reporter, seconds: float) -> dict[str, str]:
    """Writes the plan down; answers with where the state machine finds its lanes.

    Raises :class:`InvalidRequest` and :class:`SettingsError` before anything is fetched.
    """
    store, request = _store(reporter), reporter.request_of(step.event)
    if request.redeliver or request.doctor:
        raise InvalidRequest("redeliver, doctor: are for the function itself, not for the state machine")
    palettes = reporter.palettes(request.tenants, countdown(asking_seconds(seconds)))
    made, shards = pipeline.plan(request, reporter.settings, palettes, step.execution, utc_now())
    files = RunFiles(store, run_of(made.report_id, step.execution))
    files.keep_plan(with_clocks(made, pipeline.clocks_of(palettes)), shards)
    return {"run": files.run, "lanes": files.key("lanes.json")}


def collect(step: CollectStep, reporter: Reporter, seconds: float) -> dict[str, int]:
    """Writes down what became of a shard's workspaces; answers with how many they are."""
    files = RunFiles(_store(reporter), step.shard.run)
    made, shard = files.plan(), files.shard(step.shard.number)
    tenant = next((one for one in reporter.tenants() if one.name == shard.tenant), None)
    if tenant is None:
        raise SettingsError(
            [f"TENANTS: changed since this run was planned: {shard.tenant or 'a tenant without a name'} is gone"]
        )
    client = reporter.palette(tenant, countdown(asking_seconds(seconds)), shard.burst)
    workspace_reports = PackedReports(pipeline.collect(shard, made, reporter.settings.thresholds, client, utc_now))
    files.save_workspace_reports(shard, workspace_reports, client.clock.problem)
    return {"workspaces": len(workspace_reports)}


def publish(step: PublishStep, reporter: Reporter, seconds: float) -> tuple[Request, Report]:
    """The report of everything that was collected, delivered; a shard of which nothing is known is UNKNOWN by name."""
    seconds_left = countdown(seconds)
    files = RunFiles(_store(reporter), step.run)
    made, thresholds = files.plan(), reporter.settings.thresholds

    clocks: dict[str | None, str | None] = {}

    def collected() -> Iterator[WorkspaceReport]:
        for number, workspaces in enumerate(made.shards):
            found = files.workspace_reports(number, workspaces)
            if found is None:
                yield from pipeline.unheard(files.shard(number), _LOST, made, thresholds)
            else:
                head, workspace_reports = found
                clocks[head.tenant] = head.clock or clocks.get(head.tenant)
                yield from workspace_reports

    workspace_reports = PackedReports(collected())
    made = with_clocks(made, clocks)
    report = pipeline.publish(made, workspace_reports, reporter.settings, reporter.destinations, utc_now, seconds_left)
    return made.request, report


def _store(reporter: Reporter) -> ReportStore:
    store = reporter.destinations.store
    if store is None:
        raise SettingsError(["REPORT_BUCKET: not set: the steps of a fleet's run leave there what they found"])
    return store
