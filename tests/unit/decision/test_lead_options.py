"""What a policy tells lead scoring is checked when the file is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.decision.agents import AGENTS
from connector.decision.agents.lead_options import LeadOptions, NextStep, options_of
from connector.errors import PolicyError
from connector.policy import parse_policy

POLICY = """
schema: 1
policy: scoring
goal: Score leads.
when: {{object: lead, events: [created]}}
agent: {agent}
may: {{update: {{tier: {{}}}}}}
handoff: {{to: sales}}
"""


def options(keys):
    agent = f"{{use: lead_scoring, {keys}}}" if keys else "lead_scoring"
    return options_of(parse_policy(POLICY.format(agent=agent), agents=AGENTS))


def problems(keys):
    with pytest.raises(PolicyError) as refused:
        options(keys)
    return "\n".join(refused.value.problems)


def test_a_policy_that_says_nothing_gets_the_usual():
    assert options("") == LeadOptions()


def test_tiers_stand_from_the_highest_whatever_their_order():
    read = options("tiers: {C: 0, A: 80, B: 50}, actions: {A: route}")
    assert list(read.tiers) == ["A", "B", "C"]
    assert [read.tier(score) for score in (100, 80, 79, 50, 0)] == ["A", "A", "B", "B", "C"]
    assert read.band("B") == (50, 80)
    assert read.actions == {"A": NextStep.ROUTE}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("tiers: {hot: 70, cold: 10}", "the lowest tier starts at 0"),
        ("tiers: {hot: 0, cold: 0}", "two tiers start at the same score"),
        ("tiers: {hot: 170, cold: 0}", "is not a whole number between 0 and 100"),
        ("actions: {hot: delete}", "agent.actions.hot"),
        ("actions: {boiling: route}", "is not one of the tiers hot, warm, cold"),
        ("outcome: {won: [qualified]}", "an outcome needs both ends"),
        ("outcome: {won: [x], lost: [x]}", "`x` stands under `won` as well"),
        ("scorecard: [{when: \"source == 'web'\"}]", "points: is missing"),
        ("scorecard: [{points: 4}]", "say when the points count"),
        ("scorecrad: []", "unknown key, did you mean `scorecard`?"),
    ],
)
def test_what_cannot_be_meant_is_refused(keys, problem):
    assert problem in problems(keys)


def test_the_documented_keys_load():
    page = (Path(__file__).parents[3] / "docs" / "agents.md").read_text()
    [block] = re.findall(r"```yaml\n(agent:\n  use: lead_scoring\n.*?)```", page, re.DOTALL)
    read = options_of(parse_policy(POLICY.replace("agent: {agent}", "").format() + block, agents=AGENTS))
    assert read.columns == ("budget_range",)
    assert [line.points for line in read.scorecard] == [30, 15]
    assert [line.is_engagement for line in read.scorecard] == [False, True]
