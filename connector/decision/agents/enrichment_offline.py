"""Enrichment without a model: clues become typed values of empty fields, and written values get their one form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from connector.calibration import as_percent
from connector.context.context import Passage
from connector.decision.agent import Proposals
from connector.decision.agents.enrichment_options import EnrichmentOptions
from connector.decision.agents.enrichment_sources import Evidence, gather, region_of, shown_country
from connector.decision.answer import is_plain
from connector.decision.decision import ProposedAction, Question
from connector.decision.extraction.addresses import domain_of
from connector.decision.extraction.amounts import read_number
from connector.decision.extraction.clues import Weighed, weigh
from connector.decision.extraction.normalise import (
    Normal,
    NotNormalised,
    Phone,
    country,
    option,
    person_name,
    phone,
    plain,
    state,
)
from connector.decision.offers import Offer, Refused, offers, propose, with_withheld
from connector.record import ConflictRule, FieldKind, FieldName, FieldValue, Record, display

_COUNTRY = FieldName("country")
_PERSON = frozenset({FieldName("first_name"), FieldName("last_name")})
_FORMAL = 0.97  # another form of the same value
_WRITTEN = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.URL})


@dataclass(slots=True)
class _Filling:
    """One record while its fields are looked at one after another."""

    evidence: Evidence
    steps: list[ProposedAction] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def enrich(question: Question, options: EnrichmentOptions) -> Proposals:
    """What the context states of the empty fields that the policy opens; nothing stated is nothing proposed."""
    filling = _Filling(evidence=gather(question, options))
    record = question.context.record
    for offer in offers(question):
        if record.value(offer.field) is None:
            _fill(filling, offer)
        elif offer.permission.conflict is not ConflictRule.FILL_EMPTY:
            _straighten(filling, offer)
    rationale = "; ".join(filling.said) or "nothing in mails, related records or lookups states a missing field"
    if filling.remarks:
        rationale = f"{rationale}; {'; '.join(dict.fromkeys(filling.remarks))}"
    return Proposals(
        actions=tuple(filling.steps), rationale=with_withheld(rationale, question), undecided=tuple(filling.undecided),
        found=_used(filling),
    )


def _used(filling: _Filling) -> tuple[Passage, ...]:
    return tuple(filling.evidence.found)


def _fill(filling: _Filling, offer: Offer) -> None:
    clues = [clue for clue in filling.evidence.clues if clue.field == offer.field]
    weighed = weigh(clues, alike=lambda value: _key(filling, offer, value))
    if weighed is None:
        filling.undecided.append(f"{offer.field}: nothing states it")
        return
    value, remark = _typed(filling, offer, weighed.clue.value)
    step = propose(
        filling.evidence.question, offer, value, confidence=weighed.clue.confidence, citations=weighed.citations
    )
    match step:
        case ProposedAction():
            filling.steps.append(step)
            filling.said.append(_told(offer, value, weighed))
            filling.remarks.extend(text for text in (remark, weighed.clue.remark) if text)
        case Refused(reason=reason):
            filling.undecided.append(f"{offer.field}: {reason}")
        case _:
            pass


def _told(offer: Offer, value: FieldValue | Refused, weighed: Weighed) -> str:
    shown = "" if isinstance(value, Refused) else display(value)[:80]
    against = f"; {', '.join(weighed.others)[:120]} stands elsewhere" if weighed.others else ""
    return f"{offer.field} {shown} ({as_percent(weighed.clue.confidence)}, {weighed.clue.source}{against})"


def _key(filling: _Filling, offer: Offer, text: str) -> str:
    value, _ = _typed(filling, offer, text)
    shown = text if isinstance(value, Refused) else display(value)
    if offer.schema.kind is FieldKind.URL:
        shown = shown.partition("//")[2].removeprefix("www.")
    digits = re.sub(r"\D", "", shown)
    return digits[-9:] if offer.schema.kind is FieldKind.PHONE else plain(shown)


def _typed(filling: _Filling, offer: Offer, text: str) -> tuple[FieldValue | Refused, str]:
    """A text as the value its field holds, with a remark where it could not be brought into its usual form."""
    if offer.options or offer.schema.kind is FieldKind.OPTION:
        key = option(text, [known for known in offer.schema.options if known.key in offer.options])
        return (key, "") if key is not None else (Refused(f"{text[:60]!r} is none of its options"), "")
    match offer.schema.kind:
        case FieldKind.PHONE:
            return _phone(filling, text)
        case FieldKind.NUMBER | FieldKind.MONEY:
            number = read_number(text)
            return (number, "") if isinstance(number, Decimal) else (Refused(f"{text[:60]!r} is not a number"), "")
        case FieldKind.EMAIL:
            return (text, "") if domain_of(text) else (Refused(f"{text[:60]!r} is not an address"), "")
        case kind if kind in _WRITTEN:
            return _written(filling, offer, text)
        case _:
            return Refused("is not filled from texts"), ""


def _phone(filling: _Filling, text: str) -> tuple[FieldValue | Refused, str]:
    evidence = filling.evidence
    read = phone(text, region_of(evidence.question.context.record, evidence.options))
    match read:
        case Phone(value=value):
            return value, ""
        case NotNormalised(reason=reason):
            return " ".join(text.split()), reason


def _written(filling: _Filling, offer: Offer, text: str) -> tuple[FieldValue | Refused, str]:
    if not is_plain(text):
        return Refused("holds characters that cannot be seen"), ""
    if offer.field == _COUNTRY:
        return shown_country(text), ""
    if offer.field == "state":
        read = state(text, _country_of(filling))
        return (read.value, "") if isinstance(read, Normal) else (text, read.reason)
    return (person_name(text) if offer.field in _PERSON else text), ""


def _country_of(filling: _Filling) -> str | None:
    """The record's country, or the one its clues name."""
    written = filling.evidence.question.context.record.value(_COUNTRY)
    if isinstance(written, str):
        return written
    clues = [clue for clue in filling.evidence.clues if clue.field == _COUNTRY]
    weighed = weigh(clues, alike=shown_country)
    return weighed.clue.value if weighed is not None else None


def _straighten(filling: _Filling, offer: Offer) -> None:
    """The same value in its one form, where the policy lets a filled field be written."""
    evidence = filling.evidence
    record = evidence.question.context.record
    straight = normal_form(record, offer, region_of(record, evidence.options))
    if straight is None:
        return
    citation = evidence.quoted(record, offer.field)
    step = propose(evidence.question, offer, straight, confidence=_FORMAL, citations=(citation,))
    if isinstance(step, ProposedAction):
        filling.steps.append(step)
        filling.said.append(f"{offer.field} written as {straight} ({_FORMAL:.0%}, another form of the same)")


def normal_form(record: Record, offer: Offer, region: str | None) -> str | None:
    """A filled field's value in its one form; None where it has none or has it already."""
    value = record.value(offer.field)
    if not isinstance(value, str):
        return None
    straight: str | None = None
    if offer.options:
        straight = value if value in offer.options else option(value, offer.schema.options)
    elif offer.schema.kind is FieldKind.PHONE:
        read = phone(value, region)
        straight = read.value if isinstance(read, Phone) else None
    elif offer.field == _COUNTRY:
        named = country(value)
        straight = named.value if isinstance(named, Normal) else None
    elif offer.field == "state":
        part = state(value, str(record.value(_COUNTRY) or ""))
        straight = part.value if isinstance(part, Normal) else None
    elif offer.field in _PERSON:
        straight = person_name(value)
    return straight if straight not in (None, value) else None
