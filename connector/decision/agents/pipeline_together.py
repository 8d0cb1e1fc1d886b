"""The whole pipeline at once: each deal beside the other open ones, and one summary for the person who looks after all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from connector.decision.agent import Proposals
from connector.decision.agents.pipeline_options import STAGE, PipelineOptions
from connector.decision.agents.pipeline_reasons import OUT_OF_STAGE, TIME_IN_STAGE, Doubt, Health
from connector.decision.agents.pipeline_stays import days_in_stage
from connector.decision.agents.pipeline_view import NAME, View, proposals, turns_red
from connector.decision.decision import ProposedAction, Question
from connector.decision.errands import support
from connector.decision.facts import cited_fields
from connector.decision.shape import Choice, Form, Index, ListOf, Shape, Text
from connector.decision.tasks import assignees, follow_up, one_line, task_permission
from connector.decision.together import members, own_citations
from connector.record import FieldName, display

BESIDE = "beside the others"
_OTHERS = 4  # open deals in the same stage that a deal may be compared with
_LONG, _TIMES = 14, 3  # days, and times the middle of the others
_LISTED = 20
_AMOUNT, _OWNER = FieldName("amount"), FieldName("owner")


def beside(asked: Sequence[Question]) -> tuple[Doubt | None, ...]:
    """Of each deal of a set, whether it has stood in its stage far longer than the other open deals there."""
    days = [days_in_stage(question) for question in asked]
    stages = [question.context.record.value(STAGE) for question in asked]
    found: list[Doubt | None] = []
    for place, own in enumerate(days):
        others = [
            other
            for where, other in enumerate(days)
            if where != place and other is not None and stages[where] == stages[place]
        ]
        slow = own is not None and len(others) >= _OTHERS and own >= max(_LONG, _TIMES * median(others))
        found.append(_slow(asked[place], own, others) if slow and own is not None else None)
    return tuple(found)


def _slow(question: Question, days: int, others: Sequence[int]) -> Doubt:
    stage = display(question.context.record.value(STAGE))
    said = f"{days} days in {stage}; half of the {len(others)} other open deals there stand at most {median(others):.0f}"
    return Doubt(
        health=Health.AMBER, rule=BESIDE, said=said, step=OUT_OF_STAGE,
        citations=cited_fields(question, (STAGE,)),
    )


def told_beside(found: Sequence[Doubt], other: Doubt | None) -> tuple[Doubt, ...]:
    """The doubts with the comparison, unless the policy's own limit for the stage has said so already."""
    said = other is not None and not any(one.rule == TIME_IN_STAGE for one in found)
    return (*found, other) if said and other is not None else tuple(found)


def over_the_set(question: Question, options: PipelineOptions, views: Sequence[View | None]) -> Proposals:
    """A share for each deal (None: nothing is to be watched), and one summary where deals turned red.

    The summary goes to whom the policy names for its tasks. Where it names nobody, each deal's own owner is told.
    """
    asked = members(question)
    together = bool(assignees(question))
    shares = [
        proposals(one, options, view, escalates=not together) if view is not None else _unwatched()
        for one, view in zip(asked, views, strict=True)
    ]
    red = [place for place, view in enumerate(views) if view is not None and view.health is Health.RED]
    turned = [place for place in red if (view := views[place]) is not None and turns_red(asked[place], options, view)]
    if together and turned:
        worst = max(turned, key=lambda place: len(shares[place].findings["reasons"]))
        shares[worst] = _escalated(asked, views, shares[worst], worst, red)
    actions = tuple(action for share in shares for action in share.actions)
    undecided = tuple(dict.fromkeys(one for share in shares for one in share.undecided))
    told = f"{len(red)} of {len(asked)} deals are red, {len(turned)} of them since the last look"
    return Proposals(actions=actions, rationale=told, undecided=undecided, shares=tuple(shares))


def _unwatched() -> Proposals:
    return Proposals(actions=(), rationale="the deal is closed: nothing is to be watched")


def _escalated(
    asked: Sequence[Question], views: Sequence[View | None], share: Proposals, worst: int, red: Sequence[int]
) -> Proposals:
    """The worst deal's share with the summary of all red ones on it."""
    question, view = asked[worst], views[worst]
    granted = task_permission(question)
    if granted is None or view is None:
        return share
    first = (worst, *(place for place in red if place != worst))[:_LISTED]
    lines = [line for place in first if (one := views[place]) is not None for line in _told(asked[place], one)]
    head = f"{len(red)} of {len(asked)} open deals are red."
    rest = [f"… and {len(red) - len(first)} more: crm-connector pipeline --health red"] if len(red) > len(first) else []
    about = f"{len(red)} of {len(asked)} open deals"
    task = follow_up(question, granted, text="\n".join((head, *lines, *rest)), about=about)
    proposed = ProposedAction(
        action=task, confidence=view.sure, citations=view.cited, learner=view.learner, after=0 if share.actions else None
    )
    named = tuple(str(asked[place].context.record.ref) for place in first)
    return replace(share, actions=(*share.actions, proposed), findings={**share.findings, "escalated": named})


def _told(question: Question, view: View) -> Iterator[str]:
    record = question.context.record
    owner = next((user.name for user in question.owners if user.owner_id == record.value(_OWNER)), "")
    facts = (display(record.value(STAGE)), display(record.value(_AMOUNT)), owner)
    known = ", ".join(one_line(fact) for fact in facts if fact)
    yield f"- {one_line(record.value(NAME))} ({known}): {'; '.join(view.reasons)}"
    yield f"  next: {view.step}"


def set_form(question: Question) -> Form:
    """The answer over a set: the deals that are not green, each picked by its number."""
    deal: dict[str, Shape] = {
        "deal": Index(count=len(question.members), about="The number of the deal."),
        "health": Choice(options=tuple(Health), about="How the deal stands."),
        "reasons": ListOf(each=Text(most=300), most=6, about="What speaks against it, each with its quote or number."),
        "next_step": Text(most=300, about="The one thing to do next."),
        **support(question),
    }
    about = "The deals that are amber or red. One you leave out is as green as the rules find it."
    fields: dict[str, Shape] = {
        "rationale": Text(most=1_000, lines=True, about="How the pipeline stands as a whole, in two or three sentences."),
        "deals": ListOf(each=Form(fields=deal), most=100, about=about),
    }
    return Form(fields=fields)


def answers_by_place(question: Question, answer: Mapping[str, Any]) -> Mapping[int, Mapping[str, Any]]:
    """What a model said of each deal, its quotes as the deal's own; of two answers on one deal the first."""
    said: dict[int, Mapping[str, Any]] = {}
    for one in answer["deals"]:
        place = one["deal"]
        said.setdefault(place, {**one, "citations": own_citations(question, place, one["citations"])})
    return said
