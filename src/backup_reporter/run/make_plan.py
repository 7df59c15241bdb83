"""The first step of a run: finds every workspace in scope, in every tenant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.config.tenants import group_by
from backup_reporter.errors import InvalidRequest, reason_of
from backup_reporter.health.model import Cluster, Surroundings, Workspace
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.discovery import Projects, discover_in, projects_in_scope
from backup_reporter.report.model import Scope, scope_id
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_workspace import listed_nowhere
from backup_reporter.run.choose import choose_projects, choose_workspaces
from backup_reporter.run.lanes import side_by_side
from backup_reporter.run.plan import (
    Plan,
    Shard,
    SurveyedClusters,
    TenantPlan,
    make_shards,
)

if TYPE_CHECKING:
    from backup_reporter.palette.survey import Survey

_ONLY_SOME_WORKSPACES = (
    "Clusters are not looked at, although INCLUDE_CLUSTERS is set: this report is about some workspaces only."
)


class Palette(Struct, frozen=True, kw_only=True):
    """A tenant, and the client that asks its Palette."""

    tenant: Tenant
    client: PaletteClient


def make_plan(
    request: Request,
    settings: Settings,
    palettes: Sequence[Palette],
    invocation_id: str,
    now: datetime,
    *,
    problems: Sequence[str] = (),
    share: float = 1.0,
    recall: Callable[[], WorkspaceMemory] = WorkspaceMemory,
) -> tuple[Plan, tuple[Shard, ...]]:
    """Finds every workspace in scope, in every tenant, within a ``share`` of the time for asking.

    Raises :class:`InvalidRequest` if the request names a project or workspace that is not there. What a Palette does
    wrong is a problem in the plan, as are ``problems``. ``recall`` returns what the last report remembered; it is called
    if a list of clusters cannot be read.
    """
    lanes = group_by(palettes, lambda palette: palette.tenant.api_url)
    reserved_seconds = (1 - share) * max((palette.client.seconds_left() for palette in palettes), default=0.0)
    found = chain.from_iterable(
        side_by_side(
            lanes, lambda lane: [_find(palette, request, settings, reserved_seconds, recall) for palette in lane]
        )
    )
    by_name = sorted(found, key=lambda found_tenant: found_tenant.tenant.name or "")
    shards = tuple(
        make_shards(
            (found_tenant.tenant, found_tenant.workspaces, found_tenant.surroundings) for found_tenant in by_name
        )
    )
    scope = scope_of(request, settings, by_name)
    plan = Plan(
        request=request,
        scope=scope,
        report_id=report_id_of(request, scope, invocation_id, now),
        delivery_key=_delivery_key(request, invocation_id),
        as_of=request.as_of or now.replace(microsecond=0),
        include_clusters=settings.include_clusters,
        problems=tuple(problems),
        tenants=tuple(found_tenant.plan for found_tenant in by_name),
        shards=tuple(len(shard.workspaces) for shard in shards),
    )
    return plan, shards


class _Found(Struct, frozen=True):
    """A tenant, its workspaces in scope, and a sentence for everything that could not be listed."""

    tenant: Tenant
    workspaces: tuple[Workspace, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    clusters: SurveyedClusters | None = None
    surroundings: Surroundings | None = None
    project_uids: tuple[str, ...] = ()
    """The projects that the request names."""

    @property
    def plan(self) -> TenantPlan:
        return TenantPlan(name=self.tenant.name, problems=self.problems, notes=self.notes, clusters=self.clusters)


def _find(
    palette: Palette,
    request: Request,
    settings: Settings,
    reserved_seconds: float,
    recall: Callable[[], WorkspaceMemory],
) -> _Found:
    tenant, client = palette.tenant, palette.client
    in_time = client.within(lambda: client.seconds_left() - reserved_seconds)
    try:
        scope = _narrow(projects_in_scope(in_time, tenant.project_uids, request.project_uids), request, tenant)
        inventory = discover_in(in_time, scope, tenant.workspace_uids)
    except InvalidRequest:
        raise
    except Exception as error:  # noqa: BLE001 - one tenant's error, of any kind, must not cost the others their report
        return _Found(tenant, problems=(f"Palette could not be asked: {reason_of(error)}.",))
    workspaces = (*inventory.workspaces, *(listed_nowhere(uid, None) for uid in inventory.unlisted_workspace_uids))
    if request.workspace_uids:
        workspaces = choose_workspaces(request.workspace_uids, workspaces, are_all_listed=not inventory.problems)
    project_uids = (*(project.uid for project in scope.listed), *scope.unseen_uids) if request.project_uids else ()
    found = _Found(tenant, tuple(workspaces), inventory.problems, project_uids=project_uids)
    narrows = request.workspace_uids or request.backup_request_uid or tenant.workspace_uids
    if settings.include_clusters != "no" and tenant.workspace_uids:
        found = msgspec.structs.replace(found, notes=(_ONLY_SOME_WORKSPACES,))
    if settings.include_clusters != "no" and not narrows:
        asked_uids = project_uids or tenant.project_uids
        found = _with_clusters(
            found, in_time, asked_uids, settings, request.as_of, lambda: _clusters_in(recall(), tenant.name)
        )
    if tenant.name is not None:
        named = tuple(msgspec.structs.replace(workspace, tenant=tenant.name) for workspace in found.workspaces)
        found = msgspec.structs.replace(found, workspaces=named)
    return found


def _narrow(scope: Projects, request: Request, tenant: Tenant) -> Projects:
    """Returns those of the projects in scope that the request names. Raises :class:`InvalidRequest`."""
    if not request.project_uids:
        return scope
    unseen_uids = tuple(uid for uid in request.project_uids if uid in scope.unseen_uids)
    names = [name for name in request.project_uids if name not in unseen_uids]
    # What a tenant's own scope does not name is outside it, although a list may have gaps.
    are_all_listed = bool(tenant.project_uids) or not scope.problems
    chosen = choose_projects(names, scope.listed, are_all_listed=are_all_listed)
    return Projects(chosen, unseen_uids, scope.problems)


def _clusters_in(memory: WorkspaceMemory, tenant: str | None) -> Iterator[Workspace]:
    """Yields a tenant's clusters of the last report: enough to ask about them, and to judge what is answered."""
    for remembered in memory:
        if (remembered.kind, remembered.tenant) == ("cluster", tenant):
            yield Workspace(
                kind="cluster",
                uid=remembered.uid,
                name=remembered.name,
                project_uid=remembered.project_uid,
                project_name=remembered.project_name,
                clusters=(Cluster(remembered.uid, remembered.name),),
                labels=remembered.backups.mute_labels if remembered.backups else {},
                is_imported=remembered.backups is not None and remembered.backups.is_imported,
            )


def _with_clusters(
    found: _Found,
    client: PaletteClient,
    project_uids: Sequence[str],
    settings: Settings,
    as_of: datetime | None,
    recall: Callable[[], Iterable[Workspace]],
) -> _Found:
    """Returns what was found together with the tenant's clusters, or with those of some projects."""
    # Imported here: a run that looks at workspaces only does not pay for it.
    from backup_reporter.palette.survey import survey_tenant  # noqa: PLC0415

    of_workspaces = dict.fromkeys(workspace.project_uid for workspace in found.workspaces if workspace.project_uid)
    listed_by = _workspaces_by_cluster(found.workspaces)
    survey = survey_tenant(
        client,
        project_uids or tuple(of_workspaces),
        all_projects=not project_uids,
        with_restores=settings.thresholds.restore_test_max_age is not None,
        workspaces_have_clusters=bool(listed_by),
        as_of=as_of,
        recall=recall,
    )
    return msgspec.structs.replace(
        found,
        workspaces=(*found.workspaces, *survey.clusters),
        notes=survey.notes,
        clusters=_surveyed_clusters(survey, listed_by),
        surroundings=survey.surroundings,
    )


def _workspaces_by_cluster(workspaces: Iterable[Workspace]) -> dict[str, list[str]]:
    """Returns the uids of the workspaces that list a cluster, by the cluster's uid."""
    listed_by: dict[str, list[str]] = {}
    for workspace in workspaces:
        for cluster in workspace.clusters:
            if cluster.uid is not None:
                listed_by.setdefault(cluster.uid, []).append(workspace.uid)
    return listed_by


def _surveyed_clusters(survey: Survey, listed_by: dict[str, list[str]]) -> SurveyedClusters:
    return SurveyedClusters(
        listed_by=listed_by,
        imported_uids=frozenset(cluster.uid for cluster in survey.clusters if cluster.is_imported),
        set_apart=survey.set_apart,
        is_whole=survey.is_whole,
        recalled_uids=survey.recalled_uids,
        are_locations_known=survey.surroundings.location_uids is not None,
    )


def scope_of(request: Request, settings: Settings, found: Sequence[_Found]) -> Scope:
    asked = [workspace.uid for some in found for workspace in some.workspaces] if request.workspace_uids else ()
    of_projects = [uid for some in found for uid in some.project_uids]
    return Scope(
        tenants=request.tenants,
        project_uids=tuple(of_projects) or request.project_uids or settings.tenant.project_uids,
        workspace_uids=tuple(asked) or request.workspace_uids or settings.tenant.workspace_uids,
        backup_request_uid=request.backup_request_uid,
    )


def invocation_digest(invocation_id: str) -> str:
    """Returns the end of a report's id by which the one who asked for the report can find it."""
    return hashlib.sha256(invocation_id.encode()).hexdigest()[:8]


def report_id_of(request: Request, scope: Scope, invocation_id: str, now: datetime) -> str:
    """Sortable, safe in a path, and the same for every retry of one scheduled time."""
    at = request.scheduled_at or now
    origin = f"the schedule {at.isoformat()} {scope_id(scope)}" if request.scheduled_at else invocation_id
    return f"{at:%Y%m%dT%H%M%SZ}-{invocation_digest(origin)}"


def with_free_id(plan: Plan, last_report_id: str | None, invocation_id: str, now: datetime) -> Plan:
    """Returns the plan with the id of a new report if its own is older than the last report.

    A scheduled report that is made again so late must not overwrite a kept one, which the next one's link vouches for.
    """
    if last_report_id is None or last_report_id <= plan.report_id:
        return plan
    request = msgspec.structs.replace(plan.request, scheduled_at=None)
    return msgspec.structs.replace(plan, report_id=report_id_of(request, plan.scope, invocation_id, now))


def _delivery_key(request: Request, invocation_id: str) -> str | None:
    """What a scheduled run and its retries have in common; ``None`` on demand, where each answer is wanted."""
    if not request.is_scheduled:
        return None
    # The platform's retries of an event have its invocation id.
    return f"{request.scheduled_at:%Y-%m-%dT%H:%M:%SZ}" if request.scheduled_at else invocation_id
