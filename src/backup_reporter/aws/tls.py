"""What a connection trusts: the public certificate authorities, and a private one if it is set."""

from __future__ import annotations

import ssl

from backup_reporter.errors import SettingsError


def build_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Returns a TLS context that checks chain, host and dates.

    ``ca_bundle`` is a private CA to trust besides the public ones, as PEM text or the path of a PEM file.
    With it the checks are OpenSSL's own: Python 3.13 adds a strict one, which many private CAs fail
    because their basicConstraints are not critical. Raises :class:`SettingsError` for a file without a certificate.
    """
    context = ssl.create_default_context()
    if not ca_bundle:
        return context
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        if "-----BEGIN" in ca_bundle:
            context.load_verify_locations(cadata=ca_bundle)
        else:
            context.load_verify_locations(ca_bundle)
    except (OSError, ssl.SSLError) as error:
        problem = f"PALETTE_CA_BUNDLE: {ca_bundle!r} does not hold a certificate in PEM form"
        raise SettingsError([problem]) from error
    return context
