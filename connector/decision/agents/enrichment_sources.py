"""Where enrichment looks, in the prepared context alone: own mails, addresses, related records, lookups, knowledge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connector.context.context import Citation, Passage
from connector.context.origins import lowest, origin_of
from connector.decision.agents.enrichment_options import EnrichmentOptions
from connector.decision.decision import Question
from connector.decision.extraction.addresses import company_domain
from connector.decision.extraction.clues import Clue
from connector.decision.extraction.details import Writer, details_of
from connector.decision.extraction.mail import signature_of
from connector.decision.extraction.normalise import NotNormalised, Phone, country, country_code, phone, plain
from connector.decision.extraction.pairs import Pair, pairs_of
from connector.record import FieldName, FieldValue, ObjectType, Origin, Record

_EMAIL, _SENDER, _COUNTRY, _DOMAIN = (FieldName(name) for name in ("email", "sender", "country", "domain"))
_QUOTE = 300
# What a person's signature says of the person, and what of their organisation: the office is not always the headquarters.
_OF_PERSON = frozenset({"phone", "mobile", "title", "company", "country", "city"})
_OF_COMPANY = frozenset({"website", "street", "postal_code", "city", "state", "country"})
_OFFICE = 0.85
# Names lookups and pages use for the shared ones.
_ALIASES: Mapping[str, str] = {
    "job_title": "title", "position": "title", "mobile_phone": "mobile", "cell": "mobile", "telephone": "phone",
    "tel": "phone",
    "url": "website", "homepage": "website", "zip": "postal_code", "zip_code": "postal_code", "postcode": "postal_code",
    "address": "street", "employee_count": "employees", "number_of_employees": "employees", "revenue": "annual_revenue",
    "sector": "industry", "company_name": "company", "organisation": "company", "organization": "company",
    "province": "state",
}  # fmt: skip
_TOLD, _WRITTEN = 0.85, 0.8  # a lookup's, a page's word without a confidence of its own


@dataclass(slots=True)
class Evidence:
    """What was found for one record: clues, and field values turned into passages so that they can be quoted."""

    question: Question
    options: EnrichmentOptions
    clues: list[Clue] = field(default_factory=list)
    found: list[Passage] = field(default_factory=list)

    def quoted(self, record: Record, name: FieldName) -> Citation:
        """A field's own value as a quote. What another record holds is trusted no more than what an agent wrote."""
        context = self.question.context
        own = record.ref == context.record.ref
        origin = context.origins.get(name, Origin.OUTSIDER) if own else lowest((origin_of(record, name), Origin.AGENT))
        text = str(record.value(name))[:_QUOTE]
        source = f"{record.ref.object}.{name}"
        for number, passage in enumerate(self.found):
            if (passage.ref, passage.source, passage.text) == (record.ref, source, text):
                return self._citation(number, passage)
        self.found.append(Passage(text=text, source=source, origin=origin, ref=record.ref))
        return self._citation(len(self.found) - 1, self.found[-1])

    def _citation(self, number: int, passage: Passage) -> Citation:
        place = len(self.question.context.passages) + number
        return Citation(passage=place, quote=passage.text, source=passage.source, origin=passage.origin)


def gather(question: Question, options: EnrichmentOptions) -> Evidence:
    """Every clue the context holds."""
    evidence = Evidence(question=question, options=options)
    evidence.clues.extend(_from_mails(evidence))
    evidence.clues.extend(_from_addresses(evidence))
    evidence.clues.extend(_from_relatives(evidence))
    evidence.clues.extend(_from_answers(evidence))
    return evidence


def region_of(record: Record, options: EnrichmentOptions, *others: Record) -> str | None:
    """Where a number without a country's code is dialled: the record's own country, its account's, the policy's."""
    for one in (record, *others):
        written = one.value(_COUNTRY)
        if isinstance(written, str) and not isinstance(code := country_code(written), NotNormalised):
            return code
    return options.region


def _related(question: Question, object: ObjectType) -> list[Record]:
    context = question.context
    return [context.records[place] for place in context.related.get(object, ())]


def _people(question: Question) -> list[Record]:
    own = question.context.record
    return _related(question, ObjectType.CONTACT) if own.ref.object is ObjectType.ACCOUNT else [own]


def _from_mails(evidence: Evidence) -> Iterator[Clue]:
    """Signatures in mails that the person's own address sent, and only in the part they wrote."""
    question = evidence.question
    mails = {record.ref: record for record in question.context.records if record.ref.object is ObjectType.EMAIL}
    people = {address: one for one in _people(question) if (address := _text(one.value(_EMAIL)).casefold())}
    of_company = question.context.record.ref.object is ObjectType.ACCOUNT
    for number, passage in enumerate(question.context.passages):
        mail = mails.get(passage.ref) if passage.ref is not None else None
        sender = _text(mail.value(_SENDER)).casefold() if mail is not None else ""
        if sender not in people or not passage.source.endswith("body"):
            continue
        for detail in details_of(signature_of(passage.text), _writer(evidence, people[sender])):
            if detail.field in (_OF_COMPANY if of_company else _OF_PERSON):
                citation = Citation(
                    passage=number, quote=detail.quote, source=passage.source, origin=passage.origin
                )
                sure = detail.confidence * (_OFFICE if of_company and detail.field != "website" else 1.0)
                yield Clue(
                    field=FieldName(detail.field), value=detail.value, citation=citation, confidence=sure,
                    source=f"signature, {passage.source}", at=passage.at, remark=detail.remark,
                )


def _writer(evidence: Evidence, person: Record) -> Writer:
    names = tuple(text for name in ("first_name", "last_name") if (text := _text(person.value(FieldName(name)))))
    accounts = _related(evidence.question, ObjectType.ACCOUNT)
    return Writer(
        names=names, domain=company_domain(_text(person.value(_EMAIL)), free_mail=evidence.options.free_mail),
        region=region_of(person, evidence.options, evidence.question.context.record, *accounts),
    )


def _from_addresses(evidence: Evidence) -> Iterator[Clue]:
    """The organisation's domain, where its people agree on one."""
    own = evidence.question.context.record
    holders = [
        (domain, person)
        for person in _people(evidence.question)
        if (domain := company_domain(_text(person.value(_EMAIL)), free_mail=evidence.options.free_mail))
    ]
    if not holders:
        return
    (domain, count), *others = Counter(domain for domain, _ in holders).most_common(2)
    sure = 0.6 if others else min(0.9 + 0.02 * count, 0.96)
    citation = evidence.quoted(next(person for known, person in holders if known == domain), _EMAIL)
    if own.ref.object is ObjectType.ACCOUNT:
        yield _clue("domain", domain, citation, sure)
        yield _clue("website", f"https://{domain}", citation, sure - 0.05)
    elif own.ref.object is ObjectType.LEAD:
        guess = domain.partition(".")[0].replace("-", " ").title()
        yield _clue("company", guess, citation, 0.55, "only the mail domain tells")
        yield _clue("website", f"https://{domain}", citation, sure - 0.05)
        yield _clue("domain", domain, citation, sure)


def _from_relatives(evidence: Evidence) -> Iterator[Clue]:
    """What the account says of its people, and what a number's own code says of its country."""
    own = evidence.question.context.record
    if own.ref.object is not ObjectType.ACCOUNT:
        for account in _related(evidence.question, ObjectType.ACCOUNT)[:1]:
            for name in ("country", "industry", "employees", "city"):
                value = account.value(FieldName(name))
                if value is not None and not isinstance(value, bool | tuple):
                    sure = 0.5 if name == "city" else 0.8 if name == "country" else 0.93
                    yield _clue(name, _text(value), evidence.quoted(account, FieldName(name)), sure)
    for name in (FieldName("phone"), FieldName("mobile")):
        match phone(_text(own.value(name)), None) if _text(own.value(name)).startswith("+") else None:
            case Phone(region=str() as region):
                yield _clue("country", region, evidence.quoted(own, name), 0.75)
            case _:
                pass


def _from_answers(evidence: Evidence) -> Iterator[Clue]:
    """Named values in what lookups answered, and in pages that are about this very organisation."""
    own = evidence.question.context.record
    name = plain(_text(own.value(FieldName("name"))) or _text(own.value(FieldName("company"))))
    for number, passage in enumerate(evidence.question.context.passages):
        told = passage.origin is Origin.LOOKUP
        about = len(name) > 3 and name in plain(f"{passage.title} {passage.text}")
        if not told and not (passage.origin is Origin.FILE and about):
            continue
        for pair in pairs_of(passage.text):
            yield _answered(pair, number, passage, _TOLD if told else _WRITTEN)


def _answered(pair: Pair, number: int, passage: Passage, usual: float) -> Clue:
    citation = Citation(passage=number, quote=pair.quote, source=passage.source, origin=passage.origin)
    source = f"{passage.source} ({pair.source})" if pair.source else passage.source
    sure = pair.confidence if pair.confidence is not None else usual
    key = FieldName(_ALIASES.get(pair.name, pair.name))
    return Clue(field=key, value=pair.value, citation=citation, confidence=sure, source=source, at=passage.at)


def _clue(name: str, value: str, citation: Citation, confidence: float, remark: str = "") -> Clue:
    return Clue(
        field=FieldName(name), value=value, citation=citation, confidence=confidence, source=citation.source, remark=remark
    )


def _text(value: FieldValue) -> str:
    return value.strip() if isinstance(value, str) else "" if value is None or isinstance(value, tuple) else str(value)


def shown_country(text: str) -> str:
    """A country by its English name where that is known."""
    read = country(text)
    return text if isinstance(read, NotNormalised) else read.value
