"""The page about how often the rules are wrong."""

from __future__ import annotations

from collections import Counter

from bench.simulation.count import Count
from bench.simulation.world import EVENTS


def document(count: Count, worlds: int, days: int, seed: int) -> str:
    """The page as Markdown."""
    return f"""# How often the rules are wrong

A simulation knows the truth about workspaces: clusters, policies, Velero's queue and rotation, Palette's habits of telling,
edits by people, accidents and wrong clocks. Each day it makes Palette's answer, and the rules judge it together with
what the last report remembers. Then the verdict is compared with the truth.

Measured with `make simulate` (`python -m bench.simulation --worlds {worlds} --days {days} --seed {seed}`):

| | of {count.days:,} workspace-days | of 100,000 |
| --- | --- | --- |
| **False green**: something is wrong, and the report says OK | {count.false_greens.total()} | {count.per_100_000(count.false_greens):.0f} |
| **False alarm**: nothing is wrong, and the report does not say OK | {count.false_alarms.total()} | {count.per_100_000(count.false_alarms):.0f} |

{_table("False greens", "what is wrong", count.false_greens)}
{_table("False alarms", "what the report says", count.false_alarms)}
## What happens in the simulated world

{len(EVENTS)} kinds of event happen to a workspace, {sum(EVENTS.values()):.0f} times a year in all. {_of_all(count)} of the workspace-days
have a problem:

{_rows("problem", count.problems)}
## What counts as neither

On some days neither Palette's answer nor the last report can tell, or the rules may see it either way. Such a day
counts as a workspace-day, and as neither right nor wrong:

{_rows("doubt", Counter({doubt.removeprefix("?"): number for doubt, number in count.doubtful.items()}))}"""


def _of_all(count: Count) -> str:
    return f"{100 * count.days_with_problems / max(1, count.days):.0f} %"


def _table(title: str, column: str, causes: Counter[str]) -> str:
    return f"## {title}\n\n{_rows(column, causes)}" if causes else f"## {title}\n\nThere were none.\n"


def _rows(column: str, causes: Counter[str]) -> str:
    rows = (f"| {cause} | {number:,} |" for cause, number in causes.most_common())
    return "\n".join([f"| {column} | workspace-days |", "| --- | --- |", *rows, ""])
