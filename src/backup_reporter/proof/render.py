"""The record of a period as a page for paper, as Markdown, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import msgspec

from backup_reporter.health.findings import Status
from backup_reporter.health.workspace_report import DayState
from backup_reporter.proof.audit_record import Audit, ClusterAudit, WorkspaceAudit, calendar_days, totals
from backup_reporter.report.csv import cell
from backup_reporter.report.markdown import escape
from backup_reporter.report.templating import asset_of, content_security_policy, template_environment
from backup_reporter.wording import count, listed, quote

_TEMPLATES = Path(__file__).parent / "templates"
_NAME_LENGTH = 60
_MAX_NAMED = 12
_FIRST_YEAR = 2000
"""No mute that was read ends earlier."""
_MAX_DAYS_OF_MONTHS = 366
"""Beyond them the names of the months would lie on each other."""

METHOD = (
    "Made from kept reports alone; Palette was not asked. All days and times are UTC.",
    "A day counts once: as due if a run was due or began, and with the worst result of its runs.",
    (
        "Longest age is the longest time between two restore points of a cluster, or since its last one: the recovery "
        "point that was really held."
    ),
    "Longest gap is the longest time in which a cluster had no restore point.",
    (
        "A day of which no report says anything counts as unknown, never as good. So does the last known day if a run was still "
        "due on it; the first report after the period says how its last day ended."
    ),
    (
        "The usual interval between two reports is the median; a report that it makes expected until now and that is not kept "
        "is missing. With uneven schedules, such as on weekdays only, it names times at which none was due."
    ),
    "The chain: each report names the SHA-256 of the one before it, so that it shows if one before the last is changed or removed.",
    "The reports are taken at their word: backup-reporter verify recomputes them.",
)
"""How to read the figures: the footnote of each form."""


def render_json(audit: Audit) -> str:
    """The whole record as JSON, one workspace on a line."""
    return msgspec.json.format(msgspec.json.encode(audit), indent=1).decode() + "\n"


def render_csv(audit: Audit) -> str:
    """A row for each workspace and cluster, for a spreadsheet."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(
        [
            *(
                "tenant",
                "project",
                "workspace",
                "kind",
                "cluster",
                "dueDays",
                "succeededDays",
                "partialDays",
                "failedDays",
            ),
            *("missedDays", "unknownDays", "daysNotOk", "longestAgeHours", "longestWithoutHours", "withinLimit"),
            *("mutedDays", "mutesUntil", "policyChanges", "restores", "reasons", "workspaceUid", "clusterUid"),
        ]
    )
    for workspace in audit.workspaces:
        clusters: Sequence[ClusterAudit | None] = workspace.clusters or (None,)
        for cluster in clusters:
            rows.writerow([cell(value) for value in _cells(workspace, cluster)])
    return file.getvalue()


def _cells(workspace: WorkspaceAudit, cluster: ClusterAudit | None) -> Iterator[str]:
    yield from (workspace.tenant or "", workspace.project_name, workspace.name, workspace.kind)
    yield (cluster.name or cluster.uid or "") if cluster else ""
    yield from map(
        str,
        (
            *(workspace.due, workspace.succeeded, workspace.partial, workspace.failed),
            *(workspace.missed, workspace.unknown, workspace.days_not_ok),
        ),
    )
    yield _or_blank(cluster.longest_age_hours if cluster else None)
    yield _or_blank(cluster.longest_without_hours if cluster else None)
    yield {True: "yes", False: "no", None: ""}[cluster.is_within_limit if cluster else None]
    yield str(workspace.muted_days)
    yield _ends(workspace)
    yield "; ".join(_changes(workspace))
    yield ", ".join(_restores(workspace))
    yield " ".join(f"{reason.code}:{reason.days}" for reason in workspace.reasons)
    yield from (workspace.uid, (cluster.uid or "") if cluster else "")


def _or_blank(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def render_markdown(audit: Audit) -> str:
    """The record as Markdown: facts, a table of workspaces and clusters, and the method."""
    lines = [f"# {title(audit)}", "", *(f"- {fact}" for fact in facts(audit)), ""]
    head = "| workspace | cluster | due | succeeded | partial | failed | missed | unknown | not OK | longest age | longest gap | remarks |"
    lines += [head, "|" + " --- |" * 2 + " ---: |" * 9 + " --- |"]
    name_of_place = places(audit)
    for workspace in audit.workspaces:
        clusters: Sequence[ClusterAudit | None] = workspace.clusters or (None,)
        for number, cluster in enumerate(clusters):
            place = name_of_place(workspace) if number == 0 else ""
            lines.append(f"| {' | '.join(_markdown_cells(workspace, cluster, place))} |")
    return "\n".join([*lines, "", *(f"{sentence}  " for sentence in METHOD)]) + "\n"


def _markdown_cells(workspace: WorkspaceAudit, cluster: ClusterAudit | None, place: str) -> Iterator[str]:
    """``place`` is empty from a workspace's second row on."""
    yield escape(place)
    yield escape(name_of(cluster)) if cluster else ""
    counts = (
        *(workspace.due, workspace.succeeded, workspace.partial, workspace.failed),
        *(workspace.missed, workspace.unknown, workspace.days_not_ok),
    )
    yield from (str(number) if place else "" for number in counts)
    yield span(cluster.longest_age_hours) if cluster else ""
    yield span(cluster.longest_without_hours) if cluster and cluster.longest_without_hours is not None else ""
    yield escape("; ".join(remarks(workspace))) if place else ""


def render_html(audit: Audit) -> str:
    """The record as a page that stands for itself and prints on A4 paper, landscape."""
    environment = template_environment(_TEMPLATES)
    environment.filters |= {"name": lambda text: quote(text, _NAME_LENGTH), "span": span}
    style = asset_of(_TEMPLATES / "audit.css")
    return environment.get_template("audit.html.j2").render(
        audit=audit,
        title=title(audit),
        facts=facts(audit),
        method=METHOD,
        days=calendar_days(audit),
        totals=totals(audit),
        style=style,
        policy=content_security_policy(style),
        place_of=places(audit),
        cells=calendar_cells,
        months=_months(calendar_days(audit)),
        remarks=remarks,
    )


def calendar_cells(states: Sequence[DayState | Status | None]) -> list[tuple[int, int, str]]:
    """Runs of equal days, each with its first day's number, its length and its state."""
    runs: list[tuple[int, int, str]] = []
    for number, state in enumerate(states):
        word = (state or "nothing").lower()
        if runs and runs[-1][2] == word:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, word)
        else:
            runs.append((number, 1, word))
    return runs


def _months(days: Sequence[date]) -> list[tuple[int, str]]:
    """The first day of each month, or of each year if there are too many months, by its number, with its name."""
    if len(days) > _MAX_DAYS_OF_MONTHS:
        return [
            (number, f"{day:%Y}") for number, day in enumerate(days) if (day.month, day.day) == (1, 1) or number == 0
        ]
    return [(number, f"{day:%b}") for number, day in enumerate(days) if day.day == 1 or number == 0]


def title(audit: Audit) -> str:
    """The heading."""
    return f"Backup record, {_day(audit.first)} to {_day(audit.last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def facts(audit: Audit) -> list[str]:
    """What holds for the whole period, in sentences; what is wrong comes first."""
    sums = totals(audit)
    days = len(audit.verdicts)
    lines = [
        _kept_line(audit),
        f"The chain begins with the report of {audit.begins_at:%Y-%m-%d %H:%M} (UTC): no earlier one is expected."
        if audit.begins_at
        else "",
        _missing_line(audit),
        f"Left out: {count(audit.other_scopes, 'report')} of another scope." if audit.other_scopes else "",
        f"Left out: {count(audit.on_demand, 'report')} on demand, for which no chain vouches."
        if audit.on_demand
        else "",
        f"Kept, but cannot be read: {listed(audit.unreadable, _MAX_NAMED)}." if audit.unreadable else "",
        _chain_line(audit),
        f"{count(audit.days_with_report, 'day')} of {days} {_have(audit.days_with_report)} a report"
        + ("." if audit.days_with_report == days else "; the verdict of the others is unknown."),
        (
            f"{_judged(audit)}: of {count(sums['due'], 'due day')} {sums['succeeded']} succeeded, "
            f"{_were(sums['partial'])} partial, {sums['failed']} failed, {_were(sums['missed'])} missed{_rest(sums)}."
        ),
    ]
    if audit.max_age_hours is not None:
        late = [
            cluster
            for workspace in audit.workspaces
            for cluster in workspace.clusters
            if cluster.is_within_limit is False
        ]
        unknown = sum(
            cluster.is_within_limit is None for workspace in audit.workspaces for cluster in workspace.clusters
        )
        lines.append(
            f"Limit on the age of the newest restore point: {audit.max_age_hours:g} h; {count(len(late), 'cluster')} exceeded it"
            + (f", and of {count(unknown, 'cluster')} a part of the period is not known." if unknown else ".")
        )
    return [line for line in lines if line]


def _kept_line(audit: Audit) -> str:
    there = audit.expected - len(audit.missing)
    kept = "is kept" if there == 1 else "are kept"
    if audit.interval_hours is None:
        return f"{count(there, 'report')} {kept}. How many were expected is not known: that takes two that are apart."
    return f"{count(there, 'report')} of {audit.expected} expected {kept}, one every {audit.interval_hours:g} hours."


def _chain_line(audit: Audit) -> str:
    if not audit.chain.reports:
        return "No chain vouches for these reports: whether one was changed or removed is not known."
    if audit.chain.is_unbroken:
        return "The chain of reports is unbroken."
    return f"The chain of reports is broken: {' '.join(audit.chain.problems[:_MAX_NAMED])}"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _were(number: int) -> str:
    return f"{number} was" if number == 1 else f"{number} were"


def _judged(audit: Audit) -> str:
    clusters = sum(workspace.kind == "cluster" for workspace in audit.workspaces)
    workspaces = count(len(audit.workspaces) - clusters, "workspace")
    return f"{workspaces} and {count(clusters, 'cluster')} (own policy)" if clusters else workspaces


def _rest(sums: Mapping[str, int]) -> str:
    """The due days whose runs were still at work, or ended in a way that is not known."""
    rest = sums["due"] - sums["succeeded"] - sums["partial"] - sums["failed"] - sums["missed"]
    return f", and of {rest} the outcome is not known" if rest else ""


def _missing_line(audit: Audit) -> str:
    if not audit.missing:
        return ""
    named = ", ".join(f"{at:%Y-%m-%d %H:%M}" for at in audit.missing[:_MAX_NAMED])
    more = f" and {len(audit.missing) - _MAX_NAMED} more" if len(audit.missing) > _MAX_NAMED else ""
    return f"Missing: {named}{more} (UTC)."


def remarks(workspace: WorkspaceAudit) -> list[str]:
    """What else is to be said of a workspace: reasons, mutes, policies that changed, restores."""
    lines = [", ".join(f"{reason.code} {count(reason.days, 'day')}" for reason in workspace.reasons[:4])]
    if workspace.mutes_until:
        lines.append(f"muted until {_ends(workspace)}, which hid findings on {count(workspace.muted_days, 'day')}")
    lines += _changes(workspace)
    if restores := _restores(workspace):
        lines.append(f"{'restore' if len(restores) == 1 else 'restores'} tried: {listed(restores, _MAX_NAMED)}")
    elif workspace.restores_known:
        lines.append("no restore was tried")
    return [line for line in lines if line]


def _ends(workspace: WorkspaceAudit) -> str:
    """The last day of each mute."""
    ends = (end if end.year < _FIRST_YEAR else end - timedelta(seconds=1) for end in workspace.mutes_until)
    return ", ".join(f"{end:%Y-%m-%d}" for end in ends)


def _changes(workspace: WorkspaceAudit) -> list[str]:
    return [
        f"{change.what} '{quote(change.before or 'none', 40)}' became '{quote(change.after or 'none', 40)}' by {change.seen_at:%Y-%m-%d}"
        for change in workspace.policy_changes
    ]


def _restores(workspace: WorkspaceAudit) -> list[str]:
    return [f"{restore.at:%Y-%m-%d} {quote(restore.state or 'without a state', 40)}" for restore in workspace.restores]


def places(audit: Audit) -> Callable[[WorkspaceAudit], str]:
    """Returns what names each workspace: its place, and its uid if another one had the same, such as one that was made anew."""
    number_of = Counter(map(_place_of, audit.workspaces))

    def name(workspace: WorkspaceAudit) -> str:
        place = _place_of(workspace)
        return place if number_of[place] == 1 else f"{place}, uid {quote(workspace.uid, _NAME_LENGTH)}"

    return name


def _place_of(workspace: WorkspaceAudit) -> str:
    parts = (workspace.tenant, workspace.project_name, workspace.name)
    place = " / ".join(quote(part, _NAME_LENGTH) for part in parts if part) or quote(workspace.uid, _NAME_LENGTH)
    return f"{place} (cluster)" if workspace.kind == "cluster" else place


def name_of(cluster: ClusterAudit) -> str:
    """A cluster's name, or else its uid."""
    return quote(cluster.name or cluster.uid or "every cluster", _NAME_LENGTH)


def span(hours: float | None) -> str:
    """A length of time: ``26 h``, ``3.5 days``; ``never`` if there was no restore point."""
    if hours is None:
        return "none"
    return f"{hours:g} h" if hours < 72 else f"{hours / 24:.1f} days"


RENDERINGS: Mapping[str, Callable[[Audit], str]] = {
    "markdown": render_markdown,
    "html": render_html,
    "csv": render_csv,
    "json": render_json,
}
ENDINGS = {".md": "markdown", ".html": "html", ".csv": "csv", ".json": "json"}
