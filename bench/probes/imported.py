"""The handler, imported and nothing else."""

import backup_reporter.handler  # noqa: F401
