"""The offline tier: each agent's own method over the learners in force. No network, no cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.decision.agent import Agent, concluded, learner_key, schema_hash
from connector.decision.decision import Answer, Declined, Pins, Question, Usage
from connector.decision.learner import LearnerShelf, NotLearned
from connector.policy import CustomAgent, Tier


class OfflineReasoner:
    """Asks each agent for the whole batch at once, so that learners predict in bulk."""

    tier = Tier.OFFLINE

    def __init__(self, agents: Mapping[str, Agent], shelf: LearnerShelf) -> None:
        self._agents = agents
        self._shelf = shelf

    def decide(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        answers: dict[int, Answer] = {}
        for name, places in _by_agent(questions).items():
            agent = self._agents.get(name)
            if agent is None:
                answers |= dict.fromkeys(places, Declined(reason=f"the offline tier has no method for agent {name}"))
                continue
            asked = [questions[place] for place in places]
            readings = agent.decide_offline(asked, self._shelf)
            pins = _PinsPerPolicy(agent, self._shelf)
            for place, question, reading in zip(places, asked, readings, strict=True):
                answers[place] = concluded(reading, pins.of(question), Usage())
        return tuple(answers[place] for place in range(len(questions)))


class _PinsPerPolicy:
    """Pins are the same for all records under one policy and schema: worked out once per batch."""

    def __init__(self, agent: Agent, shelf: LearnerShelf) -> None:
        self._agent = agent
        self._shelf = shelf
        self._known: dict[tuple[str, str, str], Pins] = {}

    def of(self, question: Question) -> Pins:
        policy, context = question.policy, question.context
        key = (context.record.ref.connection, f"{policy.name} {policy.version}", context.schema.fingerprint)
        if key not in self._known:
            self._known[key] = Pins(
                tier=Tier.OFFLINE, model=self._agent.name, schema=schema_hash(self._agent.form(question)),
                learner=" ".join(self._versions(question)),
            )
        return self._known[key]

    def _versions(self, question: Question) -> Iterator[str]:
        for name in self._agent.learns(question.policy):
            learner = self._shelf.learner(learner_key(question, name))
            if not isinstance(learner, NotLearned):
                yield learner.version


def _by_agent(questions: Sequence[Question]) -> Mapping[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, question in enumerate(questions):
        agent = question.policy.agent
        name = f"custom {agent.name}" if isinstance(agent, CustomAgent) else agent.name
        places.setdefault(name, []).append(place)
    return places
