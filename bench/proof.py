"""What proof costs: a report that is recomputed from its evidence, and a year of reports summed up."""

from __future__ import annotations

from bench.document import Section, target_mark
from bench.processes import COMMAND_LINE, Function, aws, palette
from bench.sizes import WITHOUT_LIMIT, Sizes


def proof(function: Function, sizes: Sizes) -> Section:
    """``verify`` of a report beside judging it, and the memory of ``audit``."""
    (workspaces, _), (days, clusters) = sizes.memory_fleets, sizes.history
    with aws() as environment:
        with palette(workspaces=workspaces, days=days, clusters=clusters) as server:
            function.probe("invoke", "{}", **environment, **WITHOUT_LIMIT, PALETTE_API_URL=server.url)
        settings = {**environment, "PALETTE_API_URL": server.url}
        recomputed = COMMAND_LINE.probe("recompute", str(workspaces), str(days), str(clusters), **settings)
        summed_up = COMMAND_LINE.probe("audit", str(sizes.audited_reports), **settings)
    return Section(
        "Proof",
        """
The smaller fleet's report, kept with its evidence. `verify` reads both from the bucket, checks every hash, judges again and
compares everything; beside it, the same results are decoded, judged and packed, as in a run. `audit` sums up so many
reports, each read from the bucket's file, and makes the page.
""",
        ("command", "workspaces", "reports", "CPU s", "CPU / judging", "peak MB", "wall s"),
        [
            (
                "`verify`",
                workspaces,
                1,
                recomputed["recomputed"],
                target_mark(recomputed["recomputed"] / recomputed["judged"], 1.3),
                "",
                "",
            ),
            (
                "`audit`",
                summed_up["workspaces"],
                summed_up["reports"],
                "",
                "",
                target_mark(summed_up["peak_mb"], 256, 0),
                summed_up["wall_seconds"],
            ),
        ],
    )
