"""Two tenants in a distributed run as a user installs it: sam deploy under enforced IAM, an execution, its report."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.demo.instructive import instructive
from support.lookalike import API_KEY, LookAlike
from support.stack import local_aws

_SECONDS = 120.0


def test_the_state_machine_runs_with_the_templates_own_roles_and_reports_on_every_tenant(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory: Path = tmp_path_factory.mktemp("aws")
    now = datetime.now(UTC)
    with (
        LookAlike(instructive(now), rate_limit=False) as first,
        LookAlike(instructive(now), rate_limit=False) as second,
        local_aws(directory) as aws,
    ):
        aws.client("s3").create_bucket(
            Bucket="deployments", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        for name in ("acme", "globex"):
            aws.client("secretsmanager").create_secret(Name=f"palette-tenants/{name}", SecretString=API_KEY)
        tenants = [
            {"name": "acme", "apiUrl": first.url, "apiKeySecret": "palette-tenants/acme"},
            {"name": "globex", "apiUrl": second.url, "apiKeySecret": "palette-tenants/globex"},
        ]
        aws.client("ssm").put_parameter(Name="/palette/tenants", Value=json.dumps(tenants), Type="String")
        parameters = {
            "PaletteApiKeySecret": "unused",
            "Tenants": "ssm:/palette/tenants",
            "TenantApiHosts": "127.0.0.1",
            "Distributed": "yes",
        }
        outputs = aws.deploy(aws.build(), "distributed", parameters)
        # The local AWS speaks plain HTTP, which bucket and topic refuse.
        aws.client("s3").delete_bucket_policy(Bucket=outputs["BucketName"])
        aws.let_topics_speak_plain_http(outputs["TopicArn"])
        states = aws.client("stepfunctions")
        execution = states.start_execution(
            stateMachineArn=outputs["StateMachineArn"], input=json.dumps({"scheduledTime": "2026-11-24T07:00:00Z"})
        )["executionArn"]
        ended = _wait(states, execution)
        assert ended["status"] == "SUCCEEDED", ended
        report = json.loads(ended["output"])
        assert [one["name"] for one in report["tenants"]] == ["acme", "globex"]
        assert report["tenants"][0]["summary"] == report["tenants"][1]["summary"]
        assert report["problems"] == []
        assert {one["status"] for one in report["deliveries"]} == {"delivered"}


def _wait(states: Any, execution: str) -> dict[str, Any]:
    ends_at = time.monotonic() + _SECONDS
    while time.monotonic() < ends_at:
        described: dict[str, Any] = states.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.5)
    raise AssertionError("the execution does not end")
