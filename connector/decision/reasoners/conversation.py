"""One question talked through with a model: ask, look up what it wants, repair once, enlarge once, then conclude."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, assert_never

from connector.adapter import NoAnswerError
from connector.context.context import Passage
from connector.decision.agent import SEARCHES, Abstention, Agent, Reading
from connector.decision.answer import MAX_BYTES, Invented, Malformed, Valid, read_answer
from connector.decision.budget import Budget, Exhausted, Reserved
from connector.decision.decision import HandoffReason, Question, Usage
from connector.decision.reasoners.endpoint import Endpoint, Reply
from connector.decision.reasoners.prices import most
from connector.decision.reasoners.prompting import case_text, found_text, mark_of, system_texts
from connector.decision.search import Search
from connector.decision.shape import json_schema
from connector.errors import ConnectorError, InvalidResponseError

_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)


class OutOfMoneyError(ConnectorError):
    """The policy's budget does not cover the next request. Not one to repeat, so not a BudgetExhaustedError."""


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What was said so far about one question. `usage` and `found` stay readable when the talk ends in an error."""

    question: Question
    agent: Agent
    endpoint: Endpoint
    budget: Budget | None
    search: Search
    usage: Usage = field(default_factory=Usage)
    found: tuple[Passage, ...] = ()
    messages: list[dict[str, str]] = field(default_factory=list)
    repaired: bool = False
    first: Reply | None = None  # a reply that came by batch: the talk begins after it

    def reading(self) -> Reading:
        """The agent's reading of a checked answer, or an abstention that says what went wrong.

        Raises what the endpoint raises, and OutOfMoneyError when the budget does not cover the next request.
        """
        if (abstention := self.agent.hopeless(self.question)) is not None:
            return abstention
        self.messages = [{"role": "user", "content": case_text(self.question)}]
        left = self.question.policy.reason.searches
        while True:
            reply = self._reply()
            if reply.stop_reason != "end_turn":
                return _failed(_stopped(reply))
            checked = read_answer(self._bare(reply.text), self.agent.form(self.question))
            match checked:
                case Valid() if left > 0 and (words := checked.answer.get(SEARCHES)):
                    words = words[:left]
                    left -= len(words)
                    self._look_up(words, reply.text, left=left)
                case Valid():
                    return self.agent.read(self.question, checked.answer)
                case Invented():
                    return _failed("the answer quotes words that do not stand in the passage it names")
                case Malformed() if self.repaired:
                    return _failed(f"the answer did not fit the form twice: {'; '.join(checked.problems[:3])}")
                case Malformed():
                    self.repaired = True
                    self._say(reply.text, _repair(checked))
                case _:
                    assert_never(checked)

    def opening(self) -> tuple[Mapping[str, Any], Decimal]:
        """The first request as it would be sent, and the most it can cost."""
        self.messages = [{"role": "user", "content": case_text(self.question)}]
        settings = self.endpoint.settings
        system, schema = self._framed()
        usd = most(settings.price, sent=self._bytes(system, schema), max_tokens=settings.max_tokens)
        return self.endpoint.parameters(system, self.messages, schema, settings.max_tokens), usd

    def _reply(self) -> Reply:
        """One reply; one that was cut off is asked for once more with more room."""
        settings = self.endpoint.settings
        reply = self._from_batch() or self._paid(settings.max_tokens)
        if reply.stop_reason == "max_tokens" and settings.larger > settings.max_tokens:
            reply = self._paid(settings.larger)
        return reply

    def _paid(self, max_tokens: int) -> Reply:
        """Ask with the most it can cost set aside for every request."""
        system, schema = self._framed()
        usd = most(self.endpoint.settings.price, sent=self._bytes(system, schema), max_tokens=max_tokens)
        return self.endpoint.ask(
            system=system, messages=self.messages, schema=schema, max_tokens=max_tokens,
            paying=lambda send: self._paying(send, usd),
        )

    def _from_batch(self) -> Reply | None:
        """The reply that was paid for in a batch, once."""
        reply, self.first = self.first, None
        if reply is not None and reply.usage is not None:
            self.usage += reply.usage
        return reply

    def _framed(self) -> tuple[Sequence[str], Mapping[str, Any]]:
        schema = json_schema(self.agent.form(self.question))
        structured = self.endpoint.settings.features.structured
        return system_texts(self.question, self.agent.prompt, schema, structured=structured), schema

    def _bytes(self, system: Sequence[str], schema: Mapping[str, Any]) -> int:
        return sum(len(text.encode()) for text in (*system, *(said["content"] for said in self.messages), str(schema)))

    def _paying(self, send: Callable[[], Reply], usd: Decimal) -> Reply:
        """One request. Without a usable answer, or a count in it, it may have been billed: it costs the most."""
        reserved = self._reserve(usd)
        spent = Usage()
        try:
            reply = send()
            spent = reply.usage if reply.usage is not None else Usage(usd=usd)
        except (NoAnswerError, InvalidResponseError):
            spent = Usage(usd=usd)
            raise
        finally:
            self.usage += spent
            if reserved is not None and self.budget is not None:
                self.budget.settle(reserved, spent.usd)
        return reply

    def _reserve(self, usd: Decimal) -> Reserved | None:
        if self.budget is None:
            return None
        reservation = self.budget.reserve(self.question.policy, self.question.context.record.ref, usd)
        match reservation:
            case Exhausted():
                raise OutOfMoneyError(reservation.reason)
            case Reserved():
                return reservation

    def _look_up(self, words: tuple[str, ...], answer: str, *, left: int) -> None:
        context = self.question.context
        hits = tuple(hit for query in words for hit in self.search.search(query))
        known = {(passage.source, passage.text) for passage in context.passages}
        new = tuple(dict.fromkeys(hit for hit in hits if (hit.source, hit.text) not in known))
        text = found_text(new, len(context.passages), mark_of(self.question), left=left)
        self.found = (*self.found, *new)
        self.question = replace(self.question, context=replace(context, passages=(*context.passages, *new)))
        self._say(answer, text)

    def _say(self, answer: str, reply: str) -> None:
        # Halves of characters cannot be sent back, and what is longer than any answer need not be.
        said = answer[:MAX_BYTES].encode(errors="replace").decode()
        self.messages += [{"role": "assistant", "content": said or "(nothing)"}, {"role": "user", "content": reply}]

    def _bare(self, text: str) -> str:
        """The answer without the code fence that models put around it where the server cannot hold them to a schema."""
        fence = None if self.endpoint.settings.features.structured else _FENCE.fullmatch(text)
        return fence[1] if fence is not None else text


_STOPS: Mapping[str, str] = {
    "max_tokens": "the answer was cut off, even with more room",
    "refusal": "the model refused",
    "pause_turn": "the model paused its turn, which it was not asked to",
    "tool_use": "the model called a tool it was not given",
    "stop_sequence": "the model stopped at a sequence it was not given",
    "model_context_window_exceeded": "the case does not fit into the model's context window",
}


def _stopped(reply: Reply) -> str:
    what = _STOPS.get(reply.stop_reason, "the model stopped for a reason we do not know")
    return f"{what} ({reply.stop_reason[:40]}{f', {reply.detail[:40]}' if reply.detail else ''})"


def _failed(why: str) -> Abstention:
    return Abstention(reason=HandoffReason.FAILED, missing=("a usable answer of the model",), rationale=why)


def _repair(malformed: Malformed) -> str:
    problems = "\n".join(f"- {problem}" for problem in malformed.problems)
    return f"Your answer does not fit the form:\n{problems}\nAnswer once more, with the JSON object only."
