"""What both sides said and did around a record, in order: mails, calls, meetings, tasks and what the customer looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from connector.action.action import DRAFT_TASK
from connector.context.context import Citation, Context, Passage
from connector.context.origins import unquoted
from connector.decision.decision import Question
from connector.decision.sentences import asks, asks_to_meet, hedged, sentences
from connector.decision.tasks import FOLLOW_UP, task_permission
from connector.record import FieldName, ObjectType, Record, RecordRef

_AT, _START, _INCOMING, _STATUS, _SUBJECT = (
    FieldName(name) for name in ("at", "start_time", "incoming", "status", "subject")
)
# Salesforce keeps a mail's state as a digit, 5 for a draft (Object Reference, EmailMessage.Status).
_NEVER_SENT = frozenset({"5", "draft", "scheduled", "sending", "failed", "bounced"})
_DRAFTS = frozenset({"5", "draft"})
_DONE = "done"
_QUOTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One thing that happened between us and the customer."""

    at: datetime
    record: Record
    incoming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The touches around a record, oldest first, and what is planned."""

    context: Context
    touches: tuple[Touch, ...]
    planned: Record | None  # a meeting still to come

    @property
    def last_in(self) -> Touch | None:
        return next((touch for touch in reversed(self.touches) if touch.incoming), None)

    @property
    def last_out(self) -> Touch | None:
        return next((touch for touch in reversed(self.touches) if not touch.incoming), None)

    @property
    def unanswered(self) -> tuple[Touch, ...]:
        """Our own touches since the customer last spoke."""
        since = self.last_in
        return tuple(touch for touch in self.touches if not touch.incoming and (since is None or touch.at > since.at))

    def answers(self) -> tuple[datetime, ...]:
        return tuple(touch.at for touch in self.touches if touch.incoming)

    def looked_at(self) -> tuple[Record, ...]:
        """What the customer opened or viewed since our last touch, newest first."""
        since = self.last_out
        seen = [record for record in around(self.context, ObjectType.ACTIVITY) if since is None or moment(record) > since.at]
        return tuple(sorted(seen, key=moment, reverse=True))


def conversation(question: Question) -> Conversation:
    context, now = question.context, question.context.now
    touches = sorted(_touches(question), key=lambda touch: touch.at)
    coming = [record for record in shared_meetings(context) if moment(record) > now]
    return Conversation(
        context=context, touches=tuple(touch for touch in touches if touch.at <= now),
        planned=min(coming, key=moment, default=None),
    )


def around(context: Context, kind: ObjectType) -> tuple[Record, ...]:
    return tuple(context.records[place] for place in context.related.get(kind, ()))


def shared_meetings(context: Context) -> tuple[Record, ...]:
    """The meetings with this customer. Of the owner's other meetings only the times are read, never the words."""
    return tuple(record for record in around(context, ObjectType.MEETING) if _SUBJECT in record.fields)


def moment(record: Record) -> datetime:
    """When it happened, or else when the CRM heard of it."""
    for name in (_START, _AT):
        value = record.value(name)
        if isinstance(value, datetime):
            return value
    return record.created_at


def _touches(question: Question) -> Iterator[Touch]:
    context = question.context
    for mail in around(context, ObjectType.EMAIL):
        incoming = mail.value(_INCOMING) is True
        if incoming or str(mail.value(_STATUS) or "").casefold() not in _NEVER_SENT:
            yield Touch(at=moment(mail), record=mail, incoming=incoming)
    for record in (*around(context, ObjectType.CALL), *shared_meetings(context)):
        yield Touch(at=moment(record), record=record, incoming=False)
    for task in our_tasks(question):
        if task.value(_STATUS) == _DONE:
            yield Touch(at=task.modified_at, record=task, incoming=False)


def our_tasks(question: Question) -> Iterator[Record]:
    """The tasks on the record that this policy made, by the words its subjects begin with."""
    permission = task_permission(question)
    starts = ((permission.subject if permission is not None else None) or FOLLOW_UP, DRAFT_TASK)
    for task in around(question.context, ObjectType.TASK):
        if str(task.value(_SUBJECT) or "").startswith(starts):
            yield task


def still_open(question: Question) -> Record | None:
    """A task of ours that nobody has done, or a draft that nobody has sent."""
    drafts = (mail for mail in around(question.context, ObjectType.EMAIL) if str(mail.value(_STATUS) or "") in _DRAFTS)
    tasks = (task for task in our_tasks(question) if task.value(_STATUS) != _DONE)
    return next(chain(tasks, drafts), None)


def passages_from(context: Context, ref: RecordRef) -> Iterator[tuple[int, Passage]]:
    """The passages that hold a record's own words, with their numbers."""
    yield from ((number, passage) for number, passage in enumerate(context.passages) if passage.ref == ref)


def requests_in(context: Context, touch: Touch) -> tuple[Citation, ...]:
    """What a mail asks for, sentence by sentence, in the words of its writer."""
    return tuple(
        cited(context, number, sentence)
        for number, passage in passages_from(context, touch.record.ref)
        for sentence in sentences(unquoted(passage.text))
        if (asks(sentence) or asks_to_meet(sentence)) and not hedged(sentence)
    )


def opening(context: Context, ref: RecordRef) -> tuple[Citation, ...]:
    """The first words of a record, as evidence that it was there."""
    for number, passage in passages_from(context, ref):
        first = next(sentences(passage.text), "")
        if first:
            return (cited(context, number, first[:_QUOTE]),)
    return ()


def cited(context: Context, number: int, quote: str) -> Citation:
    passage = context.passages[number]
    return Citation(passage=number, quote=quote, source=passage.source, origin=passage.origin)
