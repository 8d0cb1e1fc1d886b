"""The shared vocabulary: the field names and option keys that mean the same in every CRM.

An adapter maps its standard fields to these names; a field without a shared name keeps its CRM name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.record.names import FieldKind, FieldName, ObjectType


@dataclass(frozen=True, slots=True)
class SharedField:
    """One shared field: what it holds and, for closed lists, the option keys every CRM shares."""

    name: FieldName
    kind: FieldKind
    options: tuple[str, ...] = ()


def _fields(**kinds: FieldKind | tuple[str, ...]) -> Mapping[FieldName, SharedField]:
    return {
        FieldName(name): SharedField(FieldName(name), FieldKind.OPTION, kind)
        if isinstance(kind, tuple)
        else SharedField(FieldName(name), kind)
        for name, kind in kinds.items()
    }


_TEXT, _LONG, _NUMBER, _MONEY = FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.NUMBER, FieldKind.MONEY
_DATE, _AT, _USER, _REF = FieldKind.DATE, FieldKind.DATETIME, FieldKind.USER, FieldKind.REFERENCE
_OPTION, _YES = FieldKind.OPTION, FieldKind.BOOLEAN
_PRIORITY = ("low", "normal", "high", "urgent")

VOCABULARY: Mapping[ObjectType, Mapping[FieldName, SharedField]] = {
    ObjectType.ACCOUNT: _fields(
        name=_TEXT, domain=_TEXT, website=FieldKind.URL, phone=FieldKind.PHONE, industry=_OPTION, employees=_NUMBER,
        annual_revenue=_MONEY, country=_TEXT, state=_TEXT, city=_TEXT, postal_code=_TEXT, street=_TEXT,
        description=_LONG, owner=_USER, last_activity=_AT,
    ),
    ObjectType.CONTACT: _fields(
        first_name=_TEXT, last_name=_TEXT, email=FieldKind.EMAIL, phone=FieldKind.PHONE, mobile=FieldKind.PHONE,
        title=_TEXT, account=_REF, country=_TEXT, state=_TEXT, city=_TEXT, owner=_USER, last_activity=_AT,
        consent=_YES, opted_out=_YES, bounced=_TEXT,
    ),
    ObjectType.LEAD: _fields(
        first_name=_TEXT, last_name=_TEXT, company=_TEXT, email=FieldKind.EMAIL, phone=FieldKind.PHONE, title=_TEXT,
        source=_OPTION, industry=_OPTION, employees=_NUMBER, country=_TEXT, description=_LONG, owner=_USER,
        status=("new", "working", "qualified", "unqualified"), score=_NUMBER, tier=("hot", "warm", "cold"), converted=_YES,
        last_activity=_AT, opted_out=_YES, bounced=_TEXT,
    ),
    ObjectType.OPPORTUNITY: _fields(
        name=_TEXT, account=_REF, amount=_MONEY, stage=_OPTION, pipeline=_OPTION, close_date=_DATE, probability=_NUMBER,
        next_step=_TEXT, closed=_YES, won=_YES, source=_OPTION, description=_LONG, owner=_USER, last_activity=_AT,
        stage_changed=_AT,
    ),
    ObjectType.TICKET: _fields(
        subject=_TEXT, description=_LONG, status=("new", "open", "waiting", "closed"), priority=_PRIORITY,
        category=_OPTION, queue=_USER, owner=_USER, contact=_REF, account=_REF, channel=_OPTION, pipeline=_OPTION,
    ),
    ObjectType.TASK: _fields(
        subject=_TEXT, description=_LONG, due=_AT, status=("open", "in_progress", "waiting", "done", "deferred"),
        priority=("low", "normal", "high"), owner=_USER, marker=_TEXT,
    ),
    ObjectType.NOTE: _fields(body=_LONG, at=_AT, owner=_USER, marker=_TEXT),
    ObjectType.EMAIL: _fields(
        subject=_TEXT, body=_LONG, sender=FieldKind.EMAIL, recipients=_TEXT, at=_AT, incoming=_YES, status=_OPTION,
    ),
    ObjectType.MEETING: _fields(
        subject=_TEXT, body=_LONG, start_time=_AT, end_time=_AT, location=_TEXT, outcome=_TEXT, owner=_USER,
    ),
    ObjectType.CALL: _fields(subject=_TEXT, body=_LONG, at=_AT, duration=_NUMBER, outcome=_TEXT, owner=_USER),
    ObjectType.ORDER: _fields(name=_TEXT, status=_OPTION, amount=_MONEY, at=_DATE, account=_REF, contact=_REF),
    ObjectType.LINE_ITEM: _fields(name=_TEXT, quantity=_NUMBER, unit_price=_MONEY, amount=_MONEY, product=_REF, order=_REF),
    ObjectType.PRODUCT: _fields(name=_TEXT, code=_TEXT, unit_price=_MONEY, description=_LONG, active=_YES),
    ObjectType.ACTIVITY: _fields(kind=_OPTION, subject=_TEXT, at=_AT, url=FieldKind.URL, contact=_REF),
    ObjectType.USER: _fields(name=_TEXT, email=FieldKind.EMAIL, active=_YES, manager=_REF),
    ObjectType.TRANSCRIPT: _fields(subject=_TEXT, body=_LONG, at=_AT, meeting=_REF, owner=_USER),
}
