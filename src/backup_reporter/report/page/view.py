"""What the page shows of each workspace, worked out: the strip, the timelines, and the facts beside them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property, lru_cache, partial
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.findings import Finding
from backup_reporter.health.workspace_report import ClusterReport, Day, WorkspaceReport
from backup_reporter.report.day_states import STATE_WORDS
from backup_reporter.report.last_restore import last_restore_words
from backup_reporter.report.page.timeline import Axis, Drawing, Tick, axis, drawing, ticks
from backup_reporter.report.restore_points import FOREVER, restorable_until
from backup_reporter.report.templating import short_date
from backup_reporter.wording import age, duration, moment, quote, retention

_ROOM_FOR_NEXT_RUN = 900
"""Thousandths of an axis up to which there is room to name the next run."""


class ClusterView(Struct, frozen=True, dict=True):
    """A cluster of a workspace: its name, what is left to restore in words, and the same drawn."""

    cluster: ClusterReport
    workspace: WorkspaceReport
    axis: Axis
    now: datetime
    zone: ZoneInfo

    @property
    def name(self) -> str:
        return self.cluster.name or self.cluster.uid or "(no name)"

    @cached_property
    def drawing(self) -> Drawing:
        return drawing(self.cluster, self.workspace, self.axis)

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to restore."""
        return not self.cluster.restore_points

    @property
    def newest(self) -> str:
        """``newest copy 6 hours old``."""
        if self.is_bare:
            return "nothing to restore"
        made = self.cluster.newest_restore_point_at
        return f"newest copy {duration(self.now - made)} old" if made else "newest copy of unknown age"

    @property
    def rest(self) -> tuple[str, ...]:
        """How many copies there are and when the last one expires or expired, in short lines."""
        end = restorable_until(self.cluster)
        if self.is_bare and self.cluster.newest_incomplete_copy_at:
            return (
                "only incomplete copies, the newest made",
                moment(self.cluster.newest_incomplete_copy_at, self.zone),
            )
        if self.is_bare:
            return ("the last copy expired", moment(end, self.zone)) if end else ("there never was a copy",)
        number = "1 copy" if self.cluster.restore_points == 1 else f"{self.cluster.restore_points} copies"
        if end is None or end == FOREVER:
            return (f"{number}, without an end",)
        due = self.workspace.next_run_at
        then = ("before the next run is due",) if due and end < due else ()
        return (f"{number}, for {duration(end - self.now)} more", f"until {moment(end, self.zone)}", *then)


class WorkspaceView(Struct, frozen=True, dict=True):
    """A workspace as the page shows it in full; ``anchor`` is its place in the page."""

    workspace: WorkspaceReport
    anchor: str
    now: datetime
    zone: ZoneInfo
    url: str | None = None
    """Leads to the workspace in Palette."""

    @property
    def is_in_full(self) -> bool:
        """Whether it has a problem; the others are folded."""
        return self.workspace.status != "OK"

    @cached_property
    def axis(self) -> Axis:
        return axis(self.workspace, self.now)

    @cached_property
    def ticks(self) -> tuple[Tick, ...]:
        return tuple(ticks(self.axis, self.zone))

    @property
    def clusters(self) -> Iterator[ClusterView]:
        for cluster in self.workspace.clusters:
            yield ClusterView(cluster, self.workspace, self.axis, self.now, self.zone)

    @property
    def findings(self) -> list[list[Finding]]:
        """The findings, those that say the same of several clusters together.

        A cluster that was left out and never backed up is told once: that it was left out says both.
        """
        left_out = {finding.cluster for finding in self.workspace.findings if finding.code == "cluster-not-backed-up"}
        alike: dict[tuple[str, str, bool], list[Finding]] = {}
        for finding in self.workspace.findings:
            if finding.code == "never-backed-up" and finding.cluster in left_out:
                continue
            alike.setdefault((finding.code, finding.message, finding.muted), []).append(finding)
        return list(alike.values())

    @property
    def now_x(self) -> int:
        return self.axis.x(self.now)

    @property
    def next_run_x(self) -> int | None:
        due = self.workspace.next_run_at
        return self.axis.x(due) if due and due < self.axis.end else None

    @property
    def has_room_for_next_run(self) -> bool:
        return self.next_run_x is not None and self.next_run_x < _ROOM_FOR_NEXT_RUN

    @property
    def facts(self) -> Iterator[str]:
        """Schedule and retention, in a few words each."""
        workspace = self.workspace
        if workspace.schedule:
            yield f"schedule {quote(workspace.schedule, 60)}"
        if workspace.retention_hours is not None:
            yield f"copies kept {retention(workspace.retention_hours)}"
        if workspace.next_run_at:
            yield f"next run {moment(workspace.next_run_at, self.zone)}"
        if restored := last_restore_words(workspace, partial(age, now=self.now)):
            yield f"last restore: {restored}"


def day_label(day: Day) -> str:
    """One cell of the strip in words: ``Sun 22 Nov: failed, daily-20261122``."""
    label = f"{_date(day.date)}: {STATE_WORDS[day.state]}"
    return f"{label}, {day.backup_name}" if day.backup_name else label


@lru_cache(maxsize=1000)
def _date(day: date) -> str:
    return f"{day:%a} {short_date(day)}"


def evidence(value: object) -> str:
    """A piece of evidence as text; several are joined."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
