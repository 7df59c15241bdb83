"""Reads any input by a table of its fields: the environment, an event, an entry of the list of tenants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

_SHOWN_LENGTH = 100


def _never(value: object) -> bool:
    return False


def always(value: object) -> bool:
    """For a field whose every value may be a secret."""
    return True


class Field(Struct, frozen=True):
    """One field: its name for the user, the attribute that its value goes to, and its parser.

    ``parse`` raises ValueError, which says what would be valid. What ``may_be_secret`` is never shown.
    """

    name: str
    attribute: str
    parse: Callable[[Any], object]
    may_be_secret: Callable[[object], bool] = _never


def read_fields(fields: Iterable[Field], given: Mapping[Any, object], problems: list[str]) -> dict[str, Any]:
    """Returns the values of all valid fields, by attribute. Adds a sentence to ``problems`` for each of the others.

    A field that is ``None`` or missing is not set.
    """
    values: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.name)
        if value is None:
            continue
        try:
            values[field.attribute] = field.parse(value)
        except ValueError as error:
            shown = show(value, may_be_secret=field.may_be_secret(value))
            problems.append(f"{field.name}: {shown} is not valid: {error}")
    return values


def check_names(fields: Iterable[Field], given: Iterable[object]) -> Iterator[str]:
    """Yields one sentence about all names that are no field's, with the list of the valid ones."""
    valid = [field.name for field in fields]
    unknown = [show(name) for name in given if name not in valid]
    if unknown:
        yield f"unknown field{'s' * (len(unknown) > 1)} {', '.join(unknown)}; valid are {', '.join(valid)}"


def show(value: object, *, may_be_secret: bool = False) -> str:
    """Returns what was given for a field as an error may show it."""
    if may_be_secret:
        return "the value given (not shown, it may be secret)"
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    # JSON leaves characters as they are that steer a display.
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[: _SHOWN_LENGTH + 1])
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"
