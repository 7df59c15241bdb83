import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import boto3
import pytest

from backup_reporter.aws.clients import Clients
from backup_reporter.bootstrap import Reporter
from backup_reporter.config.limits import MAX_POOLS
from backup_reporter.config.settings import Settings

SETTINGS = Settings(sns_topic_arn="arn:aws:sns:eu-central-1:123456789012:reports", report_bucket="reports")


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)


def test_every_connection_shares_one_tls_context() -> None:
    pools = Clients().http(None)
    contexts = {
        id(pools.connection_from_url(url).conn_kw["ssl_context"]) for url in ("https://a.example", "https://b.example")
    }

    assert len(contexts) == 1
    context = pools.connection_from_url("https://a.example").conn_kw["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_as_many_palettes_as_are_asked_at_once_keep_their_connections_and_so_do_the_channels() -> None:
    pools = Clients().http(None)
    urls = [f"https://{name}.example" for name in ("slack", "teams", "pagerduty", "heartbeat")]
    urls += [f"https://palette-{number}.example" for number in range(MAX_POOLS)]
    first_time = [pools.connection_from_url(url) for url in urls]

    assert all(pools.connection_from_url(url) is before for url, before in zip(urls, first_time, strict=True))


def test_a_client_is_made_once_whoever_asks_for_it_first() -> None:
    made = Clients()
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda _: id(made.aws("sns")), range(8)))

    assert len(clients) == 1


def test_threads_that_ask_for_different_clients_share_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[boto3.Session] = []
    together = Barrier(4)

    class CountedSession(boto3.Session):
        def __init__(self) -> None:
            super().__init__()
            sessions.append(self)

    def ask(service: str) -> None:
        together.wait()
        made.aws(service)

    monkeypatch.setattr(boto3, "Session", CountedSession)
    made = Clients()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, ["sns", "s3", "secretsmanager", "dynamodb"]))

    assert len(sessions) == 1


def test_only_what_is_set_up_is_built() -> None:
    reporter = Reporter(SETTINGS)
    destinations = reporter.destinations

    assert [channel.name for channel in destinations.channels] == ["sns"]
    assert destinations.store is not None
    assert destinations.delivery_log is None
    assert {service for service, _ in reporter.clients._aws} == {"sns", "s3"}


def test_where_there_is_no_list_nobody_is_taken_for_a_tenant_with_a_name() -> None:
    assert [tenant.name for tenant in Reporter(SETTINGS).tenants()] == [None]
    assert Reporter(SETTINGS).tenants(["acme"]) == ()
