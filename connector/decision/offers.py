"""What a policy and the live schema together leave open: the values each field may be given, and how to propose one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from connector.action.action import UpdateField
from connector.action.validate import validate
from connector.context.context import Citation
from connector.decision.answer import is_plain
from connector.decision.decision import ProposedAction, Question
from connector.decision.shape import Choice, Day, Index, Instant, ListOf, Number, Shape, Text, YesNo
from connector.policy import FieldPermission
from connector.record import FieldKind, FieldName, FieldSchema, FieldValue, ObjectType, User, display, same_value

MAX_OWNERS = 200
LONGEST_TEXT = 4_000
LONGEST_LINE = 255
_QUEUE = FieldName("queue")
# Where a CRM keeps which kind of record this is; options can be narrowed by it.
_TYPE_FIELDS = tuple(FieldName(name) for name in ("record_type", "RecordTypeId", "pipeline"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One field that may be given a value. `options` are the active ones that the policy allows."""

    field: FieldName
    schema: FieldSchema
    permission: FieldPermission
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The record already holds the value: nothing is written."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The value may not be written to this record."""

    reason: str


Step: TypeAlias = ProposedAction | Unchanged | Refused


def offers(question: Question) -> tuple[Offer, ...]:
    """The fields the policy may update, as far as the CRM knows them for our user and they take a value."""
    schema = question.context.schema
    found = []
    for name, permission in question.policy.may.update.items():
        field = schema.fields.get(name)
        if field is None or not field.updateable:
            continue
        offer = Offer(field=name, schema=field, permission=permission, options=_options(field, permission))
        if offer.options or not _is_closed(field, permission):
            found.append(offer)
    return tuple(found)


def withheld(question: Question) -> tuple[str, ...]:
    """Fields the policy may update and nobody can offer here, each with the reason."""
    offered = {offer.field for offer in offers(question)}
    return tuple(
        f"{name}: our user cannot write it in this CRM, or it has no active option the policy allows"
        for name in question.policy.may.update
        if name not in offered
    )


def with_withheld(rationale: str, question: Question) -> str:
    """A rationale that also names what no tier can decide here, so that no tier is asked in vain."""
    return "; ".join((rationale, *withheld(question)))


def _is_closed(field: FieldSchema, permission: FieldPermission) -> bool:
    if field.kind is FieldKind.USER:
        return False
    return field.kind in (FieldKind.OPTION, FieldKind.OPTIONS) or bool(field.options) or bool(permission.options)


def _options(field: FieldSchema, permission: FieldPermission) -> tuple[str, ...]:
    """Active options in the CRM's order. A key that people cannot tell from another one by eye is never offered."""
    if not _is_closed(field, permission):
        return ()
    active = [option.key for option in field.options if option.active] if field.options else list(permission.options)
    allowed = [key for key in active if not permission.options or key in permission.options]
    return tuple(key for key in allowed if _is_distinct(key))


@lru_cache(maxsize=8_192)
def _is_distinct(key: str) -> bool:
    return is_plain(key) and unicodedata.normalize("NFC", key) == key


def offered_owners(question: Question) -> tuple[User, ...]:
    """The people and queues an answer may point at, in one numbered list for all fields."""
    named = {
        name
        for field, permission in question.policy.may.update.items()
        if (schema := question.context.schema.fields.get(field)) is not None and schema.kind is FieldKind.USER
        for name in permission.options
    }
    active = (user for user in question.owners if user.active)
    return tuple(user for user in active if not named or named & _names(user))[:MAX_OWNERS]


def _names(user: User) -> frozenset[str]:
    return frozenset(name for name in (user.owner_id, user.name, user.email) if name)


def shape_of(offer: Offer, question: Question) -> Shape:
    """What an answer may say for this field."""
    field, permission = offer.schema, offer.permission
    if field.kind is FieldKind.OPTIONS:
        return _several(offer)
    if offer.options:
        return Choice(options=offer.options, about=field.label)
    match field.kind:
        case FieldKind.USER:
            about = f"{field.label}: the number of a person or queue in the list of owners."
            return Index(count=len(offered_owners(question)), about=about)
        case FieldKind.REFERENCE:
            about = f"{field.label}: the number of a record in the list."
            return Index(count=len(question.context.records), about=about)
        case FieldKind.NUMBER | FieldKind.MONEY:
            return Number(low=_number(permission.low), high=_number(permission.high), about=field.label)
        case FieldKind.BOOLEAN:
            return YesNo(about=field.label)
        case FieldKind.DATE:
            return Day(about=field.label)
        case FieldKind.DATETIME:
            return Instant(about=field.label)
        case _:
            return _text(field, permission)


def _several(offer: Offer) -> Shape:
    return ListOf(each=Choice(options=offer.options), most=len(offer.options), least=1, about=offer.schema.label)


def _text(field: FieldSchema, permission: FieldPermission) -> Text:
    long = field.kind is FieldKind.LONG_TEXT
    limits = (LONGEST_TEXT if long else LONGEST_LINE, field.max_length, permission.max_length)
    return Text(most=min(limit for limit in limits if limit is not None), lines=long, about=field.label)


def _number(bound: Decimal | date | None) -> Decimal | None:
    return bound if isinstance(bound, Decimal) else None


def value_of(offer: Offer, answered: Any, question: Question) -> FieldValue | Refused:
    """The field value behind a checked answer: places in lists become the ids we know for them."""
    if isinstance(answered, tuple):
        return tuple(sorted(set(answered)))
    if offer.options:
        return str(answered)
    match offer.schema.kind:
        case FieldKind.USER:
            return owner_value(offer, offered_owners(question)[answered])
        case FieldKind.REFERENCE:
            ref = question.context.records[answered].ref
            wanted: tuple[ObjectType, ...] = offer.schema.references
            return ref.id if ref.object in wanted else Refused(f"a {ref.object} does not belong there")
        case _:
            value: FieldValue = answered
            return value


def owner_value(offer: Offer, user: User) -> FieldValue | Refused:
    """The owner id of a user this field may hold: queues in a queue field, and only those the policy names."""
    if offer.permission.options and not _names(user) & {*offer.permission.options}:
        return Refused("the policy does not name this owner")
    if offer.field == _QUEUE and not user.is_queue:
        return Refused("a person is not a queue")
    return user.owner_id


def propose(
    question: Question,
    offer: Offer,
    value: FieldValue | Refused,
    *,
    confidence: float,
    citations: tuple[Citation, ...] = (),
    learner: str = "",
) -> Step:
    """One update as a proposal, unless the record holds the value already or may not be given it."""
    record = question.context.record
    if isinstance(value, Refused):
        return value
    current = record.value(offer.field)
    if same_value(current, value):
        return Unchanged()
    reason = _refusal(question, offer, value, current)
    if reason is not None:
        return Refused(reason)
    action = UpdateField(ref=record.ref, field=offer.field, value=value)
    sure = min(1.0, max(0.0, confidence))
    return ProposedAction(action=action, confidence=sure, citations=citations, learner=learner)


def _refusal(question: Question, offer: Offer, value: FieldValue, current: FieldValue) -> str | None:
    if offer.options and not {*_chosen(value)} <= {*_options_here(question, offer)}:
        return f"{display(value)[:60]} is not open for this record"
    if offer.schema.kind is not FieldKind.USER:  # an owner's names were compared already; the rule below compares ids
        reason = offer.permission.refusal(value, current=current)
        if reason is not None:
            return reason
    owners = {user.owner_id for user in question.owners if user.active}
    action = UpdateField(ref=question.context.record.ref, field=offer.field, value=value)
    problems = validate(action, question.context.schema, owners=owners)
    return problems[0].text if problems else None


def _chosen(value: FieldValue) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _options_here(question: Question, offer: Offer) -> tuple[str, ...]:
    """The offered options that the record's own type or pipeline has."""
    for name in _TYPE_FIELDS:
        narrowed = offer.schema.by_type.get(str(question.context.record.value(name)))
        if narrowed is not None:
            return tuple(option for option in offer.options if option in narrowed)
    return offer.options
