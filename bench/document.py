"""Sections with a table each, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Section:
    """A comparison: what it is about, and its table. ``remarks`` follow the table."""

    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    remarks: str = ""

    def markdown(self) -> str:
        """The section as Markdown; numbers are rounded."""
        lines = [f"| {' | '.join(self.columns)} |", f"|{' --- |' * len(self.columns)}"]
        lines += [f"| {' | '.join(map(_shown, row))} |" for row in self.rows]
        parts = (f"## {self.title}", self.about.strip(), "\n".join(lines), self.remarks.strip())
        return "\n\n".join(part for part in parts if part)


def document(head: str, sections: Iterable[Section]) -> str:
    """The whole document."""
    return "\n\n".join([head.strip(), *(section.markdown() for section in sections)]) + "\n"


def target_mark(value: float, most: float, digits: int = 2) -> str:
    """A value beside its target, and whether it misses it."""
    shown = f"{value:.{digits}f}"
    return f"**{shown}** (at most {most:g})" if value <= most else f"**{shown}** (misses {most:g})"


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.3f}" if cell < 10 else f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
