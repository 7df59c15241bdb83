"""Prints the template as CloudFormation gets it: after SAM's own translator.

A linter sees more in it than in the SAM source, such as a dangling reference inside a function. The state machine's
definition stands in it whole, so that the linter looks at that too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


def translated(template: Path) -> dict[str, Any]:
    """Returns the template after the translator."""
    source = yaml_parse(template.read_text(encoding="utf-8"))
    machine = source["Resources"]["StateMachine"]["Properties"]
    definition = json.loads((template.parent / machine["DefinitionUri"]).read_text(encoding="utf-8"))
    # The translator wants code and definition to be in a bucket already.
    source["Resources"]["BackupReporter"]["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    machine["DefinitionUri"] = {"Bucket": "bucket", "Key": "key"}
    result: dict[str, Any] = transform(source, {}, dict)
    properties = result["Resources"]["StateMachine"]["Properties"]
    del properties["DefinitionS3Location"]
    properties["Definition"] = definition
    return result


if __name__ == "__main__":
    print(json.dumps(translated(Path("template.yaml")), indent=1, default=str))
