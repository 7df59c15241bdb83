"""What a state string says: Velero's phases, in any spelling.

https://velero.io/docs/main/api-types/backup/ (field ``status.phase``)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

PhaseClass = Literal["succeeded", "partial", "failed", "running", "partially-failing", "deleting", "unknown"]
Deletion = Literal["none", "deleted", "deleting", "failed"]

KNOWN_STATES: Mapping[str, PhaseClass] = {
    "completed": "succeeded",
    "succeeded": "succeeded",
    "success": "succeeded",
    "partiallyfailed": "partial",
    "failed": "failed",
    "failedvalidation": "failed",
    "error": "failed",
    "new": "running",
    "initiated": "running",
    "queued": "running",
    "readytostart": "running",
    "pending": "running",
    "inprogress": "running",
    "running": "running",
    "waitingforpluginoperations": "running",
    "finalizing": "running",
    "waitingforpluginoperationspartiallyfailed": "partially-failing",
    "finalizingpartiallyfailed": "partially-failing",
    "deleting": "deleting",
}
"""Velero's backup phases and Palette's own words for them, normalized by :func:`normalize_state`."""


@lru_cache(maxsize=256)
def normalize_state(state: str | None) -> str:
    """A state without what does not count in comparing: case, spaces, ``-`` and ``_``; empty for no state."""
    return re.sub(r"[\s_-]+", "", state or "").casefold()


FINISHED: frozenset[PhaseClass] = frozenset({"succeeded", "partial", "failed"})
UNDER_WAY: frozenset[PhaseClass] = frozenset({"running", "partially-failing"})

BADNESS: tuple[PhaseClass, ...] = (
    "succeeded",
    "running",
    "deleting",
    "partially-failing",
    "partial",
    "unknown",
    "failed",
)
"""From best to worst: what counts if several say different things at the same time."""

_DELETED = frozenset({"deleted", "completed", "succeeded", "success", "processed"})
"""``Processed`` is the last phase of Velero's deletion requests."""

_DELETION_FAILED = frozenset({"failed", "error"})


def is_given(state: str | None) -> bool:
    """Whether a state says anything at all."""
    return bool(normalize_state(state))


def phase_of(state: str | None, extra_states: Mapping[str, PhaseClass]) -> PhaseClass:
    """The class of a state string; ``unknown`` for no state and for one that is not known."""
    word = normalize_state(state)
    return KNOWN_STATES.get(word) or extra_states.get(word, "unknown")


def deletion_of(delete_state: str | None) -> Deletion:
    """What a ``deleteState`` says. Anything unknown counts as being deleted: not to be relied on."""
    word = normalize_state(delete_state)
    if not word:
        return "none"
    if word in _DELETED:
        return "deleted"
    return "failed" if word in _DELETION_FAILED else "deleting"
