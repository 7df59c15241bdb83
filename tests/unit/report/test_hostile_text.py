"""One list of hostile texts, in every place where Palette can put a text, through every rendering."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_reporter.health.judge import judge, judge_unreadable
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.palette.lists import decode_projects, decode_workspaces
from backup_reporter.palette.results import decode_backup_result
from backup_reporter.report.model import Report
from support.renderings import check_all
from support.report_builders import NOW, a_report, compared

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "the end of an attribute": "\"'><b onmouseover=alert(1)>--></style></script>]]>",
    "entities": "&lt;b&gt; &amp;lt; &#60;script&#62;",
    "a template": "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "mentions": "<!channel> <!here|here> <@U0123ABC> <#C0123> <!subteam^S1> @here @channel @everyone #general",
    "links": "<https://evil.example|Palette> [x](https://evil.example) https://evil.example javascript:alert(1)",
    "a quotation": "> quoted",
    "Markdown": "*bold* _it_ ~s~ `code` ```\n# h1\n> quote\n| a | b |\n---\n![x](y) <!-- -->",
    "emoji": ":fire: :+1: 🔥",
    "control characters": "a\x00b\x07c\x08\x7f\x9bd\x85e",
    "ANSI": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;https://evil.example\x1b\\",
    "direction": "\u202egnp.exe\u202c\u2066x\u2069\u200f\u061c",
    "zero width": "pay\u200bments\u2060\ufeff\u00ad\u200d",
    "line ends": "one\r\ntwo\u2028three\u2029four\x0b\x0cfive\x85",
    "formula": "=cmd|' /C calc'!A0",
    "formulas": '+1,-1;@SUM(A1)\t=1\n=HYPERLINK("https://evil.example")\uff1d1',
    "a header": "x\r\nBcc: everybody@example.com\r\n\r\n<b>body</b>",
    "a log line": 'x"}\n{"level":"INFO","message":"report made","status":"OK"}',
    "nothing visible": "\u200b\u200b",
    "combining": "Z\u0351\u0343\u0349" * 30,
    "not characters": "\ufffe\uffff\U0010ffff\ue000",
    "megabytes": "x" * 150_000,
    "megabytes of words": "all work and no play " * 7_000,
    "megabytes of markup": "<@U1>*_`" * 20_000,
}


def report_of(text: str) -> Report:
    """A failing, an odd, an unreadable and a healthy workspace, all of them called ``text``, as are all things in them."""
    metadata = {"name": text, "labels": {text: text, "backup-reporter.mute": text}, "annotations": {"a": text}}
    spec = {"clusterRefs": [{"uid": "c1", "name": text}]}
    items = [
        {"metadata": {"uid": uid, **metadata}, "spec": spec} for uid in ("failing", "odd", "unreadable", "healthy")
    ]
    (project,) = decode_projects(json.dumps({"items": [{"metadata": {"uid": "p", "name": text}}]}).encode()).items
    failing, odd, unreadable, healthy = decode_workspaces(json.dumps({"items": items}).encode(), project).items
    thresholds = Thresholds()
    verdicts = [
        judge(failing, decode_backup_result(_answer(text, "Failed")), thresholds, NOW).report,
        judge(odd, decode_backup_result(_answer(text, text, schedule=text)), thresholds, NOW).report,
        judge_unreadable(unreadable, text, thresholds, NOW, palettesCode=text),
        judge(healthy, decode_backup_result(_answer(text, "Completed")), thresholds, NOW).report,
    ]
    report = a_report(*verdicts, problems=[text])
    changes = compared(report, None, "Nothing to compare with.").changes
    return type(report)(
        **{name: getattr(report, name) for name in report.__struct_fields__}
        | {
            "notes": (text,),
            "changes": changes,
            "report_url": "https://bucket.example/report",
        }
    )


def _answer(text: str, state: str, schedule: str = "0 1 * * *") -> bytes:
    def run(at: str) -> dict[str, Any]:
        backup_state = {"state": state, "deleteState": "", "msg": text, "backupTime": at}
        status = {"backupName": text, "backupedNamespaces": [text], "backupState": backup_state}
        ref = {"clusterUid": "c1", "clusterName": text, "backupStatusMeta": status}
        details = {"backupName": text, "requestTime": at, "backupState": {"state": state}, "clusterBackupRefs": [ref]}
        return {"requestUid": text, "workspaceBackupConfig": details}

    config = {"durationInHours": 720, "namespaces": [text], "schedule": {"scheduledRunTime": schedule}}
    return json.dumps(
        {
            "metadata": {"name": text, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"config": {"clusterUids": ["c1"], "backupConfig": config}},
            "status": {"workspaceBackupStatuses": [run(f"2026-11-{day}T01:00:00Z") for day in (22, 23, 24)]},
        }
    ).encode()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_rendering_obeys_a_hostile_text(text: str) -> None:
    report = report_of(text)
    assert [workspace.status for workspace in report.workspaces].count("OK") == 1
    check_all(report)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    | st.lists(st.sampled_from(list(HOSTILE.values())[:20])).map("".join)
)
def test_no_rendering_obeys_any_text(text: str) -> None:
    check_all(report_of(text))
