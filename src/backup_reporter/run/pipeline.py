"""The run, as one story: make the plan, check the workspaces, publish the report.

Everything it uses comes in as arguments, the time included. The schedule, an on-demand event, the
command line and a distributed run all take this path.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import msgspec

from backup_reporter.config.limits import MAX_POOLS
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.config.tenants import group_by
from backup_reporter.errors import OutOfTimeError, StoreError, TimedOutError, reason_of
from backup_reporter.health.findings import Severity
from backup_reporter.health.judge import Judgment, judge_unreadable
from backup_reporter.health.model import NOTHING_KNOWN, Surroundings, Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.discovery import discover
from backup_reporter.palette.worker_pool import ask_all
from backup_reporter.report.build import build_report
from backup_reporter.report.coverage import CoverageCounter, Expected
from backup_reporter.report.model import EvidenceFile, Report, Scope, scope_id, with_notes
from backup_reporter.report.packed import PackedReports
from backup_reporter.report.workspace_memory import MemoryWriter, WorkspaceMemory
from backup_reporter.run.check_workspace import WorkspaceChecker, listed_nowhere, recall
from backup_reporter.run.choose_workspaces import choose_workspaces
from backup_reporter.run.evidence import AskedTenant, EvidenceWriter, Header, encode_request, encode_thresholds
from backup_reporter.run.plan import (
    Plan,
    Shard,
    SurveyedClusters,
    TenantPlan,
    group_into_lanes,
    make_shards,
    with_clocks,
    with_tenant_notes,
)
from backup_reporter.run.publish import Destinations, LastReport, load_last_report, publish
from backup_reporter.time_limit import result_within, start

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore

Progress = Callable[[int, int], None]
"""Called after every workspace with how many are checked, and how many there are."""

_SECONDS_FOR_NOTES = 1.0
"""For the answer about API keys, if everything else is there already."""
_EVIDENCE_SECONDS = 20.0
"""How long the report waits for the rest of the evidence, at most; a third of the time that is left."""
_SHARE_OF_PLANNING = 0.5
"""A Palette that hangs while it lists must leave time to ask about the workspaces of the others."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ignore_progress(done: int, total: int) -> None:
    """Does nothing: for a run whose progress is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A tenant, and the client that asks its Palette."""

    tenant: Tenant
    client: PaletteClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What a run touches of the world outside. ``seconds_left`` counts down to the platform's limit.

    ``problems`` are sentences about tenants that could not be read. ``destinations`` is called once everything
    is checked: clients can be built while Palette answers.
    """

    palettes: Sequence[Palette]
    problems: Sequence[str] = ()
    destinations: Callable[[], Destinations]
    clock: Callable[[], datetime]
    seconds_left: Callable[[], float]
    invocation_id: str
    on_progress: Progress = ignore_progress
    evidence: EvidenceWriter | None = None


def run(request: Request, settings: Settings, dependencies: Dependencies, now: datetime) -> Report:
    """Makes one report at ``now`` (aware, UTC) and delivers it. The report says what went wrong."""
    last_report = start(partial(_load_last_report, request, settings, dependencies, now), "last-report")
    plan, shards = make_plan(
        request,
        settings,
        dependencies.palettes,
        dependencies.invocation_id,
        now,
        problems=dependencies.problems,
        share=_SHARE_OF_PLANNING,
    )
    key_notes = start(partial(note_key_ends, dependencies.palettes, now), "api-keys")
    memory = last_report.result().memory(plan.tenant_names, plan.as_of)
    if dependencies.evidence:
        header = evidence_header(plan, shards, settings, dependencies.palettes, memory, now)
        dependencies.evidence.begin(plan.report_id, header)
    checked = check_shards(
        plan,
        shards,
        settings.thresholds,
        dependencies.palettes,
        dependencies.clock,
        memory,
        dependencies.on_progress,
    )
    del shards  # the names of many workspaces take up as much memory as making their page does
    plan = with_clocks(plan, read_clocks(dependencies.palettes))
    plan = with_tenant_notes(plan, take_notes(key_notes))
    evidence, problem = finish_evidence(dependencies.evidence, dependencies.seconds_left)
    plan = msgspec.structs.replace(plan, evidence=evidence, evidence_problem=problem)
    return report_and_publish(
        plan,
        checked,
        settings,
        dependencies.destinations(),
        dependencies.clock,
        dependencies.seconds_left,
        last_report.result(),
    )


def note_key_ends(palettes: Iterable[Palette], now: datetime) -> dict[str | None, str | None]:
    """Returns a sentence for each tenant of which an API key ends soon. Never raises: a refusal is silent."""
    from backup_reporter.palette.api_keys import say_end  # noqa: PLC0415 - as in the client

    notes: dict[str | None, str | None] = {}
    for palette in palettes:
        try:
            notes[palette.tenant.name] = say_end(palette.client.api_key_ends(), now)
        except Exception:  # noqa: BLE001, S112 - an ordinary user may be refused: then nothing is known
            continue
    return notes


def take_notes(started: Future[dict[str | None, str | None]]) -> dict[str | None, str | None]:
    """Returns the notes, or none if they are not there yet: they had as long as everything else."""
    try:
        return result_within(_SECONDS_FOR_NOTES, started)
    except TimedOutError:
        return {}


def _load_last_report(request: Request, settings: Settings, dependencies: Dependencies, now: datetime) -> LastReport:
    store = dependencies.destinations().store
    return load_memory(request, settings, store, dependencies.invocation_id, now, dependencies.seconds_left())


def load_memory(
    request: Request,
    settings: Settings,
    store: ReportStore | None,
    invocation_id: str,
    now: datetime,
    seconds: float,
) -> LastReport:
    """Loads what the last report to all channels left: its scope is that of the settings. Never raises."""
    if store is None:
        return LastReport()
    scope = _scope(Request(), settings, ())
    return load_last_report(store, scope, _report_id(request, scope, invocation_id, now), seconds)


def make_plan(
    request: Request,
    settings: Settings,
    palettes: Sequence[Palette],
    invocation_id: str,
    now: datetime,
    *,
    problems: Sequence[str] = (),
    share: float = 1.0,
) -> tuple[Plan, tuple[Shard, ...]]:
    """Finds every workspace in scope, in every tenant, within a ``share`` of the time for asking.

    Raises :class:`InvalidRequest` if the request names a workspace that is not there. What a Palette does
    wrong is a problem in the plan, as are ``problems``.
    """
    lanes = group_by(palettes, lambda palette: palette.tenant.api_url)
    reserved_seconds = (1 - share) * max((palette.client.seconds_left() for palette in palettes), default=0.0)
    found = chain.from_iterable(
        _side_by_side(lanes, lambda lane: [_find(palette, request, settings, reserved_seconds) for palette in lane])
    )
    by_name = sorted(found, key=lambda findings: findings.tenant.name or "")
    shards = tuple(make_shards((findings.tenant, findings.workspaces, findings.surroundings) for findings in by_name))
    scope = _scope(request, settings, by_name)
    plan = Plan(
        request=request,
        scope=scope,
        report_id=_report_id(request, scope, invocation_id, now),
        delivery_key=_delivery_key(request, invocation_id),
        as_of=request.as_of or now.replace(microsecond=0),
        include_clusters=settings.include_clusters,
        problems=tuple(problems),
        tenants=tuple(
            TenantPlan(
                name=findings.tenant.name,
                problems=findings.problems,
                notes=findings.notes,
                clusters=findings.clusters,
            )
            for findings in by_name
        ),
        shards=tuple(len(shard.workspaces) for shard in shards),
    )
    return plan, shards


def check_shard(
    shard: Shard,
    plan: Plan,
    thresholds: Thresholds,
    client: PaletteClient,
    clock: Callable[[], datetime],
    memory: WorkspaceMemory,
    on_checked: Callable[[], None] = lambda: None,
) -> Iterator[Judgment]:
    """Judges each workspace as its answer arrives, then those whose turn did not come.

    ``memory`` is what the last report remembered. Never raises for what Palette does.
    """
    check = WorkspaceChecker(client, plan.request, thresholds, plan.as_of, clock, memory, shard.surroundings)
    may_ask_now = client.may_ask_for_results if shard.kind == "workspace" else client.may_ask_for_clusters
    unanswered = {workspace.uid: workspace for workspace in shard.workspaces}
    for judgment in ask_all(check, shard.workspaces, may_ask_now, client.seconds_left):
        yield judgment
        del unanswered[judgment.report.uid]
        on_checked()
    yield from judge_unchecked(unanswered.values(), str(OutOfTimeError()), plan, thresholds, memory)


def judge_unchecked(
    workspaces: Iterable[Workspace], why: str, plan: Plan, thresholds: Thresholds, memory: WorkspaceMemory
) -> Iterator[Judgment]:
    """Judges workspaces that no one could check; ``why`` is a sentence without its full stop."""
    for workspace in workspaces:
        yield Judgment(judge_unreadable(workspace, why, thresholds, plan.as_of), recall(memory, workspace))


@dataclass(frozen=True, slots=True)
class Checked:
    """The reports of workspaces, and what the next report is to remember of them; both packed."""

    workspace_reports: PackedReports
    remembered: bytes


def pack(judgments: Iterable[Judgment]) -> Checked:
    """Packs judgments as they come."""
    remembered = MemoryWriter()

    def remember_each() -> Iterator[WorkspaceReport]:
        for judgment in judgments:
            remembered.add_judged(judgment)
            yield judgment.report

    return Checked(PackedReports(remember_each()), remembered.packed())


def _merge(several: Sequence[Checked]) -> Checked:
    if len(several) == 1:
        return several[0]
    remembered = MemoryWriter()
    for workspace in chain.from_iterable(WorkspaceMemory(checked.remembered) for checked in several):
        remembered.add(workspace)
    workspace_reports = PackedReports(chain.from_iterable(checked.workspace_reports for checked in several))
    return Checked(workspace_reports, remembered.packed())


def check_shards(
    plan: Plan,
    shards: Sequence[Shard],
    thresholds: Thresholds,
    palettes: Sequence[Palette],
    clock: Callable[[], datetime],
    memory: WorkspaceMemory,
    on_progress: Progress,
) -> Checked:
    """Judges the workspaces of all shards: one shard of a lane after the other, the lanes side by side."""
    clients = {palette.tenant.name: palette.client for palette in palettes}
    zones = {palette.tenant.name: palette.tenant.schedule_time_zone for palette in palettes}
    counter = _Counter(sum(plan.shards), on_progress)

    def check_lane(lane: Sequence[Shard]) -> Checked:
        return pack(
            chain.from_iterable(
                check_shard(
                    shard,
                    plan,
                    thresholds.for_schedules_in(zones[shard.tenant]),
                    clients[shard.tenant],
                    clock,
                    memory,
                    counter.count_one,
                )
                for shard in lane
            )
        )

    return _merge(_side_by_side(group_into_lanes(shards), check_lane))


def report_and_publish(
    plan: Plan,
    checked: Checked,
    settings: Settings,
    destinations: Destinations,
    clock: Callable[[], datetime],
    seconds_left: Callable[[], float],
    last_report: LastReport | None = None,
) -> Report:
    """Makes the report of all workspaces and publishes it. Returns it with the outcome of each delivery."""
    report = make_report(plan, checked.workspace_reports, clock().replace(microsecond=0))
    report = msgspec.structs.replace(report, workspace_link=settings.workspace_link)
    return publish(
        report,
        plan.request,
        settings,
        destinations,
        seconds_left,
        delivery_key=plan.delivery_key,
        remembered=checked.remembered,
        last_report=last_report,
    )


def make_report(plan: Plan, workspace_reports: PackedReports, generated_at: datetime) -> Report:
    """Makes the report of all workspaces, and of the clusters with a policy of their own."""
    looks_at_clusters = plan.include_clusters != "no"
    counter = CoverageCounter(_expected_clusters(plan) if looks_at_clusters else {})
    kept = PackedReports(counter.keep(workspace_reports)) if looks_at_clusters else workspace_reports
    severity: Severity = "warning" if plan.include_clusters == "warn" else "info"
    report = build_report(
        kept,
        report_id=plan.report_id,
        as_of=plan.as_of,
        generated_at=generated_at,
        scope=plan.scope,
        problems=[
            *plan.problems,
            *(problem for tenant in plan.tenants if tenant.name is None for problem in tenant.all_problems),
        ],
        tenants={tenant.name: tenant.all_problems for tenant in plan.tenants if tenant.name is not None},
        findings=counter.findings(severity),
        coverage=counter.coverage(),
        what_if=plan.request.as_of is not None,
    )
    report = msgspec.structs.replace(report, evidence=plan.evidence)
    return with_notes(
        report, *filter(None, [plan.request.note, plan.evidence_problem]), *_notes(plan), *counter.notes()
    )


def evidence_header(
    plan: Plan,
    shards: Iterable[Shard],
    settings: Settings,
    palettes: Sequence[Palette],
    memory: WorkspaceMemory,
    now: datetime,
) -> Header:
    """Returns the first line of the evidence: all that judges, and what was asked for."""
    return Header(
        report_id=plan.report_id,
        made_at=now,
        as_of=plan.as_of,
        request=encode_request(plan.request),
        thresholds=encode_thresholds(settings.thresholds),
        project_uids=settings.tenant.project_uids,
        workspace_uids=settings.tenant.workspace_uids,
        include_clusters=settings.include_clusters,
        tenants=tuple(
            AskedTenant(
                name=palette.tenant.name,
                api_url=palette.tenant.api_url,
                project_uids=palette.tenant.project_uids,
                workspace_uids=palette.tenant.workspace_uids,
                schedule_time_zone=str(palette.tenant.schedule_time_zone or "") or None,
            )
            for palette in palettes
        ),
        problems=plan.problems,
        remembered=memory.only((workspace.tenant, workspace.uid) for shard in shards for workspace in shard.workspaces),
    )


def finish_evidence(
    evidence: EvidenceWriter | None, seconds_left: Callable[[], float]
) -> tuple[EvidenceFile | None, str | None]:
    """Returns where the evidence is kept, or a sentence that says why it is not."""
    if evidence is None:
        return None, None
    try:
        return evidence.finish(min(_EVIDENCE_SECONDS, seconds_left() / 3)), None
    except StoreError as error:
        return None, f"The evidence of this report could not be kept: {error}."


def read_clocks(palettes: Iterable[Palette]) -> dict[str | None, str | None]:
    """Returns a sentence for each tenant whose clock, by its answers so far, is too far from ours; else ``None``."""
    return {palette.tenant.name: palette.client.clock.problem for palette in palettes}


def _side_by_side(lanes: Sequence[_Item], do: Callable[[_Item], _Result]) -> list[_Result]:
    """Returns what ``do`` makes of each lane, in their order. A single lane needs no thread of its own."""
    results: dict[int, _Result] = {}
    waiting = deque(enumerate(lanes))

    def work() -> None:
        while True:
            try:
                number, lane = waiting.popleft()
            except IndexError:
                return
            results[number] = do(lane)

    if len(lanes) < 2:
        work()
    # If no thread can start, the first of these does all the work, here.
    workers = [start(work, "lane") for _ in range(min(len(lanes), MAX_POOLS))]
    for worker in workers:
        worker.result()
    return [results[number] for number in range(len(lanes))]


class _Counter:
    """Counts the checked workspaces, from any thread, and tells the progress."""

    def __init__(self, total: int, on_progress: Progress) -> None:
        self._total = total
        self._checked = 0
        self._lock = threading.Lock()
        self._on_progress = on_progress
        on_progress(0, total)

    def count_one(self) -> None:
        with self._lock:
            self._checked += 1
            self._on_progress(self._checked, self._total)


@dataclass(frozen=True, slots=True)
class _Found:
    """A tenant, its workspaces in scope, and a sentence for everything that could not be listed."""

    tenant: Tenant
    workspaces: tuple[Workspace, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    clusters: SurveyedClusters | None = None
    surroundings: Surroundings = NOTHING_KNOWN


def _find(palette: Palette, request: Request, settings: Settings, reserved_seconds: float) -> _Found:
    tenant, client = palette.tenant, palette.client
    in_time = client.within(lambda: client.seconds_left() - reserved_seconds)
    try:
        inventory = discover(in_time, request.project_uids or tenant.project_uids, tenant.workspace_uids)
    except Exception as error:  # noqa: BLE001 - one tenant's error, of any kind, must not cost the others their report
        return _Found(tenant, problems=(f"Palette could not be asked: {reason_of(error)}.",))
    workspaces = (*inventory.workspaces, *(listed_nowhere(uid, None) for uid in inventory.unlisted_workspace_uids))
    if request.workspace_uids:
        workspaces = choose_workspaces(request.workspace_uids, workspaces, are_all_listed=not inventory.problems)
    found = _Found(tenant, tuple(workspaces), inventory.problems)
    narrows = request.workspace_uids or request.backup_request_uid or tenant.workspace_uids
    if settings.include_clusters != "no" and not narrows:
        found = _with_clusters(found, in_time, request.project_uids or tenant.project_uids, settings)
    if tenant.name is not None:
        named = tuple(msgspec.structs.replace(workspace, tenant=tenant.name) for workspace in found.workspaces)
        found = replace(found, workspaces=named)
    return found


def _with_clusters(found: _Found, client: PaletteClient, project_uids: Sequence[str], settings: Settings) -> _Found:
    """Returns what was found together with the tenant's clusters, or with those of some projects."""
    # Imported here: a run that looks at workspaces only does not pay for it.
    from backup_reporter.palette.survey import survey_tenant  # noqa: PLC0415

    of_workspaces = dict.fromkeys(workspace.project_uid for workspace in found.workspaces if workspace.project_uid)
    survey = survey_tenant(
        client,
        project_uids or tuple(of_workspaces),
        all_projects=not project_uids,
        with_restores=settings.thresholds.restore_test_max_age is not None,
    )
    listed = frozenset(
        cluster.uid for workspace in found.workspaces for cluster in workspace.clusters if cluster.uid is not None
    )
    return replace(
        found,
        workspaces=(*found.workspaces, *survey.clusters),
        notes=survey.notes,
        clusters=SurveyedClusters(
            listed_uids=listed,
            imported_uids=survey.imported_uids,
            set_apart=survey.set_apart,
            is_whole=survey.is_whole,
        ),
        surroundings=survey.surroundings,
    )


def _expected_clusters(plan: Plan) -> dict[str | None, Expected]:
    return {
        tenant.name: Expected(
            listed_uids=tenant.clusters.listed_uids,
            imported_uids=tenant.clusters.imported_uids,
            set_apart=tenant.clusters.set_apart,
            is_whole=tenant.clusters.is_whole,
        )
        for tenant in plan.tenants
        if tenant.clusters is not None
    }


def _notes(plan: Plan) -> Iterator[str]:
    for tenant in plan.tenants:
        yield from (f"Tenant {tenant.name}: {note}" if tenant.name else note for note in tenant.notes)


def _scope(request: Request, settings: Settings, found: Sequence[_Found]) -> Scope:
    asked = [workspace.uid for some in found for workspace in some.workspaces] if request.workspace_uids else ()
    return Scope(
        tenants=request.tenants,
        project_uids=request.project_uids or settings.tenant.project_uids,
        workspace_uids=tuple(asked) or request.workspace_uids or settings.tenant.workspace_uids,
        backup_request_uid=request.backup_request_uid,
    )


def invocation_digest(invocation_id: str) -> str:
    """Returns the end of a report's id by which the one who asked for the report can find it."""
    return hashlib.sha256(invocation_id.encode()).hexdigest()[:8]


def _report_id(request: Request, scope: Scope, invocation_id: str, now: datetime) -> str:
    """Sortable, safe in a path, and the same for every retry of one scheduled time."""
    at = request.scheduled_at or now
    origin = f"the schedule {at.isoformat()} {scope_id(scope)}" if request.scheduled_at else invocation_id
    return f"{at:%Y%m%dT%H%M%SZ}-{invocation_digest(origin)}"


def _delivery_key(request: Request, invocation_id: str) -> str | None:
    """What a scheduled run and its retries have in common; ``None`` on demand, where each answer is wanted."""
    if not request.is_scheduled:
        return None
    # The platform's retries of an event have its invocation id.
    return f"{request.scheduled_at:%Y-%m-%dT%H:%M:%SZ}" if request.scheduled_at else invocation_id
