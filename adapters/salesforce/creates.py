"""New tasks, notes, meetings and drafts: each carries a marker, is sent once, and is looked for before any new try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.failures import CrmError, failure
from adapters.salesforce.mapping import CREATABLE
from adapters.salesforce.payloads import payload
from adapters.salesforce.relations import ACTIVITIES, lookup, object_of, parent_fields
from adapters.salesforce.schema import Description
from adapters.salesforce.soql import literal, one_of, quoted, safe_id, safe_marker, safe_name, select
from adapters.salesforce.updates import lost, refused, unwritten
from connector.adapter import (
    ConnectionName,
    Created,
    CreateResult,
    FieldName,
    MarkedCreate,
    Missed,
    ObjectType,
    Postponed,
    RecordRef,
    Refused,
    Unknown,
)
from connector.adapter.retry import Operation
from connector.errors import ConnectorError, CredentialsError, PermanentError, RejectedError

CREATE_BATCH = 25
# A draft goes out to people as it stands: its marker is the message id, not a line of the text.
_MARKED: Mapping[ObjectType, str] = {ObjectType.NOTE: "Body", ObjectType.EMAIL: "MessageIdentifier"}
_OUR_MARKER = "[crm-connector "
_TITLE = FieldName("subject")
_PARENT_GONE = {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}
# What EmailMessage has a lookup for without a conversation behind it: ParentId and RelatedToId.
DRAFTS_ON = frozenset({ObjectType.TICKET, ObjectType.ACCOUNT, ObjectType.OPPORTUNITY})
_DRAFT = "5"  # EmailMessage.Status: a draft, which a person sends


@dataclass(frozen=True, slots=True)
class _Sending:
    place: int
    create: MarkedCreate
    description: Description
    call: Mapping[str, Any]


class Creates:
    """Sends marked creates and finds them again."""

    def __init__(self, connection: ConnectionName, client: SalesforceClient, catalog: Catalog, *, marker_field: str) -> None:
        self._connection = connection
        self._client = client
        self._catalog = catalog
        self._marker_field = safe_name(marker_field)

    def send(self, creates: Sequence[MarkedCreate]) -> tuple[CreateResult, ...]:
        results: dict[int, CreateResult] = {}
        ready: list[_Sending] = []
        for place, create in enumerate(creates):
            try:
                ready.append(self._prepared(place, self._carried(create)))
            except PermanentError as error:
                results[place] = refused(error, None)
        for start in range(0, len(ready), CREATE_BATCH):
            results |= self._send_batch(ready[start : start + CREATE_BATCH], first=start == 0)
        return tuple(results[place] for place in range(len(creates)))

    def find(self, creates: Sequence[tuple[MarkedCreate, datetime]]) -> dict[str, RecordRef]:
        """The records that carry the markers, deleted ones included; by the marker field, else through the parents."""
        found: dict[str, RecordRef] = {}
        for create, sent_at in ((self._carried(one), at) for one, at in creates):
            description = self._catalog.describe(create.object)
            record_id = (
                self._by_field(description, create)
                if self.has_marker_field(description)
                else self._by_parent(description, create, sent_at)
            )
            if record_id is not None:
                found[create.marker] = RecordRef(self._connection, create.object, record_id)
        return found

    def has_marker_field(self, description: Description) -> bool:
        return self._marker_field in description.external_ids

    def _carried(self, create: MarkedCreate) -> MarkedCreate:
        """The create with what its parents are about in the place of parents that are activities themselves."""
        parents: dict[RecordRef, None] = {}
        for parent in create.parents:
            if parent.object not in ACTIVITIES:
                parents[parent] = None
                continue
            native = self._catalog.describe(parent.object).native
            for row in self._client.rows(["WhoId", "WhatId"], native, one_of("Id", [safe_id(parent.id)])):
                for pointed in (row.get("WhatId"), row.get("WhoId")):
                    kind = object_of(str(pointed or ""))
                    if kind is not None:
                        parents[RecordRef(self._connection, kind, str(pointed))] = None
        return replace(create, parents=tuple(parents))

    def _prepared(self, place: int, create: MarkedCreate) -> _Sending:
        if create.object not in CREATABLE or not create.parents:
            raise RejectedError(f"a {create.object} is not created here", code="NOT_CREATABLE")
        description = self._catalog.describe(create.object)
        body = {**payload(description, create.values, creating=True).body, **self._hung(create)}
        if create.object is ObjectType.CALL:
            body["TaskSubtype"] = "Call"
        if create.object is ObjectType.EMAIL:
            body["Status"] = _DRAFT
        base = f"sobjects/{safe_name(description.native)}"
        marker = safe_marker(create.marker)
        if self.has_marker_field(description):
            call = {"method": "PATCH", "url": self._client.path(f"{base}/{self._marker_field}/{marker}")}
        else:
            text = _MARKED.get(create.object, "Description")
            body[text] = marked(create.object, body.get(text), marker)
            call = {"method": "POST", "url": self._client.path(f"{base}/")}
        return _Sending(place, create, description, {**call, "body": body, "httpHeaders": self._client.headers()})

    def _hung(self, create: MarkedCreate) -> dict[str, str]:
        fields = parent_fields(create.object, tuple((ref.object, safe_id(ref.id)) for ref in create.parents))
        if not fields:
            kinds = ", ".join(ref.object for ref in create.parents)
            raise RejectedError(f"a {create.object} cannot hang on {kinds}", code="NO_PARENT")
        return fields

    def _send_batch(self, batch: Sequence[_Sending], *, first: bool) -> dict[int, CreateResult]:
        calls = [{**one.call, "referenceId": f"create{number}"} for number, one in enumerate(batch)]
        try:
            body = self._client.composite(calls, Operation.CREATE).body
        except CredentialsError:
            if first:
                raise
            return {one.place: Postponed(reason="the CRM no longer accepts our credentials") for one in batch}
        except ConnectorError as error:
            return {one.place: lost(error) for one in batch}
        answers = {str(one.get("referenceId")): one for one in body["compositeResponse"] if isinstance(one, Mapping)}
        return {one.place: self._verdict(one, answers.get(f"create{number}")) for number, one in enumerate(batch)}

    def _verdict(self, one: _Sending, answer: Mapping[str, Any] | None) -> CreateResult:
        if answer is None or not isinstance(answer.get("httpStatusCode"), int):
            return Unknown(reason="the composite answer does not say what became of this create")
        status, body = answer["httpStatusCode"], answer.get("body")
        if status in (200, 201) and isinstance(body, Mapping) and isinstance(body.get("id"), str):
            ref = RecordRef(self._connection, one.create.object, body["id"])
            return Created(ref=ref, existed=body.get("created") is False)
        if status < 400:
            return Unknown(reason=f"the create was answered {status} without an id")
        error = CrmError.read(body)
        if error is not None and error.code in _PARENT_GONE:
            return Missed()
        if error is not None and error.code == "DUPLICATE_VALUE" and one.call["method"] == "PATCH":
            return Unknown(reason=error.message)  # an earlier try was faster; looking it up tells its id
        result = unwritten(failure(status, body), one.description)
        return result if isinstance(result, Refused | Missed | Postponed) else Unknown(reason=result.reason)

    def _by_field(self, description: Description, create: MarkedCreate) -> str | None:
        where = f"{self._marker_field} = {quoted(safe_marker(create.marker))}"
        body = self._client.query(
            select(["Id", "CreatedDate"], description.native, where, order="CreatedDate, Id", limit=1), deleted=True
        ).body
        return str(body["records"][0]["Id"]) if body["records"] else None

    def _by_parent(self, description: Description, create: MarkedCreate, sent_at: datetime) -> str | None:
        text = _MARKED.get(create.object, "Description")
        first = create.parents[0]
        field = lookup(create.object, first.object)
        if field is None:
            return None
        since = literal(sent_at - timedelta(minutes=10))
        where = (one_of(field, [first.id]), f"CreatedDate >= {since}")
        # A post has no title, and no flow rewrites the message id of a draft.
        titled = create.object not in _MARKED and _TITLE in create.values
        title = description.column(_TITLE).native if titled else "Id"
        columns = list(dict.fromkeys(["Id", "CreatedById", text, title]))
        rows = self._client.rows(columns, description.native, *where, deleted=True)
        marker = safe_marker(create.marker)
        found = next((str(row["Id"]) for row in rows if marker in str(row.get(text) or "")), None)
        return found or (self._rewritten(rows, text, title, create) if titled else None)

    def _rewritten(self, rows: Sequence[Mapping[str, Any]], text: str, title: str, create: MarkedCreate) -> str | None:
        """The one record of ours under its title that bears nobody's marker: a flow may have rewritten the text at once."""
        us = self._client.user_id()
        alike = [
            str(row["Id"]) for row in rows
            if row.get("CreatedById") == us and row.get(title) == create.values[_TITLE]
            and _OUR_MARKER not in str(row.get(text) or "")
        ]  # fmt: skip
        return alike[0] if len(alike) == 1 else None


def marked(kind: ObjectType, text: object, marker: str) -> str:
    """The text that carries our marker where the object has no field for it."""
    if kind is ObjectType.EMAIL:
        return f"<{marker}@crm-connector>"
    return f"{text or ''}\n\n{_OUR_MARKER}{marker}]".strip()
