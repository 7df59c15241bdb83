"""The version of the rules, which each report carries."""

RULES_VERSION = 7
"""Raised whenever the same answers of Palette may be judged differently, so that an old report is not called wrong."""
