"""``python -m backup_reporter``, and the command ``backup-reporter``."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line, where what it needs is installed."""
    try:
        from backup_reporter.cli.main import main as run  # noqa: PLC0415 - the function's package goes without it
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        said = "backup-reporter: the command line is not installed: pip install '.[cli]' in the project's directory"
        print(said, file=sys.stderr)
        sys.exit(3)  # not 1, which says WARNING: nothing was looked at
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
