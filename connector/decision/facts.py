"""A question's context as the facts that a policy's conditions look at, for agents that evaluate some of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connector.context.context import Citation
from connector.context.relations import RELATIONS
from connector.decision.decision import Question
from connector.policy import Condition, Facts
from connector.record import FieldName, FieldValue, ObjectType

_QUOTE = 300
_Record = Mapping[FieldName, FieldValue]


def facts_of(question: Question, conditions: Collection[Condition]) -> Facts:
    """What these conditions may see: the record, what changed, and the relatives they name."""
    context = question.context
    named = {name for condition in conditions for name in condition.names.roots if name in RELATIONS}
    return Facts(
        fields=context.record.fields, now=context.now, related={name: _related(question, name) for name in sorted(named)},
        changed_from=context.changed_from,
        changed_to={name: context.record.value(name) for name in context.changed_from},
    )


def _related(question: Question, name: str) -> _Record | Sequence[_Record] | None:
    """One record under the singular name, a list under the plural; as in a policy's own condition."""
    context = question.context
    found = [context.records[place].fields for place in context.related.get(RELATIONS[name].object, ())]
    if name in set(ObjectType):
        return found[0] if found else None
    return found


def cited_fields(question: Question, names: Collection[str]) -> tuple[Citation, ...]:
    """Quotes of the record's own fields, as far as the context holds them as passages: what a rule looked at."""
    context = question.context
    sources = {f"{context.record.ref.object}.{name}" for name in names}
    return tuple(
        Citation(passage=number, quote=passage.text[:_QUOTE].strip(), source=passage.source, origin=passage.origin)
        for number, passage in enumerate(context.passages)
        if passage.ref == context.record.ref and passage.source in sources and passage.text[:_QUOTE].strip()
    )


def relations_in(conditions: Collection[Condition]) -> tuple[str, ...]:
    """The relations whose fields these conditions read, in order."""
    return tuple(sorted({str(name) for condition in conditions for name in condition.names.related if name in RELATIONS}))
