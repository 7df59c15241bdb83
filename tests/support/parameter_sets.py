"""Parameters with which people deploy the template, from the least to everything."""

from __future__ import annotations

from typing import Any

ARN_ENDING = "-a1B2c3"
PARTITIONS = {"us-east-1": "aws", "eu-central-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"}
"""The partition of each region that the template is tried for."""

MINIMAL = {"PaletteApiKeySecret": "palette-api-key"}


def parameter_sets(region: str, parameters: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Returns each set by its name; ``parameters`` are the template's own."""
    partition = PARTITIONS[region]

    def arn(service: str, resource: str, *, account: str = "123456789012", of_region: str = region) -> str:
        return f"arn:{partition}:{service}:{of_region}:{account}:{resource}"

    key = {"KmsKeyArn": arn("kms", "key/0b7f5a1e-0000-0000-0000-000000000000")}
    network = {
        "VpcSubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
        "VpcSecurityGroupIds": "sg-0123456789abcdef0",
    }
    channels = {
        "SubscriberEmail": "team@example.com",
        "SlackWebhookSecret": "slack-webhook",
        "TeamsWebhookSecret": "teams-webhook",
        "PagerDutySecret": "pagerduty",
        "EmailFrom": "backups@example.com",
        "EmailTo": "team@example.com,boss@example.com",
        "EventBusName": "default",
        "HeartbeatUrlSecret": "heartbeat",
    }
    return {
        "minimal": MINIMAL,
        "everything": {
            **MINIMAL,
            **channels,
            **key,
            **network,
            "AlarmEmail": "operators@example.com",
            "SilenceHours": "74",
            "Tenants": "ssm:/palette/tenants",
            "TenantApiHosts": "palette.example.com,*.palette.example.com",
            "MaxBackupAgeHours": "36",
            "RestoreTestMaxAgeDays": "90",
            "ExtraStates": "succeeded=Done",
            "WorkspaceLink": "https://palette.example.com/projects/{projectUid}/workspaces/{workspaceUid}",
            "PaletteCaBundle": "/var/task/palette-ca.pem",
            "PermissionsBoundaryArn": arn("iam", "policy/boundary", of_region=""),
            "UseFipsEndpoints": "yes",
            "Distributed": "yes",
            "ReservedConcurrency": "5",
            "ReportLockDays": "365",
        },
        "distributed": {**MINIMAL, "Distributed": "yes"},
        "vpc": {**MINIMAL, **network},
        "kms": {**MINIMAL, **key, "Distributed": "yes"},
        "none everywhere": {
            **{name: "none" for name, parameter in parameters.items() if takes_none(parameter)},
            **MINIMAL,
            "SnsTopicArn": "create",
        },
        "no bucket": {**MINIMAL, "ReportBucket": "none"},
        "no table": {**MINIMAL, "DeliveryTable": "none"},
        "tenants in s3": {**MINIMAL, "Tenants": "s3://lists/palette/tenants.json"},
        "tenants in ssm": {**MINIMAL, "Tenants": "ssm:/palette/tenants"},
        "secret by arn": {
            "PaletteApiKeySecret": arn("secretsmanager", f"secret:palette-api-key{ARN_ENDING}"),
            "SlackWebhookSecret": arn("secretsmanager", f"secret:slack-webhook{ARN_ENDING}"),
            "SnsTopicArn": arn("sns", "backups"),
            "AlarmTopicArn": arn("sns", "alarms"),
            "ReportBucket": "own-bucket",
            "DeliveryTable": "own-table",
        },
    }


def takes_none(parameter: dict[str, Any]) -> bool:
    """Returns whether a parameter of the template is an optional one."""
    return "none" in parameter.get("ConstraintDescription", "") or "none" in parameter.get("AllowedValues", ())
