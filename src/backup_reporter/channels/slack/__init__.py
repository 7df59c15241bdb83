"""The Slack channel."""

from backup_reporter.channels.slack.channel import CHECK, from_settings

__all__ = ["CHECK", "from_settings"]
