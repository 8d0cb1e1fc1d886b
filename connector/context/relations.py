"""The names under `context.related` in a policy, and what each asks the CRM for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.record import FieldName, ObjectType

_PLURALS = {ObjectType.OPPORTUNITY: "opportunities", ObjectType.ACTIVITY: "activities"}
_SINGULAR = frozenset({ObjectType.ACCOUNT})  # a record has one; its absence is worth telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Records of one object to read along; `past` means those of the same account, the record itself left out.

    `fields` names all that is read of them: of the owner's other meetings no more than when they are.
    """

    name: str
    object: ObjectType
    past: bool = False
    via: ObjectType | None = None  # those of the record's owner or of its contact, instead of its own
    fields: frozenset[FieldName] | None = None

    @property
    def expected(self) -> bool:
        """Whether a record without it is incomplete, rather than merely without history."""
        return not self.past and self.via is None and (self.object in _SINGULAR or self.name == self.object.value)


def _relations() -> Mapping[str, Relation]:
    named: dict[str, Relation] = {}
    for object in ObjectType:
        plural = _PLURALS.get(object, f"{object.value}s")
        for name in (object.value, plural):
            named[name] = Relation(name=name, object=object)
            named[f"past_{name}"] = Relation(name=f"past_{name}", object=object, past=True)
    busy = frozenset({FieldName("start_time"), FieldName("end_time"), FieldName("outcome")})
    named["owner_meetings"] = Relation(
        name="owner_meetings", object=ObjectType.MEETING, via=ObjectType.USER, fields=busy
    )
    named["contact_emails"] = Relation(name="contact_emails", object=ObjectType.EMAIL, via=ObjectType.CONTACT)
    return named


RELATIONS: Mapping[str, Relation] = _relations()
"""Every name a policy may use: `account`, `contact`, `emails`, `past_tickets` and so on."""
