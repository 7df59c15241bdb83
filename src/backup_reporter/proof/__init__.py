"""Proof for an auditor: recompute a kept report from its evidence, and sum up a period. Not part of the function."""
