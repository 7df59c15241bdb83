"""A JSON Schema of the elements of Adaptive Cards 1.2 that this project uses, as https://adaptivecards.io/explorer/ has them.

Stricter than the published schema: a property that is not listed here is refused, and so is an element that Teams does not show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

MAX_VERSION = (1, 5)
"""What Teams shows at most: https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-reference"""

_COLOR = {"enum": ["default", "dark", "light", "accent", "good", "warning", "attention"]}
_SPACING = {"enum": ["default", "none", "small", "medium", "large", "extraLarge", "padding"]}


def _object(kind: str, required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", *required],
        "properties": {"type": {"const": kind}, **properties},
        "additionalProperties": False,
    }


SCHEMA: Mapping[str, Any] = {
    **_object(
        "AdaptiveCard",
        ["version", "body"],
        {
            "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
            "version": {"type": "string", "pattern": r"^1\.\d$"},
            "msteams": {"type": "object", "properties": {"width": {"const": "Full"}}, "additionalProperties": False},
            "body": {"type": "array", "items": {"$ref": "#/$defs/element"}, "minItems": 1},
            "actions": {"type": "array", "items": {"$ref": "#/$defs/action"}, "maxItems": 6},
        },
    ),
    "$defs": {
        "element": {"oneOf": [{"$ref": "#/$defs/container"}, {"$ref": "#/$defs/richTextBlock"}]},
        "container": _object(
            "Container",
            ["items"],
            {
                "items": {"type": "array", "items": {"$ref": "#/$defs/element"}},
                "style": {"enum": ["default", "emphasis", "good", "attention", "warning", "accent"]},
                "bleed": {"type": "boolean"},
                "separator": {"type": "boolean"},
                "spacing": _SPACING,
            },
        ),
        "richTextBlock": _object(
            "RichTextBlock",
            ["inlines"],
            {
                "inlines": {"type": "array", "items": {"$ref": "#/$defs/textRun"}, "minItems": 1},
                "separator": {"type": "boolean"},
                "spacing": _SPACING,
            },
        ),
        "textRun": _object(
            "TextRun",
            ["text"],
            {
                "text": {"type": "string", "minLength": 1},
                "color": _COLOR,
                "isSubtle": {"type": "boolean"},
                "size": {"enum": ["default", "small", "medium", "large", "extraLarge"]},
                "weight": {"enum": ["default", "lighter", "bolder"]},
                "selectAction": {"$ref": "#/$defs/action"},
            },
        ),
        "action": _object(
            "Action.OpenUrl",
            ["url"],
            {"url": {"type": "string", "pattern": "^https?://"}, "title": {"type": "string"}},
        ),
    },
}
_VALIDATOR = Draft202012Validator(SCHEMA)


def card_problems(card: object) -> list[str]:
    """What Teams would not show of a card; empty for a good one."""
    problems = [f"{error.json_path}: {error.message[:200]}" for error in _VALIDATOR.iter_errors(card)]
    if not problems and isinstance(card, Mapping):
        version = tuple(int(part) for part in card["version"].split("."))
        problems += [f"version {card['version']} is newer than what Teams shows"] if version > MAX_VERSION else []
    return problems
