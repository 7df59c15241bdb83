"""How ``setup`` asks: a question until its answer will do, a secret until its value works."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import click

from backup_reporter.cli.console import say, wrapped
from backup_reporter.cli.questions import NOT_SET, SecretQuestion
from backup_reporter.cli.setup_account import SetupError
from backup_reporter.cli.setup_secrets import SecretStore
from backup_reporter.wording import capitalized

Attempt = Callable[[str, str | None], str | None]
"""Tries a secret by its name and the value that was typed, if one was. Returns why it does not work."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """Takes answers from the flags, else asks. With ``yes`` it asks nothing, and takes the defaults."""

    given: Mapping[str, str]
    """The flags, by name."""
    yes: bool

    def valid(
        self, text: str, flag: str, given: str | None, default: str | None, problem: Callable[[str], str | None]
    ) -> str:
        """Returns the answer; asks again while there is a ``problem`` with it."""
        while reason := problem(answer := self.answer(text, given, default)):
            self.refuse(f"{flag}: {answer!r}: {reason}" if given else f"{answer!r}: {reason}")
            given = None
        return answer

    def answer(self, text: str, given: str | None, default: str | None) -> str:
        """Returns what is ``given``, else the answer to the question."""
        if given is not None:
            return given
        if self.yes:
            if default is None:
                raise SetupError(f"{text}: there is no default; give it with a flag, such as --region")
            return default
        return str(click.prompt(wrapped(text), default=default, type=str)).strip()

    def refuse(self, reason: str) -> None:
        """Says why, so that the question can be asked again. Raises :class:`SetupError` if no one can be asked."""
        if self.yes:
            raise SetupError(reason)
        say(f"  {reason}")

    def tell(self, text: str = "") -> None:
        """Says something to the one who answers."""
        if not self.yes:
            say(text)


@dataclass(frozen=True, slots=True)
class SecretDialog:
    """Asks for secrets, and stores nothing until :meth:`all_stored`."""

    dialog: Dialog
    store: SecretStore
    may_replace: bool
    to_store: dict[str, str] = field(default_factory=dict, repr=False)
    """Values by the name of their secret."""

    def ask(self, question: SecretQuestion, before: str, attempt: Attempt) -> str | None:
        """Asks until the value works. Returns the secret's name, or an empty text if the channel is to be left out.

        An empty answer keeps the secret ``before``. Without one it leaves the question open, and returns ``None``.
        """
        given = self.dialog.given.get(question.parameter.lower())
        if given == NOT_SET and not question.is_needed:
            return ""
        name = given or before or question.secret_name
        is_expected = bool(given or before) or question.is_needed
        is_there = is_expected and self.store.value(name) is not None
        value = os.environ.get(question.variable, "").strip() or None
        while True:
            if value is None and not self.dialog.yes:
                value = _type_secret(question, name, keeps=is_there)
            if value == NOT_SET and not question.is_needed:
                return ""
            if value is None and not is_expected:
                return None
            problem = self._problem(question, name, value, attempt, is_there=is_there)
            if problem is None:
                return name if value is None else self._note(name, value, question)
            self.dialog.refuse(problem)
            value = None

    def _problem(
        self, question: SecretQuestion, name: str, value: str | None, attempt: Attempt, *, is_there: bool
    ) -> str | None:
        if value is None and not is_there:
            missing = f"{question.flag}: there is no secret {name}: set {question.variable} to its value"
            return missing if self.dialog.yes else f"type the {question.holds}: there is no secret {name} yet"
        reason = attempt(name, value)
        if reason is None:
            return None
        return f"{question.flag}: {reason}" if self.dialog.yes else capitalized(reason)

    def _note(self, name: str, value: str, question: SecretQuestion) -> str:
        """Notes the value to be stored, and returns the secret's name: another one if this may not be replaced."""
        while (there := self.store.value(name)) is not None and there.strip() != value:
            holds = f"the secret {name} holds another value"
            if self.may_replace:
                break
            if self.dialog.yes:
                raise SetupError(f"{holds}: give --replace-secrets, or another name with {question.flag}")
            if click.confirm(wrapped(f"  {capitalized(holds)}. Replace it?"), default=False):
                break
            name = str(click.prompt("  Name of a new secret", type=str)).strip()
        if there is None or there.strip() != value:
            self.to_store[name] = value
        return name

    def all_stored(self) -> AbstractContextManager[None]:
        """Stores the values; takes everything back if it or the body is interrupted or fails."""
        return self.store.stored(self.to_store)


def _type_secret(question: SecretQuestion, name: str, *, keeps: bool) -> str | None:
    keep = f" [Enter keeps the secret {name}]" if keeps else ""
    typed = click.prompt(wrapped(f"{question.text}{keep}"), default="", show_default=False, hide_input=True)
    return str(typed).strip() or None
