"""The table of endpoints in docs/govcloud.md, against the SDK's own rules."""

from __future__ import annotations

import re

import boto3
import pytest
from botocore.config import Config

from support.deployed_template import REPOSITORY

CLIENTS = {
    "Secrets Manager": "secretsmanager",
    "S3": "s3",
    "DynamoDB": "dynamodb",
    "SNS": "sns",
    "SES": "sesv2",
    "EventBridge": "events",
    "Systems Manager": "ssm",
}


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-gov-east-1"])
def test_the_sdk_chooses_the_hosts_that_the_document_names(region: str) -> None:
    text = (REPOSITORY / "docs/govcloud.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| ([\w ]+) \| `([\w.-]+\.amazonaws\.com)` \|$", text, re.MULTILINE))
    session = boto3.Session("key", "secret", region_name=region)
    chosen = {
        name: session.client(client, config=Config(use_fips_endpoint=True)).meta.endpoint_url
        for name, client in CLIENTS.items()
    }

    assert chosen == {name: f"https://{host.replace('us-gov-west-1', region)}" for name, host in documented.items()}
