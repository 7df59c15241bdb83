"""The report bucket in moto's S3."""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest
import urllib3

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.aws.s3_object import MAX_BYTES
from backup_reporter.bootstrap import Reporter
from backup_reporter.config.settings import Settings
from backup_reporter.errors import InvalidRequest, StoreError, TooLargeError
from backup_reporter.report.model import Report, Scope
from support.report_builders import NOW, REPORT_ID, a_finding, a_report, a_workspace, compared, days
from support.world import REGION, LocalAws

UTC = ZoneInfo("UTC")

REPORT = a_report(a_workspace("payments", a_finding(since=NOW)))


@pytest.fixture
def s3(aws: LocalAws) -> Any:
    aws.make_bucket("reports")
    return aws.client("s3")


@pytest.fixture
def store(s3: Any) -> ReportStore:
    return ReportStore(s3, "reports", "palette/")


def test_a_kept_report_is_found_by_its_id(store: ReportStore) -> None:
    store.save(REPORT)

    assert store.load(REPORT_ID) == REPORT


def test_reports_lie_by_day_with_their_files_beside_them(store: ReportStore, s3: Any) -> None:
    store.save(REPORT)
    store.save_file(REPORT_ID, "html", [b"<p>"])
    store.save_file(REPORT_ID, "csv", [b"a,", b"b"])

    place = f"palette/2026/11/24/{REPORT_ID}"
    kept = {entry["Key"]: s3.head_object(Bucket="reports", Key=entry["Key"])["ContentType"] for entry in listed(s3)}
    assert kept == {
        f"{place}.json": "application/json",
        f"{place}.html": "text/html; charset=utf-8",
        f"{place}.csv": "text/csv; charset=utf-8",
    }


def test_a_large_file_goes_up_in_parts_and_arrives_whole(store: ReportStore, s3: Any) -> None:
    pieces = [f"{number:07},".encode() * 100 for number in range(15_000)]
    store.save_file(REPORT_ID, "csv", iter(pieces))

    kept = s3.get_object(Bucket="reports", Key=store.key(REPORT_ID, "csv"))
    assert kept["Body"].read() == b"".join(pieces)
    assert kept["ETag"].endswith('-3"')  # S3's sign of an object that came in parts
    assert kept["ContentType"] == "text/csv; charset=utf-8"


class Bucket:
    """Takes parts as a network does, a little at a time. The local AWS would hold them in this process."""

    def __init__(self) -> None:
        self.part_bytes: list[int] = []
        self.is_in_memory: list[bool] = []

    def create_multipart_upload(self, **_: object) -> dict[str, str]:
        return {"UploadId": "1"}

    def upload_part(self, *, Body: IO[bytes], **_: object) -> dict[str, str]:  # noqa: N803 - as the SDK calls it
        self.part_bytes.append(sum(len(block) for block in iter(lambda: Body.read(16 * 1024), b"")))
        self.is_in_memory.append(isinstance(Body, BytesIO))
        return {"ETag": "1"}

    def complete_multipart_upload(self, **_: object) -> None: ...


def save_twelve_megabytes(bucket: Bucket) -> None:
    piece = bytes(64 * 1024)
    store = ReportStore(bucket, "reports", "")  # type: ignore[arg-type]
    store.save_file(REPORT_ID, "csv", (piece for _ in range(12 * 16)))


PARTS = [5 * 1024**2, 5 * 1024**2, 2 * 1024**2]


def test_a_large_file_is_never_in_memory() -> None:
    bucket = Bucket()

    save_twelve_megabytes(bucket)

    assert bucket.part_bytes == PARTS
    assert not any(bucket.is_in_memory)


def test_where_no_temporary_file_can_be_made_a_large_file_arrives_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    bucket = Bucket()

    save_twelve_megabytes(bucket)

    assert bucket.part_bytes == PARTS
    assert all(bucket.is_in_memory)


def test_a_full_disk_is_an_error_of_the_store_and_nothing_is_kept(store: ReportStore, s3: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024**2, hard))
    try:
        with pytest.raises(StoreError, match="a temporary file cannot be written: File too large"):
            store.save_file(REPORT_ID, "csv", (bytes(1024**2) for _ in range(12)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "Contents" not in s3.list_objects_v2(Bucket="reports")


@pytest.mark.parametrize("pieces_before", [0, 700])
def test_a_file_that_cannot_be_made_is_not_kept_by_halves(store: ReportStore, s3: Any, pieces_before: int) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"a,b\n" * 2500 for _ in range(pieces_before))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.save_file(REPORT_ID, "csv", pieces())

    assert "Contents" not in s3.list_objects_v2(Bucket="reports")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="reports")


def listed(s3: Any) -> Any:
    return s3.list_objects_v2(Bucket="reports")["Contents"]


@pytest.mark.parametrize(
    "report_id",
    [
        "",
        "nonsense",
        "../../etc/passwd",
        "20261124T070000Z-../../x",
        "20261124T070000Z-1a2b3c4d/../x",
        "2026112٤T070000Z-1a2b3c4d",
    ],
)
def test_what_is_no_reports_id_is_refused_before_anybody_is_asked(report_id: str, aws: LocalAws) -> None:
    with pytest.raises(InvalidRequest, match="is not a report's id"):
        ReportStore(aws.client("s3"), "no-such-bucket", "").load(report_id)


def test_a_report_that_is_not_kept_is_an_invalid_request(store: ReportStore) -> None:
    with pytest.raises(InvalidRequest, match="no report 20200101T000000Z-00000000 is kept in the bucket reports"):
        store.load("20200101T000000Z-00000000")


def test_a_kept_report_that_is_damaged_is_said_to_be(store: ReportStore, s3: Any) -> None:
    s3.put_object(Bucket="reports", Key=store.key(REPORT_ID, "json"), Body=b'{"reportId": 7}')

    with pytest.raises(StoreError, match=f"{REPORT_ID} cannot be read"):
        store.load(REPORT_ID)


def test_a_baseline_comes_back_as_it_was(store: ReportStore) -> None:
    baseline = compared(REPORT).baseline

    store.save_baseline(REPORT.scope, baseline, None)

    assert store.load_baseline(REPORT.scope, "the next") == baseline


def test_a_retry_is_compared_with_what_the_report_itself_was_compared_with(store: ReportStore) -> None:
    first = msgspec.structs.replace(compared(REPORT).baseline, report_id="first")
    second = msgspec.structs.replace(first, report_id="second")
    store.save_baseline(REPORT.scope, first, None)
    assert store.load_baseline(REPORT.scope, "first") is None

    for _ in range(2):
        store.save_baseline(REPORT.scope, second, first)
        assert store.load_baseline(REPORT.scope, "second") == first
    assert store.load_baseline(REPORT.scope, "third") == second


def test_every_scope_has_a_baseline_of_its_own(store: ReportStore) -> None:
    baseline = compared(REPORT).baseline

    store.save_baseline(REPORT.scope, baseline, None)

    assert store.load_baseline(Scope(project_uids=("p-1",)), "the next") is None


def test_a_file_that_is_far_too_large_is_not_read(store: ReportStore, s3: Any) -> None:
    store.save_baseline(REPORT.scope, compared(REPORT).baseline, None)
    (entry,) = listed(s3)
    s3.put_object(Bucket="reports", Key=entry["Key"], Body=b" " * (MAX_BYTES + 1))

    with pytest.raises(TooLargeError, match="larger than 64 MB, and was not written by this function"):
        store.load_baseline(REPORT.scope, "the next")


def test_a_damaged_baseline_is_not_taken_for_none(store: ReportStore, s3: Any) -> None:
    store.save_baseline(REPORT.scope, compared(REPORT).baseline, None)
    (entry,) = listed(s3)
    s3.put_object(Bucket="reports", Key=entry["Key"], Body=b"{")

    with pytest.raises(StoreError, match="is damaged"):
        store.load_baseline(REPORT.scope, "the next")


def test_whoever_has_the_link_gets_the_page(store: ReportStore) -> None:
    store.save_file(REPORT_ID, "html", [b"<p>", b"All is well"])

    answer = urllib3.request("GET", store.with_link(REPORT).report_url or "")

    assert (answer.status, answer.data) == (200, b"<p>All is well")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_links_are_signed_in_the_way_that_encrypted_buckets_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    store = Reporter(Settings(report_bucket="reports")).destinations.store

    assert store is not None
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in (store.with_link(REPORT).report_url or "")


@pytest.mark.parametrize(
    ("region", "bucket", "host"),
    [
        ("us-east-1", "reports", "reports.s3.us-east-1.amazonaws.com"),
        ("eu-central-1", "reports", "reports.s3.eu-central-1.amazonaws.com"),
        ("me-central-1", "reports", "reports.s3.me-central-1.amazonaws.com"),
        ("eu-central-1", "my.reports", "s3.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "reports", "reports.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "reports", "reports.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_links_lead_to_the_host_of_the_buckets_own_region(
    monkeypatch: pytest.MonkeyPatch, region: str, bucket: str, host: str
) -> None:
    report = linked(monkeypatch, bucket, AWS_DEFAULT_REGION=region)
    assert urlsplit(report.report_url or "").netloc == host


def test_links_lead_to_a_fips_endpoint_if_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    report = linked(monkeypatch, "reports", AWS_DEFAULT_REGION="us-gov-west-1", AWS_USE_FIPS_ENDPOINT="true")
    assert urlsplit(report.report_url or "").netloc == "reports.s3-fips.us-gov-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("region", "console"),
    [
        ("eu-central-1", "eu-central-1.console.aws.amazon.com"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
        ("cn-north-1", "console.amazonaws.cn"),
    ],
)
def test_a_report_says_until_when_its_link_works_and_how_to_open_it_then(
    monkeypatch: pytest.MonkeyPatch, region: str, console: str
) -> None:
    report = linked(monkeypatch, "reports", AWS_DEFAULT_REGION=region)
    key = f"reports/2026/11/24/{REPORT_ID}.html"

    assert report.link is not None
    assert "X-Amz-Expires=43200" in (report.report_url or "")
    assert timedelta(hours=11, minutes=59) < report.link.expires_at - datetime.now(UTC) <= timedelta(hours=12)
    assert report.link.s3_uri == f"s3://reports/{key}"
    quoted = key.replace("/", "%2F")
    assert report.link.console_url == f"https://{console}/s3/object/reports?region={region}&prefix={quoted}"


def linked(monkeypatch: pytest.MonkeyPatch, bucket: str, **environment: str) -> Report:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "test", **environment}.items():
        monkeypatch.setenv(name, value)
    store = Reporter(Settings(report_bucket=bucket)).destinations.store
    assert store is not None
    return store.with_link(REPORT)


def test_the_list_links_only_to_reports_below_the_prefix(store: ReportStore, s3: Any) -> None:
    store.add_to_index(REPORT, UTC)
    (entry,) = json.loads(s3.get_object(Bucket="reports", Key="palette/index.json")["Body"].read())
    paths = [
        "javascript:alert(1)",
        "../../../elsewhere",
        "//evil.example/2026/11/24/x",
        f"https://evil.example/{entry['path']}",
    ]
    forged = [entry, *({**entry, "path": path} for path in paths)]
    s3.put_object(Bucket="reports", Key="palette/index.json", Body=json.dumps(forged).encode())

    store.add_to_index(a_later_report(1), UTC)

    kept = json.loads(s3.get_object(Bucket="reports", Key="palette/index.json")["Body"].read())
    page = s3.get_object(Bucket="reports", Key="palette/index.html")["Body"].read().decode()
    assert len(kept) == 2
    assert "evil.example" not in page
    assert "javascript:" not in page


def a_later_report(days_later: int) -> Report:
    as_of = NOW + days(days_later)
    return a_report(a_workspace("payments"), as_of=as_of, report_id=f"{as_of:%Y%m%dT%H%M%SZ}-1a2b3c4d")


def test_kept_reports_are_listed_as_data_and_as_a_page(store: ReportStore, s3: Any) -> None:
    for number in range(2):
        store.add_to_index(a_later_report(number), UTC)

    entries = json.loads(s3.get_object(Bucket="reports", Key="palette/index.json")["Body"].read())
    page = s3.get_object(Bucket="reports", Key="palette/index.html")["Body"].read().decode()
    assert [entry["path"] for entry in entries] == [
        "2026/11/25/20261125T070000Z-1a2b3c4d",
        "2026/11/24/20261124T070000Z-1a2b3c4d",
    ]
    assert all(f'href="{entry["path"]}.html"' in page for entry in entries)


def test_a_report_is_listed_once_however_often_its_run_is_tried_again(store: ReportStore, s3: Any) -> None:
    for _ in range(2):
        store.add_to_index(REPORT, UTC)

    assert len(json.loads(s3.get_object(Bucket="reports", Key="palette/index.json")["Body"].read())) == 1


def test_reports_that_are_listed_at_the_same_moment_do_not_lose_each_other(store: ReportStore, s3: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.add_to_index(a_later_report(number), UTC), range(4)))

    assert len(json.loads(s3.get_object(Bucket="reports", Key="palette/index.json")["Body"].read())) == 4


def test_a_damaged_list_is_begun_anew(store: ReportStore, s3: Any) -> None:
    s3.put_object(Bucket="reports", Key="palette/index.json", Body=b"{")
    store.add_to_index(REPORT, UTC)

    assert len(json.loads(s3.get_object(Bucket="reports", Key="palette/index.json")["Body"].read())) == 1


def test_a_bucket_that_is_not_there_is_named_as_the_reason(aws: LocalAws) -> None:
    store = ReportStore(aws.client("s3"), "no-such-bucket", "")

    for use in (
        lambda: store.save(REPORT),
        lambda: store.load(REPORT_ID),
        lambda: store.load_baseline(REPORT.scope, "the next"),
    ):
        with pytest.raises(StoreError, match="bucket no-such-bucket: NoSuchBucket"):
            use()
    with pytest.raises(StoreError, match="bucket no-such-bucket: NoSuchBucket"):
        store.add_to_index(REPORT, UTC)


def test_object_lock_protects_a_reports_files_but_not_what_each_report_overwrites(aws: LocalAws) -> None:
    aws.make_bucket("locked", locks_objects=True)
    s3 = aws.client("s3")
    store = ReportStore(s3, "locked", "reports/", timedelta(days=30))
    report = a_report(a_workspace("payments"))

    store.save(report)
    store.add_to_index(report, UTC)

    (version,) = s3.list_object_versions(Bucket="locked", Prefix="reports/2")["Versions"]
    kept = s3.head_object(Bucket="locked", Key=version["Key"])
    assert kept["ObjectLockMode"] == "GOVERNANCE"
    assert timedelta(days=29) < kept["ObjectLockRetainUntilDate"] - datetime.now(UTC) <= timedelta(days=30)
    assert "ObjectLockMode" not in s3.head_object(Bucket="locked", Key="reports/index.html")
