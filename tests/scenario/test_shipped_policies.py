"""The policies we ship load, name an agent we have, and fit a fresh org of either CRM."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.fitting import problems_of
from connector.decision.agents import AGENTS
from connector.policy import NamedAgent, parse_policy
from tests.support.sales_day import DEALS

FOLDER = Path(__file__).parents[2] / "policies"
SHIPPED = ("follow-up", "meetings", "meeting-actions", "meeting-invitations", "pipeline")


@pytest.mark.parametrize("crm", DEALS)
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_fits_a_fresh_org(name, crm):
    policy = parse_policy((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), agents=AGENTS)
    assert policy.name == name
    assert isinstance(policy.agent, NamedAgent)
    assert policy.when.object in AGENTS[policy.agent.name].objects
    desk = DEALS[crm]()
    assert problems_of(policy, desk.connection, desk.adapter()) == ()
