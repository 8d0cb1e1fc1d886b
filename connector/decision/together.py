"""One question over a set of records, and the answer to it told record by record. Pure.

The set's own context holds its members first, in their order, then what is around them, each once; its passages are those
of all members in a row. What is decided is recorded, judged and written on each member as on a record by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import assert_never

from connector.context.context import Citation, Context
from connector.decision.decision import Decision, DecisionResult, NotEnough, ProposedAction, Question
from connector.policy import Policy
from connector.record import RecordRef, User


def together(keys: Sequence[str], policy: Policy, contexts: Sequence[Context], owners: Sequence[User]) -> Question:
    """The question over all of these records; `keys` name what would be their decisions one by one."""
    key = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
    return Question(key=key, policy=policy, context=_laid_together(contexts), owners=tuple(owners), members=tuple(contexts))


def _laid_together(contexts: Sequence[Context]) -> Context:
    missing = dict.fromkeys(chain.from_iterable(one.missing for one in contexts))
    row = {context.record.ref: context.record for context in contexts}
    for record in chain.from_iterable(context.records[1:] for context in contexts):
        row.setdefault(record.ref, record)
    return replace(
        contexts[0], records=tuple(row.values()), passages=tuple(chain.from_iterable(one.passages for one in contexts)),
        past=(), changed_from={}, related={}, missing=tuple(missing), searches=0, stays=None,
        hidden=tuple(sorted({name for one in contexts for name in one.hidden})),
    )


def members(question: Question) -> tuple[Question, ...]:
    """The question about each record of a set by itself, in the set's order."""
    return tuple(replace(question, context=context, members=()) for context in question.members)


def own_citations(question: Question, place: int, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Of quotes from the whole set's passages those of one member, numbered as its own context numbers them.

    What another record says is no evidence about this one, and is not kept with it.
    """
    before = sum(len(context.passages) for context in question.members[:place])
    until = before + len(question.members[place].passages)
    return tuple(
        replace(citation, passage=citation.passage - before) for citation in citations if before <= citation.passage < until
    )


def shares(question: Question, answer: DecisionResult) -> tuple[DecisionResult, ...]:
    """What one answer over a set says of each of its records, in order. What it cost stands with the first."""
    match answer:
        case Decision():
            return tuple(_shared(question, answer))
        case NotEnough():
            return (answer, *(_left_open(question, answer) for _ in question.members[1:]))
        case _:
            assert_never(answer)


def _left_open(question: Question, answer: NotEnough) -> Decision:
    """The case goes to a person once, with the first record, and not once for every record of the set."""
    first = question.members[0].record.ref
    rationale = f"looked at together with {len(question.members) - 1} others, and left to a person: see {first}"
    return Decision(actions=(), rationale=rationale, pins=answer.pins, undecided=("the whole set",))


def _shared(question: Question, decision: Decision) -> Iterator[DecisionResult]:
    refs = [context.record.ref for context in question.members]
    told = decision.shares or tuple(_part(decision, ref, refs) for ref in refs)
    for place, share in enumerate(told):
        if place:
            yield replace(share, left=None) if isinstance(share, Decision) else share
        elif isinstance(share, Decision):  # what the set cost and what it left to a person is said once, with the first
            yield replace(share, usage=decision.usage, left=decision.left)
        else:
            yield replace(share, usage=decision.usage)


def _part(decision: Decision, ref: RecordRef, refs: Sequence[RecordRef]) -> Decision:
    """The steps for one record. One for a record outside the set goes with the first, where the gate denies it."""
    stray = ref == refs[0]
    kept = [
        place
        for place, one in enumerate(decision.actions)
        if one.action.ref == ref or (stray and one.action.ref not in refs)
    ]
    actions: list[ProposedAction] = []
    undecided = list(decision.undecided)
    for place in kept:
        one = decision.actions[place]
        if one.after is not None and one.after not in kept:
            undecided.append(f"{one.action.kind.value}: it waits for a step on another record")
            continue
        actions.append(replace(one, after=kept.index(one.after) if one.after is not None else None, citations=()))
    return replace(decision, actions=tuple(actions), undecided=tuple(undecided), shares=())
