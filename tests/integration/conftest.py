"""A local AWS for the tests that talk to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import urllib3
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"


class LocalAws:
    """moto's server; empty at the beginning of each test."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def sent_emails(self) -> list[dict[str, Any]]:
        """What SES has taken, as moto tells it."""
        found: dict[str, Any] = urllib3.request("GET", f"{self.url}/moto-api/data.json").json()
        return [message for name in ("Message", "RawMessage") for message in found.get("ses", {}).get(name, [])]

    def reset(self) -> None:
        urllib3.request("POST", f"{self.url}/moto-api/reset")


@pytest.fixture(scope="session")
def _aws_server() -> Iterator[LocalAws]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield LocalAws(f"http://{host}:{port}")
    server.stop()


@pytest.fixture
def aws(_aws_server: LocalAws) -> LocalAws:
    _aws_server.reset()
    return _aws_server
