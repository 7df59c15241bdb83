"""What any function begins with that reads a secret and publishes to a topic: boto3 and two clients."""

import boto3

boto3.client("secretsmanager")
boto3.client("sns")
