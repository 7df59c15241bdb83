"""The restore-point timeline as a drawing: the position of each copy, gap and mark on an axis of time.

Positions are thousandths of the drawing's width and hundredths of its height, so that it fits any
screen; times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.workspace_report import ClusterReport, RestorePointSeries, WorkspaceReport
from backup_reporter.report.restore_points import restorable_until, series_of

WIDTH = 1000
HEIGHT = 100
MAX_LINES = 14
"""A steady series of more copies than this is drawn as one band instead of single lines."""

_MARGIN = 12
_MAX_PITCH = 12.0

_MIN_SPAN = timedelta(days=2)
_MAX_SPAN = timedelta(days=60)
_TICK_DAYS = (1, 2, 3, 5, 7, 10, 14, 20, 30)
_MAX_TICKS = 9


class Axis(Struct, frozen=True):
    """The span of time that the drawings of a workspace's clusters share."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> int:
        """Where a time lies; what lies outside is at the edge."""
        return round(WIDTH * min(1.0, max(0.0, (at - self.start) / (self.end - self.start))))


class Tick(Struct, frozen=True):
    """A midnight in the reader's time zone."""

    x: int
    label: str


class Gap(Struct, frozen=True):
    """Time with nothing to restore. ``is_certain``: no run that is due could fill it."""

    x: int
    width: int
    is_certain: bool


class Drawing(Struct, frozen=True, kw_only=True):
    """One cluster's timeline; all but the gaps is SVG path data. ``awaited`` is the next run's copy."""

    lines: str
    bands: str
    newest: str
    awaited: str
    gaps: tuple[Gap, ...]


def axis(workspace: WorkspaceReport, now: datetime) -> Axis:
    """From the oldest copy to the last expiry and the next run, within sixty days either way."""
    entries = [entry for cluster in workspace.clusters for entry in cluster.restore_point_series]
    made = [entry.first_at for entry in entries if entry.first_at]
    made += [cluster.newest_restore_point_at for cluster in workspace.clusters if cluster.newest_restore_point_at]
    ends = [entry.last_expires_at for entry in entries if entry.last_expires_at]
    ends += [cluster.expires_at for cluster in workspace.clusters if cluster.expires_at]
    ends += [workspace.next_run_at] if workspace.next_run_at else []
    start = min([now - _MIN_SPAN, *made])
    end = max([now + _MIN_SPAN, *ends])
    start, end = max(start, now - _MAX_SPAN), min(end, now + _MAX_SPAN)
    margin = (end - start) / 50
    return Axis(start - margin, end + margin)


def ticks(axis: Axis, zone: ZoneInfo) -> Iterator[Tick]:
    """Dates along the axis, few enough to be read."""
    days = (axis.end - axis.start).days
    step = next((step for step in _TICK_DAYS if days / step <= _MAX_TICKS), _TICK_DAYS[-1])
    date = axis.start.astimezone(zone).date()
    while True:
        date += timedelta(days=1)
        at = datetime.combine(date, time(), zone)
        if at >= axis.end:
            return
        if date.toordinal() % step == 0:
            yield Tick(axis.x(at), f"{date.day} {date:%b}")


def drawing(cluster: ClusterReport, workspace: WorkspaceReport, axis: Axis) -> Drawing:
    """Draws the copies of a cluster: the newest is the lowest line, above that of the next run."""
    entries = series_of(cluster)
    total = sum(entry.count for entry in entries)
    pitch = min(_MAX_PITCH, (HEIGHT - 2 * _MARGIN) / max(1, total))
    lines, bands, number = "", "", 0
    for entry in entries:
        top, number = _MARGIN + pitch * number, number + entry.count
        if entry.count > MAX_LINES:
            bands += _band(entry, top, _MARGIN + pitch * (number - 1), axis)
        else:
            lines += "".join(_line(entry, copy, top + pitch * copy, axis) for copy in range(entry.count))
    newest = entries[-1] if entries else None
    return Drawing(
        lines=lines,
        bands=bands,
        newest=_line(newest, newest.count - 1, _MARGIN + pitch * (number - 1), axis) if newest else "",
        awaited=_awaited(workspace, _MARGIN + pitch * number, axis),
        gaps=tuple(_gaps(cluster, workspace.next_run_at, axis)),
    )


def _line(entry: RestorePointSeries, number: int, y: float, axis: Axis) -> str:
    left, right = _ends(entry, number / max(1, entry.count - 1), axis)
    return f"M{left} {y:.3g}H{right}"


def _band(entry: RestorePointSeries, top: float, bottom: float, axis: Axis) -> str:
    (left, right), (last_left, last_right) = _ends(entry, 0, axis), _ends(entry, 1, axis)
    return f"M{left} {top:.3g}L{last_left} {bottom:.3g}H{last_right}L{right} {top:.3g}z"


def _ends(entry: RestorePointSeries, share: float, axis: Axis) -> tuple[int, int]:
    """The ends of a copy's line, ``share`` of the way from the first copy to the last."""
    left = _between(entry.first_at, entry.last_at, share)
    right = _between(entry.first_expires_at, entry.last_expires_at, share)
    return (axis.x(left) if left else 0, axis.x(right) if right else WIDTH)


def _between(first: datetime | None, last: datetime | None, share: float) -> datetime | None:
    return first + (last - first) * share if first and last else None


def _awaited(workspace: WorkspaceReport, y: float, axis: Axis) -> str:
    """The line of the copy that the next run should make; empty if that lies beyond the axis."""
    due, hours = workspace.next_run_at, workspace.retention_hours
    if not due or due >= axis.end:
        return ""
    end = axis.end if hours is None else due + max(timedelta(0), min(timedelta(hours=hours), _MAX_SPAN))
    return f"M{axis.x(due)} {y:.3g}H{axis.x(end)}"


def _gaps(cluster: ClusterReport, next_run_at: datetime | None, axis: Axis) -> Iterator[Gap]:
    end = restorable_until(cluster)
    left = axis.x(end) if end else 0
    due = max(left, axis.x(next_run_at)) if next_run_at else WIDTH
    if left < due:
        yield Gap(left, due - left, is_certain=True)
    if due < WIDTH:
        yield Gap(due, WIDTH - due, is_certain=False)
