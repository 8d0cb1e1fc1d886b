"""The contacts of an opportunity: they hang on it through rows of a third object, which move the stamp of neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.soql import chunks, literal, one_of
from connector.adapter import Log, ObjectType, Record
from connector.errors import PermanentError

NATIVE = "OpportunityContactRole"
ENDS: Mapping[ObjectType, str] = {ObjectType.OPPORTUNITY: "OpportunityId", ObjectType.CONTACT: "ContactId"}
_OTHER = {ObjectType.OPPORTUNITY: ObjectType.CONTACT, ObjectType.CONTACT: ObjectType.OPPORTUNITY}
_AT_ONCE = 200


class ContactRoles:
    """Reads the roles. An org that hides them from our user has none, which is said once."""

    def __init__(self, client: SalesforceClient, log: Log) -> None:
        self._client = client
        self._log = log
        self._hidden = False

    def tied(self, kind: ObjectType, object: ObjectType, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """For each record of `kind` the ids of `object` that a role ties to it, in id order."""
        own, other = ENDS[kind], ENDS[object]
        found: dict[str, set[str]] = defaultdict(set)
        for batch in chunks(ids, _AT_ONCE):
            for row in self._rows((own, other), one_of(own, batch)):
                found[str(row.get(own))].add(str(row.get(other)))
        return {each: tuple(sorted(found.get(each, ()))) for each in ids}

    def touched(self, kind: ObjectType, since: datetime) -> list[str]:
        """The opportunities, or the contacts, whose roles were added, changed or taken away since then."""
        rows = self._rows((ENDS[kind],), f"SystemModstamp >= {literal(since)}", deleted=True)
        return list(dict.fromkeys(str(row.get(ENDS[kind])) for row in rows))

    def joined(self, kind: ObjectType, records: Sequence[Record]) -> tuple[Record, ...]:
        """The records of `kind` with those at the other end of their roles among what hangs on them."""
        other = _OTHER[kind]
        tied = self.tied(kind, other, [record.ref.id for record in records])
        return tuple(_with(record, other, tied[record.ref.id]) for record in records)

    def _rows(self, names: Sequence[str], where: str, *, deleted: bool = False) -> list[Mapping[str, object]]:
        if self._hidden:
            return []
        try:
            return self._client.rows(("Id", *names), NATIVE, where, deleted=deleted)
        except PermanentError as error:
            self._hidden = True
            self._log.warning("contact_roles_not_read", reason=error.message)
            return []


def _with(record: Record, other: ObjectType, ids: tuple[str, ...]) -> Record:
    if not ids:
        return record
    known = record.related.get(other, ())
    both = (*known, *(each for each in ids if each not in known))
    return replace(record, related={**record.related, other: both})
