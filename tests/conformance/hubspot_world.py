"""A HubSpot sandbox as a conformance world: what a person does there, in HubSpot's own names."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.conformance.bridge import FaceTransport
from adapters.conformance.world import Mishap
from adapters.hubspot.adapter import LANES, connect
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.hubspot import HubSpotSandbox, build_hubspot
from adapters.sandbox.hubspot.links import default_kind, inverse_kind
from adapters.sandbox.rows import Row, RowKey
from adapters.sandbox.wire import Face, WireRequest, WireResponse
from connector.adapter import (
    Adapter,
    ConnectionName,
    Environment,
    FieldName,
    FieldValue,
    ObjectType,
    RateBudget,
    RecordRef,
    Token,
)
from connector.clock import HeldClock

BASE_URL = "https://api.hubapi.com"
START = datetime(2026, 9, 1, 8, 0, 0, tzinfo=UTC)
OBJECTS = {
    ObjectType.CONTACT: "contacts",
    ObjectType.ACCOUNT: "companies",
    ObjectType.OPPORTUNITY: "deals",
    ObjectType.TICKET: "tickets",
    ObjectType.TASK: "tasks",
    ObjectType.NOTE: "notes",
}
NATIVE = {
    "last_name": "lastname", "first_name": "firstname", "title": "jobtitle", "email": "email", "name": "name",
    "amount": "amount", "close_date": "closedate", "stage": "dealstage", "subject": "subject", "description": "content",
    "status": "hs_pipeline_stage", "priority": "hs_ticket_priority", "due": "hs_timestamp", "body": "hs_note_body",
}  # fmt: skip
BY_OBJECT = {
    (ObjectType.OPPORTUNITY, "name"): "dealname",
    (ObjectType.TASK, "subject"): "hs_task_subject",
    (ObjectType.TASK, "description"): "hs_task_body",
    (ObjectType.TASK, "priority"): "hs_task_priority",
}
OPTIONS = {
    "hs_ticket_priority": {"low": "LOW", "normal": "MEDIUM", "high": "HIGH"},
    "hs_pipeline_stage": {"new": "1", "waiting": "2", "open": "3", "closed": "4"},
}
FAULTS = {
    Mishap.LOST_BEFORE: "reset_before",
    Mishap.LOST_AFTER: "reset_after",
    Mishap.SILENT_AFTER: "timeout_after",
    Mishap.TOKEN_REFUSED: "unauthorized_401",
    Mishap.RATE_LIMITED: "burst_429",
    Mishap.UNAVAILABLE: "unavailable_503",
    Mishap.HTML: "bad_gateway_after",
    Mishap.CUT_JSON: "truncated_json",
    Mishap.LATE_COMMIT: "late_commit",
    Mishap.STALE_INDEX: "search_lag",
    Mishap.REP_BETWEEN: "concurrent_edit",
    Mishap.IGNORED: "write_ignored",
    Mishap.REPEATED_ROW: "duplicated_page",
    Mishap.EMPTY_PAGE: "search_empty",
    Mishap.LIST_RESTART: "cursor_restart",
}
NO_STAMP = (
    "HubSpot's search finds records by the time a property changed; nothing public says that a new association alone"
    " moves it. Such a change is seen by the next sweep, whose records show their associations."
)


class Quiet:
    """A log that keeps nothing."""

    def info(self, event: str, **fields: Any) -> None: ...

    def warning(self, event: str, **fields: Any) -> None: ...


class KeptSecrets:
    """Secrets from a dictionary."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    def get(self, name: str) -> str:
        return self._secrets[name]

    def find(self, name: str) -> str | None:
        return self._secrets.get(name)


class KeptToken:
    """One token in memory."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def current(self) -> Token | None:
        return self._token

    def swap(self, old: Token | None, new: Token) -> bool:
        if self._token != old:
            return False
        self._token = new
        return True


class Gate:
    """Stands before a face so that a mishap can be kept for the next call that writes."""

    def __init__(self, sandbox: HubSpotSandbox) -> None:
        self._sandbox = sandbox
        self._face: Face = sandbox.face
        self.waiting: list[str] = []

    def respond(self, request: WireRequest) -> WireResponse:
        writing = request.path.endswith(("/batch/update", "/batch/create")) or request.method == "PATCH"
        if writing and self.waiting:
            self._sandbox.portal.faults.arm(self.waiting.pop(0))
        return self._face.respond(request)


class HubSpotWorld:
    """One portal; the rep acts through the org, the adapter through the face."""

    connection = ConnectionName("crm")
    page = 200
    lag = timedelta(minutes=3)
    exemptions: Mapping[str, str] = {"a_change_of_associations_alone_is_seen": NO_STAMP}

    def __init__(self, *, settings: Mapping[str, Any] | None = None, seed: int = 7) -> None:
        self.clock = HeldClock(START)
        self.sandbox = build_hubspot(clock=OrgClock.following(self.clock.now), seed=seed)
        self.org = self.sandbox.org
        self.gate = Gate(self.sandbox)
        self.environment = Environment(
            connection=self.connection,
            settings={"system": "hubspot", **(settings or {})},
            clock=self.clock,
            random=random.Random(seed),
            transport=FaceTransport(self.gate, BASE_URL, self.clock),
            secrets=KeptSecrets({"access_token": self.sandbox.token}),
            tokens=KeptToken(),
            budget=RateBudget(self.clock, LANES),
            log=Quiet(),
        )

    def adapter(self) -> Adapter:
        return connect(self.environment)

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    def create(self, object: ObjectType, values: Mapping[str, FieldValue]) -> RecordRef:
        return self.create_many(object, [values])[0]

    def create_many(self, object: ObjectType, rows: Collection[Mapping[str, FieldValue]]) -> tuple[RecordRef, ...]:
        refs = []
        for values in rows:
            native = {**_DEFAULTS.get(object, {}), **self._native(object, values)}
            row = self.org.create(OBJECTS[object], native, actor=self.sandbox.rep)
            refs.append(RecordRef(self.connection, object, row.id))
        return tuple(refs)

    def edit(self, ref: RecordRef, values: Mapping[str, FieldValue]) -> None:
        self.org.update(OBJECTS[ref.object], ref.id, self._native(ref.object, values), actor=self.sandbox.rep)

    def delete(self, ref: RecordRef) -> None:
        self.org.delete(OBJECTS[ref.object], ref.id, actor=self.sandbox.rep)

    def merge(self, winner: RecordRef, loser: RecordRef) -> RecordRef:
        body = {"primaryObjectId": winner.id, "objectIdToMerge": loser.id}
        answer = self.sandbox.call("POST", f"/crm/v3/objects/{OBJECTS[winner.object]}/merge", body)
        assert answer.status == 200, answer.body
        row = self.org.resolve(OBJECTS[winner.object], winner.id)
        assert row is not None
        return RecordRef(self.connection, winner.object, row.id)

    def associate(self, ref: RecordRef, other: RecordRef) -> None:
        origin, target = RowKey(OBJECTS[ref.object], ref.id), RowKey(OBJECTS[other.object], other.id)
        kind = default_kind(self.sandbox.portal, origin.object, target.object)
        back = inverse_kind(self.sandbox.portal, target.object, origin.object, kind)
        self.org.associate(origin, target, kind, inverse=back, actor=self.sandbox.rep)

    def look(self, ref: RecordRef) -> Mapping[str, FieldValue]:
        row = self.org.find(OBJECTS[ref.object], ref.id)
        if row is None or row.deleted is not None:
            raise KeyError(ref)
        return self._shared(ref.object, row)

    def hanging(self, parent: RecordRef, object: ObjectType) -> tuple[Mapping[str, FieldValue], ...]:
        links = self.org.associations.of(RowKey(OBJECTS[parent.object], parent.id), OBJECTS[object])
        rows = [self.org.find(*target) for target, _ in links]
        return tuple(self._shared(object, row) for row in rows if row is not None and row.deleted is None)

    def arm(self, mishap: Mishap, *, times: int = 1) -> None:
        self.sandbox.portal.faults.arm(FAULTS[mishap], times)

    def arm_write(self, mishap: Mishap) -> None:
        self.gate.waiting.append(FAULTS[mishap])

    def happened(self, mishap: Mishap) -> int:
        return self.sandbox.portal.faults.counts[FAULTS[mishap]]

    def heal(self) -> None:
        self.gate.waiting.clear()
        self.sandbox.portal.faults.heal()

    def agent_writes(self) -> int:
        requests = {
            (line.record, line.request)
            for line in self.org.log.entries()
            if line.kind == "write" and line.actor == "agent"
        }
        return len(requests)

    def calls(self) -> int:
        return sum(1 for line in self.org.log.entries() if line.kind == "call")

    def absent(self, object: ObjectType) -> RecordRef:
        return RecordRef(self.connection, object, "999999999999")

    def field(self, object: ObjectType, shared: str) -> FieldName:
        return FieldName(shared)

    def _native(self, object: ObjectType, values: Mapping[str, FieldValue]) -> dict[str, object]:
        return {
            native: _text(native, value)
            for name, value in values.items()
            if (native := BY_OBJECT.get((object, name), NATIVE[name])) and not (name == "stage" and value is None)
        }

    def _shared(self, object: ObjectType, row: Row) -> Mapping[str, FieldValue]:
        seen: dict[str, FieldValue] = {}
        for name, usual in NATIVE.items():
            native = BY_OBJECT.get((object, name), usual)
            value = row.get(native)
            back = {option: key for key, option in OPTIONS.get(native, {}).items()}
            text = None if value in (None, "") else str(value)
            seen[name] = back.get(text or "", text)
            if native in ("hs_note_body", "hs_task_body") and text:
                seen[name] = text.replace("<br>", "\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        return seen


_DEFAULTS: Mapping[ObjectType, Mapping[str, object]] = {
    ObjectType.OPPORTUNITY: {"dealstage": "appointmentscheduled", "pipeline": "default"},
    ObjectType.TICKET: {"hs_pipeline_stage": "1", "hs_pipeline": "0"},
    ObjectType.TASK: {"hs_timestamp": "2026-12-01T00:00:00Z"},
    ObjectType.NOTE: {"hs_timestamp": "2026-12-01T00:00:00Z"},
}


def _text(native: str, value: FieldValue) -> object:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return f"{value.isoformat()}T00:00:00Z"
        case Decimal():
            return str(value)
        case str():
            return OPTIONS.get(native, {}).get(value, value)
        case _:
            return value
