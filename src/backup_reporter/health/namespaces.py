"""Whether a backup holds the namespaces that a policy names.

A policy may name a namespace by a glob, as Velero takes them, or by a regular expression, as Palette's workspaces do.
Patterns come from outside, so they meet names in linear time only: Google's RE2 does that, Python's ``re`` does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

_MAX_PATTERN = 300
_MAX_PATTERNS = 100
_MAX_MEMORY_BYTES = 1 << 20
_GLOB = re.compile(r"[\w.*?\[\]{},!^-]*")
_SPECIAL = re.compile(r"[^A-Za-z0-9_-]")


def missing(wanted: Iterable[str], backed_up: Collection[str]) -> tuple[str, ...]:
    """The names and patterns that no backed-up namespace answers to, each once.

    ``*`` stands for every namespace, as in Velero. A pattern that cannot be checked counts as missing.
    """
    present = frozenset(backed_up)
    if "*" in present:
        return ()
    others = [name for name in dict.fromkeys(wanted) if name != "*" and name not in present]
    patterns = [name for name in others if _SPECIAL.search(name)][:_MAX_PATTERNS]
    lines = "\n".join(name for name in present if "\n" not in name)
    found = {name for name in patterns if lines and _is_found(name, lines)}
    return tuple(name for name in others if name not in found)


def not_covered(namespaces: Iterable[str], wanted: Collection[str]) -> tuple[str, ...]:
    """The namespaces (names or patterns themselves) that a policy's names and patterns leave out."""
    named = dict.fromkeys(wanted)
    if "*" in named:
        return ()
    others = [name for name in namespaces if name not in named]
    patterns = [name for name in named if _SPECIAL.search(name)][:_MAX_PATTERNS]
    return tuple(name for name in others if not any(_is_found(pattern, name) for pattern in patterns))


def is_unusable(name: str) -> bool:
    """Whether a name is meant as a regular expression that cannot be checked."""
    if not _SPECIAL.search(name) or _searches(name)[0]:
        return False
    return len(name) > _MAX_PATTERN or not _GLOB.fullmatch(name)


def _is_found(pattern: str, lines: str) -> bool:
    """Whether one of the lines is what the pattern means. All are searched at once: calls of RE2 are slow."""
    return any(search(lines) for search in _searches(pattern) if search)


_Search = Callable[[str], Any]


@lru_cache(maxsize=1024)
def _searches(pattern: str) -> tuple[_Search | None, _Search | None]:
    """The pattern read as a regular expression and as a glob; each finds a whole line, or is ``None`` if it is none."""
    if len(pattern) > _MAX_PATTERN:
        return None, None
    is_delimited = len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")
    return _search(pattern[1:-1] if is_delimited else pattern), _search(_as_expression(pattern))


def _search(expression: str) -> _Search | None:
    # Few policies name a pattern, and loading RE2 costs the others a cold start.
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415

    options = re2.Options()
    options.log_errors = False
    options.never_nl = True
    options.max_mem = _MAX_MEMORY_BYTES
    try:
        re2.compile(expression, options)  # On its own, so that no bracket of it closes one of ours.
        search: _Search = re2.compile(f"(?m)^(?:{expression})$", options).search
    except re2.error:
        return None
    return search


def _as_expression(glob: str) -> str:
    """A glob of Velero's (``*``, ``?``, ``[abc]``, ``{a,b}``) as a regular expression.

    https://velero.io/docs/v1.18/namespace-glob-patterns
    """
    depth, parts = 0, []
    for part in re.findall(r"\[[^\[\]]*\]|.", glob, re.DOTALL):
        if part.startswith("[") and len(part) > 2:
            inside = re.escape(part[1:-1].lstrip("!^")).replace(r"\-", "-")
            parts.append(f"[^{inside}]" if part[1] in "!^" else f"[{inside}]")
            continue
        depth += {"{": 1, "}": -1}.get(part, 0)
        in_braces = {",": "|"} if depth else {}
        parts.append({"*": ".*", "?": ".", "{": "(?:", "}": ")", **in_braces}.get(part) or re.escape(part))
    return "".join(parts)
