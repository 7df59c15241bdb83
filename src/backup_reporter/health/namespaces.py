"""Whether a backup holds the namespaces that a policy names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

_MAX_PATTERN = 200
_MAX_QUANTIFIERS = 3


def missing(wanted: Iterable[str], backed_up: Collection[str]) -> tuple[str, ...]:
    """The policy's names (or patterns) that no backed-up namespace answers to.

    A workspace's namespace can be a regular expression; ``*`` stands for every namespace, as in Velero.
    """
    if "*" in backed_up:
        return ()
    return tuple(name for name in wanted if name != "*" and not _is_among(name, backed_up))


def _is_among(name: str, backed_up: Collection[str]) -> bool:
    if name in backed_up:
        return True
    pattern = _pattern(name)
    return pattern is not None and any(pattern.fullmatch(namespace) for namespace in backed_up)


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str] | None:
    """The name as a regular expression; ``None`` where it is none, or one that could run for ever.

    Backtracking explodes with quantified groups and back references, so these are not tried: a
    pattern that cannot be checked counts as missing rather than as present.
    """
    text = name[1:-1] if len(name) > 2 and name.startswith("/") and name.endswith("/") else name
    if len(text) > _MAX_PATTERN or re.search(r"\)[*+?{]|\\[1-9]|\(\?", text):
        return None
    if len(re.findall(r"[*+{]", text)) > _MAX_QUANTIFIERS:
        return None
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None
