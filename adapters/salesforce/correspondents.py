"""The mails of leads and contacts: they are tied by rows of a third object, which names a person, an address, or both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.relations import object_of
from adapters.salesforce.soql import among, chunks, one_of, select
from connector.adapter import Log, ObjectType
from connector.errors import PermanentError

NATIVE = "EmailMessageRelation"
PEOPLE = frozenset({ObjectType.CONTACT, ObjectType.LEAD})
_AT_ONCE = 100
_MOST_ROWS = 2000
_MAIL, _PERSON, _ADDRESS = "EmailMessageId", "RelationId", "RelationAddress"
_TIES, _WHO = ("Id", _MAIL, _PERSON, _ADDRESS), ("Id", "Email")


class Correspondents:
    """Reads who wrote to whom. An org without Enhanced Email or Email-to-Case has no such rows, which is said once.

    A person is tied by id where Salesforce knew the address when the mail came, and by the present address otherwise.
    """

    def __init__(self, client: SalesforceClient, catalog: Catalog, log: Log) -> None:
        self._client = client
        self._catalog = catalog
        self._log = log
        self._absent = False

    def mails_of(self, kind: ObjectType, ids: Sequence[str], *, limit: int) -> Mapping[str, tuple[str, ...]]:
        """For each person the ids of the newest mails, newest first."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(ids, ())
        if limit < 1:
            return found
        addresses = self._addresses(kind, ids)
        waiting = list(ids)
        width = max(1, min(_AT_ONCE, _MOST_ROWS // limit))
        while waiting:
            share, most = waiting[:width], max(_MOST_ROWS // 10, width * limit)
            rows = self._newest(share, [addresses[one] for one in share if one in addresses], most)
            mails = {one: _mails(rows, one, addresses.get(one)) for one in share}
            full = {one for one in share if len(rows) < most or len(share) == 1 or len(mails[one]) >= limit}
            found |= {one: mails[one][:limit] for one in full}
            waiting = [one for one in waiting if one not in full]
            width = width if full else max(1, len(share) // 2)
        return found

    def people_of(self, mails: Sequence[str], kind: ObjectType) -> Mapping[str, tuple[str, ...]]:
        """For each mail the ids of the people of one object among its senders and recipients."""
        rows = self._asked(lambda: self._of_mails(mails))
        unknown = sorted({_lower(row[_ADDRESS]) for row in rows if not row.get(_PERSON) and row.get(_ADDRESS)})
        by_address = self._by_address(kind, unknown)
        found: dict[str, dict[str, None]] = {one: {} for one in mails}
        for row in rows:
            person = row.get(_PERSON)
            tied = [str(person)] if person else by_address.get(_lower(row.get(_ADDRESS)), [])
            found[str(row[_MAIL])] |= dict.fromkeys(one for one in tied if object_of(one) is kind)
        return {mail: tuple(people) for mail, people in found.items()}

    def _of_mails(self, mails: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        return [row for some in chunks(mails, _AT_ONCE) for row in self._client.rows(_TIES, NATIVE, one_of(_MAIL, some))]

    def _addresses(self, kind: ObjectType, ids: Sequence[str]) -> Mapping[str, str]:
        native, wanted = self._catalog.describe(kind).native, {one[:15]: one for one in ids}
        rows = [row for some in chunks(ids, _AT_ONCE) for row in self._client.rows(_WHO, native, one_of("Id", some))]
        return {wanted[str(row["Id"])[:15]]: _lower(row["Email"]) for row in rows if row.get("Email")}

    def _by_address(self, kind: ObjectType, addresses: Sequence[str]) -> Mapping[str, list[str]]:
        native, found = self._catalog.describe(kind).native, defaultdict(list)
        for some in chunks(addresses, _AT_ONCE):
            for row in self._client.rows(_WHO, native, among("Email", some)):
                found[_lower(row["Email"])].append(str(row["Id"]))
        return found

    def _newest(self, ids: Sequence[str], addresses: Sequence[str], most: int) -> Sequence[Mapping[str, Any]]:
        either = one_of(_PERSON, ids)
        if addresses:
            either = f"({either} OR {among(_ADDRESS, dict.fromkeys(addresses))})"
        query = select(_TIES, NATIVE, either, order="CreatedDate DESC, Id DESC", limit=most)
        return self._asked(lambda: self._client.query(query).body["records"])

    def _asked(self, ask: Callable[[], Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        if self._absent:
            return ()
        try:
            return ask()
        except PermanentError as error:
            self._absent = True
            self._log.warning("correspondents_not_read", reason=error.message)
            return ()


def _mails(rows: Sequence[Mapping[str, Any]], person: str, address: str | None) -> tuple[str, ...]:
    """The mails among these ties that are a person's; a tie that names another person is not, whatever its address."""
    ours = (
        row
        for row in rows
        if (str(row[_PERSON])[:15] == person[:15] if row.get(_PERSON) else address == _lower(row.get(_ADDRESS)))
    )
    return tuple(dict.fromkeys(str(row[_MAIL]) for row in ours))


def _lower(text: object) -> str:
    return str(text or "").lower()
