"""Our English: what people read holds none of the words and idioms that stop a tired reader."""

from __future__ import annotations

import pytest

from tools.prose import REPOSITORY, documents, hard_words


@pytest.mark.parametrize("path", sorted(documents()))
def test_what_people_read_is_plain_english(path: str) -> None:
    found = list(hard_words(path, (REPOSITORY / path).read_text(encoding="utf-8")))
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"""Tells whoever asks."""', ["whoever"]),
        ("# Mended by a retry\n", ["Mended"]),
        ('f"it {name} came to no end"', ["came to no end"]),
        ('"where there\\n"  # is none', []),
        ("# A schedule\n# that is none.\n", ["that is none"]),
        ("nobody = mend(whom)", []),
        ('"Where there is none, no one is told."', ["Where there is none"]),
    ],
)
def test_hard_words_are_found_in_prose_and_not_in_names(text: str, words: list[str]) -> None:
    assert [place.word for place in hard_words("example.py", text)] == words


def test_a_hard_word_is_named_with_its_place_and_what_to_write() -> None:
    (place,) = hard_words("docs/a.md", "One.\nTell everybody.\n")
    assert str(place) == "docs/a.md:2: 'everybody': write say who: a user, each channel, all recipients"
