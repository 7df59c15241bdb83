"""Which clusters have a backup policy: a workspace's, one of their own, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field

from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import Finding, Severity
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.locations import listed, place
from backup_reporter.report.model import Coverage
from backup_reporter.report.resolution import has_finding
from backup_reporter.wording import count

MAX_IN_SENTENCE = 10
_MAX_NAMED = 1000
"""Clusters in the evidence of a finding."""
_FORBIDDEN = 403
_NOT_FOUND = 404


class Expected(Struct, frozen=True, kw_only=True):
    """What the list of a tenant's clusters says, before any of them is asked about.

    ``listed_by`` has the workspaces that list a cluster, ``imported_uids`` the clusters that Palette may only be allowed to read,
    ``set_apart`` those, by reason, of which no one expects backups. ``recalled_uids`` are those that only the last report
    listed: they may be gone.
    """

    listed_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    imported_uids: AbstractSet[str] = frozenset()
    set_apart: Mapping[str, int] = field(default_factory=dict)
    is_whole: bool = True
    recalled_uids: AbstractSet[str] = frozenset()
    are_locations_known: bool = True
    are_workspaces_known: bool = True
    """False if there may be workspaces that could not be listed: their policies may cover any cluster."""


class CoverageCounter:
    """Takes the reports of workspaces and clusters as they come, and counts the clusters by their policies.

    ``expected`` has every tenant whose clusters are looked at.
    """

    def __init__(self, expected: Mapping[str | None, Expected]) -> None:
        self._expected = expected
        self._in_workspaces: dict[str | None, set[str]] = defaultdict(set)
        self._with_own: dict[str | None, list[str]] = defaultdict(list)
        self._without: dict[str | None, list[WorkspaceReport]] = defaultdict(list)
        self._unknown: dict[str | None, set[str]] = defaultdict(set)
        self._refused: dict[str | None, int] = defaultdict(int)
        self._unreadable_workspaces: dict[str | None, set[str]] = defaultdict(set)

    def keep(self, reports: Iterable[WorkspaceReport]) -> Iterator[WorkspaceReport]:
        """Yields what belongs into the report: every workspace, and the clusters with a policy of their own."""
        for report in reports:
            if report.kind == "workspace":
                self._add_workspace(report)
                yield report
            elif self._add_cluster(report):
                yield report

    def _add_workspace(self, report: WorkspaceReport) -> None:
        self._in_workspaces[report.tenant].update(cluster.uid for cluster in report.clusters if cluster.uid)
        if has_finding(report, "unreadable"):
            self._unreadable_workspaces[report.tenant].add(report.uid)

    def _add_cluster(self, report: WorkspaceReport) -> bool:
        if has_finding(report, "not-protected"):
            if report.uid in self._expected[report.tenant].recalled_uids and _status_of(report) == _NOT_FOUND:
                self._unknown[report.tenant].add(report.uid)
                return False
            self._without[report.tenant].append(report)
            return False
        if _is_refused(report):
            self._unknown[report.tenant].add(report.uid)
            self._refused[report.tenant] += 1
            return False
        if has_finding(report, "unreadable") and not report.clusters:
            self._unknown[report.tenant].add(report.uid)
        else:
            self._with_own[report.tenant].append(report.uid)
        return True

    def in_both(self) -> dict[str | None, int]:
        """Returns how many clusters of each tenant are in a workspace's policy and in one of their own."""
        return {
            tenant: sum(uid in self._in_workspaces[tenant] for uid in self._with_own[tenant])
            for tenant in self._expected
        }

    def coverage(self) -> Coverage | None:
        """Returns the counts over all tenants; ``None`` if clusters are not looked at."""
        if not self._expected:
            return None
        parts = [self._of_tenant(tenant) for tenant in self._expected]
        return Coverage(
            clusters=sum(part.clusters for part in parts),
            in_workspace_policy=sum(part.in_workspace_policy for part in parts),
            in_own_policy=sum(part.in_own_policy for part in parts),
            in_none=sum(part.in_none for part in parts),
            unknown=sum(part.unknown for part in parts),
            set_apart=sum(part.set_apart for part in parts),
            is_whole=all(part.is_whole for part in parts),
            are_locations_known=all(part.are_locations_known for part in parts),
        )

    def _of_tenant(self, tenant: str | None) -> Coverage:
        expected, in_workspaces = self._expected[tenant], self._in_workspaces[tenant]
        without = self._without[tenant]
        own = [uid for uid in self._with_own[tenant] if uid not in in_workspaces]
        unknown = len(self._unknown[tenant] - in_workspaces) + len(self._in_doubt(tenant))
        imported = sum(
            1 for report in without if report.uid in expected.imported_uids and report.uid not in in_workspaces
        )
        return Coverage(
            clusters=len(without) + len(self._with_own[tenant]) + len(self._unknown[tenant]) - imported,
            in_workspace_policy=sum(
                1
                for uid in (*(report.uid for report in without), *self._with_own[tenant], *self._unknown[tenant])
                if uid in in_workspaces
            ),
            in_own_policy=len(own),
            in_none=len(self._unprotected(tenant)),
            unknown=unknown,
            set_apart=sum(expected.set_apart.values()) + imported,
            is_whole=expected.is_whole,
            are_locations_known=expected.are_locations_known,
        )

    def _candidates(self, tenant: str | None) -> list[WorkspaceReport]:
        """Clusters that are in no policy that was read, and of which someone may expect backups."""
        covered = self._in_workspaces[tenant] | self._expected[tenant].imported_uids
        return [report for report in self._without[tenant] if report.uid not in covered]

    def _in_doubt(self, tenant: str | None) -> list[WorkspaceReport]:
        """Clusters that may be in the policy of a workspace that could not be read or listed."""
        unreadable, listed_by = self._unreadable_workspaces[tenant], self._expected[tenant].listed_by
        if not self._expected[tenant].are_workspaces_known:
            return self._candidates(tenant)
        return [
            report for report in self._candidates(tenant) if not unreadable.isdisjoint(listed_by.get(report.uid, ()))
        ]

    def _unprotected(self, tenant: str | None) -> list[WorkspaceReport]:
        in_doubt = {report.uid for report in self._in_doubt(tenant)}
        return [report for report in self._candidates(tenant) if report.uid not in in_doubt]

    def findings(self, severity: Severity) -> tuple[Finding, ...]:
        """Returns one finding for all clusters that no policy covers, if there are any."""
        unprotected = [report for tenant in self._expected for report in self._unprotected(tenant)]
        if not unprotected:
            return ()
        unprotected.sort(key=_is_muted)
        return (
            Finding(
                code=CODES["cluster-unprotected"].name,
                severity=severity,
                message=_about_unprotected(unprotected),
                muted=all(map(_is_muted, unprotected)),
                evidence={"count": len(unprotected), "clusters": list(map(_described, unprotected[:_MAX_NAMED]))},
            ),
        )

    def notes(self) -> Iterator[str]:
        """Yields a sentence for each tenant whose clusters' own policies may not be read."""
        for tenant, refused in self._refused.items():
            of_tenant = f" of tenant {tenant}" if tenant else ""
            yield (
                f"The own backup policies of {count(refused, 'cluster')}{of_tenant} may not be read: the API key's user "
                "lacks the permission cluster.get."
            )


def _about_unprotected(unprotected: Sequence[WorkspaceReport]) -> str:
    """Names the clusters that are not muted, and counts the others; if all are muted, names these."""
    muted = sum(map(_is_muted, unprotected))
    named = [report for report in unprotected if not _is_muted(report)] or unprotected
    names = sorted({place(report.tenant, report.project_name, report.name) for report in named})
    are = "is" if len(named) == 1 else "are"
    all_muted = ", and muted" if muted == len(unprotected) else ""
    others = f" {muted} more {'is' if muted == 1 else 'are'} muted." if muted and not all_muted else ""
    in_none = f"{count(len(named), 'cluster')} {are} in no backup policy{all_muted}"
    return f"{in_none}: {listed(names, MAX_IN_SENTENCE)}.{others}"


def _described(report: WorkspaceReport) -> dict[str, object]:
    described: dict[str, object] = {
        "tenant": report.tenant,
        "uid": report.uid,
        "name": report.name,
        "projectName": report.project_name,
    }
    return {**described, "muted": True} if _is_muted(report) else described


def _is_muted(report: WorkspaceReport) -> bool:
    return any(finding.code == "not-protected" and finding.muted for finding in report.findings)


def _is_refused(report: WorkspaceReport) -> bool:
    """Whether the own policy may not be read, and no report has seen one: only then nothing is lost without it."""
    is_forbidden = has_finding(report, "unreadable") and _status_of(report) == _FORBIDDEN
    return is_forbidden and not any(finding.evidence.get("hadPolicy") for finding in report.findings)


def _status_of(report: WorkspaceReport) -> int | None:
    """Returns the HTTP status that Palette answered with, if it refused the cluster's own policy."""
    return next((status for finding in report.findings if (status := finding.evidence.get("status"))), None)
