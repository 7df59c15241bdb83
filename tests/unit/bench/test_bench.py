"""How the bench writes down what it has measured; that it measures is what ``make bench-quick`` shows."""

from bench.document import Section, document, target_mark


def test_a_ratio_stands_beside_its_target_and_says_where_it_misses_it() -> None:
    assert target_mark(1.1234, 1.15) == "**1.12** (at most 1.15)"
    assert target_mark(1.16, 1.15, 3) == "**1.160** (misses 1.15)"


def test_a_section_is_a_table_between_what_it_is_about_and_its_remarks() -> None:
    section = Section(
        "Pace", "\nHow fast.\n", ("client", "N", "wall s"), [("ours", 1000, 45.68), ("theirs", 5, 1.0)], "So."
    )

    assert document("# Performance\n", [section]).splitlines() == [
        "# Performance",
        "",
        "## Pace",
        "",
        "How fast.",
        "",
        "| client | N | wall s |",
        "| --- | --- | --- |",
        "| ours | 1,000 | 45.7 |",
        "| theirs | 5 | 1.000 |",
        "",
        "So.",
    ]
