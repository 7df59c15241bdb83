"""Prints ``docs/parameters.md``: what ``sam deploy --guided`` asks for, from the template itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_HEAD = """\
# The stack's parameters

`sam deploy --guided` asks for these by name alone, and `samconfig.toml` keeps the answers. Change them [there only](operations.md#changing-a-setting). `none` and the empty
text both mean "not set". If a parameter sets a variable of the function, [the README](../README.md#settings) says more about it. `make parameters` makes this page from `template.yaml`.
"""


def document(template: dict[str, Any]) -> str:
    """The parameters in their groups, as Markdown."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    parts = [_HEAD]
    for group in groups:
        rows = [_row(name, template["Parameters"][name]) for name in group["Parameters"]]
        parts.append(f"## {group['Label']['default']}\n\n| parameter | default | what it is |\n| --- | --- | --- |\n")
        parts[-1] += "\n".join(rows) + "\n"
    return "\n".join(parts)


def _row(name: str, parameter: dict[str, Any]) -> str:
    default = parameter.get("Default", "required")
    shown = default if default == "required" else f"`{default}`" if default != "" else "empty"
    description = re.sub(r"\s+", " ", parameter["Description"]).strip().replace("|", "\\|")
    values = [str(value) for value in parameter.get("AllowedValues", ()) if value != ""]
    allowed = f" One of {', '.join(values)}." if values else ""
    return f"| `{name}` | {shown} | {description}{allowed} |"


if __name__ == "__main__":
    from samcli.yamlhelper import yaml_parse

    print(document(yaml_parse(Path("template.yaml").read_text(encoding="utf-8"))), end="")
