"""What several of the tests over the wire need: a local AWS, a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.server import ThreadedMotoServer
from moto.sns.models import Subscription

from support.lookalike import LookAlike
from support.sandboxes import SANDBOXES, add_sandboxes_to_moto
from support.slack_server import SlackServer
from support.world import LocalAws, World, small_fleet, world


@pytest.fixture(scope="session")
def aws_server() -> Iterator[LocalAws]:
    with _quicker(), pytest.MonkeyPatch.context() as patch:
        add_sandboxes_to_moto(patch)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield LocalAws(f"http://{host}:{port}")
        server.stop()


@contextmanager
def _quicker() -> Iterator[None]:
    """What AWS's libraries do anew for every test, and always with the same result, they do once: a third of the time."""
    read = cache(JSONFileLoader().load_file)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.MonkeyPatch.context() as patch:
        # moto makes a key for each subscription, and boto3 reads its descriptions of AWS for each session.
        patch.setattr(Subscription, "private_key", lambda _: key)
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture
def aws(aws_server: LocalAws) -> LocalAws:
    aws_server.reset()
    SANDBOXES.reset()
    return aws_server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A PEM file with a key and a self-signed certificate for 127.0.0.1."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    return path


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    """A Palette with one healthy and one failing workspace; a file may have another one."""
    with LookAlike(small_fleet(), rate_limit=False) as palette:
        yield palette


@pytest.fixture
def around(aws: LocalAws, palette: LookAlike) -> Iterator[World]:
    """What a deployed function has around it."""
    with SlackServer() as slack, world(aws, palette, slack) as around:
        yield around
