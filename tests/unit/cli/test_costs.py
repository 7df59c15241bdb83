"""The estimate of what a deployment costs."""

from backup_reporter.cli.costs import cost_lines, estimate


def test_a_hundred_workspaces_cost_about_a_dollar() -> None:
    costs = estimate(100, secrets=2)
    assert 1 <= sum(cost.least for cost in costs) <= 1.5


def test_more_workspaces_cost_more_and_nothing_costs_less_than_nothing() -> None:
    few, many = (estimate(workspaces, secrets=1) for workspaces in (0, 10_000))
    assert sum(cost.least for cost in few) < sum(cost.least for cost in many)
    assert all(0 <= cost.least <= cost.most for cost in (*few, *many))


def test_the_last_line_is_the_sum() -> None:
    lines = cost_lines(estimate(100, secrets=1, has_dashboard=False))
    assert lines[-1].endswith("in all")
    assert "dashboard" not in "".join(lines)
