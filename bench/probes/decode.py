"""Backup results decoded in three ways from the same bytes; prints seconds a document, as JSON.

Given how many days and clusters a document has.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from backup_reporter.palette import wire_types
from backup_reporter.palette.results import decode_backup_result

_ROUNDS = 7
_STRUCTS = msgspec.json.Decoder(wire_types.Result[wire_types.RunEntry | None] | None)


def seconds(decode: Callable[[bytes], object], document: bytes, times: int) -> float:
    """The least of some rounds: whatever else the machine does only ever adds."""
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        for _ in range(times):
            decode(document)
        rounds.append((time.process_time() - started) / times)
    return min(rounds)


def main() -> None:
    document = Path(sys.argv[1]).read_bytes()
    times = max(1, 20_000_000 // len(document))
    taken = {
        "bytes": len(document),
        "json": seconds(json.loads, document, times),
        "structs": seconds(_STRUCTS.decode, document, times),
        "judged": seconds(decode_backup_result, document, times),
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
