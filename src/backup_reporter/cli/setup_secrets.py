"""Secrets Manager as ``setup`` uses it: what is there, and storing all secrets or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from backup_reporter.aws.errors import code_of, message_of
from backup_reporter.errors import SecretError


class SecretStore:
    """Reads and stores secrets by name. No value is shown or logged."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def value(self, name: str) -> str | None:
        """Returns a secret's text; ``None`` if there is no such secret. Raises :class:`SecretError` for one that is going."""
        try:
            text: str | None = self._client.get_secret_value(SecretId=name).get("SecretString")
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            if code_of(error) == "InvalidRequestException" and "delet" in message_of(error):
                raise SecretError(
                    f"the secret {name} is marked for deletion: restore it "
                    f"(aws secretsmanager restore-secret --secret-id {name}), or give the name of another"
                ) from error
            raise
        return text

    @contextmanager
    def stored(self, values: Mapping[str, str]) -> Iterator[None]:
        """Stores the values; takes everything back if it or the body is interrupted or fails."""
        with ExitStack() as undo:
            for name, value in values.items():
                undo.callback(self._store(name, value))
            yield
            undo.pop_all()

    def _store(self, name: str, value: str) -> Callable[[], object]:
        """Stores one value, and returns how to take it back."""
        before = self.value(name)
        if before is None:
            self._client.create_secret(Name=name, SecretString=value)
            return partial(self._client.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)
        self._client.put_secret_value(SecretId=name, SecretString=value)
        return partial(self._client.put_secret_value, SecretId=name, SecretString=before)
