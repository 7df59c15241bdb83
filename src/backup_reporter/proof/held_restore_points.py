"""The recovery point that was really held: how old a cluster's newest restore point was at worst, report by report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backup_reporter.health.workspace_report import ClusterReport


@dataclass(slots=True)
class HeldRestorePoints:
    """What is known so far of the restore points that a cluster held. Times are aware UTC."""

    name: str | None
    seen_first: datetime
    seen_last: datetime
    newest_at: datetime | None = None
    expires_at: datetime | None = None
    without_since: datetime | None = None
    has_lost_all: bool = False
    """Whether it had restore points, and then none."""
    is_unsure: bool = False
    """Whether an age is not known: of a restore point without a date, or of some that expired between two reports."""
    longest_age: timedelta | None = None
    longest_without: timedelta | None = None

    def add(self, cluster: ClusterReport, at: datetime) -> None:
        """Takes what the report of ``at`` says of the cluster."""
        newest = cluster.newest_restore_point_at
        if newest is None and not cluster.restore_points:
            self._lose(cluster, at)
        else:
            self.is_unsure = self.is_unsure or newest is None
            self._gain(cluster, newest or at, at)
        self.name, self.seen_last = cluster.name or self.name, at

    def is_within(self, limit: timedelta, first: datetime, last: datetime) -> bool | None:
        """Whether the limit was kept; ``None`` if it was as far as is known, and not all from ``first`` to ``last`` is known.

        A cluster that waits for its first restore point has as long as one that waits for the next.
        """
        longest = max(self.longest_age or timedelta(), self.longest_without or timedelta())
        if self.has_lost_all or longest > limit:
            return False
        is_known = self.seen_first <= first and self.seen_last >= last
        return True if is_known and self.longest_without is None and not self.is_unsure else None

    def _lose(self, cluster: ClusterReport, at: datetime) -> None:
        if self.newest_at is None and cluster.restore_point_series:
            gone = cluster.restore_point_series[-1]
            self.newest_at, self.expires_at = gone.last_at, gone.last_expires_at
        self.has_lost_all = self.has_lost_all or bool(self.newest_at or cluster.restore_point_series)
        if unseen_until := self._unseen_until(at):
            self.newest_at, self.expires_at, self.without_since = unseen_until, at, None
        if self.without_since is None:
            self.without_since = min(self.expires_at or at, at)
        self._note_without(at - self.without_since)
        if self.newest_at:
            self.longest_age = max(self.longest_age or timedelta(), at - self.newest_at)

    def _note_without(self, span: timedelta) -> None:
        self.longest_without = max(self.longest_without or timedelta(), span)

    def _gain(self, cluster: ClusterReport, newest: datetime, at: datetime) -> None:
        oldest = min(filter(None, (series.first_at for series in cluster.restore_point_series)), default=newest)
        if self.without_since is not None:
            self._note_without(max(oldest, self.without_since) - self.without_since)
            self.without_since = None
        known_since = self.newest_at
        if known_since and oldest > known_since and (unseen_until := self._unseen_until(at)):
            known_since, self.is_unsure = min(unseen_until, oldest), True
        for gap in (*_gaps(known_since, cluster, newest), at - newest):
            self.longest_age = max(self.longest_age or timedelta(), gap)
        self.newest_at, self.expires_at = newest, cluster.expires_at

    def _unseen_until(self, at: datetime) -> datetime | None:
        """Until when restore points may have been made, since the last report, that have expired before this one."""
        if self.newest_at is None or self.expires_at is None:
            return None
        retention = self.expires_at - self.newest_at
        return at - retention if at - self.seen_last > retention else None


def _gaps(before: datetime | None, cluster: ClusterReport, newest: datetime) -> list[timedelta]:
    """The pauses between the restore points since ``before``, the newest one in the report before, or since when all are known."""
    if before is None or newest <= before:
        return []
    gaps, last = [], before
    for series in cluster.restore_point_series:
        if series.first_at is None or series.last_at is None or series.last_at <= last:
            continue
        pause = (series.last_at - series.first_at) / max(1, series.count - 1)
        begins_before = series.first_at <= last
        gaps.append(pause if begins_before else series.first_at - last)
        if series.count > 1:
            gaps.append(pause)
        last = series.last_at
    return gaps or [newest - before]
