"""Nothing is said of backups that do their work, at whatever hour they are looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import NOW, Json, backup, copy, judged, run


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def night(due: datetime, lasts: timedelta, slow: timedelta, hours: int, now: datetime) -> Json:
    """What Palette says at ``now`` of a run that began at its due time, over clusters one of which has a slow clock."""
    is_running, has_expired = now < due + lasts, now >= due + timedelta(hours=hours)
    state, deleted = "InProgress" if is_running else "Completed", "Deleted" if has_expired else ""
    part = copy(state, at=written(due - slow), deleted=deleted)
    return run(written(due), state, hours=hours, eu1=part, us2=copy(state, deleted=deleted))


@settings(deadline=None)
@given(
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 24 * 60 - 1),
    st.timedeltas(timedelta(minutes=1), timedelta(hours=5, minutes=50)),
    st.timedeltas(timedelta(minutes=-4), timedelta(minutes=9)),
    st.sampled_from([48, 72, 720]),
)
def test_a_daily_backup_that_does_its_work_is_green_at_every_minute_of_the_day(
    due_minute: int, minute: int, lasts: timedelta, slow: timedelta, hours: int
) -> None:
    midnight = NOW.replace(hour=0)
    now = midnight + timedelta(minutes=minute)
    dues = [midnight + timedelta(days=-back, minutes=due_minute) for back in range(12)]
    runs = [night(due, lasts, slow, hours, now) for due in dues if due <= now]
    schedule = f"{due_minute % 60} {due_minute // 60} * * *"
    verdict = judged(backup(*runs, schedule=schedule, hours=hours), now=now)

    assert (verdict.status, verdict.findings) == ("OK", ())
