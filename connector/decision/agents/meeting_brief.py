"""The brief before a meeting: who comes, where the account stands, what was written and promised, each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.context.context import Citation
from connector.context.origins import unquoted
from connector.decision.agents.follow_steps import name_of
from connector.decision.decision import Question
from connector.decision.sentences import promises, sentences
from connector.decision.tasks import one_line
from connector.decision.touches import Touch, around, cited, moment, passages_from, requests_in
from connector.record import FieldName, FieldValue, ObjectType, Record, display

AHEAD = timedelta(days=1)
MAILS, PROMISES = 3, 5
_START, _OUTCOME, _SUBJECT, _INCOMING = (FieldName(name) for name in ("start_time", "outcome", "subject", "incoming"))
_OFF = frozenset({"canceled", "cancelled", "no_show"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A text a person reads in a minute, and what it rests on."""

    text: str
    evidence: tuple[Citation, ...]


def begins(question: Question) -> datetime | None:
    """When the meeting begins, if it still does."""
    record, now = question.context.record, question.context.now
    start = record.value(_START)
    if not isinstance(start, datetime) or not now < start <= now + AHEAD:
        return None
    return None if str(record.value(_OUTCOME) or "").casefold() in _OFF else start


def brief(question: Question, start: datetime) -> Brief | None:
    """The brief, or None where nothing is known of who comes."""
    evidence: list[Citation] = []
    parts = [
        ("Who", list(_who(question))), ("Account", list(_account(question))), ("Open deals", list(_deals(question))),
        ("Open tickets", list(_tickets(question))), ("Last mails", list(_mails(question, evidence))),
        ("Promised and asked", list(_promised(question, evidence))),
    ]  # fmt: skip
    if not any(lines for _, lines in parts):
        return None
    local = start.astimezone(question.policy.zone)
    head = f"Brief for {one_line(question.context.record.value(_SUBJECT)) or 'the meeting'}, {local:%Y-%m-%d %H:%M}"
    body = [f"{title}\n" + "\n".join(f"- {line}" for line in lines) for title, lines in parts if lines]
    return Brief(text="\n\n".join((head, *body)), evidence=tuple(evidence))


def _who(question: Question) -> Iterator[str]:
    for person in around(question.context, ObjectType.CONTACT):
        yield _facts(person, name_of(person), "title", "email", "phone")


def _account(question: Question) -> Iterator[str]:
    for account in around(question.context, ObjectType.ACCOUNT):
        yield _facts(account, _line(account, "name"), "industry", "employees", "city", "country")


def _deals(question: Question) -> Iterator[str]:
    for deal in around(question.context, ObjectType.OPPORTUNITY):
        if deal.value(FieldName("closed")) is not True:
            yield _facts(deal, _line(deal, "name"), "stage", "amount", "close_date", "next_step")


def _tickets(question: Question) -> Iterator[str]:
    for ticket in around(question.context, ObjectType.TICKET):
        if ticket.value(FieldName("status")) != "closed":
            yield _facts(ticket, _line(ticket, "subject"), "status", "priority")


def _mails(question: Question, evidence: list[Citation]) -> Iterator[str]:
    mails = sorted(around(question.context, ObjectType.EMAIL), key=moment, reverse=True)
    for mail in mails[:MAILS]:
        way = "from them" if mail.value(_INCOMING) is True else "from us"
        for number, passage in passages_from(question.context, mail.ref):
            first = next(sentences(unquoted(passage.text)), "") if passage.source.endswith(" body") else ""
            if first:
                evidence.append(cited(question.context, number, first))
                yield f"{moment(mail).date().isoformat()}, {way}: “{first}” ({passage.source})"


def _promised(question: Question, evidence: list[Citation]) -> Iterator[str]:
    """What we took on in mails and notes, and what they asked for."""
    found = 0
    for kind in (ObjectType.EMAIL, ObjectType.NOTE):
        for record in sorted(around(question.context, kind), key=moment, reverse=True):
            for who, citation in _said(question, record):
                if found < PROMISES:
                    found += 1
                    evidence.append(citation)
                    yield f"{who}: “{citation.quote}” ({citation.source})"


def _said(question: Question, record: Record) -> Iterator[tuple[str, Citation]]:
    if record.value(_INCOMING) is True:
        asked = requests_in(question.context, Touch(at=moment(record), record=record, incoming=True))
        yield from (("they asked", one) for one in asked)
        return
    for number, passage in passages_from(question.context, record.ref):
        for sentence in sentences(unquoted(passage.text)):
            if promises(sentence):
                yield "we promised", cited(question.context, number, sentence)


def _facts(record: Record, head: str, *names: str) -> str:
    """A record's values in one line, and which object they stand in."""
    values = (_shown(record.value(FieldName(name))) for name in names)
    return f"{', '.join(value for value in (head, *values) if value)} ({record.ref.object})"


def _shown(value: FieldValue) -> str:
    return one_line(display(value))[:120] if value is not None else ""


def _line(record: Record, name: str) -> str:
    return one_line(record.value(FieldName(name)))[:120]


