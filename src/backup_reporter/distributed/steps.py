"""The three steps of a distributed run, as the state machine calls them: *plan*, *collect* for each shard, *publish*.

Together they do what one function does alone (:mod:`backup_reporter.run.pipeline`). Files carry the data between them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.bootstrap import Reporter, asking_seconds, utc_now
from backup_reporter.config.request import Request
from backup_reporter.distributed.files import RunFiles, ShardJudgments, ShardName, run_name
from backup_reporter.errors import InvalidRequest, SettingsError, StoreError
from backup_reporter.health.judge import Judgment
from backup_reporter.health.model import Workspace
from backup_reporter.records import Record
from backup_reporter.report.model import EvidenceFile, Report
from backup_reporter.report.truncate import SizeLimit, size_in_answer
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_shards import check_shard, judge_unchecked, pack, read_clocks
from backup_reporter.run.evidence import Parts, evidence_header, finish_evidence
from backup_reporter.run.make_plan import make_plan, with_free_id
from backup_reporter.run.pipeline import load_memory, note_key_ends, report_and_publish, take_notes
from backup_reporter.run.plan import Plan, Shard, with_clocks, with_tenant_notes
from backup_reporter.time_limit import countdown, start
from backup_reporter.wording import quote

OUTPUT = SizeLimit(200_000, size_in_answer, len(", "))
"""The answer's size: an execution's output is 256 KiB at most, and the state machine adds a little around it."""

_NO_EVIDENCE = "The evidence of this report could not be kept: {}."
_LOST = "The part of the run that should have checked it failed, although it was tried again"


class PlanStep(Record, frozen=True, tag_field="step", tag="plan"):
    """Finds the workspaces. ``event`` is what the execution was started with."""

    event: Any
    execution: str


class CollectStep(Record, frozen=True, tag_field="step", tag="collect"):
    """Checks the workspaces of one shard."""

    shard: ShardName


class PublishStep(Record, frozen=True, tag_field="step", tag="publish"):
    """Makes one report of all shards, and delivers it."""

    run: str


def parse_step(event: Mapping[Any, Any]) -> PlanStep | CollectStep | PublishStep:
    """Reads what the state machine sends. Raises :class:`InvalidRequest`."""
    try:
        return msgspec.convert(event, PlanStep | CollectStep | PublishStep)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"step: {error}") from None


def run_plan_step(step: PlanStep, reporter: Reporter, seconds: float) -> dict[str, str]:
    """Saves the plan. Answers with the key of the file in which the state machine finds the lanes.

    Raises :class:`InvalidRequest` and :class:`SettingsError` before anything is fetched.
    """
    store, request = _store(reporter), reporter.parse_event(step.event)
    if request.redeliver or request.doctor:
        raise InvalidRequest("redeliver, doctor: are for the function itself, not for the state machine")
    now = utc_now()
    last_report = load_memory(request, reporter.settings, store, step.execution, now, seconds)
    evidence, seconds_left = reporter.evidence("-plan"), countdown(seconds)
    palettes, problems = reporter.palettes(request.tenants, countdown(asking_seconds(seconds)), evidence)
    memory = last_report.memory((palette.tenant.name for palette in palettes), request.as_of or now)
    plan, shards = make_plan(
        request, reporter.settings, palettes, step.execution, now, problems=problems, recall=lambda: memory
    )
    plan = with_free_id(plan, last_report.report_id, step.execution, now)
    plan = with_tenant_notes(plan, take_notes(start(partial(note_key_ends, palettes, now), "api-keys")))
    files = RunFiles(store, run_name(plan.report_id, step.execution))
    if evidence:
        tenants = [palette.tenant for palette in palettes]
        evidence.begin(plan.report_id, evidence_header(plan, shards, reporter.settings, tenants, memory, now))
    file, problem = finish_evidence(evidence, seconds_left)
    plan = msgspec.structs.replace(plan, evidence=file, evidence_problem=problem)
    files.save_plan(with_clocks(plan, read_clocks(palettes)), shards, memory)
    return {"run": files.run, "lanes": files.key("lanes.json")}


def run_collect_step(step: CollectStep, reporter: Reporter, seconds: float) -> dict[str, int]:
    """Saves the reports of a shard's workspaces. Answers with how many there are."""
    files = RunFiles(_store(reporter), step.shard.run)
    plan, shard = files.load_plan(), files.load_shard(step.shard.number)
    tenant = next((tenant for tenant in reporter.tenants() if tenant.name == shard.tenant), None)
    if tenant is None:
        raise SettingsError(
            [f"TENANTS: changed since this run was planned: {shard.tenant or 'a tenant without a name'} is gone"]
        )
    evidence, seconds_left = reporter.evidence(f"-{shard.number:05}"), countdown(seconds)
    client = reporter.palette(tenant, countdown(asking_seconds(seconds)), shard.burst, evidence)
    if evidence:
        evidence.begin(plan.report_id, None)
    memory = WorkspaceMemory(shard.remembered, (shard.tenant,))
    thresholds = reporter.settings.thresholds.for_schedules_in(tenant.schedule_time_zone)
    checked = pack(check_shard(shard, plan, thresholds, client, utc_now, memory))
    files.save_checked(shard, checked, client.clock.problem, *finish_evidence(evidence, seconds_left))
    return {"workspaces": len(checked.workspace_reports)}


def run_publish_step(step: PublishStep, reporter: Reporter, seconds: float) -> tuple[Request, Report]:
    """Makes the report of all shards and delivers it. The workspaces of a shard that is missing are UNKNOWN, by name."""
    seconds_left = countdown(seconds)
    files = RunFiles(_store(reporter), step.run)
    plan, thresholds = files.load_plan(), reporter.settings.thresholds
    clocks: dict[str | None, str | None] = {}
    parts = [(plan.evidence, plan.evidence_problem)]
    problems: list[str] = []

    def judgments() -> Iterator[Judgment]:
        for number in range(len(plan.shards)):
            shard = files.load_shard(number)
            found = files.load_judgments(shard)
            lost = {workspace.uid: workspace for workspace in shard.workspaces}
            if found:
                clocks[shard.tenant] = found.head.clock or clocks.get(shard.tenant)
                parts.append((found.head.evidence, found.head.evidence_problem))
                yield from _expected_judgments(shard, found, lost, problems)
            if lost:
                parts.append((None, _NO_EVIDENCE.format(f"part {number} of the run is missing or not whole")))
                memory = WorkspaceMemory(shard.remembered, (shard.tenant,))
                yield from judge_unchecked(tuple(lost.values()), _LOST, plan, thresholds, memory)

    checked = pack(judgments())
    if problems:
        parts.append((None, _NO_EVIDENCE.format("a part of the run has more in it than was asked for")))
    plan = msgspec.structs.replace(with_clocks(plan, clocks), problems=(*plan.problems, *problems))
    plan = _join_evidence(plan, parts, reporter)
    report = report_and_publish(plan, checked, reporter.settings, reporter.destinations, utc_now, seconds_left)
    return plan.request, report


def _expected_judgments(
    shard: Shard, found: ShardJudgments, lost: dict[str, Workspace], problems: list[str]
) -> Iterator[Judgment]:
    """Yields the first judgment of each workspace of the shard, and takes the workspace out of ``lost``.

    Adds a sentence to ``problems`` for each judgment that should not be there.
    """
    expected = frozenset(lost)
    for judgment in found.judgments:
        report = judgment.report
        if report.tenant == shard.tenant and report.uid in lost:
            del lost[report.uid]
            yield judgment
        else:
            what = "was judged a second time" if report.uid in expected else "was judged but is not in the plan"
            problems.append(
                f"The workspace {quote(report.name, 63)} (uid {quote(report.uid, 63)}) {what}, in part {shard.number} "
                "of the run; this judgment was left out."
            )


def _join_evidence(plan: Plan, parts: Sequence[tuple[EvidenceFile | None, str | None]], reporter: Reporter) -> Plan:
    """Returns the plan with a file that names those of all steps, or with the reason why there is none."""
    problems = [problem for _, problem in parts if problem]
    files = tuple(file for file, _ in parts if file)
    plan = msgspec.structs.replace(plan, evidence=None, evidence_problem=problems[0] if problems else None)
    if problems or not files:
        return plan
    content = msgspec.json.encode(Parts(report_id=plan.report_id, parts=files))
    try:
        key = _store(reporter).save_file(plan.report_id, "evidence.json", [content])
    except StoreError as error:
        return msgspec.structs.replace(plan, evidence_problem=_NO_EVIDENCE.format(error))
    file = EvidenceFile(key=key, sha256=hashlib.sha256(content).hexdigest())
    return msgspec.structs.replace(plan, evidence=file)


def _store(reporter: Reporter) -> ReportStore:
    store = reporter.destinations.store
    if store is None:
        raise SettingsError(["REPORT_BUCKET: not set: a distributed run needs it for the files of its steps"])
    return store
