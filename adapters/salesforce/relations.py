"""Which lookup ties two objects together in Salesforce, seen from the one record we have."""

from __future__ import annotations

from collections.abc import Mapping

from connector.adapter import ObjectType

_O = ObjectType
ACTIVITIES = {_O.TASK, _O.CALL, _O.MEETING}
_PEOPLE = {_O.CONTACT, _O.LEAD}

PREFIXES: Mapping[ObjectType, str] = {
    _O.ACCOUNT: "001", _O.CONTACT: "003", _O.USER: "005", _O.OPPORTUNITY: "006", _O.LEAD: "00Q", _O.PRODUCT: "01t",
    _O.TICKET: "500", _O.ORDER: "801", _O.LINE_ITEM: "802",
}  # fmt: skip

_BY_PREFIX: Mapping[str, ObjectType] = {prefix: kind for kind, prefix in PREFIXES.items()}

_LOOKUPS: Mapping[tuple[ObjectType, ObjectType], str] = {
    (_O.CONTACT, _O.ACCOUNT): "AccountId",
    (_O.OPPORTUNITY, _O.ACCOUNT): "AccountId",
    (_O.OPPORTUNITY, _O.CONTACT): "ContactId",
    (_O.TICKET, _O.ACCOUNT): "AccountId",
    (_O.TICKET, _O.CONTACT): "ContactId",
    (_O.ORDER, _O.ACCOUNT): "AccountId",
    (_O.ORDER, _O.CONTACT): "ShipToContactId",
    (_O.ORDER, _O.OPPORTUNITY): "OpportunityId",
    (_O.LINE_ITEM, _O.ORDER): "OrderId",
    (_O.LINE_ITEM, _O.PRODUCT): "Product2Id",
    (_O.EMAIL, _O.TICKET): "ParentId",
}


def lookup(child: ObjectType, parent: ObjectType) -> str | None:
    """The field of `child` that holds the id of a `parent`, None when the two are not tied."""
    if parent is _O.USER:
        return "OwnerId"
    if child in ACTIVITIES:
        return "WhoId" if parent in _PEOPLE else "WhatId"
    if child is _O.NOTE:
        return "ParentId"
    if child is _O.EMAIL and parent in {_O.ACCOUNT, _O.OPPORTUNITY}:
        return "RelatedToId"
    return _LOOKUPS.get((child, parent))


def lookups_of(kind: ObjectType) -> tuple[str, ...]:
    """The fields of an object that point at other shared objects, owners left out."""
    if kind in ACTIVITIES:
        return ("WhatId", "WhoId")
    if kind is _O.NOTE:
        return ("ParentId",)
    own = [field for (child, _), field in _LOOKUPS.items() if child is kind]
    return tuple(dict.fromkeys([*own, "RelatedToId"] if kind is _O.EMAIL else own))


def object_of(record_id: str) -> ObjectType | None:
    """Which object an id belongs to, by its prefix."""
    return _BY_PREFIX.get(record_id[:3])


def parent_fields(child: ObjectType, parents: tuple[tuple[ObjectType, str], ...]) -> dict[str, str]:
    """The lookups a new engagement needs to hang on its parents; the first parent of each lookup wins."""
    fields: dict[str, str] = {}
    for kind, record_id in parents:
        name = lookup(child, kind)
        if name is not None and kind is not _O.USER:
            fields.setdefault(name, record_id)
    if fields.get("WhoId", "").startswith(PREFIXES[_O.LEAD]):
        fields.pop("WhatId", None)  # Salesforce refuses a lead together with any other related record
    return fields
