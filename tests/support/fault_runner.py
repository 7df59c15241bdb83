"""Puts a fault on the stage, runs the real handler, and holds the report to its promises."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.proof.archive import BucketArchive, ids_between, load, parse
from backup_reporter.proof.chain import Chain, Link
from backup_reporter.proof.verify import Verification, verify
from support.fault_list import Certificate, Fault
from support.lookalike import API_KEY
from support.stage import CHANNELS, HEALTHY, IN_TROUBLE, SCHEDULED, WORKSPACES, Outcome, stage
from support.world import LocalAws

YESTERDAY, TODAY = date(2026, 11, 23), date(2026, 11, 24)
"""The days of the scheduled report and the one before it."""
WORST = ("CRITICAL", "UNKNOWN", "WARNING", "OK")


def run(fault: Fault, aws: LocalAws, directory: Path) -> Outcome:
    """Runs the handler with the fault in place, and raises :class:`AssertionError` for a broken promise."""
    tls = _context(fault.certificate, directory) if fault.certificate else None
    with stage(aws, fault.secrets, tls) as on_stage:
        if fault.certificate in ("expired", "of another host"):
            on_stage.environment["PALETTE_CA_BUNDLE"] = str(directory / "certificate.pem")
        fault.arrange(on_stage)
        outcome = on_stage.invoke(SCHEDULED, fault.seconds)
        said = on_stage.left_the_process(outcome)
        problems = _proof_problems(outcome, aws)
        tokens = {
            on_stage.slack.webhook_url.rpartition("/")[2],
            on_stage.teams.webhook_url.rpartition("sig=")[2],
            on_stage.pagerduty.routing_key,
        }
    assert API_KEY not in said, "the key has left the process"
    assert not [token for token in tokens if token in said], "a webhook's URL or a routing key has left the process"
    _it_came_in_time(outcome, fault)
    _everybody_heard(outcome, fault)
    _it_is_true(outcome, fault)
    _it_can_be_recomputed(outcome, problems, fault)
    return outcome


def _proof_problems(outcome: Outcome, aws: LocalAws) -> list[str]:
    """What recomputing the report from its evidence finds wrong, and the chain of all that is kept."""
    archive = BucketArchive(ReportStore(aws.client("s3"), "kept", "reports/"))
    answered = parse("the report", json.dumps(outcome.report).encode())
    found = verify(archive, answered) if answered.report.evidence else Verification("")
    kept = filter(None, (load(archive, name) for name in ids_between(archive, YESTERDAY, TODAY)))
    links = [Link.of(one.report, one.sha256) for one in kept]
    return [*found.problems, *found.differences, *Chain.of(links, YESTERDAY).problems]


def _it_can_be_recomputed(outcome: Outcome, problems: list[str], fault: Fault) -> None:
    assert (outcome.report["evidence"] is None) == fault.costs_evidence, outcome.said
    assert bool(problems) == bool(fault.proof_says), problems
    assert fault.proof_says in " ".join(problems)


def _it_came_in_time(outcome: Outcome, fault: Fault) -> None:
    assert outcome.seconds < fault.seconds, "the platform would have killed it"


def _everybody_heard(outcome: Outcome, fault: Fault) -> None:
    assert set(CHANNELS) - outcome.delivered == set(fault.deaf), outcome.said
    # What did not reach everybody is said to the platform, which tries again.
    assert bool(fault.deaf) == (outcome.raised is not None)
    for channel in fault.deaf:
        assert channel in str(outcome.raised)


def _it_is_true(outcome: Outcome, fault: Fault) -> None:
    assert fault.says in outcome.said, outcome.said
    if fault.unread is not None:
        assert outcome.unread == set(fault.unread), outcome.said
    for uid, status in outcome.verdicts.items():
        # Restores that cannot be read are said, and change nothing else.
        untested = outcome.codes(uid) & ({"restore-untested"} if fault.is_beyond_workspaces else set())
        codes = outcome.codes(uid) - untested
        if uid in outcome.unread:
            assert status == "UNKNOWN"
        elif uid in HEALTHY:
            assert (status, codes) == ("WARNING" if untested else "OK", set()), (uid, status, codes)
        else:
            assert (status, codes) == ("CRITICAL", {IN_TROUBLE[uid]}), (uid, status, codes)
    if outcome.unread - set(outcome.verdicts):
        assert outcome.report["problems"], "what is missing is not named"
    told = [
        *(workspace["status"] for workspace in outcome.report["workspaces"]),
        *(["UNKNOWN"] if outcome.report["problems"] else []),
    ]
    assert outcome.report["status"] == min(told, key=WORST.index)


def in_words(outcome: Outcome) -> str:
    """Returns the outcome for the table. Every channel has the report, unless it says which ones missed it."""
    read = len(WORKSPACES) - len(outcome.unread)
    said = f"{outcome.report['status']}; {read} of {len(WORKSPACES)} read"
    missing = [channel for channel in CHANNELS if channel not in outcome.delivered]
    said += "" if outcome.report["evidence"] else "; no evidence"
    return said + (f"; missed by {', '.join(missing)}" if missing else "")


def _context(certificate: Certificate, directory: Path) -> ssl.SSLContext:
    path = directory / "certificate.pem"
    path.write_bytes(_pem(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _pem(certificate: Certificate) -> bytes:
    """A key and a certificate that signs itself, for 127.0.0.1 unless it is that of another host."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "palette")])
    address = IPv4Address("127.0.0.2" if certificate == "of another host" else "127.0.0.1")
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=-1 if certificate == "expired" else 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + made.public_bytes(pem)
