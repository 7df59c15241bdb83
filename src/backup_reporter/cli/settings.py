"""Builds the reporter from the environment of the user's shell."""

from __future__ import annotations

from collections.abc import Mapping

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import load
from backup_reporter.config.settings import without_destinations
from backup_reporter.errors import SettingsError

API_KEY_VARIABLE = "PALETTE_API_KEY"

_NO_KEY = (
    f"{API_KEY_VARIABLE}: not set: export the API key (Palette: user menu, My API Keys), "
    "or set PALETTE_API_KEY_SECRET to the name of its secret in AWS Secrets Manager"
)


def reporter_of(environ: Mapping[str, str], *, with_destinations: bool) -> Reporter:
    """Returns a reporter with the API key from the environment, else from its secret.

    With the key in the environment and without destinations it never calls AWS. Raises :class:`SettingsError` with every problem.
    """
    api_key = environ.get(API_KEY_VARIABLE, "").strip() or None
    is_in_a_secret = any(environ.get(name, "").strip() for name in ("PALETTE_API_KEY_SECRET", "TENANTS"))
    problems = () if api_key or is_in_a_secret else (_NO_KEY,)
    try:
        settings = load(environ, key_required=False)
    except SettingsError as error:
        raise SettingsError([*problems, *error.problems]) from None
    if problems:
        raise SettingsError(problems)
    return Reporter(settings if with_destinations else without_destinations(settings), api_key)
