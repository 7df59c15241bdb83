"""Documents that take as much memory as their size allows: what a hostile or broken Palette could answer."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping

MAX_BYTES = 31 * 1024**2
"""Just below what the client reads of one answer."""
_RUNS = b'{"spec":{"config":{"backupConfig":{"schedule":{"scheduledRunTime":"0 1 * * *"}}}},"status":{"workspaceBackupStatuses":['
_REFS = _RUNS + b'{"workspaceBackupConfig":{"clusterBackupRefs":['
_CLUSTER_UIDS = b'{"spec":{"config":{"clusterUids":['

_FULL_RUN = (
    b'{"requestUid":"r","workspaceBackupConfig":{"backupName":"b","requestTime":"2026-11-23T01:00:00Z",'
    b'"backupState":{"state":"Failed","deleteState":"x"},"config":{},"clusterBackupRefs":[{}]}}'
)
_FULL_REF = (
    b'{"clusterUid":"c","clusterName":"n","backupStatusMeta":{"backupName":"b","backupedNamespaces":[""],'
    b'"backupState":{"state":"x","msg":"m","backupTime":"2026-11-23T01:00:00Z"}}}'
)
_SHAPES: Mapping[str, tuple[bytes, bytes, bytes]] = {
    "runs that are null": (_RUNS, b"null", b"]}}"),
    "empty runs": (_RUNS, b"{}", b"]}}"),
    "runs without clusters": (_RUNS, b'{"workspaceBackupConfig":{"backupState":{"state":"Failed"}}}', b"]}}"),
    "runs of a wrong type": (_RUNS, b'{"requestUid":5}', b"]}}"),
    "runs with every field": (_RUNS, _FULL_RUN, b"]}}"),
    "clusters that are null": (_REFS, b"null", b"]}}]}}"),
    "empty clusters": (_REFS, b"{}", b"]}}]}}"),
    "clusters with every field": (_REFS, _FULL_REF, b"]}}]}}"),
    "namespaces": (b'{"spec":{"config":{"backupConfig":{"namespaces":[', b'"n"', b"]}}}}"),
    "cluster uids": (_CLUSTER_UIDS, b'"ab"', b"]}}}"),
    "labels": (b'{"metadata":{"labels":{', b'"k":""', b"}}}"),
    "unknown fields": (b'{"metadata":{},"x":[', b"[]", b"]}"),
}


def worst_documents() -> Iterator[tuple[str, bytes]]:
    """Yields each document with its name: as large as the client reads, or just within a bound of the judging."""
    for name, (head, entry, tail) in _SHAPES.items():
        yield f"32 MB of {name}", _filled(head, entry, tail, MAX_BYTES)
        entries = 9_900 if head == _RUNS else 90_000
        yield f"{entries:,} {name}", _filled(head, entry, tail, entries * (len(entry) + 1))
    yield from _products()
    yield "one name of 31 MB", b'{"metadata":{"name":"' + b"x" * (MAX_BYTES - 100) + b'"}}'
    yield "one state of 31 MB", _RUNS + _state(b"x" * (MAX_BYTES - 1000)) + b"]}}"
    for megabytes in (3, 31):
        yield (
            f"{megabytes} MB of half characters",
            b'{"metadata":{"name":"' + b"\\ud800" * (megabytes * 170_000) + b'"}}',
        )


def _products() -> Iterator[tuple[str, bytes]]:
    """Runs that name no cluster, times clusters that the policy names: each cluster is judged in each run."""
    for runs, clusters in ((8_000, 8_000), (9_900, 50), (700, 700), (50, 9_900)):
        uids = b",".join(b'"c%d"' % number for number in range(clusters))
        entries = b",".join(
            b'{"workspaceBackupConfig":{"requestTime":"2026-11-%02dT%02d:%02d:00Z","backupState":{"state":"Failed"}}}'
            % (1 + number % 23, number // 23 % 24, number // 552 % 60)
            for number in range(runs)
        )
        yield (
            f"{runs:,} runs times {clusters:,} clusters",
            _CLUSTER_UIDS + uids + b']}},"status":{"workspaceBackupStatuses":[' + entries + b"]}}",
        )


def _state(state: bytes) -> bytes:
    return b'{"workspaceBackupConfig":{"backupState":{"state":"' + state + b'"}}}'


def _filled(head: bytes, entry: bytes, tail: bytes, size: int) -> bytes:
    entries = max(1, (size - len(head) - len(tail)) // (len(entry) + 1))
    return head + (entry + b",") * (entries - 1) + entry + tail


def packed(document: bytes) -> bytes:
    """Returns the document as it goes over the wire."""
    return gzip.compress(document, compresslevel=1, mtime=0)


def gzip_bomb(megabytes: int) -> bytes:
    """So many megabytes of zeros, in a thousandth of that; without an end, which nobody should reach."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + megabyte * megabytes
