import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from backup_reporter.config.settings import ChannelName
from backup_reporter.errors import ChannelError, StoreError
from backup_reporter.report.model import Delivery, Report, Scope, scope_id
from backup_reporter.run.deliver import SEND_SECONDS, DeliveryLog, deliver, delivery_id
from support.report_builders import a_green_report


@dataclass
class Recorder:
    """A channel that takes every report, or raises."""

    name: ChannelName = "sns"
    error: Exception | None = None
    remark: str | None = None
    sent: list[Report] = field(default_factory=list)
    seconds_left: list[float] = field(default_factory=list)

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        self.seconds_left.append(seconds_left())
        if self.error:
            raise self.error
        self.sent.append(report)
        return self.remark


@dataclass
class Memory:
    """Remembers deliveries; ``broken`` names the steps that fail."""

    broken: tuple[str, ...] = ()
    known: set[str] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)

    def claim(self, delivery_id: str, seconds_left: Callable[[], float]) -> bool:
        self._step("claim")
        return delivery_id not in self.known

    def complete(self, delivery_id: str) -> None:
        self._step("delivered")
        self.known.add(delivery_id)

    def release(self, delivery_id: str) -> None:
        self._step("give back")

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name in self.broken:
            raise StoreError("the table cannot be used")


def run(
    channels: Sequence[Recorder],
    delivery_log: DeliveryLog | None = None,
    seconds: float = 600,
    scheduled: bool = True,
) -> tuple[Delivery, ...]:
    return deliver(
        a_green_report(),
        channels,
        delivery_log=delivery_log,
        delivery_key="2026-11-24T07:00:00Z" if scheduled else None,
        zone=ZoneInfo("UTC"),
        seconds_left=lambda: seconds,
    )


def outcomes(deliveries: tuple[Delivery, ...]) -> dict[str, str]:
    return {delivery.channel: delivery.status for delivery in deliveries}


def test_every_channel_gets_the_report() -> None:
    sns, slack = Recorder("sns"), Recorder("slack")

    assert outcomes(run([sns, slack])) == {"sns": "delivered", "slack": "delivered"}
    assert len(sns.sent) == len(slack.sent) == 1


def test_no_channel_is_no_delivery() -> None:
    assert run([]) == ()


def test_one_channels_failure_never_keeps_the_report_from_another() -> None:
    broken, well = Recorder("sns", ChannelError("no such topic", permanent=True)), Recorder("slack")

    failed, delivered = run([broken, well])

    assert failed == Delivery(channel="sns", status="failed", error="no such topic")
    assert delivered.status == "delivered"


def test_a_slow_channel_does_not_hold_up_another() -> None:
    released = threading.Event()

    class Slow(Recorder):
        def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
            assert released.wait(5)

    class Quick(Recorder):
        def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
            released.set()

    assert outcomes(run([Slow("sns"), Quick("slack")])) == {"sns": "delivered", "slack": "delivered"}


def test_an_error_that_nobody_foresaw_is_told_by_kind_and_place_only() -> None:
    (failed,) = run([Recorder("slack", ValueError("https://hooks.slack.example/secret"))])

    assert failed.error
    assert failed.error.startswith("unexpected ValueError at test_deliver.py:")
    assert "secret" not in failed.error


def test_what_did_not_work_besides_is_said_beside_delivered() -> None:
    assert run([Recorder("slack", remark="the CSV was too large")]) == (
        Delivery(channel="slack", status="delivered", error="the CSV was too large"),
    )


def test_a_retry_reaches_only_the_channels_that_lack_the_report() -> None:
    once, sns, slack = Memory(), Recorder("sns"), Recorder("slack", ChannelError("down"))

    assert outcomes(run([sns, slack], once)) == {"sns": "delivered", "slack": "failed"}
    slack.error = None
    assert outcomes(run([sns, slack], once)) == {"sns": "duplicate", "slack": "delivered"}
    assert outcomes(run([sns, slack], once)) == {"sns": "duplicate", "slack": "duplicate"}
    assert len(sns.sent) == len(slack.sent) == 1


def test_a_delivery_without_any_trouble_says_nothing_besides() -> None:
    assert run([Recorder("sns")], Memory()) == (Delivery(channel="sns", status="delivered"),)


def test_a_failed_delivery_is_left_to_the_next_one_who_tries() -> None:
    once = Memory()

    run([Recorder("sns", ChannelError("down"))], once)

    assert once.steps == ["claim", "give back"]


def test_on_demand_everybody_who_asks_gets_an_answer() -> None:
    once, sns = Memory(), Recorder("sns")

    run([sns], once, scheduled=False)
    run([sns], once, scheduled=False)

    assert len(sns.sent) == 2
    assert once.steps == []


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (("delivered",), "also; a retry may send it again: the table cannot be used"),
        (("claim", "delivered"), "also; a retry may send it again: the table cannot be used"),
        (("claim",), "also; another run may have sent it too: the table cannot be used"),
    ],
)
def test_a_table_that_cannot_be_used_costs_nobody_the_report(steps: tuple[str, ...], said: str) -> None:
    sns = Recorder("sns", remark="also")

    (delivery,) = run([sns], Memory(broken=steps))

    assert (delivery.status, delivery.error) == ("delivered", said)
    assert len(sns.sent) == 1


def test_what_could_not_be_claimed_is_remembered_all_the_same() -> None:
    once, sns = Memory(broken=("claim",)), Recorder("sns")

    run([sns], once)
    once.broken = ()

    assert outcomes(run([sns], once)) == {"sns": "duplicate"}
    assert len(sns.sent) == 1


def test_a_claim_that_cannot_be_given_back_does_not_hide_why_the_channel_failed() -> None:
    (delivery,) = run([Recorder("sns", ChannelError("down"))], Memory(broken=("give back",)))

    assert delivery.error == "down"


def test_a_channel_that_does_not_end_in_time_is_left_behind() -> None:
    released = threading.Event()

    class Stuck(Recorder):
        def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
            released.wait(30)

    ends_at = time.monotonic() + 0.4
    stuck, well = deliver(
        a_green_report(),
        [Stuck("sns"), Recorder("slack")],
        delivery_log=None,
        delivery_key=None,
        zone=ZoneInfo("UTC"),
        seconds_left=lambda: ends_at - time.monotonic(),
    )
    released.set()

    assert time.monotonic() < ends_at
    assert stuck.error == "timed out after 0.3 s"
    assert well.status == "delivered"


@pytest.mark.parametrize(("run_has", "channel_has"), [(600, SEND_SECONDS), (30, 27), (12, 9), (4, 3)])
def test_a_channel_gets_what_is_left_but_no_longer_than_a_claim_lasts(run_has: float, channel_has: float) -> None:
    sns = Recorder("sns")

    run([sns], seconds=run_has)

    assert sns.seconds_left == [channel_has]


def test_a_channels_time_runs_down_with_the_runs() -> None:
    ends_at = time.monotonic() + 20
    seen: list[float] = []

    class Patient(Recorder):
        def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
            seen.append(seconds_left())
            time.sleep(0.05)
            seen.append(seconds_left())

    deliver(
        a_green_report(),
        [Patient("sns")],
        delivery_log=None,
        delivery_key=None,
        zone=ZoneInfo("UTC"),
        seconds_left=lambda: ends_at - time.monotonic(),
    )

    assert 16.5 < seen[1] <= seen[0] - 0.05 < 17


def test_a_delivery_is_known_by_scheduled_time_channel_and_scope() -> None:
    everything, key = Scope(), "2026-11-24T07:00:00Z"
    ids = {
        delivery_id(everything, key, "sns"),
        delivery_id(everything, key, "slack"),
        delivery_id(everything, "2026-11-25T07:00:00Z", "sns"),
        delivery_id(Scope(project_uids=("p",)), key, "sns"),
        delivery_id(Scope(workspace_uids=("p",)), key, "sns"),
    }

    assert len(ids) == 5
    assert delivery_id(everything, key, "sns").startswith("2026-11-24T07:00:00Z/sns/")


def test_the_order_of_what_was_asked_for_does_not_matter() -> None:
    assert scope_id(Scope(project_uids=("a", "b"))) == scope_id(Scope(project_uids=("b", "a")))
