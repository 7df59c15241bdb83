"""What the rules may be told by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from backup_reporter.health.phases import PhaseClass


class Thresholds(Struct, frozen=True, kw_only=True):
    """What the judging may be told: thresholds, further state words, and how to show times."""

    expiry_warning: timedelta = timedelta(days=3)
    max_backup_age: timedelta | None = None
    restore_test_max_age: timedelta | None = None
    """How long ago the last successful restore may be; ``None`` does not look at restores."""
    stuck_after: timedelta = timedelta(hours=6)
    grace: timedelta = timedelta(hours=2)
    extra_states: Mapping[str, PhaseClass] = field(default_factory=dict)
    history_days: int = 30
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    schedule_time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    """The zone of a backup schedule that names none."""
    unscheduled_warning: timedelta = timedelta(days=7)
    """Without a schedule, how long no run may begin."""

    def for_schedules_in(self, zone: ZoneInfo | None) -> Thresholds:
        """Returns the same with another zone for schedules that name none; ``None`` changes nothing."""
        return msgspec.structs.replace(self, schedule_time_zone=zone) if zone else self
