"""Every rule, in the order in which they are asked."""

from __future__ import annotations

from backup_reporter.health.rules import backups, deletions, policy, restore_points, restores, surroundings, workspace
from backup_reporter.health.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *backups.RULES,
    *restore_points.RULES,
    *deletions.RULES,
    *policy.RULES,
    *workspace.RULES,
    *surroundings.RULES,
    *restores.RULES,
)

REPORTED_WITHOUT_A_RULE = frozenset({"being-deleted", "cluster-unprotected", "not-protected"})
"""Codes for workspaces of which nothing else is judged: see ``judge_being_deleted`` and ``judge_not_protected``."""
