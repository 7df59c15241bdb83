"""What passes between the steps of a run: small, typed, versioned, and as good in a file as in memory.

*Plan* finds the workspaces and makes a :class:`Plan` and its shards; *collect* turns a :class:`Shard` into
verdicts; *publish* makes one report of them. In one function these are three calls, in a fleet's state
machine three kinds of invocation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from backup_reporter.config.request import Request
from backup_reporter.config.tenants import Tenant, alike
from backup_reporter.health.model import Workspace
from backup_reporter.records import Instant, Record
from backup_reporter.report.model import Scope

VERSION: Literal[1] = 1
"""Raised whenever a step could misread what another version's step has written."""

SHARD_SECONDS = 300
"""How long a shard may take at its tenant's rate: a third of what a function has, for a slow night."""
MAX_WORKSPACES = 1000
"""In a shard, however fast its Palette is: what is lost where one fails, and what a step has in memory."""


class TenantPlan(Record, frozen=True, kw_only=True):
    """A tenant that was looked into, and a sentence for each thing in it that could not be.

    ``clock`` is one about its clock and ours, where they are too far apart.
    """

    name: str | None
    problems: tuple[str, ...] = ()
    clock: str | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.problems, self.clock) if self.clock else self.problems


class Plan(Record, frozen=True, kw_only=True):
    """What a run is to report on, but for the workspaces, which are in its ``shards`` numbered from 0."""

    version: Literal[1] = VERSION
    request: Request
    scope: Scope
    report_id: str
    as_of: Instant
    tenants: tuple[TenantPlan, ...]
    shards: tuple[int, ...]
    """How many workspaces each shard has."""


def with_clocks(made: Plan, clocks: Mapping[str | None, str | None]) -> Plan:
    """The plan with what was noticed since of the clocks of some tenants, by name."""
    tenants = tuple(
        msgspec.structs.replace(tenant, clock=clocks.get(tenant.name) or tenant.clock) for tenant in made.tenants
    )
    return msgspec.structs.replace(made, tenants=tenants)


class Shard(Record, frozen=True, kw_only=True):
    """Workspaces of one tenant that are asked about together, in the order of the report.

    The shards of one ``lane`` ask the same Palette, and never at the same time: so it is asked at its
    tenants' rate by whoever is at work. ``burst`` is how many requests may go out at once at the beginning; only
    the first shard of a lane has more than one, because those before it have used it up.
    """

    version: Literal[1] = VERSION
    number: int
    lane: str
    tenant: str | None
    burst: int
    workspaces: tuple[Workspace, ...]


def shards_of(found: Iterable[tuple[Tenant, Sequence[Workspace]]]) -> Iterator[Shard]:
    """Cuts every tenant's workspaces into shards, in the order of the report."""
    number, lanes = 0, set[str]()
    for tenant, workspaces in found:
        ordered = sorted(workspaces, key=lambda workspace: (workspace.project_name, workspace.name, workspace.uid))
        most = max(1, min(MAX_WORKSPACES, int(tenant.requests_per_second * SHARD_SECONDS)))
        for start in range(0, len(ordered), most):
            yield Shard(
                number=number,
                lane=tenant.api_url,
                tenant=tenant.name,
                burst=1 if tenant.api_url in lanes else tenant.burst,
                workspaces=tuple(ordered[start : start + most]),
            )
            number += 1
            lanes.add(tenant.api_url)


def lanes_of(shards: Iterable[Shard]) -> list[list[Shard]]:
    """The shards that ask the same Palette, together: one after the other within a lane, the lanes side by side."""
    return alike(shards, lambda shard: shard.lane)
