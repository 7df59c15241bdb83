from __future__ import annotations

import os
import subprocess
import sys

from backup_reporter.bootstrap import Reporter
from backup_reporter.doctor.diagnose import diagnose
from backup_reporter.errors import SettingsError


def refuse() -> Reporter:
    raise SettingsError(["PALETTE_API_KEY_SECRET: not set"])


def test_the_doctor_warns_of_a_misspelt_setting_beside_what_is_wrong() -> None:
    environ = {"EXPIRY_WARNING_DAY": "7", "HOME": "/home/user"}
    checks = diagnose(refuse, lambda: 60.0, environ).checks

    assert ("settings", "failed") in [(check.name, check.result) for check in checks]
    (warning,) = [check for check in checks if check.result == "warning"]
    assert warning.detail == "EXPIRY_WARNING_DAY is not a setting and is ignored; did you mean EXPIRY_WARNING_DAYS?"


def test_the_command_line_warns_of_a_misspelt_setting() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backup_reporter", "report"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "SLACK_WEBHOOK": "https://hooks.slack.com/services/T0/B0/canary"},
    )
    assert "warning: SLACK_WEBHOOK is not a setting and is ignored; did you mean SLACK_WEBHOOK_SECRET?" in done.stderr
    assert "canary" not in done.stderr + done.stdout
