"""Connections as a company's network has them: a private certificate authority, and a proxy in between."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backup_reporter.aws.clients import Clients
from backup_reporter.errors import PaletteError, UnreachableError
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.rate_limit import RateLimiter
from support.connect_proxy import ConnectProxy
from support.lookalike import API_KEY, LookAlike
from support.pythons import pythons
from support.stage import CHANNELS, SCHEDULED, stage
from support.world import LocalAws, a_fleet, environment_of

SOURCE = Path(__file__).parents[2] / "src"
PASSWORD = "pr0xy-passw0rd"


def private_ca(directory: Path) -> tuple[Path, Path]:
    """A CA such as many companies have (its basicConstraints are not critical), and a server's certificate of it.

    Returns the PEM file to trust and the one to serve with.
    """
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example Corp CA")])
    server_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "palette")])
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    ca = _builder(ca_name, ca_name, ca_key).add_extension(x509.BasicConstraints(ca=True, path_length=None), False)
    server = _builder(server_name, ca_name, server_key).add_extension(address, False)
    trusted, served = directory / "ca.pem", directory / "server.pem"
    trusted.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    served.write_bytes(private + server.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return trusted, served


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


@pytest.fixture
def trusted_ca(tmp_path: Path) -> Path:
    return private_ca(tmp_path)[0]


@pytest.fixture
def palette(tmp_path: Path, trusted_ca: Path) -> Iterator[LookAlike]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with LookAlike(a_fleet({}), rate_limit=False, ssl_context=context) as palette:
        yield palette


def ask(url: str, ca_bundle: Path | None) -> int:
    """Returns how many projects Palette lists, asked as the function asks."""
    http = Clients().http(str(ca_bundle) if ca_bundle else None)
    client = PaletteClient(
        http, url, lambda: API_KEY, RateLimiter(1000, 1000), lambda: 20.0, sleep=lambda seconds: None
    )
    return len(client.projects().items)


HANDSHAKE = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from backup_reporter.aws.tls import build_context
context = build_context(sys.argv[2] or None)
with socket.create_connection((sys.argv[3], int(sys.argv[4]))) as connection:
    context.wrap_socket(connection, server_hostname=sys.argv[3]).close()
"""


def shake_hands(python: str, ca_bundle: str, url: str, host: str = "127.0.0.1") -> str:
    """Returns what a Python says of a TLS connection to the server: nothing if all is well."""
    port = url.rpartition(":")[2]
    arguments = [python, "-c", HANDSHAKE, str(SOURCE), ca_bundle, host, port]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=30).stderr


@pytest.mark.parametrize("python", pythons())
def test_a_private_ca_without_critical_constraints_is_trusted_on_every_python(
    python: str, palette: LookAlike, trusted_ca: Path
) -> None:
    assert shake_hands(python, str(trusted_ca), palette.url) == ""


@pytest.mark.parametrize("python", pythons())
def test_with_a_private_ca_the_host_and_the_chain_are_still_checked(
    python: str, palette: LookAlike, trusted_ca: Path, certificate: Path
) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in shake_hands(python, str(trusted_ca), palette.url, host="localhost")
    assert "CERTIFICATE_VERIFY_FAILED" in shake_hands(python, str(certificate), palette.url)
    assert "CERTIFICATE_VERIFY_FAILED" in shake_hands(python, "", palette.url)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_palette_is_asked_through_the_proxy(name: str, palette: LookAlike, trusted_ca: Path) -> None:
    with ConnectProxy() as proxy, environment_of({name: proxy.url}):
        assert ask(palette.url, trusted_ca) > 0

    assert proxy.tunnels == [palette.url.removeprefix("https://")]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_a_host_that_is_exempt_is_asked_directly(name: str, palette: LookAlike, trusted_ca: Path) -> None:
    with ConnectProxy() as proxy, environment_of({"HTTPS_PROXY": proxy.url, name: "example.com,127.0.0.1"}):
        assert ask(palette.url, trusted_ca) > 0

    assert proxy.tunnels == []


def test_connections_through_the_proxy_are_kept(palette: LookAlike, trusted_ca: Path) -> None:
    http = Clients().http(str(trusted_ca))
    with ConnectProxy() as proxy, environment_of({"HTTPS_PROXY": proxy.url}):
        for _ in range(3):
            http.request("GET", palette.url)

    assert len(proxy.tunnels) == 1


def test_a_certificate_is_checked_through_the_proxy_too(palette: LookAlike, certificate: Path) -> None:
    with (
        ConnectProxy() as proxy,
        environment_of({"HTTPS_PROXY": proxy.url}),
        pytest.raises(UnreachableError, match="certificate is not trusted"),
    ):
        ask(palette.url, certificate)


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_is_named_with_its_answer(palette: LookAlike, trusted_ca: Path, status: int) -> None:
    with (
        ConnectProxy(refuses_with=status) as proxy,
        environment_of({"HTTPS_PROXY": proxy.url}),
        pytest.raises(PaletteError) as caught,
    ):
        ask(palette.url, trusted_ca)

    assert str(caught.value) == (
        f"Palette could not be reached: the proxy that HTTPS_PROXY names refused the connection (HTTP {status})"
    )
    assert palette.requests == []


@pytest.mark.parametrize(
    "url",
    [
        f"http://reporter:{PASSWORD}@127.0.0.1:9",
        f"ftp://reporter:{PASSWORD}@127.0.0.1:9",
        f"http://reporter:{PASSWORD}@[::1",
        f"http://repörter:{PASSWORD}€@127.0.0.1:9",
    ],
)
def test_a_proxy_that_cannot_be_used_is_said_without_its_password(
    palette: LookAlike, trusted_ca: Path, url: str
) -> None:
    with environment_of({"HTTPS_PROXY": url}), pytest.raises(PaletteError) as caught:
        ask(palette.url, trusted_ca)

    assert str(caught.value) == "Palette could not be reached: the proxy that HTTPS_PROXY names could not be reached"
    assert PASSWORD not in repr(caught.value)


@pytest.mark.parametrize("refuses_with", [None, 407])
def test_a_proxys_password_leaves_the_process_nowhere(aws: LocalAws, tmp_path: Path, refuses_with: int | None) -> None:
    trusted, served = private_ca(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(served)
    with stage(aws, tls=tls) as on_stage, ConnectProxy(password=PASSWORD, refuses_with=refuses_with) as proxy:
        on_stage.environment |= {"PALETTE_CA_BUNDLE": str(trusted), "HTTPS_PROXY": proxy.url}
        outcome = on_stage.invoke(SCHEDULED, 20.0)
        left = on_stage.left_the_process(outcome)

    assert bool(proxy.tunnels) == (refuses_with is None)
    assert (outcome.unread == set()) == (refuses_with is None)
    assert PASSWORD not in left
    assert outcome.delivered == set(CHANNELS)
