"""Every rendering of a report, and what must be true of each whatever things are called."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from rich.console import Console
from slack_sdk.models.blocks import Block

from backup_reporter.channels import eventbridge, pagerduty, sns
from backup_reporter.channels.email import payload as email_payload
from backup_reporter.cli.view import ReportView
from backup_reporter.health.catalog import CODES
from backup_reporter.report.csv import COLUMNS, csv_attachment, render_csv
from backup_reporter.report.groups import title_of
from backup_reporter.report.markdown import render_markdown
from backup_reporter.report.model import Report, from_json, to_json
from backup_reporter.report.page.index import entry_of, render_index
from backup_reporter.report.page.page import render_page
from backup_reporter.report.slack import MAX_MESSAGE, message, plain, thread
from backup_reporter.report.teams import MAX_BYTES as CARD_BYTES
from backup_reporter.report.teams import card
from backup_reporter.report.teams import visible as visible_in_teams
from backup_reporter.report.text import text
from backup_reporter.report.truncate import fit
from backup_reporter.telemetry import Observer
from support.adaptive_card import card_problems
from support.slack_limits import block_problems, formatting_warnings

UTC = ZoneInfo("UTC")
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that a display obeys instead of showing them: all controls but the line feed, directions, zero widths."""
ANSWER_BYTES = 6_000_000
_BOLD = re.compile(
    "|".join(rf"\*{re.escape(title_of(code))}\*" for code in CODES)
    + r"|\*(?:What can be restored right now|Fix first|Cannot be restored(?: \([^()*]*\))?)\*"
)
"""What our own messages to Slack emphasize."""


def check_all(report: Report) -> None:
    """Raises :class:`AssertionError` where a rendering does anything with somebody's text but show it."""
    for check in (
        _text,
        _sns,
        _eventbridge,
        _slack,
        _teams,
        _pagerduty,
        _email,
        _pages,
        _markdown,
        _csv,
        _terminal,
        _log,
        _json,
    ):
        check(report)


def _text(report: Report) -> None:
    assert not STEERING.search(text(report, UTC))


def _sns(report: Report) -> None:
    published = sns.payload(report, UTC)
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    assert re.fullmatch(r"[A-Za-z0-9][\x20-\x7e]{0,78}", published["Subject"])
    assert len(published["Message"].encode()) + len(json.dumps(published["MessageAttributes"])) <= sns.MAX_BYTES
    parts = json.loads(published["Message"])
    assert re.fullmatch(r"[A-Za-z0-9 !\"#$%&'()*+,\-./:;<=>?@_]{1,160}", parts["sms"])
    assert not STEERING.search(parts["email"])
    assert json.loads(parts["default"])["reportId"] == report.report_id
    assert {name: value["DataType"] for name, value in published["MessageAttributes"].items()} == {
        "AWS.SNS.SMS.SMSType": "String",
        "status": "String", "critical": "Number", "warning": "Number", "unknown": "Number",
    }  # fmt: skip


def _eventbridge(report: Report) -> None:
    entry = eventbridge.payload(report, "default")
    assert len(entry["Detail"].encode()) < eventbridge.MAX_BYTES
    assert json.loads(entry["Detail"])["reportId"] == report.report_id
    assert (entry["Source"], entry["DetailType"]) == ("backup-reporter", "Backup Report")


def _slack(report: Report) -> None:
    first, replies = thread(report, UTC)
    for payload in (message(report, UTC), plain(report, UTC), first, *replies):
        assert block_problems(payload.get("blocks", [])) == []
        assert formatting_warnings(payload) == []
        shown = list(_texts(payload))
        assert sum(map(len, shown)) <= MAX_MESSAGE
        for block in Block.parse_all(payload.get("blocks", [])):  # the vendor's own models
            block.validate_json()
        for one in shown:
            assert not STEERING.search(one.replace("\u2060", "")), "the word joiner is ours: it parts mentions"
            ours = re.sub(r"^What to do: .*$", "", _BOLD.sub("", one), flags=re.MULTILINE)
            ours = re.sub(r"<https://[^<>|]*\|Open the whole report>", "", ours)
            found = re.search(r"[<>*`~]|(?<!\w)_|_(?!\w)|(?<!\w)[@#]\w|(?<!\w):[a-z0-9_+'-]+:", ours)
            assert not found, ours[max(0, found.start() - 40) : found.end() + 40]
            assert not re.search(r"^&gt;", one, re.MULTILINE)


def _teams(report: Report) -> None:
    content = card(report, UTC)
    assert card_problems(content) == []
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= CARD_BYTES
    shown = visible_in_teams(content["body"])
    assert len(shown) <= 30
    assert sum(map(len, shown)) <= 2500
    for line in shown:
        assert not STEERING.search(line)


def _pagerduty(report: Report) -> None:
    event = pagerduty.payload(report, UTC, "reporter")
    assert len(json.dumps(event)) < pagerduty.MAX_BYTES / 10
    assert len(event["dedup_key"]) <= pagerduty.MAX_DEDUP_KEY
    if event["event_action"] == "trigger":
        assert 0 < len(event["payload"]["summary"]) <= pagerduty.MAX_SUMMARY
        assert not STEERING.search(json.dumps(event, ensure_ascii=False))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value] if key == "text" and isinstance(value, str) else _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _email(report: Report) -> None:
    raw = email_payload(report, UTC, "backups@example.com", ["ops@example.com"], csv_attachment(report))
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert Counter(name.lower() for name in parsed) == Counter(
        ["from", "to", "subject", "auto-submitted", "mime-version", "content-type"]
    )
    assert (parsed["From"], parsed["To"]) == ("backups@example.com", "ops@example.com")
    said, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert said
    assert html
    assert not STEERING.search(said.get_content().replace("\r\n", "\n"))
    _markup(html.get_content(), scripts=0)
    assert len(list(parsed.iter_attachments())) <= 1


def _pages(report: Report) -> None:
    _markup(render_page(report, UTC), scripts=1)
    _markup(render_index([entry_of(report, "2026/11/24/x", UTC)], UTC), scripts=0)


class _Markup(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.shown: list[str] = []
        self._is_code = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        self._is_code = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._is_code = False

    def handle_data(self, data: str) -> None:
        self.shown += [] if self._is_code else [data]


def _markup(page: str, *, scripts: int) -> None:
    outline = _Markup(page)
    assert outline.tags["script"] == scripts
    assert outline.tags["style"] <= 1
    assert not outline.tags.keys() & {"img", "iframe", "object", "embed", "form", "base", "audio", "video"}
    for name, value in outline.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcdoc", "action", "formaction", "ping")
        if name == "href":
            assert re.match(r"#|data:image/svg|2026/11/24/x\.(html|csv|json)$|https://", value), value
    shown = "".join([*outline.shown, *(value for name, value in outline.attributes if name != "style")])
    assert not STEERING.search(shown.replace("\t", "").replace("\r\n", "\n"))


def _markdown(report: Report) -> None:
    markdown = render_markdown(report, UTC)
    assert not STEERING.search(markdown)
    html = MarkdownIt("commonmark").enable("table").render(markdown.replace("@<!-- -->", "@"))
    outline = _Markup(html)
    assert outline.tags.keys() <= {"h1", "h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert outline.tags["td"] % 10 == 0, "a name has made a column of its own"
    assert not re.search(r"https?://|(?<!\w)@\w", markdown)


def _csv(report: Report) -> None:
    lines = list(csv.reader(io.StringIO(render_csv(report), newline="")))
    assert {len(line) for line in lines} == {len(COLUMNS)}
    for cell in (cell for line in lines for cell in line):
        assert not STEERING.search(cell)
        is_number = re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell)  # such as a retention that is negative
        for part in [] if is_number else re.split(r"[,;\t\r\n]", cell):
            assert not re.match(r"[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]", part), f"a formula: {cell[:80]}"


def _terminal(report: Report) -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None, legacy_windows=False)
    console.print(ReportView(report, UTC))
    assert isinstance(console.file, io.StringIO)
    assert not STEERING.search(re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue()))


def _log(report: Report) -> None:
    log = io.StringIO()
    with redirect_stdout(log):
        observer = Observer("11111111-2222-3333-4444-555555555555", "a-function")
        for handler in observer.logger.handlers:
            handler.setStream(log)  # type: ignore[attr-defined]
        with observer.watching():
            observer.record(report, is_regular=True)
    lines = [json.loads(line) for line in log.getvalue().split("\n") if line]
    assert not STEERING.search(log.getvalue())
    assert lines[0]["message"] == "report made"
    assert {line["correlation_id"] for line in lines if "level" in line} == {"11111111-2222-3333-4444-555555555555"}
    for metric in (line for line in lines if "_aws" in line):
        (described,) = metric["_aws"]["CloudWatchMetrics"]
        for name in (name for dimensions in described["Dimensions"] for name in dimensions):
            assert re.fullmatch(r"[a-z-]{1,40}", metric[name]), "a dimension that costs money for every name"


def _json(report: Report) -> None:
    assert from_json(to_json(report)) == report
    assert len(to_json(fit(report))) < ANSWER_BYTES
