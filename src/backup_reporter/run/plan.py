"""What passes between the steps of a run: small, typed, versioned, the same in a file as in memory.

The first step finds the workspaces and makes a :class:`Plan` and its shards. The second turns each :class:`Shard`
into workspace reports, and the third makes one report of them. In one function these are three calls, in a
distributed run three kinds of invocation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from backup_reporter.config.request import Request
from backup_reporter.config.settings import IncludeClusters, Tenant
from backup_reporter.config.tenants import group_by
from backup_reporter.health.model import Surroundings, Workspace
from backup_reporter.records import Instant, Record
from backup_reporter.report.model import EvidenceFile, Scope

VERSION: Literal[1] = 1
"""Increased whenever a step could misread what another version's step has written."""

SHARD_SECONDS = 300
"""How long a shard may take at its tenant's rate: a third of a function's time, because Palette may be slow."""
MAX_WORKSPACES = 1000
"""In a shard, however fast its Palette is: so many are lost if one fails, and a step holds so many in memory."""


class SurveyedClusters(Record, frozen=True, kw_only=True):
    """What is known of a tenant's clusters before any of them is asked about.

    ``listed_by`` has the workspaces that list a cluster, ``imported_uids`` the clusters that Palette may only be allowed
    to read.
    ``set_apart`` counts by reason the clusters of which no one expects backups. ``is_whole`` is false if there may be
    more clusters than were listed; ``recalled_uids`` are then those that only the last report listed.
    ``are_locations_known`` is false if the backup locations could not be listed.
    """

    listed_by: dict[str, list[str]] = {}  # noqa: RUF012 - msgspec copies it for each record
    imported_uids: frozenset[str] = frozenset()
    set_apart: dict[str, int] = {}  # noqa: RUF012 - msgspec copies it for each record
    is_whole: bool = True
    recalled_uids: frozenset[str] = frozenset()
    are_locations_known: bool = True


class TenantPlan(Record, frozen=True, kw_only=True):
    """A tenant, and a sentence for everything in it that could not be listed.

    ``clock`` is a sentence about its clock and ours if they are too far apart.
    """

    name: str | None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about what is worth knowing and makes nothing UNKNOWN."""
    clock: str | None = None
    clusters: SurveyedClusters | None = None
    """``None`` if clusters are not looked at."""

    @property
    def all_problems(self) -> tuple[str, ...]:
        """The problems, the clock's included."""
        return (*self.problems, self.clock) if self.clock else self.problems


class Plan(Record, frozen=True, kw_only=True):
    """What a run reports on. The workspaces themselves are in its ``shards``, numbered from 0."""

    version: Literal[1] = VERSION
    request: Request
    scope: Scope
    report_id: str
    delivery_key: str | None = None
    """The same for a scheduled run and its retries; ``None`` on demand."""
    as_of: Instant
    include_clusters: IncludeClusters = "no"
    problems: tuple[str, ...] = ()
    """Sentences about tenants that could not be read."""
    tenants: tuple[TenantPlan, ...]
    evidence: EvidenceFile | None = None
    """Where this step's answers are kept."""
    evidence_problem: str | None = None
    shards: tuple[int, ...]
    """How many workspaces each shard has."""

    @property
    def tenant_names(self) -> frozenset[str | None]:
        """The tenants' names; one tenant alone has none."""
        return frozenset(tenant.name for tenant in self.tenants) or frozenset({None})


def with_clocks(plan: Plan, clocks: Mapping[str | None, str | None]) -> Plan:
    """Returns the plan with what was noticed since about some tenants' clocks, by the tenant's name."""
    tenants = tuple(
        msgspec.structs.replace(tenant, clock=clocks.get(tenant.name) or tenant.clock) for tenant in plan.tenants
    )
    return msgspec.structs.replace(plan, tenants=tenants)


def with_tenant_notes(plan: Plan, notes: Mapping[str | None, str | None]) -> Plan:
    """Returns the plan with one more note for some tenants, by the tenant's name."""
    tenants = tuple(
        msgspec.structs.replace(tenant, notes=(*tenant.notes, note)) if (note := notes.get(tenant.name)) else tenant
        for tenant in plan.tenants
    )
    return msgspec.structs.replace(plan, tenants=tenants)


class Shard(Record, frozen=True, kw_only=True):
    """Workspaces of one tenant that are asked about together, in the order of the report.

    The shards of one ``lane`` ask the same Palette, one after the other, so that together they keep to its rate.
    ``burst`` is how many requests may go out at once at the beginning. Only the first shard of a lane has more
    than one: it uses up what the Palette allows at once.
    """

    version: Literal[1] = VERSION
    number: int
    lane: str
    tenant: str | None
    burst: int
    kind: Literal["workspace", "cluster"] = "workspace"
    """Clusters have a lane of their own beside the workspaces': Palette counts requests about them apart."""
    workspaces: tuple[Workspace, ...]
    remembered: bytes = b""
    """What the last report remembered of them, packed; only if the shard is in a file."""
    surroundings: Surroundings | None = None


def make_shards(found: Iterable[tuple[Tenant, Sequence[Workspace], Surroundings | None]]) -> Iterator[Shard]:
    """Yields every tenant's workspaces and clusters in shards, in the order of the report."""
    number, lanes = 0, set[str]()
    for tenant, workspaces, surroundings in found:
        by_kind = sorted(workspaces, key=lambda workspace: workspace.kind, reverse=True)
        for of_one_kind in group_by(by_kind, lambda workspace: workspace.kind):
            kind = of_one_kind[0].kind
            lane = tenant.api_url if kind == "workspace" else f"{tenant.api_url} {kind}s"
            ordered = sorted(of_one_kind, key=lambda workspace: (workspace.project_name, workspace.name, workspace.uid))
            max_workspaces = max(1, min(MAX_WORKSPACES, int(tenant.requests_per_second * SHARD_SECONDS)))
            for start in range(0, len(ordered), max_workspaces):
                yield Shard(
                    number=number,
                    lane=lane,
                    tenant=tenant.name,
                    burst=1 if lane in lanes else tenant.burst,
                    kind=kind,
                    workspaces=tuple(ordered[start : start + max_workspaces]),
                    surroundings=surroundings,
                )
                number += 1
                lanes.add(lane)


def group_into_lanes(shards: Iterable[Shard]) -> list[list[Shard]]:
    """Returns the shards of each Palette together: one after the other within a lane, the lanes side by side."""
    return group_by(shards, lambda shard: shard.lane)
