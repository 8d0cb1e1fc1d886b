"""What is missing, stale or contradictory in one record, by its own fields and the live schema. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from connector.decision.agents.enrichment_options import EnrichmentOptions
from connector.decision.agents.enrichment_sources import region_of
from connector.decision.agents.hygiene_options import HygieneOptions
from connector.decision.decision import Question
from connector.decision.extraction.addresses import company_domain, domain_of
from connector.decision.extraction.normalise import NotNormalised, option, phone
from connector.record import FieldKind, FieldName, FieldValue, ObjectType, Record, display

_WAITS = timedelta(days=14)  # a ticket that nobody has touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a record, in words for the person who mends it."""

    fields: tuple[FieldName, ...]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One record under examination."""

    question: Question
    options: HygieneOptions

    @property
    def record(self) -> Record:
        return self.question.context.record

    def value(self, name: str) -> FieldValue:
        return self.record.value(FieldName(name))

    def lacks(self, *names: str) -> tuple[str, ...]:
        """Those of the fields that this CRM has, that were read, and that are empty."""
        known = self.question.context.schema.fields
        read = self.record.fields.keys() & known.keys()
        return tuple(name for name in names if FieldName(name) in read and self.value(name) is None)

    def silent(self) -> timedelta | None:
        """How long nothing has happened, where the CRM tells."""
        last = self.value("last_activity")
        at = last if isinstance(last, datetime) else self.record.created_at
        gone_by = self.question.context.now - at
        limit = self.question.context.now - self.options.silent_for.after(at, self.question.policy.zone)
        return gone_by if limit > timedelta(0) else None


def findings_of(question: Question, options: HygieneOptions) -> tuple[Finding, ...]:
    """Everything the rules find, in the order of importance."""
    look = Look(question=question, options=options)
    own = _RULES.get(look.record.ref.object)
    return (*(own(look) if own is not None else ()), *_of_any(look))


def _found(problem: str, *names: str) -> Finding:
    return Finding(fields=tuple(FieldName(name) for name in names), problem=problem)


def _of_opportunity(look: Look) -> Iterator[Finding]:
    today = look.question.context.now.astimezone(look.question.policy.zone).date()
    closes, amount, chance = look.value("close_date"), look.value("amount"), look.value("probability")
    closed, won = look.value("closed"), look.value("won")
    day = closes.date() if isinstance(closes, datetime) else closes
    if closed is not True:
        if isinstance(day, date) and day < today:
            yield _found(f"is open, and its close date {day.isoformat()} has passed", "close_date")
        if won is True:
            yield _found("is won and still open", "won", "closed")
        if isinstance(chance, Decimal) and chance == _certain(look):
            yield _found(f"is open with a probability of {display(chance)}", "probability", "stage")
        if (silent := look.silent()) is not None:
            yield _found(f"is open, and nothing has happened for {silent.days} days", "last_activity")
        for name in look.lacks("amount", "close_date", "next_step", "account"):
            yield _found(f"is open without {name.replace('_', ' ')}", name)
    else:
        if won is True and (amount is None or amount == 0):
            yield _found("was won without an amount", "amount")
        if isinstance(day, date) and day > today:
            yield _found(f"is closed, and its close date {day.isoformat()} lies ahead", "close_date")
        if won is False and isinstance(chance, Decimal) and chance > 0:
            yield _found(f"was lost, with a probability of {display(chance)}", "probability")
    if isinstance(amount, Decimal) and amount < 0:
        yield _found(f"has an amount below zero ({display(amount)})", "amount")


def _certain(look: Look) -> Decimal:
    """A probability that leaves no doubt: where any number has two digits it is a percentage, else a share of one."""
    field = look.question.context.schema.fields.get(FieldName("probability"))
    return Decimal(100) if field is not None and (field.precision or 0) - (field.scale or 0) > 1 else Decimal(1)


def _of_contact(look: Look) -> Iterator[Finding]:
    reachable = [name for name in ("email", "phone", "mobile") if name in _known(look)]
    if reachable and len(look.lacks(*reachable)) == len(reachable):
        yield _found("cannot be reached: no e-mail address and no number", "email", "phone")
    for name in look.lacks("last_name", "account"):
        yield _found(f"has no {name.replace('_', ' ')}", name)
    own = company_domain(str(look.value("email") or ""))
    for place in look.question.context.related.get(ObjectType.ACCOUNT, ())[:1]:
        account = look.question.context.records[place]
        theirs = str(account.value(FieldName("domain")) or account.value(FieldName("website")) or "")
        host = company_domain(f"x@{theirs.partition('//')[2].partition('/')[0].removeprefix('www.') or theirs}")
        if own and host and own != host:
            yield _found(f"writes from {own}, and the account's domain is {host}", "email", "account")


def _of_lead(look: Look) -> Iterator[Finding]:
    status, converted = look.value("status"), look.value("converted")
    if converted is True and status in ("new", "working", "unqualified"):
        yield _found(f"is converted, and its status is {status}", "status", "converted")
    if converted is not True and status == "working" and (silent := look.silent()) is not None:
        yield _found(f"is being worked, and nothing has happened for {silent.days} days", "status", "last_activity")
    reachable = [name for name in ("email", "phone") if name in _known(look)]
    if reachable and len(look.lacks(*reachable)) == len(reachable):
        yield _found("cannot be reached: no e-mail address and no number", "email", "phone")
    for name in look.lacks("company"):
        yield _found("has no company", name)


def _of_account(look: Look) -> Iterator[Finding]:
    domain = str(look.value("domain") or "").casefold().removeprefix("www.")
    host = str(look.value("website") or "").casefold().partition("//")[2].partition("/")[0].removeprefix("www.")
    if domain and host and not (host == domain or host.endswith(f".{domain}") or domain.endswith(f".{host}")):
        yield _found(f"has the domain {domain} and a website at {host}", "domain", "website")
    employees, revenue = look.value("employees"), look.value("annual_revenue")
    for name, number in (("employees", employees), ("annual_revenue", revenue)):
        if isinstance(number, Decimal) and number < 0:
            yield _found(f"has {name.replace('_', ' ')} below zero", name)


def _of_ticket(look: Look) -> Iterator[Finding]:
    if look.lacks("subject") and look.lacks("description"):
        yield _found("has neither subject nor description", "subject", "description")
    status, age = look.value("status"), look.question.context.now - look.record.created_at
    if status == "new" and age > _WAITS:
        yield _found(f"has been new for {age.days} days", "status")
    if status != "closed":
        for name in look.lacks("contact"):
            yield _found("is open and names no contact", name)


def _of_any(look: Look) -> Iterator[Finding]:
    owners = {user.owner_id for user in look.question.owners if user.active}
    for name, value in look.record.fields.items():
        field = look.question.context.schema.fields.get(name)
        if field is None or value is None:
            continue
        if field.kind is FieldKind.USER and owners and isinstance(value, str) and value not in owners:
            yield _found(f"its {name} is no active user", name)
        if field.options and field.kind in (FieldKind.OPTION, FieldKind.OPTIONS):
            yield from _off_list(look, name, value)
        if field.kind is FieldKind.EMAIL and isinstance(value, str) and domain_of(value) is None:
            yield _found(f"its {name} is not an address: {value[:60]}", name)
        if field.kind is FieldKind.PHONE and isinstance(value, str):
            read = phone(value, region_of(look.record, _region_only(look)))
            if isinstance(read, NotNormalised) and "no such number" in read.reason:
                yield _found(f"its {name} is no number of its country: {value[:40]}", name)
        if isinstance(value, str) and value != value.strip():
            yield _found(f"its {name} begins or ends with white space", name)


def _off_list(look: Look, name: FieldName, value: FieldValue) -> Iterator[Finding]:
    known = look.question.context.schema.fields[name].options
    active = {one.key for one in known if one.active}
    for chosen in value if isinstance(value, tuple) else (str(value),):
        if chosen not in active:
            near = option(chosen, known)
            meant = f"; {near} is meant" if near is not None else ""
            yield _found(f"its {name} is off the list: {chosen[:60]}{meant}", name)


def _region_only(look: Look) -> EnrichmentOptions:
    return EnrichmentOptions(region=look.options.region)


def _known(look: Look) -> frozenset[str]:
    return frozenset(str(name) for name in look.question.context.schema.fields if name in look.record.fields)


_RULES: Mapping[ObjectType, Callable[[Look], Iterator[Finding]]] = {
    ObjectType.OPPORTUNITY: _of_opportunity, ObjectType.CONTACT: _of_contact, ObjectType.LEAD: _of_lead,
    ObjectType.ACCOUNT: _of_account, ObjectType.TICKET: _of_ticket,
}  # fmt: skip
