"""The form a ticket triage is answered in: one optional entry per open field, then task and reply if allowed."""

from __future__ import annotations

from decimal import Decimal

from connector.decision.agent import SEARCH_WORDS, SEARCHES
from connector.decision.decision import Question
from connector.decision.drafts import reply_permission
from connector.decision.offers import offers, shape_of
from connector.decision.shape import Form, Index, ListOf, Number, Quotes, Shape, Text, YesNo
from connector.decision.tasks import assignees, task_permission
from connector.policy import ActionPermission


def triage_form(question: Question) -> Form:
    fields: dict[str, Shape] = {
        "rationale": Text(most=1_000, lines=True, about="Why, in two or three sentences."),
        "enough": YesNo(about="Whether the ticket can be triaged at all."),
        "out_of_scope": YesNo(about="Whether none of the offered options is meant for this ticket."),
        "missing": ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything."),
        "values": _values(question),
    }
    optional = set[str]()
    granted = task_permission(question)
    if granted is not None:
        fields["task"] = _task(question, granted)
        optional.add("task")
    if reply_permission(question) is not None:
        fields["reply"] = _reply(question)
        optional.add("reply")
    if question.policy.reason.searches:
        fields[SEARCHES] = SEARCH_WORDS
        optional.add(SEARCHES)
    return Form(fields=fields, optional=frozenset(optional))


def _values(question: Question) -> Form:
    entries = {
        str(offer.field): Form(fields={"value": shape_of(offer, question), **_support(question)})
        for offer in offers(question)
    }
    return Form(fields=entries, optional=frozenset(entries), about="Fields to set; leave out what is right already.")


def _support(question: Question) -> dict[str, Shape]:
    return {
        "confidence": Number(low=Decimal(0), high=Decimal(1), about="The chance that a colleague would agree."),
        "citations": Quotes(passages=question.context.passages),
    }


def _task(question: Question, granted: ActionPermission) -> Form:
    fields: dict[str, Shape] = {
        "summary": Text(most=2_000, lines=True, about="What happened, what was tried, what to do next."),
        **_support(question),
    }
    if not granted.to:
        return Form(fields=fields)
    about = "The number of a person in the list of assignees."
    fields["owner"] = Index(count=len(assignees(question)), about=about)
    return Form(fields=fields, optional=frozenset({"owner"}))


def _reply(question: Question) -> Form:
    return Form(fields={"body": Text(most=6_000, lines=True, about="The reply."), **_support(question)})
