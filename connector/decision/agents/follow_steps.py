"""From an occasion to one step: the channel, the moment, and a draft or a task that cites what it refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.action.action import CreateTask, Message
from connector.context.context import Audience, Citation
from connector.context.reachable import bounced, reachable
from connector.decision.agents.follow_due import Due, options_of, person_of
from connector.decision.agents.follow_options import Channel
from connector.decision.business_hours import BusinessHours, usual_hours, zone_around
from connector.decision.decision import ProposedAction, Question
from connector.decision.drafts import letter, reply_permission, shareable
from connector.decision.offers import Refused
from connector.decision.sentences import sentences
from connector.decision.tasks import follow_up, task_permission
from connector.record import FieldName, ObjectType, Origin, Record

_PHONES = (FieldName("mobile"), FieldName("phone"))
_EXCERPT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Touching:
    """One touch as somebody words it: an answer of a model, or a text of the policy."""

    channel: Channel
    subject: str
    body: str
    citations: tuple[Citation, ...]
    confidence: float
    because: str


def channels_open(question: Question) -> tuple[Channel, ...]:
    """The channels that the policy allows and that lead to the person, in the policy's order."""
    person, options = person_of(question), options_of(question)
    found = []
    for channel in options.channels:
        match channel:
            case Channel.EMAIL:
                mailable = next(reachable(question.context), None) is not None
                usable = mailable and (reply_permission(question) or task_permission(question)) is not None
            case Channel.CALL:
                usable = phone_of(person) != "" and task_permission(question) is not None
            case Channel.LINKEDIN:
                usable = person is not None and task_permission(question) is not None
        if usable:
            found.append(channel)
    return tuple(found)


def chosen_channel(question: Question, due: Due) -> Channel | None:
    """An answer goes back the way the question came; after that, each touch takes the next open channel."""
    opened = channels_open(question)
    if not opened:
        return None
    return opened[(due.number - 1) % len(opened)]


def hours_of(question: Question, due: Due) -> BusinessHours:
    """The business hours of the person, with the hours at which they answered before."""
    options, context = options_of(question), question.context
    account = next((context.records[place] for place in context.related.get(ObjectType.ACCOUNT, ())), None)
    zone = zone_around(person_of(question), account) or question.policy.zone
    return BusinessHours(
        zone=zone, opens=options.opens, closes=options.closes, usual=usual_hours(due.conversation.answers(), zone)
    )


def step(question: Question, due: Due, touching: Touching) -> ProposedAction | Refused:
    """The touch as an action within the policy, or why there is none."""
    moment = hours_of(question, due).next_moment(question.context.now)
    way = reply_permission(question)
    if touching.channel is Channel.EMAIL and way is not None:
        message = letter(
            question, *way, subject=touching.subject, body=touching.body, citations=shareable(question, touching.citations),
            passages=question.context.passages,
        )
        if isinstance(message, Message):
            cited = shareable(question, touching.citations)
            return ProposedAction(action=message, confidence=touching.confidence, citations=cited)
        if task_permission(question) is None:
            return message
        return _task(question, touching, moment, f"\n\nNo draft: {message.reason}")
    return _task(question, touching, moment)


def best_moment(question: Question, due: Due) -> str:
    """When to be in touch, on the clock of the person it is about."""
    hours = hours_of(question, due)
    local = hours.next_moment(question.context.now).astimezone(hours.zone)
    return f"best on {local:%Y-%m-%d} at {local:%H:%M} ({local.tzname()})"


def _task(question: Question, touching: Touching, moment: datetime, note: str = "") -> ProposedAction | Refused:
    permission = task_permission(question)
    if permission is None:
        return Refused(f"{touching.channel}: the policy allows no task")
    text = "\n\n".join((how(question, touching), f"Why now: {touching.because}{note}", *_quoted(touching.citations)))
    task: CreateTask = follow_up(
        question, permission, text=text, due=moment, about=f"{_VERBS[touching.channel]} {name_of(person_of(question))}"
    )
    return ProposedAction(action=task, confidence=touching.confidence, citations=touching.citations)


_VERBS = {Channel.EMAIL: "write to", Channel.CALL: "call", Channel.LINKEDIN: "message on LinkedIn"}


def how(question: Question, touching: Touching) -> str:
    """What a person is to do, with the text to send or say."""
    person = person_of(question)
    match touching.channel:
        case Channel.CALL:
            return f"Call {name_of(person)} on {phone_of(person)}. What to say:\n\n{touching.body}"
        case Channel.LINKEDIN:
            return f"Send {name_of(person)} this message on LinkedIn:\n\n{touching.body}"
        case Channel.EMAIL:
            return f"Write to {name_of(person)}. A draft:\n\n{touching.subject}\n\n{touching.body}"


def _quoted(citations: Sequence[Citation]) -> tuple[str, ...]:
    if not citations:
        return ()
    return ("It refers to:\n" + "\n".join(f"“{one.quote}” ({one.source})" for one in citations),)


def resource(question: Question) -> Citation | None:
    """The best passage of the knowledge that a customer may read, in a sentence of its own."""
    for number, passage in enumerate(question.context.passages):
        if passage.origin is Origin.FILE and passage.audience is Audience.CUSTOMER and passage.ref is None:
            first = next((one for one in sentences(passage.text) if len(one) <= _EXCERPT and not one.startswith("#")), "")
            if first:
                return Citation(passage=number, quote=first, source=passage.source, origin=passage.origin)
    return None


def unmailable(question: Question) -> str | None:
    """Why no mail leads to the person, for the one who reads the task."""
    person = person_of(question)
    if person is None:
        return "the record has no contact"
    return "mail to the contact's address came back" if bounced(person, question.context) else None


def name_of(person: Record | None) -> str:
    if person is None:
        return "the customer"
    parts = (person.value(FieldName(name)) for name in ("first_name", "last_name"))
    return " ".join(part for part in parts if isinstance(part, str) and part) or "the customer"


def phone_of(person: Record | None) -> str:
    values = (person.value(name) for name in _PHONES) if person is not None else ()
    return next((value for value in values if isinstance(value, str) and value.strip()), "")
