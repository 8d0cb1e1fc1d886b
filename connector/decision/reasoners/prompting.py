"""The prompt: instructions and lists that are the same for every record, then one record with all its texts fenced.

Every text stands between marks that carry a word it cannot have known, and says who can have written it. No ids are
shown: an answer points at people, records and passages by their numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from connector.context.context import Context, Passage
from connector.decision.decision import Question
from connector.decision.offers import offered_owners
from connector.decision.tasks import assignees, one_line
from connector.decision.together import members
from connector.record import VOCABULARY, FieldKind, FieldName, FieldValue, Origin, Record, User, display

RENDERING = "1"  # part of the prompt's hash: raise it with any change of the words below
_FIELD_LIMIT = 500
_PAST = 10


def system_texts(question: Question, prompt: str, schema: dict[str, Any], *, structured: bool) -> tuple[str, ...]:
    """What a model is told before any record; the same under one policy, so that it can be cached."""
    policy = question.policy
    parts = [f"The goal of this policy: {policy.goal}"]
    if owners := offered_owners(question):
        parts.append("Owners:\n" + "\n".join(_people(owners)))
    if named := assignees(question):
        parts.append("Assignees for tasks:\n" + "\n".join(_people(named)))
    if not structured:
        parts.append(
            "Answer with one JSON object that fits this JSON schema, without any text around it:\n"
            + json.dumps(schema, ensure_ascii=False)
        )
    return prompt, "\n\n".join(parts)


def _people(users: Sequence[User]) -> Iterator[str]:
    for number, user in enumerate(users):
        yield f"{number}: {one_line(user.name)}{' (queue)' if user.is_queue else ''}"


def case_text(question: Question) -> str:
    """One record with its relatives, passages and past decisions; or each record of a set with its own."""
    mark = mark_of(question)
    parts = [f"Now: {question.context.now.isoformat(timespec='minutes')}"]
    if not question.members:
        parts += [_record(question, place, mark) for place in range(len(question.context.records))]
        return "\n\n".join((*parts, *_said_of(question, mark)))
    first = 0
    for number, member in enumerate(members(question)):
        parts.append(_record(member, 0, mark, number=str(number)))
        around = range(1, len(member.context.records))
        parts += [_record(member, place, mark, number=f"around {number}") for place in around]
        parts += _said_of(member, mark, first=first)
        first += len(member.context.passages)
    return "\n\n".join(parts)


def _said_of(question: Question, mark: str, *, first: int = 0) -> list[str]:
    """What is known of one record beside its values; its passages are numbered from `first`."""
    context, parts = question.context, []
    if context.changed_from:
        parts.append(fenced("before", mark, "\n".join(_before(question))))
    parts += passages_text(context.passages, first, mark)
    if context.past:
        lines = (
            f"{past.at.date().isoformat()}: {one_line(past.summary)} ({one_line(past.outcome)}"
            f"{f', a person said {one_line(past.verdict)}' if past.verdict else ''})"
            for past in context.past[-_PAST:]
        )
        parts.append(fenced("past-decisions", mark, "\n".join(lines), origin=Origin.AGENT.value))
    if context.missing:
        parts.append("Not found: " + "; ".join(one_line(name) for name in context.missing))
    return parts


def passages_text(passages: Sequence[Passage], first: int, mark: str) -> list[str]:
    """Passages numbered from `first`, each fenced and labelled."""
    return [
        fenced(
            "passage", mark, passage.text, number=str(number), origin=passage.origin.value,
            audience=passage.audience.value, source=passage.source,
        )
        for number, passage in enumerate(passages, start=first)
    ]


def found_text(passages: Sequence[Passage], first: int, mark: str, *, left: int) -> str:
    """The answer to the words a model asked to look up."""
    found = "\n\n".join(passages_text(passages, first, mark)) or "Nothing was found."
    return f"{found}\n\nSearches left: {left}. Answer in the form again."


def mark_of(question: Question) -> str:
    """A word no text of the context can hold, except by breaking a hash."""
    return hashlib.sha256(f"{question.key}\0{question.context.digest}".encode()).hexdigest()[:12]


def fenced(kind: str, mark: str, text: str, **labels: str) -> str:
    written = "".join(f" {name}={json.dumps(one_line(value), ensure_ascii=False)}" for name, value in labels.items())
    return f"<{kind}-{mark}{written}>\n{text}\n</{kind}-{mark}>"


def _record(question: Question, place: int, mark: str, **labels: str) -> str:
    record = question.context.records[place]
    lines = _fields(question, record, own=place == 0)
    shown = {"number": str(place)} | labels
    return fenced("record", mark, "\n".join(lines), **shown, object=record.ref.object.value)


def _fields(question: Question, record: Record, *, own: bool) -> Iterator[str]:
    """The record's values in lines; what stands in a passage of its own is not repeated."""
    context = question.context
    quoted = {passage.source for passage in context.passages if passage.ref == record.ref}
    for name, value in record.fields.items():
        shown = _shown(question, value, _kind(name, record, context))
        if shown is None or (own and f"{record.ref.object}.{name}" in quoted):
            continue
        origin = f" [{context.origins[name]}]" if own and name in context.origins else ""
        yield f"{one_line(name)}{origin}: {one_line(shown)[:_FIELD_LIMIT]}"


def _before(question: Question) -> Iterator[str]:
    context = question.context
    for name, value in context.changed_from.items():
        shown = _shown(question, value, _kind(name, context.record, context))
        if shown is not None:
            yield f"{one_line(name)}: {one_line(shown)[:_FIELD_LIMIT]}"


def _kind(name: FieldName, record: Record, context: Context) -> FieldKind:
    if record.ref.object is context.schema.object and (known := context.schema.fields.get(name)) is not None:
        return known.kind
    shared = VOCABULARY[record.ref.object].get(name)
    return shared.kind if shared is not None else FieldKind.TEXT


def _shown(question: Question, value: FieldValue, kind: FieldKind) -> str | None:
    """A value as the model sees it: people by name, ids not at all."""
    if value is None or kind is FieldKind.REFERENCE:
        return None
    if kind is FieldKind.USER:
        return next((user.name for user in question.owners if user.owner_id == value), None)
    return display(value)
