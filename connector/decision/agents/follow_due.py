"""Whether a follow-up is due: from stage, silence, replies, requests and what the customer looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.context.context import Citation
from connector.context.reachable import people_of, refuses
from connector.decision.agents.follow_options import FollowUpOptions, Occasion
from connector.decision.decision import Question
from connector.decision.sentences import asks_to_meet
from connector.decision.touches import Conversation, conversation, moment, opening, requests_in, still_open
from connector.policy import Duration, NamedAgent
from connector.record import FieldName, ObjectType, Record

_CLOSED, _STAGE, _STATUS, _CONVERTED, _WORDS = (
    FieldName(name) for name in ("closed", "stage", "status", "converted", "subject")
)
_OVER = frozenset({"qualified", "unqualified"})
_APPLIED = "applied"
_KIND = FieldName("kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Somebody should be in touch. `number` counts the touches of this sequence, the first is 1."""

    occasion: Occasion
    because: str
    number: int
    evidence: tuple[Citation, ...]
    conversation: Conversation
    seen: tuple[Record, ...] = ()

    @property
    def to_meet(self) -> bool:
        return any(asks_to_meet(citation.quote) for citation in self.evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDue:
    """Nobody should be in touch now. `final` holds for models too: no tier may propose a touch."""

    because: str
    final: bool = False


def options_of(question: Question) -> FollowUpOptions:
    agent = question.policy.agent
    chosen = agent.options if isinstance(agent, NamedAgent) else None
    return chosen if isinstance(chosen, FollowUpOptions) else FollowUpOptions()


def person_of(question: Question) -> Record | None:
    """Whom a follow-up is for: the record itself, or its first contact."""
    return next(people_of(question.context), None)


def follow_up_due(question: Question) -> Due | NotDue:
    """What is due at the context's own moment, the most pressing occasion first."""
    ended = _ended(question)
    if ended is not None:
        return NotDue(because=ended, final=True)
    talk, options = conversation(question), options_of(question)
    asked = _asked(question, talk, options)
    if asked is not None:
        return asked
    if talk.planned is not None:
        day = moment(talk.planned).astimezone(question.policy.zone).date()
        return NotDue(because=f"a meeting is planned for {day.isoformat()}", final=True)
    touched = len(talk.unanswered) + _sent_since(question, talk)
    if touched > len(options.cadence):
        return NotDue(because=f"{touched} touches without a reply end the sequence", final=True)
    for due in (_interest(talk, touched), _next_touch(question, talk, options, touched), _silence(question, talk, options)):
        if due is not None:
            return due
    return NotDue(because="nothing is open and no pause has run out")


def _ended(question: Question) -> str | None:
    """Why no follow-up is right at all, whoever reasons."""
    record = question.context.record
    person = person_of(question)
    if record.value(_CLOSED) is True:
        return "the deal is closed"
    if record.value(_CONVERTED) is True or (
        record.ref.object is ObjectType.LEAD and record.value(_STATUS) in _OVER
    ):
        return "the lead is settled"
    if person is not None and refuses(person):
        return "the contact does not want to be written to"
    if (waiting := still_open(question)) is not None:
        return f"the {waiting.ref.object} “{str(waiting.value(_WORDS))[:80]}” is still open"
    return None


def _asked(question: Question, talk: Conversation, options: FollowUpOptions) -> Due | None:
    """A request in the customer's last mail that nobody answered."""
    last, ours = talk.last_in, talk.last_out
    if last is None or (ours is not None and ours.at >= last.at):
        return None
    wanted = requests_in(question.context, last)
    if not wanted or not _passed(question, last.at, options.answer_within):
        return None
    day = last.at.astimezone(question.policy.zone).date().isoformat()
    return Due(
        occasion=Occasion.REQUEST, because=f"the customer asked on {day} and nobody answered", number=1, evidence=wanted,
        conversation=talk,
    )


def _interest(talk: Conversation, touched: int) -> Due | None:
    seen = talk.looked_at()
    if not seen:
        return None
    named = ", ".join(dict.fromkeys(str(record.value(_WORDS) or record.value(_KIND) or "a page") for record in seen[:3]))
    evidence = tuple(citation for record in seen[:3] for citation in opening(talk.context, record.ref))
    return Due(
        occasion=Occasion.INTEREST, because=f"the customer looked at {named} since our last touch", number=touched + 1,
        evidence=evidence, conversation=talk, seen=seen,
    )


def _next_touch(question: Question, talk: Conversation, options: FollowUpOptions, touched: int) -> Due | None:
    """The next touch of a sequence nobody replied to, when its pause has run out."""
    if talk.last_out is None and talk.last_in is None:
        return _first(question, talk)
    sent = _last_sent(question, talk)
    if not touched or sent is None or not _passed(question, sent, options.cadence[touched - 1]):
        return None
    evidence = opening(talk.context, talk.last_out.record.ref) if talk.last_out is not None else ()
    days = (question.context.now - sent).days
    return Due(
        occasion=Occasion.AGAIN, because=f"no reply for {days} days to touch {touched}", number=touched + 1,
        evidence=evidence, conversation=talk,
    )


def _first(question: Question, talk: Conversation) -> Due | None:
    if question.context.record.ref.object is not ObjectType.LEAD:
        return None
    return Due(
        occasion=Occasion.FIRST, because="nobody was in touch with this lead yet", number=1,
        evidence=opening(talk.context, question.context.record.ref), conversation=talk,
    )


def _silence(question: Question, talk: Conversation, options: FollowUpOptions) -> Due | None:
    """A conversation that stopped after the customer's last word, for longer than its stage bears."""
    last = talk.last_in
    if last is None or talk.unanswered:
        return None
    stage = question.context.record.value(_STAGE)
    patience = options.stages.get(str(stage), options.silent_for)
    if not _passed(question, last.at, patience):
        return None
    where = f" in stage {stage}" if stage is not None else ""
    return Due(
        occasion=Occasion.SILENCE, because=f"silence since {last.at.date().isoformat()}{where}, longer than {patience}",
        number=1, evidence=opening(talk.context, last.record.ref), conversation=talk,
    )


def _passed(question: Question, since: datetime, pause: Duration) -> bool:
    return pause.after(since, question.policy.zone) <= question.context.now


def _our_sends(question: Question, talk: Conversation) -> Iterator[datetime]:
    """When this policy's own proposals went out, where the CRM shows no mail for them."""
    since = max((touch.at for touch in talk.touches), default=None)
    for past in question.context.past:
        if past.policy == question.policy.name and past.outcome == _APPLIED and (since is None or past.at > since):
            yield past.at


def _sent_since(question: Question, talk: Conversation) -> int:
    return sum(1 for _ in _our_sends(question, talk))


def _last_sent(question: Question, talk: Conversation) -> datetime | None:
    known = [touch.at for touch in talk.unanswered]
    return max([*known, *_our_sends(question, talk)], default=None)


def blanks(question: Question, due: Due, *, resource: str = "") -> Mapping[str, str]:
    """What a text may say: values of the record, its person and its account, and the words the customer used."""
    person, record = person_of(question), question.context.record
    account = next((one for one in _related(question, ObjectType.ACCOUNT)), None)
    owner = record.value(FieldName("owner"))
    sender = next((user.name for user in question.owners if user.owner_id == owner and not user.is_queue), "")
    deal = record if record.ref.object is ObjectType.OPPORTUNITY else None
    return {
        "first_name": _line(person, "first_name"), "last_name": _line(person, "last_name"),
        "company": _line(account, "name") or _line(person, "company"), "deal": _line(deal, "name"),
        "stage": _line(deal, "stage"), "quote": due.evidence[0].quote if due.evidence else "", "resource": resource,
        "sender": sender,
    }  # fmt: skip


def _related(question: Question, kind: ObjectType) -> tuple[Record, ...]:
    return tuple(question.context.records[place] for place in question.context.related.get(kind, ()))


def _line(record: Record | None, name: str) -> str:
    value = record.value(FieldName(name)) if record is not None else None
    return " ".join(value.split()) if isinstance(value, str) else ""
