"""Every finding code: how severe it is, what it is about, what it means and what to do.

The one source for severities, for the "what to do" of messages and pages, for ``backup-reporter explain`` and for
``docs/findings.md``.
"""

from __future__ import annotations

from backup_reporter.health.cluster_codes import CLUSTER_CODES
from backup_reporter.health.codes import Code
from backup_reporter.health.workspace_codes import WORKSPACE_CODES

CODES: dict[str, Code] = {code.name: code for code in (*CLUSTER_CODES, *WORKSPACE_CODES)}
