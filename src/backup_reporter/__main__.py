"""``python -m backup_reporter``, and the command ``backup-reporter``."""

from __future__ import annotations

import sys

from backup_reporter.demo import __main__ as demo


def main() -> None:
    """Runs the command that the first argument names."""
    command, *arguments = sys.argv[1:] or [""]
    if command != "demo":
        sys.exit(f"backup-reporter: {command or 'no command'}: the only command so far is demo")
    demo.main(arguments)


if __name__ == "__main__":
    main()
