"""One invocation of the function in this process, as the platform makes it; prints what it took, as JSON.

Run by the function's Python against the built package; the settings are in the environment.
"""

import json
import resource
import sys
import time

started = time.perf_counter()

from backup_reporter.handler import lambda_handler  # noqa: E402 - importing it is part of what is measured


class Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 900_000


def main() -> None:
    kept_stdout = sys.stdout
    sys.stdout = sys.stderr  # the function's log
    answer = lambda_handler(json.loads(sys.argv[1]), Context())
    size = len(json.dumps(answer))  # as the runtime does
    used = resource.getrusage(resource.RUSAGE_SELF)
    taken = {
        "wall_seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
        "answer_bytes": size,
        "summary": answer["summary"],
        "notes": answer["notes"],
        "deliveries": answer["deliveries"],
    }
    print(json.dumps(taken), file=kept_stdout)


if __name__ == "__main__":
    main()
