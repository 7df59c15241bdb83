"""Palette: the key, what it may see, the rate, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal
from urllib.parse import urlsplit

from backup_reporter.config.settings import Tenant
from backup_reporter.doctor.checks import Check, run_check, skipped
from backup_reporter.errors import CheckError, KeyRefusedError, PaletteError, UndecodableError, UnreachableError
from backup_reporter.health.model import Workspace
from backup_reporter.palette.api_keys import say_end
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.discovery import Inventory, discover, list_projects
from backup_reporter.palette.lists import Project
from backup_reporter.palette.survey import Survey, survey_tenant
from backup_reporter.wording import count, listed, quote

ALLOWED_PER_SECOND = 10.0
ALLOWED_AT_ONCE = 50
"""Palette's own limits for one address and one kind of request: https://docs.spectrocloud.com/api/introduction/"""

_MAX_SKEW_SECONDS = 300.0
_MAX_PROJECTS = 40
_TRIES_IN_A_PROJECT = 3
_RUN_SECONDS = 840.0
"""A function has at most 900 s; the rest is for rendering and delivering."""

_NEW_KEY = (
    "Create a new API key in Palette (user menu, My API Keys) for a user of that tenant. Put it into the secret, or into "
    "PALETTE_API_KEY. PALETTE_API_URL should be the Palette in which it was created."
)
_ADDRESS = "Check PALETTE_API_URL, and that Palette can be reached from here (proxy, firewall, a function's VPC)."
_SOMETHING_ELSE = (
    "Something else answers there, such as a proxy or a login page: PALETTE_API_URL should be Palette's own API."
)
_LATER = "Palette itself has trouble: try again later, and give its support the ref."


class PaletteChecks:
    """The checks in their order; a later one uses what an earlier one found."""

    def __init__(
        self, client: PaletteClient, tenant: Tenant, *, looks_at_clusters: bool = False, reads_restores: bool = False
    ) -> None:
        self._client = client
        self._tenant = tenant
        self._looks_at_clusters = looks_at_clusters
        self._reads_restores = reads_restores
        self._inventory = Inventory((), (), ())

    def all(self) -> Iterator[Check]:
        """Every check; the others are skipped if the key does not work."""
        projects = run_check("projects", "list the projects that the API key sees", self._projects, _ADDRESS)
        yield projects
        if projects.result == "failed":
            for name in ("workspaces", "backup results", "rate", "clock"):
                yield skipped(name, "Palette has to list its projects first")
            return
        yield run_check("workspaces", "list the workspaces of every project in scope", self._workspaces, _ADDRESS)
        yield run_check("backup results", "read the backups of a workspace in each project", self._results, _ADDRESS)
        if self._reads_restores:
            yield run_check("restores", "read the restores of a workspace in each project", self._restores, _ADDRESS)
        yield run_check(
            "rate", "compare the rate with what Palette allows and your workspaces need", self._rate, _ADDRESS
        )
        yield run_check("clock", "compare this clock with Palette's", self._clock, _ADDRESS)
        yield run_check("key's end", "ask Palette when the API key ends", self._key_end, _ADDRESS)
        if self._looks_at_clusters:
            yield run_check("clusters", "list the clusters and the backup locations", self._clusters, _ADDRESS)
        else:
            yield self._uncovered_clusters()

    def _key_end(self) -> str:
        try:
            ends = self._client.api_key_ends()
        except PaletteError:
            return "Palette does not say: the API key's user may not list API keys"
        note = say_end(ends, datetime.now(UTC))
        if note:
            raise CheckError(
                note, "Create a new API key in Palette, and put it into the key's secret.", result="warning"
            )
        if len(ends) == 1 and ends[0]:
            return f"it ends on {ends[0]:%Y-%m-%d}"
        return "no key of this tenant ends within 14 days, or Palette does not say"

    def _uncovered_clusters(self) -> Check:
        """Names the setting that looks at clusters, if there are some that no workspace has."""
        survey = self._survey()
        if not survey.is_whole or self._tenant.workspace_uids or self._inventory.problems:
            return skipped("clusters", "not looked at (INCLUDE_CLUSTERS)")
        in_workspaces = {cluster.uid for workspace in self._inventory.workspaces for cluster in workspace.clusters}
        names = sorted(cluster.name for cluster in survey.clusters if cluster.uid not in in_workspaces)
        found = f"{count(len(names), 'cluster')} in no workspace: {listed(names)}; INCLUDE_CLUSTERS reports on them"
        return Check(
            name="clusters",
            result="passed",
            check="look for clusters that no workspace has",
            detail=found if names else "there is none",
        )

    def _survey(self) -> Survey:
        project_uids = self._tenant.project_uids
        return survey_tenant(self._client, project_uids, all_projects=not project_uids, with_project_locations=False)

    def _clusters(self) -> str:
        survey = self._survey()
        for cluster in survey.clusters[:1]:
            try:
                self._client.use_cluster_result(cluster, lambda result: None)
            except PaletteError as error:
                if error.status == 403:
                    raise CheckError(str(error), _fix(error, "cluster.get"), result="warning") from error
        if survey.notes:
            raise CheckError(
                _first_of(survey.notes),
                "Give the API key's user the permissions cluster.list, cluster.get and location.list, or set "
                "INCLUDE_CLUSTERS to no.",
                result="warning",
            )
        set_apart = f", and {sum(survey.set_apart.values())} that are set apart" if survey.set_apart else ""
        return f"{count(len(survey.clusters), 'cluster')}{set_apart}; the backup locations can be listed"

    def _projects(self) -> str:
        try:
            projects, problems = list_projects(self._client)
        except PaletteError as error:
            if error.status == 403 and self._tenant.project_uids:
                return "the key may not list them, and need not: PALETTE_PROJECT_UIDS names them"
            fix = self._fix_for_path(error) or _fix(error, "project.list and project.get")
            raise CheckError(str(error), fix) from error
        if problems:
            raise CheckError(_first_of(problems), _LATER)
        if not projects:
            raise CheckError(
                "the API key is accepted, but it sees no project",
                "Give its user the permissions project.list and project.get, in the tenant that has the workspaces.",
            )
        return f"the API key is accepted; {_named('project', projects)}"

    def _fix_for_path(self, error: PaletteError) -> str | None:
        """The API adds its own ``/v1`` to the URL: a path in it is the likeliest reason for a 404 or for a page."""
        path = urlsplit(self._tenant.api_url).path
        if not path or not (error.status == 404 or isinstance(error, UndecodableError)):
            return None
        return f"Drop the path {path} from PALETTE_API_URL: {self._tenant.api_url.removesuffix(path)}"

    def _workspaces(self) -> str:
        self._inventory = discover(self._client, self._tenant.project_uids, self._tenant.workspace_uids)
        inventory = self._inventory
        said = _named("workspace", inventory.workspaces)
        if inventory.problems:
            needs = "workspace.list and workspace.get in each project"
            raise CheckError(
                f"{said}; {_first_of(inventory.problems)}",
                f"The API key's user needs {needs}; every uid in PALETTE_PROJECT_UIDS must be a project that it sees.",
            )
        if inventory.unlisted_workspace_uids:
            raise CheckError(
                f"{said}; no project lists {listed(inventory.unlisted_workspace_uids)}",
                "Correct PALETTE_WORKSPACE_UIDS: the address of a workspace in Palette's console has its uid.",
            )
        return said

    def _results(self) -> str:
        return self._readable("workspace.backup (and workspace.get)", self._client.backup_result)

    def _restores(self) -> str:
        needs = "workspace.restore (RESTORE_TEST_MAX_AGE_DAYS reads restores; else unset it)"
        said = self._readable(needs, self._client.restores, result="warning")
        for cluster in self._survey().clusters[:1] if self._looks_at_clusters else ():
            try:
                self._client.restores_into(cluster)
            except PaletteError as error:
                raise CheckError(
                    f"restores into clusters cannot be read: {error}", _fix(error, "cluster.get"), result="warning"
                ) from error
        return said

    def _readable(
        self, permission: str, read: Callable[[Workspace], object], *, result: Literal["failed", "warning"] = "failed"
    ) -> str:
        """Says in how many projects ``read`` works. Raises :class:`CheckError` if it does not in some."""
        alive = [workspace for workspace in self._inventory.workspaces if not workspace.deleted_at]
        by_project = [list(found) for _, found in groupby(alive, key=lambda workspace: workspace.project_uid)]
        if not by_project:
            raise CheckError(
                "no workspace was found whose backups could be read", "See the check before this one.", result="skipped"
            )
        refused = [refusal for found in by_project[:_MAX_PROJECTS] if (refusal := _refusal(found, read))]
        looked_at = min(len(by_project), _MAX_PROJECTS)
        if refused:
            project, error = refused[0]
            names = listed([quote(name, 63) for name, _ in refused])
            raise CheckError(
                f"readable in {looked_at - len(refused)} of {count(looked_at, 'project')}, not in {names}: {error}",
                _fix(error, f"{permission} in project {quote(project, 63)}"),
                result=result,
            )
        return f"readable in {looked_at} of {count(len(by_project), 'project')}"

    def _rate(self) -> str:
        per_second, burst = self._tenant.requests_per_second, self._tenant.burst
        workspaces = len(self._inventory.workspaces)
        seconds = max(0.0, workspaces - burst) / per_second
        needed = f"{count(workspaces, 'workspace')} take about {seconds:.0f} s at {per_second:g} a second"
        if seconds > _RUN_SECONDS:
            raise CheckError(
                f"{needed}, and one function has 900 s",
                "Set the stack's parameter Distributed to yes (docs/scale.md). Workspaces that one function does not reach in time are UNKNOWN.",
                result="warning",
            )
        if per_second > ALLOWED_PER_SECOND or burst > ALLOWED_AT_ONCE:
            raise CheckError(
                f"{per_second:g} a second and {burst} at once are more than Palette allows "
                f"({ALLOWED_PER_SECOND:g} and {ALLOWED_AT_ONCE}), unless yours is set up otherwise",
                "Set PALETTE_REQUESTS_PER_SECOND to 10 and PALETTE_BURST to 49, unless you know that yours allows more.",
                result="warning",
            )
        return needed

    def _clock(self) -> str:
        theirs_ahead_seconds = self._client.clock.ahead_seconds
        if theirs_ahead_seconds is None:
            raise CheckError(
                "Palette did not say what time it is", "Nothing to do if your clock is right.", result="warning"
            )
        skew_seconds = abs(theirs_ahead_seconds)
        said = f"{skew_seconds:.0f} s {'behind' if theirs_ahead_seconds > 0 else 'ahead of'} Palette's"
        if skew_seconds > _MAX_SKEW_SECONDS:
            raise CheckError(said, "Set this machine's clock (NTP): due times and expiries are judged by it.")
        return said


def _refusal(workspaces: list[Workspace], read: Callable[[Workspace], object]) -> tuple[str, PaletteError] | None:
    """Why nothing of a project can be read; one workspace that can be read proves that the key may read them."""
    refusal = None
    for workspace in workspaces[:_TRIES_IN_A_PROJECT]:
        try:
            read(workspace)
        except PaletteError as error:
            if error.code == "BackupNotConfigured" or error.status == 404:
                return None
            refusal = (workspace.project_name, error)
        else:
            return None
    return refusal


def _named(noun: str, things: tuple[Workspace, ...] | list[Project]) -> str:
    names = sorted(thing.name for thing in things)
    return f"{count(len(names), noun)}: {listed(names)}" if names else f"0 {noun}s"


def _first_of(problems: Sequence[str]) -> str:
    more = f" And {len(problems) - 3} more." if len(problems) > 3 else ""
    return " ".join(quote(problem) for problem in problems[:3]) + more


def _fix(error: PaletteError, permission: str) -> str:
    if isinstance(error, KeyRefusedError):
        return _NEW_KEY
    if error.status == 403:
        return f"Give the API key's user the permission {permission}."
    if isinstance(error, UndecodableError) or (error.status or 0) in range(300, 500):
        return _SOMETHING_ELSE
    if isinstance(error, UnreachableError):
        return _ADDRESS
    return _LATER
