"""Recomputes kept reports from their evidence, and compares. Needs no Palette and no key."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.errors import StoreError, reason_of
from backup_reporter.health.version import RULES_VERSION
from backup_reporter.proof.archive import Archive, KeptReport, day_of, ids_after, ids_between, is_report_id, load, parse
from backup_reporter.proof.chain import Chain, Link
from backup_reporter.proof.replay import Evidence, LastAnswer, ReplayClient, open_evidence
from backup_reporter.report.model import Report, json_pieces, scope_id, to_json
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_shards import check_shards, ignore_progress, read_clocks
from backup_reporter.run.evidence import AskedTenant, Header, decode_thresholds
from backup_reporter.run.make_plan import Palette, make_plan
from backup_reporter.run.make_report import make_report
from backup_reporter.run.pipeline import restore_test_days
from backup_reporter.run.plan import with_clocks
from backup_reporter.wording import count, timestamp

_COMPARED = (
    *("as_of", "what_if", "status", "scope", "problems", "summary", "tenants", "findings", "coverage"),
    *("restore_test_max_age_days", "truncated"),
)
_NAMES_IN_JSON = dict(zip(Report.__struct_fields__, Report.__struct_encode_fields__, strict=True))
_NOT_VOUCHED_FOR = (
    "No report of the next eight days vouches for {}: a change of what is not recomputed in it would not show, "
    "nor would later reports that were removed."
)
_NO_PREVIOUS = "The report before it, {}, is not kept: it was removed, it has expired, or this copy lacks its day."
_BEFORE_PERIOD = "The report before the period, {}, is not kept here: whether it is as it was is not known."
_CHANGED_AFTER = "It was changed after {} was made, which names another SHA-256 of it."
_OTHER_BEFORE = "The report after it, {}, names another one before it: {} is not kept, or cannot be read."
_ON_DEMAND = "Outside the chain (on demand): {}. Whether one was removed is not known."
_MAX_DIFFERENCES = 200
_MAX_SHOWN = 200
_MAX_UNREAD = 20
_LONGEST_RUN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying a report found. ``problems`` are sentences about the files, ``differences`` about the verdicts."""

    report_id: str
    workspaces: int = 0
    problems: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether everything is as it was kept."""
        return not self.problems and not self.differences


def verify(archive: Archive, kept: KeptReport, until: date | None = None) -> Verification:
    """Judges again with the same code and settings, and compares every verdict, finding and count.

    The report before it must be as it was then; from the day ``until`` on that is left to the chain.
    """
    report = kept.report
    form = tuple(form_problems(kept))
    if report.evidence is None:
        none = "The report names no evidence: it cannot be recomputed."
        return Verification(report.report_id, problems=(none, *form))
    with open_evidence(archive, report.evidence) as evidence:
        if evidence.header is None:
            return Verification(report.report_id, problems=(*evidence.problems, *form))
        differences, failed = _compare_again(report, evidence, evidence.header)
        problem, remark = _previous_problem(archive, report, until)
        problems = (
            *evidence.problems,
            *form,
            *failed,
            *_header_problems(report, evidence.header),
            *filter(None, [problem]),
        )
        return Verification(
            report_id=report.report_id,
            workspaces=len(report.workspaces),
            problems=problems,
            differences=differences[:_MAX_DIFFERENCES],
            remarks=(*_remarks(report, evidence.header), *filter(None, [remark])),
        )


def _compare_again(report: Report, evidence: Evidence, header: Header) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns what differs, and why it cannot be judged again: evidence that was changed must not end the command."""
    try:
        return tuple(_differences(report, _recomputed(evidence, header))), ()
    except Exception as error:  # noqa: BLE001 - see above
        return (), (f"It cannot be judged again: {reason_of(error)}.",)


def verify_alone(archive: Archive, kept: KeptReport) -> Verification:
    """Verifies one report, and whether the report after it, if there is one, names the file as it is."""
    found = verify(archive, kept)
    end = _vouched_for(archive, Link.of(kept.report, kept.sha256))
    return replace(found, problems=(*found.problems, *end.problems), remarks=(*found.remarks, *end.remarks))


def _vouched_for(archive: Archive, link: Link) -> Verification:
    """What the report after it says of a report, or that there is none."""
    after = _report_after(archive, link) if link.is_regular else None
    if after is None or after.previous is None:
        return Verification(link.report_id, remarks=(_NOT_VOUCHED_FOR.format(link.report_id),))
    named = after.previous
    if named.report_id != link.report_id:
        return Verification(link.report_id, problems=(_OTHER_BEFORE.format(after.report_id, named.report_id),))
    if named.sha256 != link.sha256:
        return Verification(link.report_id, problems=(_CHANGED_AFTER.format(after.report_id),))
    return Verification(link.report_id)


def _report_after(archive: Archive, link: Link) -> Report | None:
    """Returns the next report of the chain, if it was made within a few days."""
    day = day_of(link.report_id)
    for report_id in itertools.chain(archive.ids(day), ids_after(archive, day)):
        with suppress(StoreError):
            other = load(archive, report_id) if report_id > link.report_id else None
            if other and _is_link_of(other, link.scope):
                return other.report
    return None


def _is_link_of(kept: KeptReport, scope: str | None) -> bool:
    """Whether a file holds its own report, not a copy of another, and one of the scope's chain."""
    report = kept.report
    return report.report_id == kept.name and report.previous is not None and scope_id(report.scope) == scope


class Period:
    """Verifies the reports of a period one by one.

    Afterwards ``chain`` tells whether the regular ones are unbroken, and ``ends`` what vouches for the last of them.
    """

    def __init__(self, archive: Archive, first: date, last: date) -> None:
        self._archive, self._first, self._last = archive, first, last
        self._links: list[Link] = []

    def __iter__(self) -> Iterator[Verification]:
        """Verifies each kept report, oldest first; a report about another time or of one run included."""
        for report_id in ids_between(self._archive, self._first, self._last):
            content = self._archive.read(report_id, "json")
            if content is None:
                continue
            try:
                kept = parse(report_id, content)
            except StoreError as error:
                self._links.append(Link(report_id, hashlib.sha256(content).hexdigest()))
                yield Verification(report_id, problems=(f"{error}.",))
                continue
            self._links.append(Link.of(kept.report, kept.sha256))
            yield verify(self._archive, kept, self._first)  # the others are links of the chain

    @property
    def chain(self) -> Chain:
        """The chain of the regular reports that were verified."""
        return Chain.of(self._links, self._first)

    def ends(self) -> Iterator[Verification]:
        """What is wrong with the last report of each scope, by the report after the period, or that there is none."""
        last = {link.scope: link for link in self._links if link.is_regular}
        for link in last.values():
            yield _vouched_for(self._archive, link)
        on_demand = sum(link.scope is not None and not link.is_regular for link in self._links)
        if on_demand:
            yield Verification("", remarks=(_ON_DEMAND.format(count(on_demand, "report")),))


def _recomputed(evidence: Evidence, header: Header) -> Report:
    """The same run again, with answers from the evidence."""
    last_answer = LastAnswer()
    palettes = [
        Palette(tenant=_tenant(asked), client=ReplayClient(evidence, asked.name, last_answer))
        for asked in header.tenants
    ]
    settings = Settings(
        tenant=Tenant(project_uids=header.project_uids, workspace_uids=header.workspace_uids),
        include_clusters=header.include_clusters,
        thresholds=decode_thresholds(header.thresholds),
    )
    request = msgspec.json.decode(header.request, type=Request)
    memory = WorkspaceMemory(header.remembered, [asked.name for asked in header.tenants])
    plan, shards = make_plan(
        request, settings, palettes, "", header.made_at, problems=header.problems, recall=lambda: memory
    )
    checked = check_shards(plan, shards, settings.thresholds, palettes, lambda: last_answer.at, memory, ignore_progress)
    report = make_report(with_clocks(plan, read_clocks(palettes)), checked.workspace_reports, header.made_at)
    return msgspec.structs.replace(report, restore_test_max_age_days=restore_test_days(settings, request))


def _tenant(asked: AskedTenant) -> Tenant:
    zone = asked.schedule_time_zone
    return Tenant(
        name=asked.name,
        api_url=asked.api_url,
        project_uids=asked.project_uids,
        workspace_uids=asked.workspace_uids,
        schedule_time_zone=ZoneInfo(zone) if zone else None,
    )


def form_problems(kept: KeptReport) -> Iterator[str]:
    """What else the file says to a reader who is not this program: a name twice, an unknown field, a hidden workspace."""
    if is_report_id(kept.name) and kept.name != kept.report.report_id:
        yield f"The file {kept.name} holds the report {kept.report.report_id}: it was moved or copied."
    if _is_as_written(kept):
        return
    try:
        document = json.loads(kept.content, object_pairs_hook=_with_names_once)
    except (ValueError, RecursionError) as error:
        yield f"The file is not JSON as a report is written: {error}."
    else:
        unread = itertools.islice(_unread("", document, json.loads(to_json(kept.report))), _MAX_UNREAD)
        yield from (f"The file says in {place} what is not read as part of the report." for place in unread)


def _is_as_written(kept: KeptReport) -> bool:
    """Whether the file is byte for byte what this version writes; one of an older version may lack fields."""
    place = 0
    for piece in json_pieces(kept.report, line_break=b"\n"):
        if not kept.content.startswith(piece, place):
            return False
        place += len(piece)
    return place == len(kept.content)


def _with_names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = Counter(name for name, _ in pairs)
    if twice := [name for name, number in names.items() if number > 1]:
        raise ValueError(f"it has {twice[0]!r} twice in one place")
    return dict(pairs)


def _unread(place: str, there: Any, read: Any) -> Iterator[str]:
    """The places in a document that hold anything but what was read. Fields that it lacks have their default."""
    if isinstance(there, dict) and isinstance(read, dict):
        for name, value in there.items():
            inner = f"{place}.{name}".lstrip(".")
            if name in read:
                yield from _unread(inner, value, read[name])
            else:
                yield inner
    elif isinstance(there, list) and isinstance(read, list) and len(there) == len(read):
        for number, (one, other) in enumerate(zip(there, read, strict=True)):
            yield from _unread(f"{place}[{number}]", one, other)
    elif there != read:
        yield place


def _header_problems(report: Report, header: Header) -> Iterator[str]:
    if header.report_id != report.report_id:
        yield f"The evidence is that of the report {header.report_id}."
    if header.as_of != report.as_of:
        yield f"The evidence was judged as of {timestamp(header.as_of)}, the report as of {timestamp(report.as_of)}."
    if abs(report.generated_at - header.made_at) > _LONGEST_RUN:
        yield (
            f"The evidence was begun at {timestamp(header.made_at)}, and the report says that it was made at "
            f"{timestamp(report.generated_at)}."
        )
    if header.rules_version != report.rules_version:
        yield (
            f"The evidence was judged by version {header.rules_version} of the rules, and the report says "
            f"version {report.rules_version}."
        )


def _previous_problem(archive: Archive, report: Report, until: date | None) -> tuple[str | None, str | None]:
    """What is wrong with the report before it, or else a remark. A copy of a period lacks the one before the period."""
    previous = report.previous
    if previous is None or (until and previous.report_id >= f"{until:%Y%m%d}"):
        return None, None
    try:
        content = archive.read(previous.report_id, "json")
    except StoreError as error:
        return f"The report before it cannot be read: {error}.", None
    if previous.sha256 is None:
        return f"It names the report before it, {previous.report_id}, without its SHA-256.", None
    if content is None:
        return (
            (None, _BEFORE_PERIOD.format(previous.report_id))
            if until
            else (_NO_PREVIOUS.format(previous.report_id), None)
        )
    if hashlib.sha256(content).hexdigest() != previous.sha256:
        return f"The report before it, {previous.report_id}, was changed since.", None
    return None, None


def _remarks(report: Report, header: Header) -> Iterator[str]:
    if report.rules_version != RULES_VERSION:
        yield (
            f"The report was judged by version {report.rules_version} of the rules, and recomputed by version "
            f"{RULES_VERSION}: differences may come from that."
        )


def _differences(kept: Report, again: Report) -> Iterator[str]:
    """Field by field: what the report says, and what the evidence gives."""
    for name in _COMPARED:
        yield from _compare(_NAMES_IN_JSON[name], _plain(getattr(kept, name)), _plain(getattr(again, name)))
    ours = {(workspace.tenant, workspace.uid): workspace for workspace in again.workspaces}
    seen = set()
    for workspace in kept.workspaces:
        key = (workspace.tenant, workspace.uid)
        place = f"workspaces[{workspace.name}]"
        if key in seen:
            yield f"{place}: is in the report twice"
        seen.add(key)
        if key not in ours:
            yield f"{place}: is in the report and not in the evidence"
        else:
            yield from _compare(place, _plain(workspace), _plain(ours[key]))
    for key, workspace in ours.items():
        if key not in seen:
            yield f"workspaces[{workspace.name}]: is in the evidence and not in the report"


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _compare(place: str, kept: Any, again: Any) -> Iterator[str]:
    if isinstance(kept, Mapping) and isinstance(again, Mapping):
        for name in sorted({*kept, *again}):
            yield from _compare(f"{place}.{name}", kept.get(name), again.get(name))
    elif isinstance(kept, list) and isinstance(again, list) and len(kept) == len(again):
        for number, (one, other) in enumerate(zip(kept, again, strict=True)):
            yield from _compare(f"{place}[{number}]", one, other)
    elif kept != again:
        yield f"{place}: the report says {_shown(kept)}, the evidence gives {_shown(again)}"


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
