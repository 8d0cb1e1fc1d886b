"""Creating tasks, notes and meetings once: a marker line in the body, found again through the parent's associations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.hubspot.answers import Answer
from adapters.hubspot.client import check_ids
from adapters.hubspot.links import LinkReader
from adapters.hubspot.mapping import ENGAGEMENTS, LINKS, OBJECTS, PARENT_LINKS
from adapters.hubspot.portal import Portal
from adapters.hubspot.records import HubSpotRecords, Row, chunks
from adapters.hubspot.sending import TRANSIENT
from adapters.hubspot.values import instant_text
from connector.adapter import (
    Created,
    CreateResult,
    FieldName,
    MarkedCreate,
    Merged,
    Missed,
    NotApplied,
    ObjectType,
    Postponed,
    RecordRef,
    Refused,
    Unknown,
    Version,
    WriteResult,
    Written,
)
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    CredentialsError,
    InvalidResponseError,
    OutcomeUnknownError,
    PermanentError,
    RecordGoneError,
    RejectedError,
    RetryableError,
)

BATCH = 100
_BODY: Mapping[ObjectType, FieldName] = {
    ObjectType.TASK: FieldName("description"), ObjectType.NOTE: FieldName("body"), ObjectType.MEETING: FieldName("body"),
}  # fmt: skip
_START = FieldName("start_time")
_MARKER = re.compile(r"\[crm-connector:([0-9A-Za-z_.-]+)\]")
_SKEW = timedelta(hours=1)
_IN_FLIGHT = timedelta(seconds=5)


def marker_line(marker: str) -> str:
    """The last line of a body we wrote."""
    return f"[crm-connector:{marker}]"


class Creates:
    """Engagements of ours: created with their associations in one call, found again without the search index."""

    def __init__(self, portal: Portal, records: HubSpotRecords) -> None:
        self._portal = portal
        self._records = records
        self._links = LinkReader(portal)
        self._types: dict[tuple[ObjectType, ObjectType], int] = {}

    def create(self, creates: Sequence[MarkedCreate]) -> tuple[CreateResult, ...]:
        """One result per create, in order. Raises CredentialsError only while nothing has been sent."""
        results: dict[str, CreateResult] = {}
        grouped: dict[ObjectType, list[MarkedCreate]] = {}
        for each in creates:
            grouped.setdefault(each.object, []).append(each)
        for object, members in grouped.items():
            if object not in _BODY:
                refused = Refused(code="NOT_CREATABLE", reason=f"{object} records are not created in HubSpot")
                results |= {each.marker: refused for each in members}
                continue
            for part in chunks(members, BATCH):
                results |= self._send(object, part, first=not results)
        return tuple(results[each.marker] for each in creates)

    def _send(self, object: ObjectType, part: Sequence[MarkedCreate], *, first: bool) -> dict[str, CreateResult]:
        inputs: list[tuple[MarkedCreate, Mapping[str, Any]]] = []
        results: dict[str, CreateResult] = {}
        for each in part:
            try:
                inputs.append((each, self._input(each)))
            except PermanentError as error:
                results[each.marker] = Refused(code=type(error).__name__, reason=error.message)
        waiting = [inputs] if inputs else []
        while waiting:
            batch = waiting.pop()
            try:
                answer = self._portal.client.batch_create(OBJECTS[object], [body for _, body in batch])
            except (RejectedError, RecordGoneError, AccessDeniedError) as error:
                if len(batch) > 1:  # nothing of a rejected batch exists: each half may go out on its own
                    middle = len(batch) // 2
                    waiting += [batch[middle:], batch[:middle]]
                else:
                    results[batch[0][0].marker] = self._turned_down(batch[0][0], error)
            except CredentialsError as error:
                if first and not results:
                    raise
                results |= {each.marker: Postponed(reason=error.message) for each, _ in batch}
            except RetryableError as error:
                results |= {each.marker: Postponed(reason=error.message, wait=error.retry_after) for each, _ in batch}
            except OutcomeUnknownError as error:
                results |= {each.marker: Unknown(reason=error.message) for each, _ in batch}
            else:
                results |= self._answered(object, [each for each, _ in batch], answer)
        return results

    def _input(self, create: MarkedCreate) -> Mapping[str, Any]:
        live = self._portal.live(create.object)
        body = _BODY[create.object]
        text = str(create.values.get(body) or "")
        values = {**create.values, body: f"{text}\n\n{marker_line(create.marker)}" if text else marker_line(create.marker)}
        properties = {live.field(name).schema.native: live.field(name).write(value) for name, value in values.items()}
        # HubSpot requires a time on every engagement: a meeting's is its start; without one the task or note is for now.
        if not properties.get("hs_timestamp"):
            start = create.values.get(_START)
            properties["hs_timestamp"] = instant_text(start if isinstance(start, datetime) else self._portal.clock.now())
        return {
            "objectWriteTraceId": create.marker,
            "properties": {name: value for name, value in properties.items() if value != ""},
            "associations": [self._association(create.object, parent) for parent in self._carriers(create)],
        }

    def _carriers(self, create: MarkedCreate) -> tuple[RecordRef, ...]:
        """What it hangs on: its parents, or what these are about where they are engagements themselves."""
        found: dict[RecordRef, None] = {}
        for parent in create.parents:
            if parent.object not in ENGAGEMENTS:
                found[parent] = None
                continue
            for target in dict.fromkeys(LINKS[parent.object].values()):
                for linked in self._links.read(parent.object, target, [parent.id]).get(parent.id, ()):
                    found[RecordRef(parent.connection, target, linked)] = None
        if create.parents and not found:
            why = f"{create.parents[0]} hangs on no record that could carry a {create.object}"
            raise RejectedError(why, code="NO_PARENT")
        return tuple(found)

    def _association(self, object: ObjectType, parent: RecordRef) -> Mapping[str, Any]:
        check_ids([parent.id])
        kind = PARENT_LINKS.get((object, parent.object)) or self._link_type(object, parent.object)
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
        return {"to": {"id": parent.id}, "types": types}

    def _link_type(self, object: ObjectType, parent: ObjectType) -> int:
        """The portal's own unlabelled link between two objects, where the number is not a recorded one."""
        if (object, parent) not in self._types:
            kinds = self._portal.client.association_types(OBJECTS[object], OBJECTS[parent]).results()
            plain = [kind for kind in kinds if kind.get("category") == "HUBSPOT_DEFINED"]
            plain.sort(key=lambda kind: kind.get("label") is not None)
            if not plain:
                raise RejectedError(f"a {object} cannot hang on a {parent} in HubSpot", code="NO_ASSOCIATION")
            self._types[object, parent] = int(plain[0]["typeId"])
        return self._types[object, parent]

    def _answered(self, object: ObjectType, part: Sequence[MarkedCreate], answer: Answer) -> dict[str, CreateResult]:
        """Results come in any order: each is matched by its trace id, or by the marker in the body it echoes."""
        results: dict[str, CreateResult] = {
            each.marker: Unknown(reason="HubSpot's answer does not say what became of it") for each in part
        }
        try:
            rows, errors = answer.results(), answer.json().get("errors") or []
        except InvalidResponseError:
            return results
        for row in rows:
            marker = _marker_of(row)
            if marker in results:
                results[marker] = Created(ref=RecordRef(self._portal.connection, object, str(row.get("id"))))
        for error in errors:
            traced = (error.get("context") or {}).get("objectWriteTraceId") or []
            for marker in [traced] if isinstance(traced, str) else traced:
                # An internal error says nothing about what was stored: it stays unknown until it has been looked for.
                if marker in results and str(error.get("category")) not in TRANSIENT:
                    reason = str(error.get("message") or "refused")
                    results[marker] = Refused(code=str(error.get("category") or "REJECTED"), reason=reason)
        return results

    def _turned_down(self, create: MarkedCreate, error: ConnectorError) -> CreateResult:
        """A refusal may be about the parent: then the record to hang on is gone, and that is the answer."""
        for parent in create.parents[:1]:
            try:
                if parent.id not in self._records.rows(parent.object, [parent.id], ()):
                    found = self._records.whereabouts(parent)
                    return Missed(into=found.into if isinstance(found, Merged) else None)
            except ConnectorError:
                break
        live = self._portal.live(create.object)
        if isinstance(error, RejectedError):
            fields = tuple(live.shared_name(name) for name in error.fields)
            return Refused(code=error.code, reason=error.message, fields=fields)
        return Refused(code=type(error).__name__, reason=error.message)

    def resolve(self, create: MarkedCreate, sent_at: datetime) -> Created | NotApplied | Missed | Unknown:
        """Look for the marker among what hangs on the parent, newest first, as far back as the request can be.

        A workflow may have rewritten the body in the meantime: the body's history still holds what we wrote.
        """
        if not create.parents:
            return Unknown(reason="the create hangs on no record through which it could be found")
        try:
            parent = self._carriers(create)[0]
        except RejectedError:
            return Missed()
        body = _BODY[create.object]
        if parent.id not in self._records.rows(parent.object, [parent.id], ()):
            found = self._records.whereabouts(parent)
            return Missed(into=found.into if isinstance(found, Merged) else None)
        linked = self._links.read(parent.object, create.object, [parent.id]).get(parent.id, ())
        for some in chunks(sorted(linked, key=int, reverse=True), BATCH):
            rows = self._records.rows(create.object, some, [body])
            for row in rows.values():
                if any(marker_line(create.marker) in text for text in self._bodies(create.object, row)):
                    return Created(ref=RecordRef(self._portal.connection, create.object, row.id), existed=True)
            if rows and max(row.created_at for row in rows.values()) < sent_at - _SKEW:
                break
        read_at = self._portal.client.server_now()
        early = read_at is None or read_at - sent_at < _IN_FLIGHT
        return Unknown(reason="the request may still be on its way") if early else NotApplied()

    def _bodies(self, object: ObjectType, row: Row) -> tuple[str, ...]:
        """The text of an engagement as it is, and as it ever was."""
        name = _BODY[object]
        native = self._portal.live(object).field(name)
        now = native.read(row.properties.get(native.schema.native))
        return tuple(str(text) for text in (now, *(entry.value for entry in row.histories.get(name, ()))) if text)

    def take_back(self, ref: RecordRef) -> WriteResult:
        """Archive an engagement that carries, or once carried, a marker of ours."""
        row = self._records.rows(ref.object, [ref.id], [_BODY[ref.object]]).get(ref.id)
        if row is None:
            return Missed()
        if not any(_MARKER.search(text) for text in self._bodies(ref.object, row)):
            return Refused(code="NOT_OURS", reason=f"{ref} does not carry our marker")
        try:
            self._portal.client.archive(OBJECTS[ref.object], ref.id)
        except RecordGoneError:
            return Missed()
        except (RejectedError, AccessDeniedError) as error:
            return Refused(code="ACCESS_DENIED", reason=error.message)
        except OutcomeUnknownError as error:
            return Unknown(reason=error.message)
        except RetryableError as error:
            return Postponed(reason=error.message, wait=error.retry_after)
        return Written(version=Version("archived"), before={}, after={})


def _marker_of(row: Mapping[str, Any]) -> str:
    if row.get("objectWriteTraceId"):
        return str(row["objectWriteTraceId"])
    texts = (str(value) for value in (row.get("properties") or {}).values() if value)
    # The last one is ours: a text we were given may itself hold something that looks like a marker.
    return next((found[-1] for text in texts if (found := _MARKER.findall(text))), "")
