"""Every error that this project raises on purpose.

    BackupReporterError
    ├── SettingsError        the environment is wrong; lists every problem at once
    ├── InvalidRequest       the event is wrong; nothing was fetched or published
    ├── DeliveryFailed       a scheduled report did not reach every channel
    ├── SecretError          a secret cannot be read, or does not hold what it should
    ├── StoreError           the report bucket, the delivery table or the list of tenants cannot be used
    │   └── TooLargeError            a file in a bucket is too large to be one that the function wrote
    ├── ChannelError         one channel did not take the report
    │   └── ChannelUnreachableError  no answer: DNS, TLS, connection, time
    ├── HeartbeatError       the heartbeat's URL could not be called
    ├── TimedOutError        a call took longer than it may
    ├── OutputError          the command line cannot write the file that it should
    ├── CheckError           a check of the doctor's did not pass; says how to fix it
    └── PaletteError         Palette answered with an error
        ├── KeyRefusedError      401: the key is wrong, expired or revoked
        ├── UnreachableError     no answer: DNS, TLS, connection
        │   └── OutOfTimeError       the time for asking was over
        └── UndecodableError     an answer that is not what the API describes

``InvalidRequest`` and ``DeliveryFailed`` carry the names that the function's callers see.
No message of any of them ever contains a secret.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Literal


class BackupReporterError(Exception):
    """The root of the tree: all of the project's own errors, and no others."""


class SettingsError(BackupReporterError):
    """Environment variables that cannot be used; ``problems`` has one sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


class InvalidRequest(BackupReporterError):
    """An event that is refused. Nothing was published, and nothing fetched but the lists in which names are looked up."""


class DeliveryFailed(BackupReporterError):
    """A scheduled report did not reach every channel; raised after all were tried."""


class SecretError(BackupReporterError):
    """A secret that cannot be read or used. Says the name of the secret or of its setting, never its value."""


class StoreError(BackupReporterError):
    """The report bucket, the delivery table or the list of tenants cannot be used."""


class TooLargeError(StoreError):
    """A file in a bucket is too large to be one that the function wrote."""


class OutputError(BackupReporterError):
    """A file that the command line should write, and why it cannot."""


class ChannelError(BackupReporterError):
    """A channel did not take the report.

    ``permanent`` is true if trying again cannot help until the set-up is fixed.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(message)


class ChannelUnreachableError(ChannelError):
    """No answer from a channel's service: name resolution, TLS, connection, or out of time."""


class HeartbeatError(BackupReporterError):
    """The heartbeat's URL could not be called. Never shows the URL, which is a secret."""


class TimedOutError(BackupReporterError):
    """A call took longer than it may, and was left behind; or there was no time left for it."""

    def __init__(self, seconds: float) -> None:
        length = f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.1g}"
        super().__init__(f"timed out after {length} s" if seconds > 0 else "no time was left for it")


class CheckError(BackupReporterError):
    """What a check of the doctor's found, and how to fix it.

    ``result`` is ``warning`` if it works and still needs a look, ``skipped`` if it could not be tried.
    """

    def __init__(self, detail: str, fix: str, *, result: Literal["failed", "warning", "skipped"] = "failed") -> None:
        self.detail = detail
        self.fix = fix
        self.result = result
        super().__init__(detail)


class PaletteError(BackupReporterError):
    """Palette answered with an error: HTTP status and Palette's own code, message and ref.

    ``retry_after_seconds`` is how long it asks clients to wait, or 0.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        code: str = "",
        message: str = "",
        ref: str = "",
        retry_after_seconds: float = 0.0,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.ref = ref
        self.retry_after_seconds = retry_after_seconds
        self.answer: tuple[int, str, bytes] | None = None
        """The answer's status, ``Date`` and body, for the evidence; ``None`` if there was no answer."""
        details = [f"HTTP {status}" if status else "", code, message, f"ref {ref}" if ref else ""]
        super().__init__(": ".join([what, ", ".join(part for part in details if part)]).rstrip(": "))


class KeyRefusedError(PaletteError):
    """401: the API key is wrong, expired or revoked."""


class UnreachableError(PaletteError):
    """No usable answer from Palette: name resolution, TLS, connection, or out of time.

    ``retryable`` is false if trying again cannot help (a wrong certificate, no time left).
    """

    def __init__(self, what: str, *, retryable: bool = True) -> None:
        self.retryable = retryable
        super().__init__(what)


class OutOfTimeError(UnreachableError):
    """The time for asking Palette was over before it answered, or before the request's turn came."""

    def __init__(self) -> None:
        super().__init__("Palette had not answered when the time for asking was over", retryable=False)


class UndecodableError(PaletteError):
    """Palette's answer is not JSON, or a field has a wrong type.

    ``path`` is where (a JSON path that begins with ``$``), or ``None`` for the answer as a whole.
    """

    def __init__(self, reason: str, path: str | None = None, *, status: int | None = None) -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{reason} - at `{path}`" if path else reason)
        self.status = status

    def under(self, parent: str) -> UndecodableError:
        """Returns the same error as seen from further up: its ``$`` lies at the path ``parent``."""
        return UndecodableError(self.reason, parent + self.path[1:]) if self.path else self


def reason_of(error: Exception) -> str:
    """Returns a reason that is safe to show. Our own errors hold no secret; of others it says only the kind and the place."""
    if isinstance(error, BackupReporterError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{place}"
