"""Every finding code: how severe it is, what it is about, what it means and what to do.

The one source for severities, for the "what to do" of messages and pages, for ``backup-reporter explain`` and for
``docs/findings.md``.
"""

from __future__ import annotations

from backup_reporter.health.cluster_codes import CLUSTER_CODES
from backup_reporter.health.codes import Code
from backup_reporter.health.coverage_codes import COVERAGE_CODES
from backup_reporter.health.findings import Severity
from backup_reporter.health.workspace_codes import WORKSPACE_CODES

CODES: dict[str, Code] = {code.name: code for code in (*CLUSTER_CODES, *WORKSPACE_CODES, *COVERAGE_CODES)}
_SEVERITIES: tuple[Severity, ...] = ("critical", "unknown", "warning", "info")


def codes_worst_first() -> dict[Severity, list[Code]]:
    """Every code under its severity, in order of their names."""
    by_name = sorted(CODES.values(), key=lambda code: code.name)
    return {severity: [code for code in by_name if code.severity == severity] for severity in _SEVERITIES}
