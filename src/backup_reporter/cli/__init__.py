"""The command line: ``backup-reporter``. Left out of the function's package; needs the extra ``cli``."""
