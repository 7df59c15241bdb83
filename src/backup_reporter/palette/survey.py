"""Finds every cluster of a tenant, and the backup locations that exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from backup_reporter.errors import OutOfTimeError, PaletteError, reason_of
from backup_reporter.health.model import Restore, Surroundings, Workspace
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.clusters import ListedCluster, Location, as_workspace
from backup_reporter.palette.lists import MAX_IN_A_PAGE, Page
from backup_reporter.palette.paging import Listing, read_list
from backup_reporter.palette.worker_pool import ask_all
from backup_reporter.wording import count

_CLUSTERS = "the list of clusters"
_NO_CLUSTER = "Palette lists no cluster, but workspaces have clusters."
_IMPORTED = "imported"
_MAX_CLUSTERS = 50_000

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class Survey(Struct, frozen=True):
    """What a tenant has beside its workspaces.

    ``clusters`` are those that may have a backup policy of their own. ``set_apart`` counts the others by reason.
    ``is_whole`` is false if there may be more clusters. ``recalled_uids`` are then those of ``clusters`` that only the
    last report listed. ``notes`` are sentences about what could not be read.
    """

    clusters: tuple[Workspace, ...] = ()
    set_apart: dict[str, int] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    is_whole: bool = True
    recalled_uids: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def survey_tenant(
    client: PaletteClient,
    project_uids: Sequence[str],
    *,
    all_projects: bool,
    with_restores: bool = False,
    with_project_locations: bool = True,
    workspaces_have_clusters: bool = False,
    as_of: datetime | None = None,
    recall: Callable[[], Iterable[Workspace]] = tuple,
) -> Survey:
    """Surveys the clusters of ``project_uids``, or of the whole tenant if it is about ``all_projects``.

    ``with_restores`` also asks for the restores into each cluster, ``with_project_locations`` for the backup locations of
    each cluster's project: a project may have its own, and no workspace. If ``workspaces_have_clusters``, a list without
    a cluster is not believed. A cluster that was made after ``as_of`` was not running yet. ``recall`` returns the
    clusters of the last report: if the list cannot be read to its end, those that it lacks are looked at, too. Never
    raises for Palette.
    """

    def is_asked_for(cluster: ListedCluster | Workspace) -> bool:
        return all_projects or cluster.project_uid in project_uids

    listing, failure = _list_clusters(client)
    listed = _once_each(listing.items)
    in_scope = [_as_it_was(cluster, as_of) for cluster in listed if is_asked_for(cluster)]
    problems = [*failure, *listing.problems, *(() if all_projects else _about_clusters_without_project(listed))]
    if workspaces_have_clusters and not in_scope and not problems:
        problems = [_NO_CLUSTER]
    live = [as_workspace(cluster) for cluster in in_scope if not _is_set_apart(cluster)]
    recalled = _not_listed(filter(is_asked_for, recall() if problems else ()), listed)
    clusters = [*live, *recalled]
    of_clusters = (cluster.project_uid for cluster in clusters if cluster.project_uid and with_project_locations)
    location_uids, location_note = _list_locations(client, tuple(dict.fromkeys([*project_uids, *of_clusters])))
    return Survey(
        clusters=tuple(_with_restores(client, clusters) if with_restores else clusters),
        set_apart=_count_set_apart(in_scope),
        surroundings=_surroundings(in_scope, location_uids),
        is_whole=not problems,
        recalled_uids=frozenset(cluster.uid for cluster in recalled),
        notes=(*map(partial(_about_the_list, recalled=len(recalled)), problems), *location_note),
    )


def _surroundings(clusters: Sequence[ListedCluster], location_uids: frozenset[str] | None) -> Surroundings:
    return Surroundings(
        location_uids=location_uids,
        healthy_cluster_uids=frozenset(cluster.uid for cluster in clusters if cluster.is_healthy),
        unreachable_cluster_uids=frozenset(cluster.uid for cluster in clusters if cluster.is_healthy is False),
    )


def _count_set_apart(clusters: Iterable[ListedCluster]) -> dict[str, int]:
    reasons = Counter(str(cluster.set_apart) for cluster in clusters if _is_set_apart(cluster))
    return dict(sorted(reasons.items()))


def _is_set_apart(cluster: ListedCluster) -> bool:
    """Whether the cluster is not asked about. An imported one is: it may have a policy of its own."""
    return cluster.set_apart not in (None, _IMPORTED)


def _not_listed(remembered: Iterable[Workspace], listed: Iterable[ListedCluster]) -> list[Workspace]:
    listed_uids = {cluster.uid for cluster in listed}
    return list({cluster.uid: cluster for cluster in remembered if cluster.uid not in listed_uids}.values())


def _once_each(clusters: Iterable[ListedCluster]) -> list[ListedCluster]:
    """Returns each cluster once. The pages of a list are read at different times, and a cluster may be on two of them.

    Of entries that differ, the one counts of which backups are expected, and among those the one that is not healthy.
    """
    by_uid: dict[str, ListedCluster] = {}
    for cluster in clusters:
        other = by_uid.setdefault(cluster.uid, cluster)
        by_uid[cluster.uid] = min(
            other, cluster, key=lambda entry: (entry.set_apart is not None, bool(entry.is_healthy))
        )
    return list(by_uid.values())


def _as_it_was(cluster: ListedCluster, as_of: datetime | None) -> ListedCluster:
    if as_of and cluster.created_at and cluster.created_at > as_of:
        return msgspec.structs.replace(cluster, set_apart="not running yet")
    return cluster


def _about_clusters_without_project(clusters: Iterable[ListedCluster]) -> list[str]:
    homeless = sum(not cluster.project_uid for cluster in clusters)
    are = "is" if homeless == 1 else "are"
    return [f"{count(homeless, 'cluster')} {are} listed without a project and may be in scope."] if homeless else []


def _about_the_list(problem: str, recalled: int) -> str:
    looked_at = (
        f" {count(recalled, 'cluster')} of the last report {'was' if recalled == 1 else 'were'} looked at instead."
    )
    return f"{problem} Which clusters no policy covers is not known.{looked_at if recalled else ''}"


def _with_restores(client: PaletteClient, clusters: list[Workspace]) -> Iterator[Workspace]:
    """Yields the clusters with the restores of their backups, into any cluster.

    If the restores into some cluster cannot be read, nothing can be said of a cluster without a known one.
    """
    answers, errors = _ask_about_each(client, clusters, client.restores_into, client.may_ask_for_clusters)
    restores: dict[str, tuple[Restore, ...]] = {}
    for uid, of_source in chain.from_iterable(answer.items() for answer in answers):
        restores[uid] = (*restores.get(uid, ()), *of_source)
    for cluster in clusters:
        own = restores.get(cluster.uid, ())
        if errors and not own:
            yield msgspec.structs.replace(cluster, restores_error=reason_of(errors[0]))
        else:
            yield msgspec.structs.replace(cluster, restores=own)


def _list_clusters(client: PaletteClient) -> tuple[Listing[ListedCluster], list[str]]:
    """Returns the clusters, and a sentence if they cannot be listed at all."""
    try:
        # In the worker pool for its end in time, although it is one list.
        for listing in ask_all(_read_clusters, [client], client.may_ask_for_lists, client.seconds_left):
            return listing, []
        raise OutOfTimeError
    except Exception as error:  # noqa: BLE001 - no error about clusters may cost the workspaces their report
        if isinstance(error, PaletteError) and error.status == 404 and error.code == "ResourceNotFound":
            return Listing(), []  # a tenant without a cluster
        return Listing(), [_cannot_be_listed("clusters", error, "cluster.list")]


def _read_clusters(client: PaletteClient) -> Listing[ListedCluster]:
    """Reads the whole list: all pages but the first together, by their offsets, if that brings as many as Palette counts.

    Otherwise one after the other, as each page tells where the next one begins.
    """
    first = client.clusters()
    together = _read_together(client, first) if first.next_page and first.count else None
    listing = together or read_list(lambda at: client.clusters(at) if at else first, _CLUSTERS, "clusters")
    distinct = _distinct_entries(listing)
    if distinct < min(listing.entries, first.count or 0) and not listing.problems:
        listing.problems.append(
            f"Palette's answer on {_CLUSTERS} is not whole: {distinct} of {first.count} clusters are listed."
        )
    return listing


def _distinct_entries(listing: Listing[ListedCluster]) -> int:
    """Returns how many entries there are, without those of a cluster that an earlier page had otherwise."""
    return listing.entries - len(listing.items) + len({cluster.uid for cluster in listing.items})


def _read_together(client: PaletteClient, first: Page[ListedCluster]) -> Listing[ListedCluster] | None:
    """Returns the list if it is whole."""
    offsets = range(first.entries, min(first.count or 0, _MAX_CLUSTERS), MAX_IN_A_PAGE)

    def ask(offset: int) -> Page[ListedCluster] | None:
        try:
            return client.clusters({"offset": str(offset)})
        except PaletteError:
            return None

    listing = Listing[ListedCluster]()
    listing.add(first, _CLUSTERS)
    for page in ask_all(ask, offsets, client.may_ask_for_lists, client.seconds_left):
        if page is None:
            return None
        listing.add(page, _CLUSTERS)
    return listing if _distinct_entries(listing) == first.count else None


def _list_locations(client: PaletteClient, project_uids: Sequence[str]) -> tuple[frozenset[str] | None, list[str]]:
    """Returns the uids of all backup locations; ``None`` with a sentence if some of them cannot be listed."""

    def ask(project_uid: str | None) -> Listing[Location]:
        return read_list(partial(client.locations, project_uid), "the list of backup locations", "locations")

    listings, errors = _ask_about_each(client, [None, *project_uids], ask, client.may_ask_for_lists)
    if errors:
        return None, [_cannot_be_listed("backup locations", errors[0], "location.list")]
    problems = [problem for listing in listings for problem in listing.problems]
    if problems:
        return None, problems[:1]
    return frozenset(location.uid for listing in listings for location in listing.items), []


def _ask_about_each(
    client: PaletteClient, items: Sequence[_Item], ask: Callable[[_Item], _Answer], may_ask_now: Callable[[], bool]
) -> tuple[list[_Answer], list[Exception]]:
    """Returns the answers and the errors. None of these may cost the workspaces their report."""

    def ask_or_fail(item: _Item) -> _Answer | Exception:
        try:
            return ask(item)
        except Exception as error:  # noqa: BLE001 - no error about what surrounds the workspaces may cost them anything
            return error

    outcomes = list(ask_all(ask_or_fail, items, may_ask_now, client.seconds_left))
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if len(outcomes) < len(items):
        errors.append(OutOfTimeError())
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)], errors


def _cannot_be_listed(what: str, error: Exception, permission: str) -> str:
    if isinstance(error, PaletteError) and error.status == 403:
        return f"The {what} cannot be listed: the API key's user lacks the permission {permission}."
    return f"The {what} could not be listed: {reason_of(error)}."
