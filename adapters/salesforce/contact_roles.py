"""The contacts of an opportunity: they hang on it through rows of a third object, which move no stamp of its own."""

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

    def touched(self, since: datetime) -> list[str]:
        """The opportunities whose roles were added, changed or taken away since then."""
        rows = self._rows((ENDS[ObjectType.OPPORTUNITY],), f"SystemModstamp >= {literal(since)}", deleted=True)
        return list(dict.fromkeys(str(row.get(ENDS[ObjectType.OPPORTUNITY])) for row in rows))

    def joined(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """The opportunities with the contacts of their roles among what hangs on them."""
        contacts = self.tied(ObjectType.OPPORTUNITY, ObjectType.CONTACT, [record.ref.id for record in records])
        return tuple(_with(record, contacts[record.ref.id]) for record in records)

    def _rows(self, names: Sequence[str], where: str, *, deleted: bool = False) -> list[Mapping[str, object]]:
        if self._hidden:
            return []
        try:
            return self._client.rows(("Id", *names), NATIVE, where, deleted=deleted)
        except PermanentError as error:
            self._hidden = True
            self._log.warning("contact_roles_not_read", reason=error.message)
            return []


def _with(record: Record, contacts: tuple[str, ...]) -> Record:
    if not contacts:
        return record
    known = record.related.get(ObjectType.CONTACT, ())
    both = (*known, *(each for each in contacts if each not in known))
    return replace(record, related={**record.related, ObjectType.CONTACT: both})
