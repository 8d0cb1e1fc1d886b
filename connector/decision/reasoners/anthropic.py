"""The model tiers: questions to a model behind the Messages protocol, each answer checked here before it counts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Lock

from connector.adapter import NoAnswerError, Transport
from connector.adapter.retry import Retries
from connector.clock import Clock
from connector.decision.agent import Agent, concluded, schema_hash, short_hash
from connector.decision.agents.custom import agent_of
from connector.decision.budget import Budget
from connector.decision.decision import Answer, Declined, Deferred, HandoffReason, NotEnough, Pins, Question, Usage
from connector.decision.reasoners.batches import LOOK_AGAIN, Batches, Request, Unaffordable, Waiting
from connector.decision.reasoners.breaker import Breaker
from connector.decision.reasoners.conversation import Conversation, OutOfMoneyError
from connector.decision.reasoners.endpoint import Endpoint, ModelSettings, PausedError, Reply, wait_of
from connector.decision.reasoners.prompting import RENDERING
from connector.decision.search import SearchFor, no_search
from connector.errors import CredentialsError, DecisionError, RetryableError, UnsafeReferenceError
from connector.policy import Tier
from connector.store import Store

_EXPECTED = (
    RetryableError, NoAnswerError, PausedError, OutOfMoneyError, CredentialsError, DecisionError, UnsafeReferenceError,
)


class AnthropicReasoner:
    """One tier served by one model. Questions of a batch are asked at the same time, up to `settings.parallel`.

    `budget` may be None only where the model is free.
    """

    def __init__(
        self, endpoint: Endpoint, agents: Mapping[str, Agent], *, budget: Budget | None,
        search_for: SearchFor = no_search, batches: Batches | None = None,
    ) -> None:
        if budget is None and not endpoint.settings.price.is_free:
            raise ValueError("a model that costs money needs a budget")
        self._endpoint = endpoint
        self._agents = agents
        self._budget = budget if not endpoint.settings.price.is_free else None
        self._search_for = search_for
        self._batches = batches
        self._threads: ThreadPoolExecutor | None = None
        self._starting = Lock()

    @property
    def tier(self) -> Tier:
        return self._endpoint.settings.tier

    def decide(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        if self._batches is None or not any(question.patient for question in questions):
            return tuple(self._answers(questions))
        patient = [question for question in questions if question.patient]
        waited = iter(self._by_batch(self._batches, patient))
        asked = self._answers([question for question in questions if not question.patient])
        return tuple(next(waited) if question.patient else next(asked) for question in questions)

    def _by_batch(self, batches: Batches, questions: Sequence[Question]) -> Iterator[Answer]:
        """Answers of those whose reply has come; the others wait, and are asked about again."""
        talks = [self._talk(question) for question in questions]
        requests = {
            place: _request(talk) for place, talk in enumerate(talks) if talk is not None and not _is_hopeless(talk)
        }
        try:
            firsts = dict(zip(requests, batches.firsts(list(requests.values())), strict=True))
        except _EXPECTED as error:
            yield from (self._unanswered(error, talk, Pins(tier=self.tier)) for talk in talks)
            return
        for place, question in enumerate(questions):
            first = firsts.get(place)
            match first:
                case Waiting():
                    yield Deferred(reason="it is in a batch", retry_after=LOOK_AGAIN, patient=True)
                case Unaffordable(reason=reason):
                    yield Declined(reason=f"tier {self.tier}: {reason}")
                case _:
                    answer = self._answer(question, first if isinstance(first, Reply) else None)
                    if first is not None and not isinstance(answer, Deferred):
                        batches.used(requests[place])
                    yield answer

    def close(self) -> None:
        """Wait for calls under way and end the threads."""
        with self._starting:
            if self._threads is not None:
                self._threads.shutdown()
                self._threads = None

    def _answers(self, questions: Sequence[Question]) -> Iterator[Answer]:
        if len(questions) <= 1 or self._endpoint.settings.parallel <= 1:
            return map(self._answer, questions)
        with self._starting:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._endpoint.settings.parallel, thread_name_prefix="model")
        return self._threads.map(self._answer, questions)

    def _talk(self, question: Question) -> Conversation | None:
        agent = agent_of(question.policy, self._agents)
        if agent is None:
            return None
        return Conversation(
            question=question, agent=agent, endpoint=self._endpoint, budget=self._budget,
            search=self._search_for(question),
        )

    def _answer(self, question: Question, first: Reply | None = None) -> Answer:
        talk = self._talk(question)
        if talk is None:
            return Declined(reason=f"tier {self.tier} does not know the agent {question.policy.agent.name}")
        talk.first = first
        pins = self._pins(talk.agent, question)
        try:
            result = concluded(talk.reading(), pins, talk.usage)
        except _EXPECTED as error:
            return self._unanswered(error, talk, pins)
        return replace(result, found=talk.found)

    def _unanswered(self, error: Exception, talk: Conversation | None, pins: Pins) -> Answer:
        usage = talk.usage if talk is not None else Usage()
        match error:
            case OutOfMoneyError() | CredentialsError():
                return Declined(reason=f"tier {self.tier}: {error.message}", usage=usage)
            case RetryableError() | PausedError() | NoAnswerError():
                return Deferred(reason=error.message, retry_after=wait_of(error), usage=usage)
            case _:
                return NotEnough(
                    reason=HandoffReason.FAILED, missing=("an answer of the model",), rationale=str(error), pins=pins,
                    usage=usage,
                )

    def _pins(self, agent: Agent, question: Question) -> Pins:
        return Pins(
            tier=self.tier, model=self._endpoint.settings.model, prompt=short_hash([agent.prompt, RENDERING]),
            schema=schema_hash(agent.form(question)),
        )


def _is_hopeless(talk: Conversation) -> bool:
    return talk.agent.hopeless(talk.question) is not None


def _request(talk: Conversation) -> Request:
    parameters, usd = talk.opening()
    return Request(question=talk.question, parameters=parameters, usd=usd)


def reasoner(
    settings: ModelSettings, agents: Mapping[str, Agent], *, transport: Transport, key: str, clock: Clock,
    chance: random.Random, budget: Budget | None, search_for: SearchFor = no_search,
    patience: timedelta = timedelta(minutes=2), batches_in: Store | None = None,
) -> AnthropicReasoner:
    """The reasoner of one tier. `transport` must be pinned to the host of `settings.base_url`.

    With `batches_in`, questions that can wait are asked in batches, which are kept there.
    """
    retries = Retries(clock, chance, attempts=4, deadline=patience, first=1.0)
    endpoint = Endpoint(settings, transport, retries, Breaker(clock), key=key)
    batches = Batches(endpoint, batches_in, clock, budget) if batches_in is not None else None
    return AnthropicReasoner(endpoint, agents, budget=budget, search_for=search_for, batches=batches)


