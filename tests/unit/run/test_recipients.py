import msgspec
import pytest
from msgspec.structs import replace

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Notify
from support.publishing import BROKEN, SCHEDULED, WELL, Deployment, FakePager, FakeStore
from support.report_builders import NOW, a_finding, a_workspace


def test_always_is_always() -> None:
    deployment = Deployment("always")

    assert deployment.sends(WELL)
    assert deployment.sends(BROKEN)


def test_problems_is_only_what_is_not_ok() -> None:
    deployment = Deployment("problems")

    assert not deployment.sends(WELL)
    assert deployment.sends(BROKEN)
    assert deployment.sends()
    assert deployment.sends(a_workspace("shop", a_finding("unreadable")))


def test_changes_is_what_is_new_and_what_is_resolved() -> None:
    deployment = Deployment("changes", FakeStore())

    sent = [deployment.sends(workspace) for workspace in (WELL, BROKEN, BROKEN, BROKEN, WELL, WELL, BROKEN)]

    assert sent == [True, True, False, False, True, False, True]


def test_a_note_that_stays_the_same_is_news_once() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)
    lacking, longer = ("The clusters cannot be listed.",), ("The clusters cannot be listed.", "A key ends.")

    sent = [
        deployment.sends(WELL, notes=notes) for notes in ((), lacking, lacking, longer, longer, lacking, (), lacking)
    ]

    assert sent == [False, True, False, True, False, False, False, True]


def test_a_problem_that_stays_the_same_is_news_each_time() -> None:
    deployment = Deployment("changes", FakeStore())

    assert [deployment.sends(WELL, problems=("The list of projects failed.",)) for _ in range(3)] == [True] * 3


def test_a_note_that_a_channel_missed_is_sent_again_until_every_channel_has_it() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)
    deployment.slack.is_down = True
    deployment.publish(WELL, notes=("The clusters cannot be listed.",))
    sent = [deployment.sends(WELL, notes=("The clusters cannot be listed.",)) for _ in range(2)]
    deployment.slack.is_down = False

    sent += [deployment.sends(WELL, notes=("The clusters cannot be listed.",)) for _ in range(2)]

    assert sent == [True, True, True, False]


@pytest.mark.parametrize("notify", ["problems", "changes"])
def test_notify_does_not_hold_back_a_report_that_ends_an_alert(notify: Notify) -> None:
    deployment, pager = Deployment(notify, FakeStore()), FakePager()
    deployment.destinations = replace(deployment.destinations, channels=(deployment.sns, pager, deployment.slack))
    for workspace in (BROKEN, BROKEN):
        deployment.publish(workspace)
    pager.sent.clear()
    deployment.sns.sent.clear()

    deployment.publish(WELL)
    report = deployment.publish(WELL)

    assert len(pager.sent) == 2
    assert [delivery.status for delivery in report.deliveries] == ["skipped", "delivered", "skipped"]
    assert len(deployment.sns.sent) == (1 if notify == "changes" else 0)


def test_never_is_never_for_every_channel() -> None:
    deployment, pager = Deployment(), FakePager()
    deployment.destinations = replace(deployment.destinations, channels=(pager,))

    report = deployment.publish(WELL, request=Request(notify="never"))

    assert [delivery.status for delivery in report.deliveries] == ["skipped"]


def test_a_healthy_workspace_that_is_not_listed_any_more_is_news_once() -> None:
    deployment = Deployment("changes", FakeStore())
    other = a_workspace("ledger")
    deployment.publish(WELL, other)

    sent = [deployment.sends(*workspaces) for workspaces in ((WELL, other), (WELL,), (WELL,))]

    assert sent == [False, True, False]
    assert "No longer listed since the last report: prod / ledger." in deployment.sns.sent[-1].notes[0]


def test_problems_is_a_workspace_that_is_not_listed_any_more_too() -> None:
    deployment = Deployment("problems", FakeStore())
    deployment.publish(WELL, a_workspace("ledger"))

    assert [deployment.sends(WELL) for _ in range(2)] == [True, False]


def test_changes_is_what_is_no_longer_judged_and_a_schedule_that_is_gone() -> None:
    deployment = Deployment("changes", FakeStore())
    overdue = a_workspace("shop", a_finding("backup-overdue"), schedule="@daily")
    deployment.publish(overdue)

    report = deployment.publish(WELL)

    assert [change.code for change in report.changes.no_longer_judged] == ["backup-overdue"]
    assert report.notes == ("A schedule changed since the last report: prod / shop: '@daily' is gone.",)
    assert deployment.sns.sent[-1] == msgspec.structs.replace(report, deliveries=())
    assert not deployment.sends(WELL)


def test_a_lost_earlier_report_is_no_reason_for_silence() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(BROKEN)
    deployment.store.baselines.clear()  # type: ignore[union-attr]

    assert deployment.sends(WELL)


def test_changes_is_never_silence_about_what_could_not_be_looked_at() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)

    for _ in range(2):
        assert deployment.sends(WELL, problems=("Project staging cannot be listed.",))
        assert deployment.sends(problems=("Palette could not be asked.",))


@pytest.mark.parametrize("step", ["baseline", "keep", "keep baseline"])
def test_changes_is_never_silence_where_the_bucket_fails(step: str) -> None:
    deployment = Deployment("changes", FakeStore(broken=(step,)))

    assert deployment.sends(BROKEN)
    assert deployment.sends(BROKEN)


def test_changes_without_a_bucket_is_always() -> None:
    deployment = Deployment("changes")

    assert deployment.sends(BROKEN)
    assert deployment.sends(BROKEN)


def test_what_is_skipped_is_said_to_be() -> None:
    report = Deployment("problems").publish(WELL)

    assert [(delivery.channel, delivery.status) for delivery in report.deliveries] == [
        ("sns", "skipped"),
        ("slack", "skipped"),
    ]


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
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)

    asked = deployment.publish(BROKEN, request=request_)

    assert asked.changes.new == ()
    assert deployment.sends(BROKEN)


def test_an_on_demand_report_to_everybody_is_a_report_like_any_other() -> None:
    deployment = Deployment("changes", FakeStore())
    deployment.publish(WELL)

    assert deployment.sends(BROKEN, request=Request())
    assert not deployment.sends(BROKEN)


def test_every_report_is_listed_and_only_those_for_everybody_as_regular() -> None:
    store = FakeStore()
    deployment = Deployment(store=store)

    for request in (
        SCHEDULED,
        Request(),
        Request(as_of=NOW),
        Request(workspace_uids=("w-1",)),
        Request(notify="never"),
    ):
        deployment.publish(WELL, request=request)

    assert store.listed == ["day 1", "day 2", "day 3", "day 4", "day 5"]
    assert store.regular == ["day 1", "day 2"]


def test_a_what_if_speaks_to_nobody_unless_it_is_told_to() -> None:
    deployment = Deployment()

    assert not deployment.sends(BROKEN, request=Request(as_of=NOW))
    assert deployment.sends(BROKEN, request=Request(as_of=NOW, notify="always"))


def test_the_request_decides_over_the_setting() -> None:
    deployment = Deployment("problems")

    assert deployment.sends(WELL, request=Request(notify="always"))
    assert not deployment.sends(BROKEN, request=Request(notify="never"))


def test_only_the_channels_that_were_asked_for_are_told() -> None:
    deployment = Deployment()

    report = deployment.publish(WELL, request=Request(channels=("slack",)))

    assert [delivery.channel for delivery in report.deliveries] == ["slack"]
    assert deployment.sns.sent == []
