"""The state machine over three tenants and two thousand workspaces: what :mod:`test_fleet` shows with fewer."""

from __future__ import annotations

from test_distributed import NOW, check_that_a_fleet_reports_what_one_function_does

from backup_reporter.demo.fleet import synthetic
from support.world import LocalAws


def test_the_report_is_the_one_functions_but_for_ids_and_times(aws: LocalAws) -> None:
    shared, own = synthetic(1500, 3, 1, 1, NOW), synthetic(500, 3, 1, 2, NOW)
    check_that_a_fleet_reports_what_one_function_does(aws, shared, 1200, own)
