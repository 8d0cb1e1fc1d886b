"""Fields filled with quotes: the part of a form that offers them, and how an answer's values become proposals."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connector.context.context import Citation
from connector.decision.decision import ProposedAction, Question
from connector.decision.extraction.normalise import plain
from connector.decision.offers import Offer, Refused, offers, propose, shape_of, value_of
from connector.decision.shape import Form, ListOf, Number, Quotes, Text
from connector.record import FieldKind, FieldValue

# Kinds whose value must itself stand in a quote: a number or an address is copied, never concluded.
_COPIED = frozenset({FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL})

RATIONALE = Text(most=1_000, lines=True, about="Why, in two or three sentences.")
MISSING = ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything.")


def support(question: Question) -> dict[str, Number | Quotes]:
    """The two things every proposal carries."""
    return {
        "confidence": Number(low=Decimal(0), high=Decimal(1), about="The chance that a colleague would agree."),
        "citations": Quotes(passages=question.context.passages),
    }


def values_form(question: Question, *, about: str) -> Form:
    """One optional entry per field the policy opens."""
    entries = {
        str(offer.field): Form(fields={"value": shape_of(offer, question), **support(question)})
        for offer in offers(question)
    }
    return Form(fields=entries, optional=frozenset(entries), about=about)


def read_values(
    question: Question, values: Mapping[str, Any], *, closed: Collection[str] = ()
) -> tuple[list[ProposedAction], list[str]]:
    """Proposals from a checked answer, and what of it is left undecided and why. `closed` fields stay as they are."""
    proposed: list[ProposedAction] = []
    undecided: list[str] = []
    for offer in offers(question):
        said = values.get(offer.field)
        if said is None or offer.field in closed:
            continue
        value = value_of(offer, said["value"], question)
        if not isinstance(value, Refused) and not is_copied(offer, value, said["citations"]):
            value = Refused("the value does not stand in any of its quotes")
        step = propose(question, offer, value, confidence=float(said["confidence"]), citations=said["citations"])
        if isinstance(step, ProposedAction):
            proposed.append(step)
        elif isinstance(step, Refused):
            undecided.append(f"{offer.field}: {step.reason}")
    return proposed, undecided


def is_copied(offer: Offer, value: FieldValue, citations: Sequence[Citation]) -> bool:
    """Whether a value that can only be copied stands in a quote, punctuation and a country's code aside."""
    if offer.schema.kind not in _COPIED or not isinstance(value, str):
        return True
    if offer.schema.kind is FieldKind.PHONE:
        digits = re.sub(r"\D", "", value)[-7:]
        return any(digits in re.sub(r"\D", "", citation.quote) for citation in citations)
    words = plain(value.partition("//")[2] or value).removeprefix("www ")
    return any(words in plain(citation.quote) for citation in citations)
