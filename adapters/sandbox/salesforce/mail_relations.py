"""EmailMessageRelation: who sent and got each mail, tied when it was made to the person whose address it was then."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parseaddr

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Row, RowKey, Value
from adapters.sandbox.salesforce.ids import base62, checksum
from adapters.sandbox.salesforce.objects_setup import MAIL_RELATION

_MAIL = "EmailMessage"
_PEOPLE = ("Contact", "Lead", "User")
_ADDRESS = "Email"
_KINDS = ("FromAddress", "ToAddress", "CcAddress")
_BETWEEN = re.compile(r"[;,]")


class MailRelations:
    """Rows computed when they are asked for; an address that was nobody's when the mail came is tied to nobody."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def rows(self, parent_id: str | None) -> Iterator[Row]:
        """The rows of one mail or of one person, or all."""
        people = self._people()
        for mail in self._org.rows(_MAIL, deleted=False):
            for place, (kind, address) in enumerate(_addresses(mail)):
                person = self._owner(people.get(address, ()), address, mail.created)
                if parent_id is None or parent_id in (mail.id, person.id if person else None):
                    yield _row(mail, place, kind, address, person)

    def _people(self) -> Mapping[str, Sequence[RowKey]]:
        """Everybody by every address they ever had."""
        found: dict[str, list[RowKey]] = defaultdict(list)
        for name in _PEOPLE:
            for row in self._org.rows(name, deleted=False):
                had = {_lower(change.after) for change in self._org.history.of(row.key, _ADDRESS)}
                for address in had | {_lower(row.values.get(_ADDRESS))} - {""}:
                    found[address].append(row.key)
        return found

    def _owner(self, keys: Sequence[RowKey], address: str, at: int) -> RowKey | None:
        return next((key for key in keys if self._address_at(key, at) == address), None)

    def _address_at(self, key: RowKey, at: int) -> str:
        changes = [change for change in self._org.history.of(key, _ADDRESS) if change.at <= at]
        return _lower(changes[-1].after) if changes else ""


def _addresses(mail: Row) -> Iterator[tuple[str, str]]:
    for kind in _KINDS:
        for text in _BETWEEN.split(str(mail.values.get(kind) or "")):
            if address := _lower(parseaddr(text)[1]):
                yield kind, address


def _lower(value: Value) -> str:
    return str(value or "").strip().lower()


def _row(mail: Row, place: int, kind: str, address: str, person: RowKey | None) -> Row:
    id15 = "0Mr" + mail.id[3:7] + mail.id[11:15] + base62(place, 4)
    values: dict[str, Value] = {
        "EmailMessageId": mail.id, "RelationType": kind, "RelationAddress": address,
        "RelationId": person.id if person else None, "RelationObjectType": person.object if person else None,
    }  # fmt: skip
    return Row(
        key=RowKey(MAIL_RELATION, id15 + checksum(id15)), values=values, created=mail.created, created_by=mail.created_by,
        modified=mail.created, modified_by=mail.created_by, stamp=mail.created,
    )
