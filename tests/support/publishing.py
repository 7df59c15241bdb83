"""A set-up in which reports are published day after day: fake channels, a fake bucket, and the days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.config.request import Request
from backup_reporter.config.settings import ChannelName, Notify, Settings
from backup_reporter.errors import ChannelError, InvalidRequest, StoreError
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.model import Report, Scope, with_notes
from backup_reporter.run.publish import Destinations, publish
from support.report_builders import NOW, a_finding, a_memory, a_report, a_workspace, days

SCHEDULED = Request(is_scheduled=True, scheduled_at=NOW)
WELL, BROKEN = a_workspace("shop"), a_workspace("shop", a_finding())


@dataclass
class FakeStore:
    """Keeps reports and baselines as the bucket does; ``broken`` names the steps that fail."""

    broken: tuple[str, ...] = ()
    reports: dict[str, Report] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)
    regular: list[str] = field(default_factory=list)
    baselines: dict[Scope, Baseline] = field(default_factory=dict)
    previous: dict[Scope, Baseline] = field(default_factory=dict)

    def save(self, report: Report) -> None:
        self._step("keep")
        self.reports[report.report_id] = report

    def save_file(self, report_id: str, extension: str, pieces: Iterable[bytes]) -> None:
        self._step("keep file")
        self.files.setdefault(report_id, {})[extension] = b"".join(pieces)

    def with_link(self, report: Report) -> Report:
        self._step("link")
        url = f"https://reports.example/{report.report_id}.html?day={len(self.reports)}"
        return msgspec.structs.replace(report, report_url=url)

    def add_to_index(self, report: Report, zone: ZoneInfo, *, is_regular: bool) -> None:
        self._step("list")
        self.listed.append(report.report_id)
        if is_regular:
            self.regular.append(report.report_id)

    def load(self, report_id: str) -> Report:
        if report_id not in self.reports:
            raise InvalidRequest("no such report")
        return self.reports[report_id]

    def load_baseline(self, scope: Scope, report_id: str) -> Baseline | None:
        self._step("baseline")
        last = self.baselines.get(scope)
        return self.previous.get(scope) if last and last.report_id == report_id else last

    def save_baseline(self, scope: Scope, baseline: Baseline, previous: Baseline | None) -> None:
        self._step("keep baseline")
        self.baselines[scope] = baseline
        if previous:
            self.previous[scope] = previous

    def _step(self, name: str) -> None:
        if name in self.broken:
            raise StoreError(f"the bucket refuses to {name}")


@dataclass
class FakeChannel:
    name: ChannelName = "sns"
    sent: list[Report] = field(default_factory=list)
    is_down: bool = False

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        if self.is_down:
            raise ChannelError("down")
        self.sent.append(report)


@dataclass
class FakePager(FakeChannel):
    """A channel that must have every report that ends an alert."""

    name: ChannelName = "pagerduty"

    def must_have(self, report: Report) -> bool:
        return report.status in ("OK", "WARNING")


class Deployment:
    """A set-up with two channels and a bucket, in which days go by."""

    def __init__(self, notify: Notify = "always", store: FakeStore | None = None) -> None:
        self.settings = Settings(notify=notify)
        self.store = store
        self.sns, self.slack = FakeChannel("sns"), FakeChannel("slack")
        self.destinations = Destinations(channels=(self.sns, self.slack), store=store)  # type: ignore[arg-type]
        self._day = 0

    def publish(
        self,
        *workspaces: Any,
        request: Request = SCHEDULED,
        seconds_left: Callable[[], float] = lambda: 60.0,
        notes: Sequence[str] = (),
        **more: Any,
    ) -> Report:
        self._day += 1
        default = {"as_of": NOW + days(self._day), "report_id": f"day {self._day}"}
        report = with_notes(a_report(*workspaces, **{**default, **more}), *notes)
        return publish(
            report,
            request,
            self.settings,
            self.destinations,
            seconds_left,
            delivery_key=None,
            remembered=a_memory(report),
        )

    def sends(self, *workspaces: Any, **more: Any) -> bool:
        """Publishes a report. Returns whether the first channel got it."""
        before = len(self.sns.sent)
        self.publish(*workspaces, **more)
        return len(self.sns.sent) > before
