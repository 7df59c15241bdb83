"""The template with parameters for tenants and distributed runs, after SAM's translator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.deployed_template import Deployed

NAMES = {"StateMachine": "arn:aws:states:eu-central-1:123456789012:stateMachine:distributed"}


@pytest.mark.parametrize(
    ("source", "action", "resource"),
    [
        (
            "ssm:/palette/tenants",
            "ssm:GetParameter",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/palette/tenants",
        ),
        ("s3://bucket/a/tenants.json", "s3:GetObject", "arn:aws:s3:::bucket/a/tenants.json"),
    ],
)
def test_the_function_may_read_the_list_of_tenants_and_their_secrets(source: str, action: str, resource: str) -> None:
    allowed = [one for one in Deployed({"Tenants": source}).statements() if one.policy == "read-tenants"]
    granted = {(one.actions, one.resources) for one in allowed}

    assert ((action,), (resource,)) in granted
    secrets = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:palette-tenants/*"
    assert (("secretsmanager:GetSecretValue",), (secrets,)) in granted
    # The third is for the other of the two places, and is nowhere.
    assert len(granted) == 3
    assert [one for one in Deployed({}).statements() if one.policy == "read-tenants"] == []


def test_the_schedule_starts_the_state_machine_if_runs_are_distributed_else_the_function() -> None:
    for distributed, action in (("yes", "states:StartExecution"), ("no", "lambda:InvokeFunction")):
        deployed = Deployed({"Distributed": distributed}, NAMES)
        (schedule,) = deployed.resources("AWS::Scheduler::Schedule").values()
        target = schedule["Target"]["Arn"]
        assert (target == NAMES["StateMachine"]) == (distributed == "yes")
        allowed = [one for one in deployed.statements() if one.role == "ScheduleRole" and action in one.actions]
        assert [one.resources for one in allowed] == [(target,)]
        assert len(deployed.resources("AWS::StepFunctions::StateMachine")) == (distributed == "yes")


def test_one_shard_of_a_palette_is_collected_at_a_time() -> None:
    (machine,) = Deployed({"Distributed": "yes"}, NAMES).resources("AWS::StepFunctions::StateMachine").values()
    lanes = machine["Definition"]["States"]["Collect"]
    lane = lanes["ItemProcessor"]["States"]["Lane"]

    assert lanes["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert lane["MaxConcurrency"] == 1
    assert lane["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE"


def test_every_state_leads_to_states_that_exist_and_each_of_them_is_reached() -> None:
    (machine,) = Deployed({"Distributed": "yes"}, NAMES).resources("AWS::StepFunctions::StateMachine").values()
    levels = [machine["Definition"]]
    for level in levels:
        states = level["States"]
        next_states = {level["StartAt"]}
        for state in states.values():
            next_states |= {step["Next"] for step in (state, *state.get("Catch", ())) if "Next" in step}
            levels += [state["ItemProcessor"]] if "ItemProcessor" in state else []
            assert ("Next" in state) + state.get("End", False) + (state["Type"] == "Fail") == 1
        assert next_states == set(states)
    assert len(levels) == 3


def test_a_throttled_step_is_given_up_within_the_hour() -> None:
    # Without a longest pause, ten doubled pauses would reach into the next day's run.
    (machine,) = Deployed({"Distributed": "yes"}, NAMES).resources("AWS::StepFunctions::StateMachine").values()
    retries = [rule for rule in _retries(machine["Definition"]) if rule["MaxAttempts"]]
    longest = [
        sum(
            min(rule["IntervalSeconds"] * rule["BackoffRate"] ** attempt, rule["MaxDelaySeconds"])
            for attempt in range(rule["MaxAttempts"])
        )
        for rule in retries
    ]

    assert len(retries) == 6
    assert max(longest) < 3600
    assert {rule["JitterStrategy"] for rule in retries} == {"FULL"}


def _retries(level: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in level["States"].values():
        yield from state.get("Retry", ())
        if "ItemProcessor" in state:
            yield from _retries(state["ItemProcessor"])
