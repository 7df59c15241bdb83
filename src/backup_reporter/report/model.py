"""The report: what the function answers, what is kept, what every rendering is made from.

Field names become camelCase in JSON; times are aware UTC ``datetime`` and become RFC 3339 with
``Z``; absent values are ``null``. The JSON Schema beside this file is made from these types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from backup_reporter.config.settings import ChannelName
from backup_reporter.health.findings import Finding, Severity, Status
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.records import Instant, Record
from backup_reporter.report.packed import PackedReports, json_of

SCHEMA_VERSION = 1


class Summary(Record, frozen=True, kw_only=True):
    """Counts over the whole report. The statuses add up to ``workspaces``."""

    workspaces: int = 0
    cluster_policies: int = 0
    """How many of them are clusters with a policy of their own."""
    ok: int = 0
    warning: int = 0
    critical: int = 0
    unknown: int = 0
    clusters: int = 0
    """Of all policies; one that has a policy of its own beside a workspace's counts once."""
    findings: int = 0
    """All findings, info and muted ones included."""
    muted: int = 0
    unreadable: int = 0
    """Workspaces whose result could not be read or understood, in whole or in part."""
    unknown_states: int = 0
    """Findings about a latest backup with a state that is not known."""


class Coverage(Record, frozen=True, kw_only=True):
    """Which clusters have a backup policy. ``clusters`` is the sum of the four counts after it."""

    clusters: int
    in_workspace_policy: int
    """In the policy of a workspace; some of them have one of their own besides."""
    in_own_policy: int
    """Only in a policy of their own."""
    in_none: int
    unknown: int
    """Clusters whose policies could not be read."""
    set_apart: int
    """Virtual, imported, being deleted or not running yet: no one expects backups of them, and ``clusters`` leaves them out."""
    is_whole: bool
    """False if Palette's list of clusters could not be read to its end: there may be more."""
    are_locations_known: bool = True
    """False if the backup locations could not be listed: whether a policy's location exists is not known."""


class TenantStatus(Record, frozen=True, kw_only=True):
    """The status of one of several tenants; UNKNOWN if it could not be asked."""

    name: str
    status: Status
    summary: Summary


class Change(Record, frozen=True, kw_only=True):
    """A finding that is new, goes on, or is resolved since the last report of the same scope."""

    tenant: str | None = None
    project_name: str | None = None
    """``None`` in changes of older versions."""
    workspace_uid: str
    """The cluster's, if the finding is about a policy of its own, or that no policy covers it."""
    workspace_name: str
    cluster_uid: str | None
    cluster_name: str | None
    code: str
    severity: Severity
    message: str
    since: Instant | None


class NoLongerJudged(Change, frozen=True, kw_only=True):
    """A finding of the last report that nothing can be said about now: it may be as it was."""

    reason: str
    """Why it was not judged, such as ``the workspace is no longer listed``."""


Key = tuple[str | None, str, str | None, str]


def key_of(change: Change) -> Key:
    """By what a finding is known again: tenant, workspace, cluster and code."""
    return (change.tenant, change.workspace_uid, change.cluster_uid or change.cluster_name, change.code)


class Changes(Record, frozen=True, kw_only=True):
    """What changed since the last report of the same scope.

    ``note`` says why everything is new, if no earlier report can be read.
    """

    note: str | None = None
    new: tuple[Change, ...] = ()
    ongoing: tuple[Change, ...] = ()
    resolved: tuple[Change, ...] = ()
    """Judged again, and better."""
    no_longer_judged: tuple[NoLongerJudged, ...] = ()


class Delivery(Record, frozen=True, kw_only=True):
    """The outcome of the report on one channel."""

    channel: ChannelName
    status: Literal["delivered", "failed", "skipped", "duplicate"]
    error: str | None = None


class Scope(Record, frozen=True, kw_only=True):
    """What was asked for: empty lists mean everything the key can see, and every tenant."""

    tenants: tuple[str, ...] = ()
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    backup_request_uid: str | None = None


class EvidenceFile(Record, frozen=True, kw_only=True):
    """Where Palette's answers to a report's questions are kept, and the SHA-256 of that file."""

    key: str
    sha256: str


class PreviousReport(Record, frozen=True, kw_only=True):
    """The report before this one in the same scope, and the SHA-256 of its file: a link of the chain."""

    report_id: str
    sha256: str | None
    """``None`` if it is not known, such as after a damage to what the report before left."""
    chain: int = 1
    """How many reports the chain has, up to that one."""


class ReportLink(Record, frozen=True, kw_only=True):
    """How to open a report's page: ``report_url`` until ``expires_at`` at the latest, then with rights of one's own.

    The URL ends earlier if the credentials that signed it do.
    """

    expires_at: Instant
    s3_uri: str
    console_url: str
    """The page's file in the AWS console."""


class Report(Record, frozen=True, kw_only=True):
    """One report.

    ``problems`` are sentences about what could not be looked at, such as a failed discovery; they make
    it UNKNOWN at best. ``notes`` are sentences about what else did not work, and change no status.
    """

    schema_version: int = SCHEMA_VERSION
    rules_version: int = 1
    """The version of the rules that judged; 1 if the report was made by a version that did not say so."""
    report_id: str
    generated_at: Instant
    as_of: Instant
    what_if: bool = False
    """Judged as if it were another time than that at which it was made."""
    status: Status
    scope: Scope = Scope()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    summary: Summary
    tenants: tuple[TenantStatus, ...] = ()
    """Each tenant, by name; empty without a list of tenants."""
    workspaces: Sequence[WorkspaceReport]
    findings: tuple[Finding, ...] = ()
    """What belongs to no workspace; counts toward the status."""
    coverage: Coverage | None = None
    """``None`` if clusters are not looked at (``INCLUDE_CLUSTERS``)."""
    changes: Changes = Changes()
    deliveries: tuple[Delivery, ...] = ()
    report_url: str | None = None
    link: ReportLink | None = None
    """Given with ``report_url``."""
    evidence: EvidenceFile | None = None
    previous: PreviousReport | None = None
    """On regular reports that are kept, from the second one on."""
    workspace_link: str | None = None
    """The setting ``WORKSPACE_LINK``: a URL with ``{projectUid}`` and ``{workspaceUid}``."""
    restore_test_max_age_days: float | None = None
    """The setting ``RESTORE_TEST_MAX_AGE_DAYS``; ``None`` if restores are not looked at."""
    truncated: bool = False


def scope_id(scope: Scope) -> str:
    """A short name for what was asked for; the order of the uids and names does not matter."""
    parts: tuple[object, ...] = (sorted(scope.project_uids), sorted(scope.workspace_uids), scope.backup_request_uid)
    if scope.tenants:
        parts = (*parts, sorted(scope.tenants))
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def url_of(report: Report, workspace: WorkspaceReport) -> str | None:
    """Returns the address of a workspace in Palette; a cluster with a policy of its own has none."""
    return workspace_url(report, workspace.project_uid, workspace.uid) if workspace.kind == "workspace" else None


def workspace_url(report: Report, project_uid: str | None, workspace_uid: str) -> str | None:
    """Returns the address of a workspace in Palette; ``None`` if ``WORKSPACE_LINK`` or the project is not known."""
    if not report.workspace_link or not project_uid:
        return None
    with_project = report.workspace_link.replace("{projectUid}", quote(project_uid, safe=""))
    return with_project.replace("{workspaceUid}", quote(workspace_uid, safe=""))


def has_arrived(report: Report) -> bool:
    """Whether no delivery failed. A report that ``NOTIFY`` held back has arrived, too.

    A report without channels has arrived if it is kept and can be opened.
    """
    return bool(report.deliveries or report.report_url) and not failed_deliveries(report)


def failed_deliveries(report: Report) -> list[Delivery]:
    """The deliveries that failed."""
    return [delivery for delivery in report.deliveries if delivery.status == "failed"]


def with_notes(report: Report, *notes: str) -> Report:
    """The report with further notes on what else did not work."""
    return msgspec.structs.replace(report, notes=(*report.notes, *notes))


def json_pieces(report: Report, line_break: bytes = b"") -> Iterator[bytes]:
    """The report as compact UTF-8 JSON, a workspace at a time: the whole of a large fleet is never held.

    With a ``line_break`` each workspace is on a line of its own, as :func:`from_json_lines` reads it.
    """
    key = b'"workspaces":['
    before, _, after = msgspec.json.encode(msgspec.structs.replace(report, workspaces=())).partition(key)
    separator = line_break
    yield before + key
    for workspace in json_of(report.workspaces):
        yield separator + workspace
        separator = b"," + line_break
    yield line_break + after


def to_json(report: Report) -> bytes:
    """The report as compact UTF-8 JSON."""
    return b"".join(json_pieces(report))


def from_json(data: bytes) -> Report:
    """Returns a report. Raises :class:`msgspec.MsgspecError` if the data is not a report."""
    return from_json_lines(iter([data]))


def from_json_lines(lines: Iterator[bytes]) -> Report:
    """Returns a report, read one workspace at a time if each is on its own line. Raises as :func:`from_json` does."""
    try:
        return _from_json_lines(lines)
    except (UnicodeDecodeError, RecursionError) as error:  # of damaged text, which msgspec lets through
        raise msgspec.DecodeError(str(error)) from error


def _from_json_lines(lines: Iterator[bytes]) -> Report:
    dependencies = [next(lines, b"")]

    def workspaces() -> Iterator[WorkspaceReport]:
        for line in lines:
            if line.startswith(b"{"):
                yield msgspec.json.decode(line.removesuffix(b","), type=WorkspaceReport)
            else:
                dependencies.append(line)

    workspace_reports = PackedReports(workspaces())
    report = msgspec.json.decode(b"".join(dependencies), type=Report)
    return msgspec.structs.replace(report, workspaces=workspace_reports or PackedReports(report.workspaces))
