"""A custom agent over a set: rules speak of each record, a model of those it names; the others are left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.decision.agent import Proposals, Reading
from connector.decision.decision import Question
from connector.decision.errands import errand_shapes
from connector.decision.shape import Form, Index, ListOf, Shape, Text
from connector.decision.together import own_citations

MOST = 100
_TASK = "task"
_LEFT = Proposals(actions=(), rationale="looked at together with others: nothing was said of this one")


def set_form(question: Question, values: Form) -> Form:
    """The answer over a set: the records that need something, each picked by its number, with values and a task."""
    task = {name: shape for name, shape in errand_shapes(question).items() if name == _TASK}
    record: dict[str, Shape] = {
        "record": Index(count=len(question.members), about="The number of the record."),
        "rationale": Text(most=500, lines=True, about="Why, in a sentence or two."),
        "values": values,
        **task,
    }
    each = Form(fields=record, optional=frozenset(task))
    fields: dict[str, Shape] = {
        "rationale": Text(most=1_000, lines=True, about="What you see over all of them, in two or three sentences."),
        "records": ListOf(each=each, most=MOST, about="The records that need something. One you leave out stays as it is."),
    }
    return Form(fields=fields)


def answers_by_place(question: Question, answer: Mapping[str, Any]) -> Mapping[int, Mapping[str, Any]]:
    """What a model said of each record, its quotes as the record's own; of two answers on one record the first."""
    said: dict[int, Mapping[str, Any]] = {}
    for one in answer["records"]:
        said.setdefault(one["record"], dict(_as_its_own(question, one["record"], one)))
    return said


def _as_its_own(question: Question, place: int, one: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, given in one.items():
        if name == "values":
            yield name, {field: _requoted(question, place, value) for field, value in given.items()}
        else:
            yield name, _requoted(question, place, given) if name == _TASK else given


def _requoted(question: Question, place: int, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**given, "citations": own_citations(question, place, given["citations"])}


def over_the_set(question: Question, readings: Sequence[Reading | None], rationale: str = "") -> Proposals:
    """A share for each record; None is one that nobody spoke of.

    Without a `rationale` only the rules have spoken: what they leave open is for the next tier, if there is one.
    """
    shares = tuple(_LEFT if one is None else one for one in readings)
    left = sum(one is None for one in readings)
    undecided = (f"{left} of {len(shares)} records: no rule speaks of them",) if left and not rationale else ()
    told = rationale or f"the policy's own rules speak of {len(shares) - left} of {len(shares)} records"
    return Proposals(
        actions=tuple(action for share in shares if isinstance(share, Proposals) for action in share.actions),
        rationale=told, undecided=undecided, shares=shares,
    )
