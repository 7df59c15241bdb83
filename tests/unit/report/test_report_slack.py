import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from backup_reporter.health.catalog import CODES
from backup_reporter.report.model import Report, Scope
from backup_reporter.report.slack import MAX_BLOCKS, MAX_MESSAGE, as_it_is, cut, escape, message, plain, thread
from backup_reporter.wording import quote
from support.report_builders import (
    NOW,
    a_cluster,
    a_failing_fleet,
    a_finding,
    a_green_report,
    a_report,
    a_workspace,
    days,
)
from support.slack_limits import block_problems, formatting_warnings

UTC = ZoneInfo("UTC")
LETTERS = ["".join(letters) for letters in islice(product("abcdefghij", repeat=2), 60)]
"""Messages that differ by more than a number have different causes."""

# Names and messages as an attacker, or an unlucky administrator, might choose them.
HOSTILE = (
    "<!channel> <!here> <@U0123> <#C0123> @here @channel #general",
    "<https://evil.example|Palette> https://evil.example www.evil.example",
    "*bold* _italic_ ~struck~ `code` ```block``` > quote :fire: &amp; &lt;",
    "a & b < c > d",
    "x" * 5000,
    "<" * 5000,
    "\u202eevil\u202c \x00\x07\r\n\u2028",
)


def texts(node: Any) -> Iterator[str]:
    """Every text in a payload, the top-level one included."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def assert_slack_takes(payload: dict[str, Any]) -> None:
    assert payload["text"]
    blocks = payload.get("blocks", [])
    assert block_problems(blocks) == []
    assert formatting_warnings(payload) == []
    assert len(blocks) <= MAX_BLOCKS
    assert sum(map(len, texts(payload))) <= MAX_MESSAGE
    for block in Block.parse_all(blocks):  # the vendor's own models
        block.validate_json()


def every_message(report: Report) -> list[dict[str, Any]]:
    first, replies = thread(report, UTC)
    return [message(report, UTC), plain(report, UTC), first, *replies]


def test_a_green_report_is_a_title_and_a_trust_line() -> None:
    payload = message(a_green_report(), UTC)

    assert [block["type"] for block in payload["blocks"]] == ["header", "context"]
    assert payload["blocks"][0]["text"]["text"] == "🟢 OK Palette backups: nothing wrong in 14 workspaces (24 Nov)"
    assert payload["text"].startswith("OK Palette backups: nothing wrong in 14 workspaces (24 Nov)\nChecked 14 of 14")


def test_a_cause_is_one_section_of_four_lines() -> None:
    report = a_report(a_workspace("payments", a_finding(since=NOW - days(1)), clusters=(a_cluster(),)))

    (cause, help_) = message(report, UTC)["blocks"][2:]

    assert cause["text"]["text"].split("\n") == [
        "*Fix first*",
        "🔴 *Backup failed* since Mon 2026-11-23, day 2 (backup-failed)",
        "prod / payments: eu-1",
        "The last 2 backups failed.",
        f"What to do: {CODES['backup-failed'].action}",
    ]
    assert "backup-reporter explain CODE" in help_["elements"][0]["text"]


def test_what_cannot_be_restored_is_a_list_of_workspaces_and_the_rest_is_counted() -> None:
    bare = a_cluster("us-2", restore_points=0, newest_restore_point_at=None, expires_at=None)
    lost = [a_workspace(f"shop-{number}", a_finding(), clusters=(a_cluster(), bare)) for number in range(60)]

    listed = message(a_report(*lost), UTC)["blocks"][2]["text"]["text"].split("\n")

    assert listed == [
        "*Cannot be restored (60 of 120 clusters can be restored)*",
        "• prod / shop-0: us-2 (never had a copy)",
        "• prod / shop-1: us-2 (never had a copy)",
        "• and 58 more",
    ]


def test_a_workspace_that_was_asked_for_says_what_can_be_restored_of_it() -> None:
    report = a_report(a_workspace("shop", clusters=(a_cluster(),)), scope=Scope(workspace_uids=("uid of shop",)))

    assert (
        "*What can be restored right now*\n• prod / shop: eu-1: made 2026-11-22 07:00 UTC, expires 2026-12-14 07:00 UTC"
    ) in texts(message(report, UTC))


def test_names_are_links_into_palette_if_the_address_is_set() -> None:
    report = msgspec.structs.replace(
        a_report(a_workspace("payments", a_finding())), workspace_link="https://palette/{projectUid}/ws/{workspaceUid}"
    )

    assert "<https://palette/p-1/ws/uid%20of%20payments|prod / payments>: eu-1" in "".join(texts(message(report, UTC)))


def test_a_cluster_with_a_policy_of_its_own_has_no_link() -> None:
    own = a_workspace("eu-1", a_finding(), kind="cluster")
    report = msgspec.structs.replace(a_report(own), workspace_link="https://palette/{projectUid}/ws/{workspaceUid}")

    assert "https://palette" not in "".join(texts(message(report, UTC)))


def test_slack_is_told_to_take_every_text_as_it_is() -> None:
    payload = message(a_report(a_workspace("payments", a_finding())), UTC)

    assert payload["parse"] == "none"
    assert payload["link_names"] is False
    assert payload["mrkdwn"] is False
    mrkdwn = [text for text in _text_objects(payload) if text["type"] == "mrkdwn"]
    assert mrkdwn
    assert all(text["verbatim"] is True for text in mrkdwn)


def _text_objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            yield node
        for value in node.values():
            yield from _text_objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _text_objects(value)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_and_messages_mention_nobody_and_format_nothing(hostile: str) -> None:
    broken = a_workspace(
        hostile,
        a_finding(message=hostile, cluster_name=hostile),
        a_finding("disks-not-included"),
        project_name=hostile,
        clusters=(a_cluster(hostile),),
    )

    for payload in every_message(a_report(broken, problems=(hostile,))):
        assert_slack_takes(payload)
        for text in texts(payload):
            foreign = re.sub(r"\*(Backup failed|Fix first|Cannot be restored \([^()]*\))\*", "", text)
            assert not re.search(r"[*`~]|(?<!\w)_|_(?!\w)|(?<!\w)[@#]\w|(?<!\w):\w+:", foreign)
            assert not re.search(r"^&gt;", text, re.MULTILINE)


def test_names_that_format_nothing_stay_as_they_are() -> None:
    for name in ("my_backup_2026-11-24", "arn:aws:s3:::backups", "someone@example.com", "12:30:45", "a/b.c-d"):
        assert escape(name) == name


def test_our_own_advice_can_be_copied() -> None:
    payload = message(a_report(a_workspace("a", a_finding("schedule-unreadable"))), UTC)

    assert "@daily or @every 24h" in "".join(texts(payload))
    assert as_it_is("a < b & c") == "a &lt; b &amp; c"


@given(text=st.text(), length=st.integers(min_value=1, max_value=200))
def test_a_cut_keeps_half_of_the_room_at_least_and_is_never_in_an_entity(text: str, length: int) -> None:
    escaped = escape(text)

    shown = cut(escaped, length)

    assert len(shown) <= length
    if shown != escaped:
        assert shown.endswith("…")
        kept = shown.removesuffix("…").removesuffix(" ")
        assert escaped.startswith(kept)
        assert len(kept) >= (length - 6) // 2
        assert not re.search(r"&[a-z]*$", kept)


def test_a_cut_is_made_between_words_if_there_are_some() -> None:
    assert cut("one two three", 9) == "one two …"
    assert cut("onetwothree", 9) == "onetwoth…"
    assert cut("a &amp;&amp;&amp;", 9) == "a &amp;…"


def test_the_page_of_a_proxy_in_a_message_hides_neither_its_beginning_nor_the_last_good_backup() -> None:
    page = "<!doctype_html><title>502</title>" + "<hr>" * 100
    last_good = "The last good backup is from Mon 2026-11-23 and expires on Wed 2026-12-23."
    finding = a_finding("backup-failed", message=f"The last backup failed: {quote(page)}. {last_good}")

    shown = "".join(texts(message(a_report(a_workspace("payments", finding)), UTC)))

    assert "&lt;!doctype" in shown
    assert last_good in shown


@settings(deadline=None)
@given(
    name=st.text(min_size=1),
    cause=st.text(min_size=1),
    problems=st.lists(st.text(), max_size=4),
    link=st.one_of(st.none(), st.integers(min_value=1, max_value=4000)),
)
def test_whatever_the_report_says_slack_takes_it(name: str, cause: str, problems: list[str], link: int | None) -> None:
    codes = ("backup-failed", "backup-stuck", "not-protected", "unreadable", "disks-not-included")
    workspaces = [a_workspace(name, a_finding(code, message=cause), clusters=(a_cluster(name),)) for code in codes]
    report = a_report(*workspaces, problems=tuple(problems))
    url = "https://bucket.example/" + "x" * link if link else None

    for payload in every_message(msgspec.structs.replace(report, report_url=url)):
        assert_slack_takes(payload)


def test_of_many_causes_the_worst_are_shown_and_the_rest_is_counted() -> None:
    fleet = a_failing_fleet([f"Cause {letters}." for letters in LETTERS], len(LETTERS))

    shown = "\n".join(texts(message(fleet, UTC)))

    left_out = len(LETTERS) - len(set(re.findall(r"Cause [a-z]+\.", shown)))
    assert 0 < left_out < len(LETTERS)
    assert f"{left_out} more findings: Backup failed: {left_out}." in shown


def test_the_longest_link_still_leaves_room_for_the_worst_problem() -> None:
    report = msgspec.structs.replace(
        a_failing_fleet([f"Cause {letters} " + "word " * 400 for letters in LETTERS], 60),
        report_url="https://bucket.example/" + "x" * 2900,
        problems=("problem " * 100,) * 5,
    )

    payload = message(report, UTC)

    assert_slack_takes(payload)
    assert "*Backup failed*" in "".join(texts(payload))
    assert payload["blocks"][-1]["text"]["text"].startswith("<https://bucket.example/")


def test_a_thread_has_the_first_cause_on_top_and_all_causes_below() -> None:
    fleet = a_failing_fleet([f"Cause {letters} " + "word " * 80 for letters in LETTERS], 60)

    first, replies = thread(fleet, UTC)

    assert [block["type"] for block in first["blocks"]] == ["header", "context", "section", "context"]
    assert len(replies) > 1
    shown = "".join(text for reply in replies for text in texts(reply))
    assert len(set(re.findall(r"Cause [a-z]+ ", shown))) == 25
    assert "35 more findings: Backup failed: 35." in shown


def test_the_plain_message_says_what_is_wrong_without_any_block() -> None:
    report = a_report(a_workspace("payments", a_finding()), problems=("Project x cannot be listed.",))

    payload = plain(report, UTC)

    assert "blocks" not in payload
    assert "Project x cannot be listed.\n" in payload["text"]
    assert "\nprod / payments: eu-1\n" in payload["text"]


def test_the_plain_message_keeps_its_link_however_much_there_is_to_say() -> None:
    fleet = a_failing_fleet([f"Cause {letters}." for letters in LETTERS], 60)

    payload = plain(msgspec.structs.replace(fleet, report_url="https://bucket.example/report"), UTC)

    assert payload["text"].endswith("\nhttps://bucket.example/report")
