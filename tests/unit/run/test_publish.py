from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings
from backup_reporter.errors import InvalidRequest
from backup_reporter.report.model import Report
from backup_reporter.run.publish import redeliver
from support.publishing import BROKEN, WELL, Deployment, FakePager, FakeStore
from support.report_builders import REPORT_ID


def test_a_kept_report_is_sent_again_as_it_was_to_those_who_are_named() -> None:
    deployment = Deployment(store=FakeStore())
    kept = deployment.publish(BROKEN, report_id=REPORT_ID)
    deployment.sns.sent.clear()
    deployment.slack.sent.clear()

    again = redeliver(
        REPORT_ID, Request(channels=("slack",)), deployment.settings, deployment.destinations, lambda: 60.0
    )

    assert deployment.sns.sent == []
    assert kept.report_url != again.report_url  # links do not live for ever: it gets a new one
    expected = msgspec.structs.replace(_without_deliveries(kept), report_url=again.report_url)
    assert deployment.slack.sent == [expected]
    assert [delivery.channel for delivery in again.deliveries] == ["slack"]


def _without_deliveries(report: Report) -> Report:
    return msgspec.structs.replace(report, deliveries=())


def test_a_report_is_sent_again_however_often_somebody_asks() -> None:
    class Forbidden:
        def claim(self, delivery_id: str, seconds_left: Callable[[], float]) -> bool:
            raise AssertionError("a redelivery is not de-duplicated")

    deployment = Deployment("problems", store=FakeStore())
    deployment.publish(WELL, report_id=REPORT_ID)
    destinations = replace(deployment.destinations, delivery_log=Forbidden())

    for _ in range(2):
        redeliver(REPORT_ID, Request(), deployment.settings, destinations, lambda: 60.0)

    assert len(deployment.slack.sent) == 2


def with_a_pager(store: FakeStore) -> tuple[Deployment, FakePager]:
    deployment, pager = Deployment(store=store), FakePager()
    deployment.destinations = replace(deployment.destinations, channels=(deployment.slack, pager))
    return deployment, pager


def test_a_report_that_is_sent_again_ends_no_alert_that_a_newer_one_began() -> None:
    deployment, pager = with_a_pager(FakeStore())
    deployment.publish(WELL, report_id="old")
    deployment.publish(BROKEN, report_id="new")
    pager.sent.clear()

    again = redeliver("old", Request(), deployment.settings, deployment.destinations, lambda: 60.0)

    assert pager.sent == []
    assert {delivery.channel: delivery.status for delivery in again.deliveries} == {
        "slack": "delivered",
        "pagerduty": "skipped",
    }
    assert again.deliveries[-1].error == "the report new is newer: this one resolves nothing"


@pytest.mark.parametrize("broken", [(), ("baseline",)])
def test_the_newest_report_ends_an_alert_when_it_is_sent_again(broken: tuple[str, ...]) -> None:
    deployment, pager = with_a_pager(store := FakeStore())
    deployment.publish(BROKEN, report_id="old")
    deployment.publish(WELL, report_id="new")
    pager.sent.clear()
    store.broken = broken

    redeliver("new", Request(), deployment.settings, deployment.destinations, lambda: 60.0)

    assert [report.report_id for report in pager.sent] == ["new"]


def test_an_old_report_that_begins_an_alert_is_sent_again() -> None:
    deployment, pager = with_a_pager(FakeStore())
    deployment.publish(BROKEN, report_id="old")
    deployment.publish(WELL, report_id="new")

    redeliver("old", Request(), deployment.settings, deployment.destinations, lambda: 60.0)

    assert pager.sent[-1].report_id == "old"


def test_a_report_that_is_not_kept_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        redeliver(REPORT_ID, Request(), Settings(), Deployment(store=FakeStore()).destinations, lambda: 60.0)


def test_without_a_bucket_nothing_can_be_sent_again() -> None:
    with pytest.raises(InvalidRequest, match="REPORT_BUCKET is not set"):
        redeliver(REPORT_ID, Request(), Settings(), Deployment().destinations, lambda: 60.0)
