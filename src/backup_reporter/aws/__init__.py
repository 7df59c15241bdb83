"""Calls to AWS: clients, secrets, kept reports, the delivery log."""
