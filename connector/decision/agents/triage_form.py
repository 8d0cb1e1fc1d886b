"""The form a ticket triage is answered in: one optional entry per open field, then task and reply if allowed."""

from __future__ import annotations

from connector.decision.decision import Question
from connector.decision.errands import errand_shapes, support
from connector.decision.offers import offers, shape_of
from connector.decision.shape import Form, ListOf, Shape, Text, YesNo


def triage_form(question: Question) -> Form:
    errands = errand_shapes(question)
    fields: dict[str, Shape] = {
        "rationale": Text(most=1_000, lines=True, about="Why, in two or three sentences."),
        "enough": YesNo(about="Whether the ticket can be triaged at all."),
        "out_of_scope": YesNo(about="Whether none of the offered options is meant for this ticket."),
        "missing": ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything."),
        "values": _values(question),
        **errands,
    }
    return Form(fields=fields, optional=frozenset(errands))


def _values(question: Question) -> Form:
    entries = {
        str(offer.field): Form(fields={"value": shape_of(offer, question), **support(question)})
        for offer in offers(question)
    }
    return Form(fields=entries, optional=frozenset(entries), about="Fields to set; leave out what is right already.")
