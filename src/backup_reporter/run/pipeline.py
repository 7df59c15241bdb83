"""The run, as one story: make the plan, check the workspaces, publish the report.

Everything it uses comes in as arguments, the time included. The schedule, an on-demand event, the
command line and a distributed run all take this path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings
from backup_reporter.errors import TimedOutError
from backup_reporter.report.model import Report
from backup_reporter.run.archive import LastReport, load_last_report
from backup_reporter.run.check_shards import Checked, Progress, check_shards, ignore_progress, read_clocks
from backup_reporter.run.evidence import (
    EvidenceWriter,
    evidence_header,
    finish_evidence,
)
from backup_reporter.run.make_plan import Palette, make_plan, report_id_of, scope_of, with_free_id
from backup_reporter.run.make_report import make_report
from backup_reporter.run.plan import (
    Plan,
    with_clocks,
    with_tenant_notes,
)
from backup_reporter.run.publish import Destinations, publish
from backup_reporter.time_limit import result_within, start

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore

_SECONDS_FOR_NOTES = 1.0
"""For the answer about API keys, if everything else is there already."""
_SHARE_OF_PLANNING = 0.5
"""A Palette that hangs while it lists must leave time to ask about the workspaces of the others."""


class Dependencies(Struct, frozen=True, kw_only=True):
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
        recall=lambda: last_report.result().memory(_names(dependencies.palettes), request.as_of or now),
    )
    key_notes = start(partial(note_key_ends, dependencies.palettes, now), "api-keys")
    plan = with_free_id(plan, last_report.result().report_id, dependencies.invocation_id, now)
    memory = last_report.result().memory(plan.tenant_names, plan.as_of)
    if dependencies.evidence:
        tenants = [palette.tenant for palette in dependencies.palettes]
        header = evidence_header(plan, shards, settings, tenants, memory, now)
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


def _names(palettes: Iterable[Palette]) -> frozenset[str | None]:
    return frozenset(palette.tenant.name for palette in palettes)


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
    scope = scope_of(Request(), settings, ())
    return load_last_report(store, scope, report_id_of(request, scope, invocation_id, now), seconds)


def restore_test_days(settings: Settings, request: Request) -> float | None:
    """Returns the setting in days; ``None`` if the report is about one run alone, which no restore belongs to."""
    longest = settings.thresholds.restore_test_max_age
    return None if longest is None or request.backup_request_uid else longest / timedelta(days=1)


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
    report = msgspec.structs.replace(
        report,
        workspace_link=settings.workspace_link,
        restore_test_max_age_days=restore_test_days(settings, plan.request),
    )
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
