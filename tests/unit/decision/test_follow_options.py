"""What a policy may say beside `use: follow_up`, and what it is told when it says it wrongly."""

from __future__ import annotations

import pytest

from connector.decision.agents import AGENTS
from connector.decision.agents.follow_options import Channel, FollowUpOptions, filled
from connector.errors import PolicyError
from connector.policy import Duration, parse_policy

POLICY = """
schema: 1
policy: follow-up
goal: Nobody waits.
when: {{object: contact, events: [created]}}
agent: {agent}
reason: {{tier: offline}}
may: {{create_task: {{}}}}
handoff: {{to: leads}}
"""


def options(agent):
    return parse_policy(POLICY.format(agent=agent), agents=AGENTS).agent.options


def test_a_bare_name_has_the_usual_options():
    assert options("follow_up") == FollowUpOptions()


def test_the_cadence_and_the_channels_are_the_policys():
    chosen = options("{use: follow_up, cadence: [1 day, 3 days, 1 week], channels: [call]}")
    assert len(chosen.cadence) == 3
    assert chosen.channels == (Channel.CALL,)


def test_a_stage_has_its_own_patience():
    chosen = options("{use: follow_up, stages: {negotiation: 2 business days}}")
    assert chosen.stages == {"negotiation": Duration(business_days=2)}


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("{use: follow_up, cadence: [5 days, 2 days]}", "at least as long"),
        ("{use: follow_up, cadence: [soon]}", "not a duration"),
        ("{use: follow_up, templates: {request: 'Hi {password}'}}", "password"),
        ("{use: follow_up, templates: {reqest: 'Hi'}}", "no occasion"),
        ("{use: follow_up, opens: '18:00'}", "not after"),
        ("{use: follow_up, cadense: [2 days]}", "did you mean"),
    ],
)
def test_what_is_wrong_is_said_at_load(agent, said):
    with pytest.raises(PolicyError, match=said):
        options(agent)


def test_a_text_with_an_unknown_value_is_not_used():
    assert filled("Hi {first_name} of {company}", {"first_name": "Eve"}) is None
    assert filled("Hi {first_name}", {"first_name": "{company}"}) == "Hi {company}"
