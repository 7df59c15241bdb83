import threading
import time
from collections.abc import Iterable

import pytest

from support.publishing import BROKEN, WELL, Deployment, FakeStore
from support.report_builders import NOW, REPORT_ID


def test_an_earlier_report_that_cannot_be_read_makes_everything_new_and_is_said() -> None:
    deployment = Deployment(store=FakeStore())
    deployment.publish(BROKEN)
    deployment.store.broken = ("baseline",)  # type: ignore[union-attr]

    report = deployment.publish(BROKEN)

    assert len(report.changes.new) == 1
    assert report.changes.note == (
        "Everything counts as new, because the last report could not be loaded: the bucket refuses to baseline."
    )
    assert report.status == "CRITICAL"
    assert deployment.sns.sent[-1].changes.note


def test_a_report_that_cannot_be_kept_is_sent_all_the_same_and_says_so() -> None:
    deployment = Deployment(store=FakeStore(broken=("keep",)))

    report = deployment.publish(WELL)

    assert deployment.sns.sent[0].notes == ("This report could not be kept: the bucket refuses to keep.",)
    assert report.status == "OK"
    assert [delivery.status for delivery in report.deliveries] == ["delivered", "delivered"]


def test_a_report_is_kept_as_a_page_and_as_a_table_too_and_the_message_links_to_the_page() -> None:
    deployment = Deployment(store=(store := FakeStore()))

    deployment.publish(BROKEN, report_id=REPORT_ID)

    assert store.files[REPORT_ID]["html"].startswith(b"<!doctype html>")
    assert store.files[REPORT_ID]["csv"].startswith("\ufeff".encode())
    assert store.listed == [REPORT_ID]
    assert deployment.sns.sent[0].report_url == f"https://reports.example/{REPORT_ID}.html?day=0"


def test_there_is_no_link_where_there_is_no_bucket_or_it_refuses() -> None:
    for store in (None, FakeStore(broken=("keep",)), FakeStore(broken=("link",))):
        assert Deployment(store=store).publish(BROKEN).report_url is None


def test_a_list_that_cannot_be_renewed_is_said_and_the_link_stands() -> None:
    report = Deployment(store=FakeStore(broken=("list",))).publish(BROKEN)

    assert report.notes == ("The list of reports could not be renewed: the bucket refuses to list.",)
    assert report.report_url


@pytest.mark.parametrize(("extension", "has_link"), [("html", False), ("csv", True)])
def test_a_file_that_cannot_be_made_costs_that_file_and_is_said(extension: str, has_link: bool) -> None:
    class Clumsy(FakeStore):
        def save_file(self, report_id: str, kind: str, pieces: Iterable[bytes]) -> None:
            if kind == extension:
                raise ZeroDivisionError
            super().save_file(report_id, kind, pieces)

    store = Clumsy()
    report = Deployment(store=store).publish(BROKEN, report_id=REPORT_ID)

    assert report.notes == (f"This report could not be kept as {extension.upper()}: ZeroDivisionError.",)
    assert bool(report.report_url) is has_link
    assert store.files[REPORT_ID].keys() == {"html", "csv"} - {extension}
    assert store.reports[REPORT_ID] == report


class StuckStore(FakeStore):
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
    store = StuckStore(step)
    deployment = Deployment(store=store)
    ends_at = time.monotonic() + 25.3

    report = deployment.publish(WELL, seconds_left=lambda: ends_at - time.monotonic())
    store.released.set()

    assert time.monotonic() < ends_at - 20
    assert len(deployment.sns.sent) == 1
    assert said in f"{report.changes.note} {report.notes}"


def test_where_time_is_short_the_report_is_sent_rather_than_kept() -> None:
    deployment = Deployment(store=FakeStore())

    report = deployment.publish(WELL, seconds_left=lambda: 20.0)

    assert len(deployment.sns.sent) == 1
    assert "This report could not be kept: no time was left for it." in report.notes


def test_what_is_kept_says_what_became_of_it() -> None:
    deployment = Deployment(store=FakeStore())

    report = deployment.publish(WELL)

    assert deployment.store
    assert deployment.store.reports["day 1"] == report
    assert [delivery.status for delivery in report.deliveries] == ["delivered", "delivered"]


def test_a_retry_tells_the_same_news_as_the_first_try() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)

    first = deployment.publish(BROKEN, report_id="the same", as_of=NOW)
    retried = deployment.publish(BROKEN, report_id="the same", as_of=NOW)

    assert retried.changes == first.changes
    assert len(deployment.sns.sent) == 3


def test_changes_that_a_channel_missed_are_told_until_it_has_heard_of_them() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)
    deployment.slack.is_down = True
    missed = deployment.publish(BROKEN, report_id="missed")
    assert missed.notes == ()

    for _ in ("the next day", "and its retry"):
        assert deployment.publish(BROKEN, report_id="also missed").notes == (
            "The report missed did not reach every channel.",
        )
    deployment.slack.is_down = False
    deployment.publish(BROKEN)

    assert deployment.slack.sent[-1].notes == ("The report missed did not reach every channel.",)
    assert not deployment.sends(BROKEN)
