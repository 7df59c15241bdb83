"""The delivery table in moto's DynamoDB."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backup_reporter.aws.delivery_log import CLAIM_SECONDS, REMEMBER_SECONDS, DynamoDbDeliveryLog
from backup_reporter.config.settings import ChannelName
from backup_reporter.errors import ChannelError, StoreError
from backup_reporter.report.model import Delivery, Report
from backup_reporter.run.deliver import SEND_SECONDS, deliver
from support.report_builders import a_green_report
from support.world import LocalAws

DELIVERY = "2026-11-24T07:00:00Z/slack/1234"


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Atomic:
    """Writes one item at a time: DynamoDB looks and writes in one step, moto in two."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def put_item(self, **arguments: Any) -> Any:
        with self._lock:
            return self._client.put_item(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class AnswersLost(Atomic):
    """What the SDK makes of an answer that does not come back: it sends the same again."""

    def put_item(self, **arguments: Any) -> Any:
        super().put_item(**arguments)
        return super().put_item(**arguments)


@pytest.fixture
def table(aws: LocalAws) -> Any:
    aws.make_delivery_table("deliveries")
    return Atomic(aws.client("dynamodb"))


def a_run(table: Any, clock: Clock | None = None) -> DynamoDbDeliveryLog:
    clock = clock or Clock()
    return DynamoDbDeliveryLog(table, "deliveries", "reporter", clock=clock, sleep=clock.sleep)


def plenty() -> float:
    return 600.0


def none_left() -> float:
    return 0.0


def test_a_delivery_is_claimed_once_and_then_remembered(table: Any) -> None:
    run = a_run(table)

    assert run.claim(DELIVERY, plenty) is True
    run.complete(DELIVERY)

    assert a_run(table).claim(DELIVERY, plenty) is False
    assert run.claim(DELIVERY, plenty) is False


def test_a_claim_whose_answer_got_lost_is_ones_own(table: Any) -> None:
    assert a_run(AnswersLost(table)).claim(DELIVERY, none_left) is True


def test_another_delivery_is_another_claim(table: Any) -> None:
    run = a_run(table)
    run.claim(DELIVERY, plenty)
    run.complete(DELIVERY)

    assert a_run(table).claim(DELIVERY.replace("slack", "sns"), plenty) is True


def test_what_was_given_back_can_be_claimed_at_once(table: Any) -> None:
    first = a_run(table)
    first.claim(DELIVERY, plenty)
    first.release(DELIVERY)

    assert a_run(table).claim(DELIVERY, none_left) is True


def test_while_another_run_is_at_it_the_delivery_is_not_taken_for_made(table: Any) -> None:
    a_run(table).claim(DELIVERY, plenty)

    with pytest.raises(ChannelError, match="another run is delivering this report"):
        a_run(table).claim(DELIVERY, none_left)


def test_a_run_waits_for_the_other_and_does_not_send_again(table: Any) -> None:
    first, clock = a_run(table), Clock()
    first.claim(DELIVERY, plenty)

    def the_other_comes_to_its_end(seconds: float) -> None:
        clock.sleep(seconds)
        first.complete(DELIVERY)

    second = DynamoDbDeliveryLog(table, "deliveries", "reporter", clock=clock, sleep=the_other_comes_to_its_end)

    assert second.claim(DELIVERY, plenty) is False


def test_the_claim_of_a_run_that_crashed_runs_out(table: Any) -> None:
    clock = Clock()
    a_run(table, clock).claim(DELIVERY, plenty)
    began = clock.now

    assert a_run(table, clock).claim(DELIVERY, plenty) is True
    assert CLAIM_SECONDS <= clock.now - began <= CLAIM_SECONDS + 2


def test_a_claim_outlives_every_sending_but_not_lambdas_second_retry() -> None:
    # Lambda retries an asynchronous invocation after one minute, and once more two minutes later.
    assert SEND_SECONDS < CLAIM_SECONDS < 180


def test_a_run_that_was_overtaken_undoes_nothing(table: Any) -> None:
    clock = Clock()
    slow, quick = a_run(table, clock), a_run(table, clock)
    slow.claim(DELIVERY, plenty)
    clock.sleep(CLAIM_SECONDS + 1)
    quick.claim(DELIVERY, plenty)
    quick.complete(DELIVERY)

    slow.release(DELIVERY)

    assert a_run(table, clock).claim(DELIVERY, plenty) is False


def test_what_is_remembered_expires_by_itself(table: Any) -> None:
    clock = Clock()
    run = a_run(table, clock)
    run.claim(DELIVERY, plenty)
    run.complete(DELIVERY)

    item = table.get_item(TableName="deliveries", Key={"id": {"S": f"reporter/{DELIVERY}"}})["Item"]

    assert int(item["expiration"]["N"]) == clock.now + REMEMBER_SECONDS
    assert item["delivered"] == {"BOOL": True}


def test_of_many_runs_at_once_exactly_one_claims(table: Any) -> None:
    def attempt(_: int) -> bool:
        try:
            return a_run(table).claim(DELIVERY, none_left)
        except ChannelError:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_a_table_that_is_not_there_is_named_as_the_reason(aws: LocalAws) -> None:
    run = DynamoDbDeliveryLog(aws.client("dynamodb"), "nowhere", "reporter")

    with pytest.raises(StoreError, match="delivery table nowhere cannot be used: ResourceNotFoundException"):
        run.claim(DELIVERY, plenty)


class Sender:
    """A channel that takes its time, and counts."""

    name: ChannelName = "slack"

    def __init__(self, error: BaseException | None = None) -> None:
        self.sent = 0
        self._error = error
        self._lock = threading.Lock()

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        with self._lock:
            self.sent += 1
        if self._error:
            raise self._error


def deliver_with(run: DynamoDbDeliveryLog, channel: Sender, seconds: float = 600) -> Delivery:
    # Time passes: whoever waits for another run's claim must come to an end, and not meet the next test's table.
    ends_at = time.monotonic() + seconds
    (delivery,) = deliver(
        a_green_report(),
        [channel],
        delivery_log=run,
        delivery_key="2026-11-24T07:00:00Z",
        zone=ZoneInfo("UTC"),
        seconds_left=lambda: ends_at - time.monotonic(),
    )
    return delivery


def test_parallel_duplicates_of_a_schedule_deliver_once(table: Any) -> None:
    channel = Sender()

    with ThreadPoolExecutor(8) as pool:
        deliveries = list(pool.map(lambda _: deliver_with(a_run(table), channel), range(8)))

    assert channel.sent == 1
    assert sorted(delivery.status for delivery in deliveries) == ["delivered", *["duplicate"] * 7]


class Killed(BaseException):
    """The platform ends the process: nothing of it runs any further."""


def test_a_crash_between_sending_and_remembering_doubles_the_report_once_and_loses_none(table: Any) -> None:
    # The window that is left: the channel has the report, and nobody remembers. docs/deliveries.md says so.
    clock = Clock()
    channel = Sender(Killed())
    with pytest.raises(Killed):
        deliver_with(a_run(table, clock), channel)
    channel._error = None

    impatient = DynamoDbDeliveryLog(table, "deliveries", "reporter", clock=clock, sleep=lambda _: time.sleep(0.05))
    too_early = deliver_with(impatient, channel, seconds=2.3)
    clock.sleep(CLAIM_SECONDS)
    retried, again = deliver_with(a_run(table, clock), channel), deliver_with(a_run(table, clock), channel)

    assert too_early.status == "failed"
    assert (retried.status, again.status) == ("delivered", "duplicate")
    assert channel.sent == 2
