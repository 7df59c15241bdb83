"""Calls to AWS: clients, secrets, archived reports, the delivery log."""
