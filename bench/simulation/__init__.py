"""A small world that knows the truth about its backups, and a count of how often the rules get it wrong."""
