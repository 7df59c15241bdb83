"""A local AWS (moto's server) in a process of its own, with what one function uses.

``python -m bench.aws_server`` prints the function's environment as JSON, and ends once its input does.
"""

from __future__ import annotations

import json
import sys

from backup_reporter.demo.local_aws import local_aws
from backup_reporter.demo.lookalike import API_KEY

CHANNELS = ("SLACK_WEBHOOK_SECRET", "EMAIL_FROM", "EMAIL_TO", "EVENT_BUS_NAME", "DELIVERY_TABLE")
"""Settings that switch on more than what is measured: a topic, and the bucket where the report is kept."""


def main() -> None:
    with local_aws({"PALETTE_API_KEY_SECRET": API_KEY}) as aws:
        environment = {name: value for name, value in aws.environment.items() if name not in CHANNELS}
        print(json.dumps(environment), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
