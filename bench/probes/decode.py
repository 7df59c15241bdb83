"""Decodes a backup result in three ways; prints the seconds for each document, as JSON."""

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
    """The shortest of some rounds: other work on the machine can only add time."""
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
