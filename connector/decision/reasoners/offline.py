"""The offline tier: each agent's own method over the learners in force. No network, no cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from connector.decision.agent import Agent, concluded, learner_key, schema_hash
from connector.decision.agents.custom import agent_of
from connector.decision.decision import Answer, Declined, Deferred, Pins, Question, Usage
from connector.decision.learner import LearnerKey, LearnerShelf, NotLearned
from connector.policy import CustomAgent, Policy, Tier

_FIRST_FIT = Deferred(
    reason="the first learner is being fitted on the history", retry_after=timedelta(seconds=10), patient=True
)


class OfflineReasoner:
    """Asks each agent for the whole batch at once, so that learners predict in bulk."""

    tier = Tier.OFFLINE

    def __init__(self, agents: Mapping[str, Agent], shelf: LearnerShelf) -> None:
        self._agents = agents
        self._shelf = shelf

    def decide(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        answers: dict[int, Answer] = {}
        for places in _by_agent(questions).values():
            policy = questions[places[0]].policy
            agent = None if _is_ruleless(policy) else agent_of(policy, self._agents)
            if agent is None:
                reason = f"the offline tier has no method for agent {policy.agent.name}"
                answers |= dict.fromkeys(places, Declined(reason=reason))
                continue
            awaited = self._awaited(agent, [questions[place] for place in places])
            early = [place for place in places if not awaited.isdisjoint(_learned(agent, questions[place]))]
            answers |= dict.fromkeys(early, _FIRST_FIT)
            ripe = [place for place in places if place not in answers]
            asked = [questions[place] for place in ripe]
            readings = agent.decide_offline(asked, self._shelf)
            pins = _PinsPerPolicy(agent, self._shelf)
            for place, question, reading in zip(ripe, asked, readings, strict=True):
                answers[place] = concluded(reading, pins.of(question), Usage())
        return tuple(answers[place] for place in range(len(questions)))

    def _awaited(self, agent: Agent, asked: Sequence[Question]) -> frozenset[LearnerKey]:
        """The learners that are being fitted for the first time: in a minute they may know the answer."""
        keys = {key for question in asked for key in _learned(agent, question)}
        found = {key: self._shelf.learner(key) for key in keys}
        return frozenset(key for key, learner in found.items() if isinstance(learner, NotLearned) and learner.awaited)


def _learned(agent: Agent, question: Question) -> tuple[LearnerKey, ...]:
    return tuple(learner_key(question, name) for name in agent.learns(question.policy))


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


def _is_ruleless(policy: Policy) -> bool:
    """Whether a custom agent was given nothing that answers without a model."""
    return isinstance(policy.agent, CustomAgent) and not policy.agent.rules


def _by_agent(questions: Sequence[Question]) -> Mapping[tuple[str, str], list[int]]:
    """Places by agent; each custom one is its policy's own, whatever it is called."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, question in enumerate(questions):
        policy = question.policy
        own = f"{policy.name} {policy.version}" if isinstance(policy.agent, CustomAgent) else ""
        places.setdefault((policy.agent.name, own), []).append(place)
    return places
