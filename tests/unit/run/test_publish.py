import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace

from backup_reporter.config.request import Request
from backup_reporter.config.settings import ChannelName, Notify, Settings
from backup_reporter.errors import ChannelError, InvalidRequest, StoreError
from backup_reporter.report.changes import Baseline
from backup_reporter.report.model import Report, Scope, with_notes
from backup_reporter.run.publish import Destinations, publish, redeliver
from support.report_builders import NOW, REPORT_ID, a_finding, a_memory, a_report, a_workspace, days

SCHEDULED = Request(is_scheduled=True, scheduled_at=NOW)
WELL, BROKEN = a_workspace("shop"), a_workspace("shop", a_finding())


@dataclass
class Shelf:
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
class Recorder:
    name: ChannelName = "sns"
    sent: list[Report] = field(default_factory=list)
    is_down: bool = False

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        if self.is_down:
            raise ChannelError("down")
        self.sent.append(report)


@dataclass
class Pager(Recorder):
    """A channel that must have every report that ends an alert."""

    name: ChannelName = "pagerduty"

    def must_have(self, report: Report) -> bool:
        return report.status in ("OK", "WARNING")


class House:
    """A set-up with two channels and a bucket, in which days go by."""

    def __init__(self, notify: Notify = "always", store: Shelf | None = None) -> None:
        self.settings = Settings(notify=notify)
        self.store = store
        self.sns, self.slack = Recorder("sns"), Recorder("slack")
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

    def hears(self, *workspaces: Any, **more: Any) -> bool:
        before = len(self.sns.sent)
        self.publish(*workspaces, **more)
        return len(self.sns.sent) > before


def test_always_is_always() -> None:
    house = House("always")

    assert house.hears(WELL)
    assert house.hears(BROKEN)


def test_problems_is_only_what_is_not_ok() -> None:
    house = House("problems")

    assert not house.hears(WELL)
    assert house.hears(BROKEN)
    assert house.hears()
    assert house.hears(a_workspace("shop", a_finding("unreadable")))


def test_changes_is_what_is_new_and_what_is_resolved() -> None:
    house = House("changes", Shelf())

    heard = [house.hears(workspace) for workspace in (WELL, BROKEN, BROKEN, BROKEN, WELL, WELL, BROKEN)]

    assert heard == [True, True, False, False, True, False, True]


def test_a_note_that_stays_the_same_is_news_once() -> None:
    house = House("changes", Shelf())
    house.publish(WELL)
    lacking, longer = ("The clusters cannot be listed.",), ("The clusters cannot be listed.", "A key ends.")

    heard = [house.hears(WELL, notes=notes) for notes in ((), lacking, lacking, longer, longer, lacking, (), lacking)]

    assert heard == [False, True, False, True, False, False, False, True]


def test_a_problem_that_stays_the_same_is_news_each_time() -> None:
    house = House("changes", Shelf())

    assert [house.hears(WELL, problems=("The list of projects failed.",)) for _ in range(3)] == [True] * 3


def test_a_note_that_a_channel_missed_is_sent_again_until_every_channel_has_it() -> None:
    house = House("changes", Shelf())
    house.publish(WELL)
    house.slack.is_down = True
    house.publish(WELL, notes=("The clusters cannot be listed.",))
    heard = [house.hears(WELL, notes=("The clusters cannot be listed.",)) for _ in range(2)]
    house.slack.is_down = False

    heard += [house.hears(WELL, notes=("The clusters cannot be listed.",)) for _ in range(2)]

    assert heard == [True, True, True, False]


@pytest.mark.parametrize("notify", ["problems", "changes"])
def test_notify_does_not_hold_back_a_report_that_ends_an_alert(notify: Notify) -> None:
    house, pager = House(notify, Shelf()), Pager()
    house.destinations = replace(house.destinations, channels=(house.sns, pager, house.slack))
    for workspace in (BROKEN, BROKEN):
        house.publish(workspace)
    pager.sent.clear()
    house.sns.sent.clear()

    house.publish(WELL)
    report = house.publish(WELL)

    assert len(pager.sent) == 2
    assert [delivery.status for delivery in report.deliveries] == ["skipped", "delivered", "skipped"]
    assert len(house.sns.sent) == (1 if notify == "changes" else 0)


def test_never_is_never_for_every_channel() -> None:
    house, pager = House(), Pager()
    house.destinations = replace(house.destinations, channels=(pager,))

    report = house.publish(WELL, request=Request(notify="never"))

    assert [delivery.status for delivery in report.deliveries] == ["skipped"]


def test_a_healthy_workspace_that_is_not_listed_any_more_is_news_once() -> None:
    house = House("changes", Shelf())
    other = a_workspace("ledger")
    house.publish(WELL, other)

    heard = [house.hears(*workspaces) for workspaces in ((WELL, other), (WELL,), (WELL,))]

    assert heard == [False, True, False]
    assert "No longer listed since the last report: prod / ledger." in house.sns.sent[-1].notes[0]


def test_problems_is_a_workspace_that_is_not_listed_any_more_too() -> None:
    house = House("problems", Shelf())
    house.publish(WELL, a_workspace("ledger"))

    assert [house.hears(WELL) for _ in range(2)] == [True, False]


def test_changes_is_what_is_no_longer_judged_and_a_schedule_that_is_gone() -> None:
    house = House("changes", Shelf())
    overdue = a_workspace("shop", a_finding("backup-overdue"), schedule="@daily")
    house.publish(overdue)

    report = house.publish(WELL)

    assert [change.code for change in report.changes.no_longer_judged] == ["backup-overdue"]
    assert report.notes == ("A schedule changed since the last report: prod / shop: '@daily' is gone.",)
    assert house.sns.sent[-1] == msgspec.structs.replace(report, deliveries=())
    assert not house.hears(WELL)


def test_a_lost_earlier_report_is_no_reason_for_silence() -> None:
    house = House("changes", Shelf())
    house.publish(BROKEN)
    house.store.baselines.clear()  # type: ignore[union-attr]

    assert house.hears(WELL)


def test_changes_is_never_silence_about_what_could_not_be_looked_at() -> None:
    house = House("changes", Shelf())
    house.publish(WELL)

    for _ in range(2):
        assert house.hears(WELL, problems=("Project staging cannot be listed.",))
        assert house.hears(problems=("Palette could not be asked.",))


@pytest.mark.parametrize("step", ["baseline", "keep", "keep baseline"])
def test_changes_is_never_silence_where_the_bucket_fails(step: str) -> None:
    house = House("changes", Shelf(broken=(step,)))

    assert house.hears(BROKEN)
    assert house.hears(BROKEN)


def test_changes_without_a_bucket_is_always() -> None:
    house = House("changes")

    assert house.hears(BROKEN)
    assert house.hears(BROKEN)


def test_what_is_skipped_is_said_to_be() -> None:
    report = House("problems").publish(WELL)

    assert [(delivery.channel, delivery.status) for delivery in report.deliveries] == [
        ("sns", "skipped"),
        ("slack", "skipped"),
    ]


def test_an_earlier_report_that_cannot_be_read_makes_everything_new_and_is_said() -> None:
    house = House(store=Shelf())
    house.publish(BROKEN)
    house.store.broken = ("baseline",)  # type: ignore[union-attr]

    report = house.publish(BROKEN)

    assert len(report.changes.new) == 1
    assert report.changes.note == (
        "Everything counts as new, because the last report could not be loaded: the bucket refuses to baseline."
    )
    assert report.status == "CRITICAL"
    assert house.sns.sent[-1].changes.note


def test_a_report_that_cannot_be_kept_is_sent_all_the_same_and_says_so() -> None:
    house = House(store=Shelf(broken=("keep",)))

    report = house.publish(WELL)

    assert house.sns.sent[0].notes == ("This report could not be kept: the bucket refuses to keep.",)
    assert report.status == "OK"
    assert [delivery.status for delivery in report.deliveries] == ["delivered", "delivered"]


def test_a_report_is_kept_as_a_page_and_as_a_table_too_and_the_message_links_to_the_page() -> None:
    house = House(store=(shelf := Shelf()))

    house.publish(BROKEN, report_id=REPORT_ID)

    assert shelf.files[REPORT_ID]["html"].startswith(b"<!doctype html>")
    assert shelf.files[REPORT_ID]["csv"].startswith("\ufeff".encode())
    assert shelf.listed == [REPORT_ID]
    assert house.sns.sent[0].report_url == f"https://reports.example/{REPORT_ID}.html?day=0"


def test_there_is_no_link_where_there_is_no_bucket_or_it_refuses() -> None:
    for store in (None, Shelf(broken=("keep",)), Shelf(broken=("link",))):
        assert House(store=store).publish(BROKEN).report_url is None


def test_a_list_that_cannot_be_renewed_is_said_and_the_link_stands() -> None:
    report = House(store=Shelf(broken=("list",))).publish(BROKEN)

    assert report.notes == ("The list of reports could not be renewed: the bucket refuses to list.",)
    assert report.report_url


@pytest.mark.parametrize(("extension", "has_link"), [("html", False), ("csv", True)])
def test_a_file_that_cannot_be_made_costs_that_file_and_is_said(extension: str, has_link: bool) -> None:
    class Clumsy(Shelf):
        def save_file(self, report_id: str, kind: str, pieces: Iterable[bytes]) -> None:
            if kind == extension:
                raise ZeroDivisionError
            super().save_file(report_id, kind, pieces)

    shelf = Clumsy()
    report = House(store=shelf).publish(BROKEN, report_id=REPORT_ID)

    assert report.notes == (f"This report could not be kept as {extension.upper()}: ZeroDivisionError.",)
    assert bool(report.report_url) is has_link
    assert shelf.files[REPORT_ID].keys() == {"html", "csv"} - {extension}
    assert shelf.reports[REPORT_ID] == report


class StuckShelf(Shelf):
    """A bucket that does not answer until it is released."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.released = threading.Event()
        self._stuck_at = step

    def _step(self, name: str) -> None:
        if name == self._stuck_at:
            assert self.released.wait(30)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("baseline", "timed out after "),
        ("keep", "This report could not be kept: timed out after "),
    ],
)
def test_a_bucket_that_does_not_answer_costs_nobody_the_report(step: str, said: str) -> None:
    shelf = StuckShelf(step)
    house = House(store=shelf)
    ends_at = time.monotonic() + 25.3

    report = house.publish(WELL, seconds_left=lambda: ends_at - time.monotonic())
    shelf.released.set()

    assert time.monotonic() < ends_at - 20
    assert len(house.sns.sent) == 1
    assert said in f"{report.changes.note} {report.notes}"


def test_where_time_is_short_the_report_is_sent_rather_than_kept() -> None:
    house = House(store=Shelf())

    report = house.publish(WELL, seconds_left=lambda: 20.0)

    assert len(house.sns.sent) == 1
    assert "This report could not be kept: no time was left for it." in report.notes


def test_what_is_kept_says_what_became_of_it() -> None:
    house = House(store=Shelf())

    report = house.publish(WELL)

    assert house.store
    assert house.store.reports["day 1"] == report
    assert [delivery.status for delivery in report.deliveries] == ["delivered", "delivered"]


def test_a_retry_tells_the_same_news_as_the_first_try() -> None:
    house = House("changes", Shelf())
    house.publish(WELL)

    first = house.publish(BROKEN, report_id="the same", as_of=NOW)
    retried = house.publish(BROKEN, report_id="the same", as_of=NOW)

    assert retried.changes == first.changes
    assert len(house.sns.sent) == 3


def test_changes_that_a_channel_missed_are_told_until_it_has_heard_of_them() -> None:
    house = House("changes", Shelf())
    house.publish(WELL)
    house.slack.is_down = True
    missed = house.publish(BROKEN, report_id="missed")
    assert missed.notes == ()

    for _ in ("the next day", "and its retry"):
        assert house.publish(BROKEN, report_id="also missed").notes == (
            "The report missed did not reach every channel.",
        )
    house.slack.is_down = False
    house.publish(BROKEN)

    assert house.slack.sent[-1].notes == ("The report missed did not reach every channel.",)
    assert not house.hears(BROKEN)


@pytest.mark.parametrize(
    "request_",
    [
        Request(workspace_uids=("w",)),
        Request(project_uids=("p",)),
        Request(channels=("slack",)),
        Request(notify="never"),
        Request(as_of=NOW),
        Request(as_of=NOW, notify="always"),
    ],
    ids=str,
)
def test_what_was_found_for_one_person_is_news_to_the_others_all_the_same(request_: Request) -> None:
    house = House("changes", Shelf())
    house.publish(WELL)

    asked = house.publish(BROKEN, request=request_)

    assert asked.changes.new == ()
    assert house.hears(BROKEN)


def test_an_on_demand_report_to_everybody_is_a_report_like_any_other() -> None:
    house = House("changes", Shelf())
    house.publish(WELL)

    assert house.hears(BROKEN, request=Request())
    assert not house.hears(BROKEN)


def test_every_report_is_listed_and_only_those_for_everybody_as_regular() -> None:
    shelf = Shelf()
    house = House(store=shelf)

    for request in (
        SCHEDULED,
        Request(),
        Request(as_of=NOW),
        Request(workspace_uids=("w-1",)),
        Request(notify="never"),
    ):
        house.publish(WELL, request=request)

    assert shelf.listed == ["day 1", "day 2", "day 3", "day 4", "day 5"]
    assert shelf.regular == ["day 1", "day 2"]


def test_a_what_if_speaks_to_nobody_unless_it_is_told_to() -> None:
    house = House()

    assert not house.hears(BROKEN, request=Request(as_of=NOW))
    assert house.hears(BROKEN, request=Request(as_of=NOW, notify="always"))


def test_the_request_decides_over_the_setting() -> None:
    house = House("problems")

    assert house.hears(WELL, request=Request(notify="always"))
    assert not house.hears(BROKEN, request=Request(notify="never"))


def test_only_the_channels_that_were_asked_for_are_told() -> None:
    house = House()

    report = house.publish(WELL, request=Request(channels=("slack",)))

    assert [delivery.channel for delivery in report.deliveries] == ["slack"]
    assert house.sns.sent == []


def test_a_kept_report_is_sent_again_as_it_was_to_those_who_are_named() -> None:
    house = House(store=Shelf())
    kept = house.publish(BROKEN, report_id=REPORT_ID)
    house.sns.sent.clear()
    house.slack.sent.clear()

    again = redeliver(REPORT_ID, Request(channels=("slack",)), house.settings, house.destinations, lambda: 60.0)

    assert house.sns.sent == []
    assert kept.report_url != again.report_url  # links do not live for ever: it gets a new one
    expected = msgspec.structs.replace(_without_deliveries(kept), report_url=again.report_url)
    assert house.slack.sent == [expected]
    assert [delivery.channel for delivery in again.deliveries] == ["slack"]


def _without_deliveries(report: Report) -> Report:
    return msgspec.structs.replace(report, deliveries=())


def test_a_report_is_sent_again_however_often_somebody_asks() -> None:
    class Forbidden:
        def claim(self, delivery_id: str, seconds_left: Callable[[], float]) -> bool:
            raise AssertionError("a redelivery is not de-duplicated")

    house = House("problems", store=Shelf())
    house.publish(WELL, report_id=REPORT_ID)
    destinations = replace(house.destinations, delivery_log=Forbidden())

    for _ in range(2):
        redeliver(REPORT_ID, Request(), house.settings, destinations, lambda: 60.0)

    assert len(house.slack.sent) == 2


def with_a_pager(store: Shelf) -> tuple[House, Pager]:
    house, pager = House(store=store), Pager()
    house.destinations = replace(house.destinations, channels=(house.slack, pager))
    return house, pager


def test_a_report_that_is_sent_again_ends_no_alert_that_a_newer_one_began() -> None:
    house, pager = with_a_pager(Shelf())
    house.publish(WELL, report_id="old")
    house.publish(BROKEN, report_id="new")
    pager.sent.clear()

    again = redeliver("old", Request(), house.settings, house.destinations, lambda: 60.0)

    assert pager.sent == []
    assert {delivery.channel: delivery.status for delivery in again.deliveries} == {
        "slack": "delivered",
        "pagerduty": "skipped",
    }
    assert again.deliveries[-1].error == "the report new is newer: this one resolves nothing"


@pytest.mark.parametrize("broken", [(), ("baseline",)])
def test_the_newest_report_ends_an_alert_when_it_is_sent_again(broken: tuple[str, ...]) -> None:
    house, pager = with_a_pager(shelf := Shelf())
    house.publish(BROKEN, report_id="old")
    house.publish(WELL, report_id="new")
    pager.sent.clear()
    shelf.broken = broken

    redeliver("new", Request(), house.settings, house.destinations, lambda: 60.0)

    assert [report.report_id for report in pager.sent] == ["new"]


def test_an_old_report_that_begins_an_alert_is_sent_again() -> None:
    house, pager = with_a_pager(Shelf())
    house.publish(BROKEN, report_id="old")
    house.publish(WELL, report_id="new")

    redeliver("old", Request(), house.settings, house.destinations, lambda: 60.0)

    assert pager.sent[-1].report_id == "old"


def test_a_report_that_is_not_kept_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        redeliver(REPORT_ID, Request(), Settings(), House(store=Shelf()).destinations, lambda: 60.0)


def test_without_a_bucket_nothing_can_be_sent_again() -> None:
    with pytest.raises(InvalidRequest, match="REPORT_BUCKET is not set"):
        redeliver(REPORT_ID, Request(), Settings(), House().destinations, lambda: 60.0)
