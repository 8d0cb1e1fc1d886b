"""Follow-up: who is due, on which channel, when, and with which words; never without a reason that can be quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from connector.context.reachable import refuses
from connector.decision.agent import (
    SEARCH_WORDS,
    SEARCHES,
    Abstention,
    ContextNeeds,
    Proposals,
    Reading,
    load_prompt,
)
from connector.decision.agents.follow_due import Due, NotDue, blanks, follow_up_due, options_of, person_of
from connector.decision.agents.follow_options import Channel, FollowUpOptions, Occasion, filled, read_options
from connector.decision.agents.follow_steps import (
    Touching,
    best_moment,
    channels_open,
    chosen_channel,
    resource,
    step,
    unmailable,
)
from connector.decision.agents.follow_texts import shipped_subject, shipped_text, speaks_german
from connector.decision.decision import HandoffReason, Question
from connector.decision.learner import LearnerShelf
from connector.decision.offers import Refused
from connector.decision.shape import Choice, Form, ListOf, Number, Quotes, Shape, Text, YesNo
from connector.decision.touches import conversation, requests_in
from connector.policy import Policy, Section
from connector.record import FieldName, ObjectType

# What a person can be expected to say of each occasion before any verdict is known; verdicts move the thresholds.
_EXPECTED = {
    Occasion.REQUEST: 0.8, Occasion.INTEREST: 0.6, Occasion.FIRST: 0.7, Occasion.AGAIN: 0.7, Occasion.SILENCE: 0.6,
}  # fmt: skip
_ONCE = ("emails", "calls", "meetings", "activities", "tasks", "contact", "account")


class FollowUp:
    """The next touch with a customer: a draft where the policy allows one, else a task with the words in it."""

    name = "follow_up"
    objects = frozenset({ObjectType.CONTACT, ObjectType.LEAD, ObjectType.OPPORTUNITY})
    needs = ContextNeeds(offline=_ONCE)

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> FollowUpOptions:
        return read_options(section)

    def hopeless(self, question: Question) -> Abstention | None:
        """An open request of somebody who does not want to be written to is a person's to weigh."""
        person, talk = person_of(question), conversation(question)
        last, ours = talk.last_in, talk.last_out
        waits = last is not None and (ours is None or ours.at < last.at)
        if person is None or not refuses(person) or last is None or not waits or not requests_in(question.context, last):
            return None
        return Abstention(
            reason=HandoffReason.STAKES, missing=("the contact's consent to be written to",),
            rationale="the contact asked for something and has refused to be written to: a person decides how to answer",
        )

    def form(self, question: Question) -> Form:
        support: dict[str, Shape] = {
            "confidence": Number(low=Decimal(0), high=Decimal(1), about="The chance that a colleague would agree."),
            "citations": Quotes(passages=question.context.passages),
        }
        touch = Form(fields={
            "channel": Choice(options=tuple(channel.value for channel in options_of(question).channels)),
            "subject": Text(most=200, about="The subject line, or what the call is about."),
            "body": Text(most=4_000, lines=True, about="The mail, the message, or what to say."),
            **support,
        })  # fmt: skip
        fields: dict[str, Shape] = {
            "rationale": Text(most=1_000, lines=True, about="Why now, in two or three sentences."),
            "enough": YesNo(about="Whether the case can be judged at all."),
            "missing": ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything."),
            "touch": touch,
        }
        optional = {"touch"}
        if question.policy.reason.searches:
            fields[SEARCHES] = SEARCH_WORDS
            optional.add(SEARCHES)
        return Form(fields=fields, optional=frozenset(optional))

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        return ()

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        return tuple(self._by_rule(question) for question in questions)

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        """A model words a touch and chooses its channel; whether one may go out at all is not its to say."""
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        missing = tuple(answer["missing"])
        if not answer["enough"]:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=missing or ("what was last agreed with the customer",),
                rationale=answer["rationale"],
            )
        due = follow_up_due(question)
        if isinstance(due, NotDue):
            return Proposals(actions=(), rationale=f"nothing is due: {due.because}")
        if (said := answer.get("touch")) is None:
            return Proposals(actions=(), rationale=answer["rationale"])
        channel = Channel(said["channel"])
        if channel not in channels_open(question):
            why = f"{channel}: this channel does not lead to the customer"
            return Proposals(actions=(), rationale=answer["rationale"], undecided=(why,))
        touching = Touching(
            channel=channel, subject=said["subject"], body=said["body"], citations=said["citations"],
            confidence=float(said["confidence"]), because=due.because,
        )
        return _proposed(question, due, touching, answer["rationale"], missing)

    def _by_rule(self, question: Question) -> Reading:
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        due = follow_up_due(question)
        if isinstance(due, NotDue):
            return Proposals(actions=(), rationale=f"nothing is due: {due.because}")
        channel = chosen_channel(question, due)
        if channel is None:
            return _no_way(question, due)
        touching = _worded(question, due, channel)
        if touching is None:
            missing = sorted(name for name, value in blanks(question, due).items() if not value)
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=tuple(missing), rationale=f"{due.because}; no text can be filled in"
            )
        return _proposed(question, due, touching, due.because, ())


def _proposed(question: Question, due: Due, touching: Touching, rationale: str, missing: tuple[str, ...]) -> Reading:
    made = step(question, due, touching)
    rationale = f"{rationale}; {best_moment(question, due)}"
    if isinstance(made, Refused):
        return Proposals(actions=(), rationale=rationale, undecided=(*missing, made.reason))
    return Proposals(actions=(made,), rationale=rationale, undecided=missing)


def _no_way(question: Question, due: Due) -> Abstention:
    """It is due and no channel leads there: somebody has to find one."""
    missing = unmailable(question) or "an address or a phone number of the contact"
    return Abstention(reason=HandoffReason.INCOMPLETE, missing=(missing,), rationale=due.because)


def _worded(question: Question, due: Due, channel: Channel) -> Touching | None:
    """The policy's text for the occasion, else a shipped one, with the record's own values; None where one is unknown."""
    german = speaks_german("\n".join(passage.text for passage in question.context.passages if passage.ref is not None))
    own = options_of(question).templates.get(due.occasion.value)
    helpful = resource(question) if due.occasion in (Occasion.INTEREST, Occasion.SILENCE) else None
    values = blanks(question, due, resource=helpful.quote if helpful is not None else "")
    template = own or shipped_text(due.occasion, german=german, resource=helpful is not None)
    body = filled(template, values)
    if body is None:
        return None
    used = (*due.evidence, *((helpful,) if helpful is not None and helpful.quote in body else ()))
    because = "; ".join(part for part in (due.because, unmailable(question)) if part)
    return Touching(
        channel=channel, subject=shipped_subject(due.occasion, german=german), body=body, citations=used,
        confidence=_EXPECTED[due.occasion], because=because,
    )
