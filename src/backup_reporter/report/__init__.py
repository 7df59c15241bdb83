"""The report's model and its renderings, all pure."""
