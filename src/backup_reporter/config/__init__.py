"""Reads and validates what a user sets: the settings, the list of tenants, the event."""
