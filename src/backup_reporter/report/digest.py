"""What a reader must know first, as plain data. Every medium renders the same digest, in the same order.

The order: title, how far the report can be trusted, what cannot be restored, what to fix first, what changed, how much
more there is, and the link. The whole is on the page, in JSON and on the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter import wording
from backup_reporter.health.findings import Status
from backup_reporter.health.workspace_report import ClusterReport, WorkspaceReport
from backup_reporter.report import phrases
from backup_reporter.report.causes import Cause, Place, causes_of
from backup_reporter.report.groups import Group, problems_and_infos, title_of
from backup_reporter.report.locations import listed, place, place_of
from backup_reporter.report.model import Report, url_of
from backup_reporter.report.packed import with_findings
from backup_reporter.report.restorable import LostClusters, cluster_name, copy_line, nothing_line
from backup_reporter.report.restore_points import restorable_until
from backup_reporter.report.title import title_of_report
from backup_reporter.wording import count, quote

_MAX_CAUSES = 25
_MAX_CLUSTERS = 5
_MAX_LOST = 20
_MAX_BESIDES = 3
_MAX_ASKED_FOR = 20
_MAX_CHANGES = 12
_MAX_TENANTS = 10
_CHANGE_LENGTH = 150


class Link(Struct, frozen=True, kw_only=True):
    """Where the whole report is. ``note_without_path`` says until when the link works, and which command opens it then.

    ``console_url`` leads there in the AWS console, for those who may sign in.
    """

    url: str
    note_without_path: str
    s3_uri: str | None = None
    console_url: str | None = None

    @property
    def note(self) -> str:
        """Until when the link works, and how to open the report afterwards."""
        return f"{self.note_without_path}, or {self.s3_uri}" if self.s3_uri else self.note_without_path


class Digest(Struct, frozen=True, kw_only=True):
    """A report in the order in which it is read; all texts are quoted, and none has markup.

    ``cannot_be_restored`` are the workspaces of which something has no restore point, or is not known, and that are not
    OK; ``besides`` says, a sentence each, what else cannot be restored. ``asked_for`` says of each workspace that the
    request named what can be restored. A medium may show fewer entries of any list; :meth:`more_findings` and
    :meth:`lost` then say how many are left.
    """

    title: str
    status: Status
    trust: str
    remarks: tuple[str, ...]
    tenants: tuple[str, ...]
    asked_for: tuple[Place, ...]
    cannot_be_restored: tuple[Place, ...]
    lost_workspaces: int
    besides: tuple[str, ...]
    restorable: str
    fix_first: tuple[Cause, ...]
    findings_by_cause: tuple[tuple[str, int], ...]
    changes: tuple[str, ...]
    rest: tuple[str, ...]
    link: Link | None
    report_id: str
    help: tuple[str, ...]
    """How to do what the actions say, and how to learn more."""

    @property
    def lost_heading(self) -> str:
        """``Cannot be restored (23 of 26 clusters can be restored)``."""
        return f"Cannot be restored ({self.restorable.rstrip('.')})" if self.restorable else "Cannot be restored"

    def lost(self, most: int) -> list[Place | str]:
        """Returns what cannot be restored: at most so many entries, of which the last may be ``and 3 more``, and ``besides``."""
        shown = most if self.lost_workspaces <= most else max(1, most - 1)
        left = self.lost_workspaces - min(shown, len(self.cannot_be_restored))
        return [*self.cannot_be_restored[:shown], *([f"and {left} more"] if left else []), *self.besides]

    def more_findings(self, shown: int) -> str | None:
        """``13 more findings: Backup failed: 2; …``, if that many causes are shown; ``None`` if none is left."""
        left: Counter[str] = Counter()
        for title, number in self.findings_by_cause[shown:]:
            left[title] += number
        kinds = "; ".join(f"{title}: {number}" for title, number in left.items())
        return f"{count(left.total(), 'more finding')}: {kinds}." if left else None


def digest_of(report: Report, zone: ZoneInfo) -> Digest:
    """Returns the digest of a report; times are shown in ``zone``."""
    problems, infos = problems_and_infos(report)
    lost_clusters = LostClusters(report)
    lost, number_of_lost = _cannot_be_restored(report, lost_clusters, zone)
    return Digest(
        title=title_of_report(report, problems, zone),
        status=report.status,
        trust=phrases.trust_line(report, zone),
        remarks=tuple(_remarks(report, zone)),
        tenants=tuple(phrases.tenant_lines(report, _MAX_TENANTS)),
        asked_for=tuple(_asked_for(report, zone)),
        cannot_be_restored=lost,
        lost_workspaces=number_of_lost,
        besides=tuple(_besides(report, lost_clusters)),
        restorable=_restorable(report, lost_clusters),
        fix_first=tuple(causes_of(problems[:_MAX_CAUSES], report, zone)),
        findings_by_cause=tuple((group.title, len(group.members)) for group in problems),
        changes=tuple(phrases.change_lines(report, _MAX_CHANGES, _CHANGE_LENGTH)),
        rest=tuple(_rest(report, infos)),
        link=_link(report, zone),
        report_id=report.report_id,
        help=tuple(_help(problems)),
    )


def _remarks(report: Report, zone: ZoneInfo) -> Iterator[str]:
    yield from filter(None, (phrases.what_if(report, zone), phrases.scope_line(report)))
    yield from (quote(text, phrases.MESSAGE_LENGTH) for text in (*report.problems, *report.notes))


def _asked_for(report: Report, zone: ZoneInfo) -> Iterator[Place]:
    """What can be restored of the workspaces that the request names."""
    if not report.scope.workspace_uids:
        return
    for workspace in islice(report.workspaces, _MAX_ASKED_FOR):
        lines = [copy_line(cluster, workspace, zone) for cluster in workspace.clusters]
        yield _place(workspace, report, listed(lines, _MAX_CLUSTERS) or nothing_line(workspace))


def _cannot_be_restored(report: Report, lost_clusters: LostClusters, zone: ZoneInfo) -> tuple[tuple[Place, ...], int]:
    """The first workspaces of which something cannot be restored, and how many there are."""
    places: list[Place] = []
    number = 0
    for workspace in phrases.problem_workspaces(report):
        lost = lost_clusters.of(workspace)
        if lost or not workspace.clusters:
            number += 1
            if len(places) < _MAX_LOST:
                words = [_since(cluster, workspace, zone) for cluster in lost]
                places.append(
                    _place(workspace, report, listed(words, _MAX_CLUSTERS) or nothing_line(workspace).lower())
                )
    return tuple(places), number


def _since(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    """``eu-8 since Wed 2026-11-11``: when the last copy expired."""
    expired_at, incomplete_at = restorable_until(cluster), cluster.newest_incomplete_copy_at
    if incomplete_at:
        words = f"(only an incomplete copy of {wording.day(incomplete_at, zone)})"
    else:
        words = f"since {wording.day(expired_at, zone)}" if expired_at else "(never had a copy)"
    return words.strip("()") if workspace.kind == "cluster" else f"{cluster_name(cluster)} {words}"


def _besides(report: Report, lost_clusters: LostClusters) -> Iterator[str]:
    """The clusters of workspaces that are OK and have no copy, and those that are in no backup policy."""
    lacking = [
        f"{cluster_name(cluster)} of {place(workspace.tenant, workspace.project_name, workspace.name)}{_why(cluster, workspace)}"
        for workspace in with_findings(report.workspaces)
        if workspace.status == "OK" and not any(finding.muted for finding in workspace.findings)
        for cluster in lost_clusters.of(workspace)
    ]
    if lacking:
        yield f"OK, but without a copy: {listed(lacking, _MAX_BESIDES)}."
    yield from (quote(finding.message, phrases.MESSAGE_LENGTH) for finding in report.findings)


def _why(cluster: ClusterReport, workspace: WorkspaceReport) -> str:
    """`` (waiting for its first backup)``: the finding about a cluster without a copy."""
    about = (cluster.uid, cluster.name)
    codes = (finding.code for finding in workspace.findings if finding.cluster == about)
    title = next(map(title_of, codes), "")
    return f" ({title[:1].lower()}{title[1:]})" if title else ""


def _place(workspace: WorkspaceReport, report: Report, detail: str) -> Place:
    return Place(
        name=place_of(workspace),
        detail=detail,
        url=url_of(report, workspace),
    )


def _restorable(report: Report, lost_clusters: LostClusters) -> str:
    """``24 of 26 clusters can be restored.``. The trust line's clusters of a whole tenant are others: each is there once."""
    lost = sum(len(lost_clusters.of(workspace)) for workspace in with_findings(report.workspaces))
    total = report.summary.clusters
    if not total:
        return ""
    if report.coverage:
        return f"{total - lost} of {count(total, 'cluster backup')} can be restored."
    return f"{total - lost} of {count(total, 'cluster')} can be restored."


def _rest(report: Report, infos: Sequence[Group]) -> Iterator[str]:
    """How many workspaces are in order, what is worth knowing if all of it is new, and what is muted."""
    if report.changes.note and infos:
        yield f"Worth knowing: {phrases.kinds(infos)}."
    if report.status != "OK" and report.summary.ok:
        yield phrases.ok_line(report.summary)
    muted = phrases.muted_line(report, _MAX_CLUSTERS)
    if muted:
        yield muted


def _help(problems: Sequence[Group]) -> Iterator[str]:
    if any("by hand" in group.action for group in problems[:_MAX_CAUSES]):
        yield "By hand means: in Palette, open the workspace, then Backups, and create a backup."
    if problems:
        yield "What a code means: backup-reporter explain CODE."


def _link(report: Report, zone: ZoneInfo) -> Link | None:
    if not report.report_url:
        return None
    afterwards = f"Afterwards: backup-reporter open {report.report_id}"
    if not report.link:
        return Link(url=report.report_url, note_without_path=afterwards)
    works = f"The link works until {wording.moment(report.link.expires_at, zone)}."
    return Link(
        url=report.report_url,
        note_without_path=f"{works} {afterwards}",
        s3_uri=report.link.s3_uri,
        console_url=report.link.console_url,
    )
