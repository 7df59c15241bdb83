"""Prints the template as CloudFormation gets it: after SAM's own translator.

Linting the SAM source alone misses a dangling reference inside a function.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


def translated(template: Path) -> dict[str, Any]:
    source = yaml_parse(template.read_text(encoding="utf-8"))
    # The translator wants code that is packaged already.
    source["Resources"]["BackupReporter"]["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    result: dict[str, Any] = transform(source, {}, dict)
    return result


if __name__ == "__main__":
    print(json.dumps(translated(Path("template.yaml")), indent=1, default=str))
