"""The product's agents, one explicit list: a policy names one of them under `agent`."""

from __future__ import annotations

from collections.abc import Mapping

from connector.decision.agent import Agent
from connector.decision.agents.enrichment import Enrichment
from connector.decision.agents.follow_up import FollowUp
from connector.decision.agents.lead_scoring import LeadScoring
from connector.decision.agents.meetings import Meetings
from connector.decision.agents.pipeline import Pipeline
from connector.decision.agents.record_hygiene import RecordHygiene
from connector.decision.agents.ticket_triage import TicketTriage


def _listed(*agents: Agent) -> Mapping[str, Agent]:
    return {agent.name: agent for agent in agents}


AGENTS: Mapping[str, Agent] = _listed(
    Enrichment(), FollowUp(), LeadScoring(), Meetings(), Pipeline(), RecordHygiene(), TicketTriage()
)
