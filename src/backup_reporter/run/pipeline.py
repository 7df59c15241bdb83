"""The run, as one story: plan, collect, publish.

Everything it uses comes in as arguments, the time included; the schedule, an on-demand event, the
command line and the state machine of a fleet all take this path.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TypeVar

import msgspec

from backup_reporter.config.limits import MAX_POOLS
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings
from backup_reporter.config.tenants import Tenant, alike
from backup_reporter.errors import OutOfTimeError, reason_of
from backup_reporter.health.judge import judge_unreadable
from backup_reporter.health.model import Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.discovery import discover
from backup_reporter.palette.worker_pool import ask_all
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Report, Scope, scope_id
from backup_reporter.report.packed import PackedReports
from backup_reporter.run.check_workspace import WorkspaceChecker, listed_nowhere
from backup_reporter.run.plan import Plan, Shard, TenantPlan, lanes_of, shards_of, with_clocks
from backup_reporter.run.publish import Destinations
from backup_reporter.run.publish import publish as keep_and_send

Progress = Callable[[int, int], None]
"""Told after every verdict how many there are, and how many there will be."""

_SHARE_OF_PLANNING = 0.5
"""A Palette that hangs over its lists must leave the time in which the others' workspaces are asked about."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ignore_progress(done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A tenant, and whom to ask about it."""

    tenant: Tenant
    client: PaletteClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What a run touches of the world outside. ``seconds_left`` counts down to the platform's limit.

    ``outlets`` is asked once everything is judged: what leads there can be built while Palette answers.
    """

    palettes: Sequence[Palette]
    destinations: Callable[[], Destinations]
    clock: Callable[[], datetime]
    seconds_left: Callable[[], float]
    invocation_id: str
    on_progress: Progress = ignore_progress


def run(request: Request, settings: Settings, dependencies: Dependencies, now: datetime) -> Report:
    """Makes one report at ``now`` (aware, UTC) and delivers it. Says in the report what went wrong."""
    made, shards = plan(
        request, settings, dependencies.palettes, dependencies.invocation_id, now, share=_SHARE_OF_PLANNING
    )
    workspace_reports = collect_all(
        made, shards, settings.thresholds, dependencies.palettes, dependencies.clock, dependencies.on_progress
    )
    del shards  # a large fleet's names take up as much memory as making its page does
    made = with_clocks(made, clocks_of(dependencies.palettes))
    return publish(
        made, workspace_reports, settings, dependencies.destinations(), dependencies.clock, dependencies.seconds_left
    )


def plan(
    request: Request,
    settings: Settings,
    palettes: Sequence[Palette],
    invocation_id: str,
    now: datetime,
    share: float = 1.0,
) -> tuple[Plan, tuple[Shard, ...]]:
    """Finds what there is to ask about, in every tenant, within a ``share`` of the time that there is for asking.

    Never raises for what a Palette does.
    """
    lanes = alike(palettes, lambda palette: palette.tenant.api_url)
    kept_seconds = (1 - share) * max((palette.client.seconds_left() for palette in palettes), default=0.0)
    found = _side_by_side(lanes, lambda lane: [_look_into(palette, request, kept_seconds) for palette in lane])
    looked_into = sorted(chain.from_iterable(found), key=_tenant_name)
    shards = tuple(shards_of((palette.tenant, workspaces) for palette, workspaces, _ in looked_into))
    scope = Scope(
        tenants=request.tenants,
        project_uids=request.project_uids or settings.project_uids,
        workspace_uids=request.workspace_uids or settings.workspace_uids,
        backup_request_uid=request.backup_request_uid,
    )
    made = Plan(
        request=request,
        scope=scope,
        report_id=_report_id(request, scope, invocation_id, now),
        as_of=request.as_of or now.replace(microsecond=0),
        tenants=tuple(TenantPlan(name=palette.tenant.name, problems=said) for palette, _, said in looked_into),
        shards=tuple(len(shard.workspaces) for shard in shards),
    )
    return made, shards


def collect(
    shard: Shard,
    made: Plan,
    thresholds: Thresholds,
    client: PaletteClient,
    clock: Callable[[], datetime],
    on_judged: Callable[[], None] = lambda: None,
) -> Iterator[WorkspaceReport]:
    """A verdict on every workspace of a shard as its answer arrives, then on those that were not reached.

    Never raises for what Palette does: silence is never the answer.
    """
    examine = WorkspaceChecker(client, made.request, thresholds, made.as_of, clock)
    unanswered = {workspace.uid: workspace for workspace in shard.workspaces}
    for workspace_report in ask_all(examine, shard.workspaces, client.may_ask_for_results, client.seconds_left):
        yield workspace_report
        del unanswered[workspace_report.uid]
        on_judged()
    for workspace in unanswered.values():
        yield judge_unreadable(workspace, str(OutOfTimeError()), thresholds, made.as_of)


def unheard(shard: Shard, why: str, made: Plan, thresholds: Thresholds) -> Iterator[WorkspaceReport]:
    """A shard of which nothing is known but its workspaces' names; ``why`` is a sentence without its full stop."""
    for workspace in shard.workspaces:
        yield judge_unreadable(workspace, why, thresholds, made.as_of)


def publish(
    made: Plan,
    workspace_reports: PackedReports,
    settings: Settings,
    destinations: Destinations,
    clock: Callable[[], datetime],
    seconds_left: Callable[[], float],
) -> Report:
    """Makes the report of all verdicts and delivers it; returns it with what became of it."""
    report = build_report(
        workspace_reports,
        report_id=made.report_id,
        as_of=made.as_of,
        generated_at=clock().replace(microsecond=0),
        scope=made.scope,
        problems=[said for tenant in made.tenants if tenant.name is None for said in tenant.said],
        tenants={tenant.name: tenant.said for tenant in made.tenants if tenant.name is not None},
        what_if=made.request.as_of is not None,
    )
    return keep_and_send(report, made.request, settings, destinations, seconds_left)


def clocks_of(palettes: Iterable[Palette]) -> dict[str | None, str | None]:
    """What the answers so far say of each tenant's clock beside ours."""
    return {palette.tenant.name: palette.client.clock.problem for palette in palettes}


def collect_all(
    made: Plan,
    shards: Sequence[Shard],
    thresholds: Thresholds,
    palettes: Sequence[Palette],
    clock: Callable[[], datetime],
    on_progress: Progress,
) -> PackedReports:
    """Every shard's verdicts: each Palette's shards one after the other, the Palettes side by side."""
    clients = {palette.tenant.name: palette.client for palette in palettes}
    counted = _Counter(sum(made.shards), on_progress)

    def collect_lane(lane: Sequence[Shard]) -> PackedReports:
        collected = (collect(shard, made, thresholds, clients[shard.tenant], clock, counted.one_more) for shard in lane)
        return PackedReports(chain.from_iterable(collected))

    lanes = _side_by_side(lanes_of(shards), collect_lane)
    return lanes[0] if len(lanes) == 1 else PackedReports(chain.from_iterable(lanes))


def _side_by_side(lanes: Sequence[_Item], do: Callable[[_Item], _Result]) -> list[_Result]:
    """What ``do`` makes of each lane. One lane alone needs no thread of its own."""
    if len(lanes) < 2:
        return [do(lane) for lane in lanes]
    with ThreadPoolExecutor(min(len(lanes), MAX_POOLS), thread_name_prefix="lane") as pool:
        return list(pool.map(do, lanes))


class _Counter:
    """Tells whoever watches of every verdict, from whichever thread it comes."""

    def __init__(self, total: int, on_progress: Progress) -> None:
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._on_progress = on_progress
        on_progress(0, total)

    def one_more(self) -> None:
        with self._lock:
            self._done += 1
            self._on_progress(self._done, self._total)


_LookedInto = tuple[Palette, tuple[Workspace, ...], tuple[str, ...]]
"""A tenant, its workspaces in scope, and a sentence for each thing that could not be looked into."""


def _look_into(palette: Palette, request: Request, kept_seconds: float) -> _LookedInto:
    tenant, client = palette.tenant, palette.client
    in_time = client.within(lambda: client.seconds_left() - kept_seconds)
    try:
        fleet = discover(
            in_time, request.project_uids or tenant.project_uids, request.workspace_uids or tenant.workspace_uids
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other tenants their report
        return palette, (), (f"Palette could not be asked: {reason_of(error)}.",)
    found = fleet.workspaces
    if tenant.name is not None:
        found = tuple(msgspec.structs.replace(workspace, tenant=tenant.name) for workspace in found)
    return (
        palette,
        (*found, *(listed_nowhere(uid, tenant.name) for uid in fleet.unlisted_workspace_uids)),
        fleet.problems,
    )


def _tenant_name(looked_into: _LookedInto) -> str:
    return looked_into[0].tenant.name or ""


def _report_id(request: Request, scope: Scope, invocation_id: str, now: datetime) -> str:
    """Sortable, safe in a path, and the same for every retry of one scheduled time."""
    at = request.scheduled_at or now
    origin = "the schedule" if request.scheduled_at else f"{invocation_id} {now.isoformat()}"
    origin = f"{origin} {at.isoformat()} {scope_id(scope)}"
    return f"{at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
