"""Finds words and idioms that make our English hard to read, in code, documents and the template.

``python -m tools.prose [PATH ...]`` prints each place; without a path it reads everything that people read.
Code counts with its docstrings, comments and string literals; names do not count.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[1]

INSTEAD: dict[str, str] = {
    r"whoever|whomever|whom": "who, or the one who is meant",
    r"nobody": "no one, or say what is missing",
    r"somebody|anybody|everybody": "say who: a user, each channel, all recipients",
    r"whatever|wherever": "any, or the case that is meant",
    r"mend|mends|mended|mending": "fix",
    r"where there (?:is|are) (?:none|no)": "if there is no …",
    r"comes? to (?:an|no) end|came to (?:an|no) end": "ends, or times out",
    r"all the same": "still, or leave it out",
    r"is to be had|(?:cannot|could not) be had": "cannot be read, or is not available",
    r"that is none|is none of": "no …, or not a …",
}
"""What a reader who is tired, or not a native speaker, stumbles over; and what to write instead."""

_PATTERNS = {
    re.compile(rf"\b(?:{words})\b".replace(" ", r"\s+"), re.IGNORECASE): advice for words, advice in INSTEAD.items()
}
_READ = (
    *("*.md", "*.yaml", "*.toml", "Makefile", "docs/**/*.md", "src/*.py", "src/Makefile", "src/**/*.json"),
    *("src/backup_reporter/**/*.py", "src/backup_reporter/**/*.j2", "bench/**/*.py", "tools/**/*.py"),
)


class Place(NamedTuple):
    """One hard word: the file, the line (from 1), the word and what to write instead."""

    path: str
    line: int
    word: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: '{self.word}': write {self.advice}"


def hard_words(path: str, text: str) -> Iterator[Place]:
    """Each hard word of a file. Idioms are found across line breaks."""
    prose = _prose_of_python(text) if path.endswith(".py") else text
    # A line break inside a sentence, with a comment sign or quotes around it, reads as a space.
    flowing = re.sub(r"\n[ \t]*#?[ \t]*", lambda broken: " " * len(broken[0]), prose)
    for pattern, advice in _PATTERNS.items():
        for found in pattern.finditer(flowing):
            yield Place(path, text.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), advice)


def _prose_of_python(code: str) -> str:
    """The code with everything blanked out but strings and comments; the length stays."""
    lines = code.splitlines(keepends=True)
    kept = [re.sub(r"[^\n]", " ", line) for line in lines]
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in kinds:
            (first, start), (last, end) = token.start, token.end
            for number in range(first, last + 1):
                a, b = (start if number == first else 0), (end if number == last else len(lines[number - 1]))
                kept[number - 1] = kept[number - 1][:a] + lines[number - 1][a:b] + kept[number - 1][b:]
    return "".join(kept)


def documents() -> Iterator[str]:
    """The files that people read, as paths below the repository: code, documents and the template; not the tests."""
    for pattern in _READ:
        for path in sorted(REPOSITORY.glob(pattern)):
            if path != Path(__file__).resolve():
                yield path.relative_to(REPOSITORY).as_posix()


def main(paths: list[str]) -> int:
    """Prints the hard words in these files or folders, or in all; 1 if there are any."""
    chosen = [path for path in documents() if not paths or any(path.startswith(start.rstrip("/")) for start in paths)]
    found = [place for path in chosen for place in hard_words(path, (REPOSITORY / path).read_text(encoding="utf-8"))]
    print(*found, f"{len(found)} hard words in {len(chosen)} files", sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
