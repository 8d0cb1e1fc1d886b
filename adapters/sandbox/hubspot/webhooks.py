"""HubSpot's webhook sender: org writes become signed deliveries, as unreliable as the real ones may be.

It sends nothing itself: a caller takes the deliveries, posts them, and says which ones failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from adapters.sandbox.faults import Faults
from adapters.sandbox.log import LogLine
from adapters.sandbox.rows import RowKey
from adapters.sandbox.wire import WireRequest

from .portal import Portal
from .schema import TABLES
from .signatures import signature_v1, signature_v3
from .view import source_of

BATCH = 100
MOST_RETRIES = 10
RETRY_SPAN_MS = 24 * 3_600_000
STALE_MS, FUTURE_MS = 10 * 60_000, 365 * 86_400_000
Event = dict[str, object]


class Naming(Enum):
    """How subscription types are written: by object, or generic with an objectTypeId."""

    LEGACY = "contact.propertyChange"
    OBJECT = "object.propertyChange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One POST as HubSpot would make it; `attempt` counts from 0."""

    number: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int
    events: tuple[Event, ...] = field(repr=False)

    def request(self, path: str) -> WireRequest:
        """The delivery as a request to a path of the receiver."""
        return WireRequest(method="POST", path=path, headers=self.headers, body=self.body)


@dataclass(slots=True, kw_only=True)
class WebhookSender:
    """Follows the org's log from a position on and turns what it finds into deliveries.

    `url` is the public address as configured; it is what the v3 signature covers. Stamps of records
    cannot be subscribed to (facts §8).
    """

    portal: Portal
    url: str
    secret: str
    naming: Naming = Naming.LEGACY
    position: int = 0
    _made: int = 0
    _events: int = 0
    _announced: set[RowKey] = field(default_factory=set)
    _later: list[tuple[int, Delivery]] = field(default_factory=list)

    @classmethod
    def from_now(cls, portal: Portal, url: str, secret: str, naming: Naming = Naming.LEGACY) -> WebhookSender:
        """A sender that tells what happens from this moment on."""
        return cls(portal=portal, url=url, secret=secret, naming=naming, position=len(portal.org.log))

    @property
    def _faults(self) -> Faults:
        return self.portal.faults

    def collect(self) -> list[Delivery]:
        """Deliveries due now: new events, and retries whose time has come."""
        now = self.portal.org.clock.stamp()
        due = [self._again(delivery) for at, delivery in self._later if at <= now]
        self._later = [(at, delivery) for at, delivery in self._later if at > now]
        events = self._spoiled_events(list(self._new_events()))
        fresh = [self._deliver(tuple(events[at : at + BATCH]), 0) for at in range(0, len(events), BATCH)]
        return self._spoiled_deliveries([*due, *fresh])

    def fail(self, delivery: Delivery) -> None:
        """The receiver did not answer 2xx within 5 s: HubSpot tries again, up to ten times in a day."""
        if delivery.attempt < MOST_RETRIES:
            wait = self._faults.rng.randint(60_000, RETRY_SPAN_MS // MOST_RETRIES)
            self._later.append((self.portal.org.clock.stamp() + wait, delivery))

    # -- events ------------------------------------------------------------------------------------

    def _new_events(self) -> Iterator[Event]:
        lines = self.portal.org.log.since(self.position)
        self.position += len(lines)
        merged: set[tuple[str | None, object]] = set()
        for line in lines:
            key = _key(line)
            if line.kind != "write" or key is None or line.field is None:
                continue
            if line.field == "merged_into":
                if (line.request, line.after) not in merged:
                    merged.add((line.request, line.after))
                    yield self._merge(line, key, lines)
                continue
            if key not in self._announced and self._is_creation(line, key):
                self._announced.add(key)
                yield self._event(line, key, "creation", {"changeFlag": "CREATED"})
            yield from self._change(line, key)

    def _change(self, line: LogLine, key: RowKey) -> Iterator[Event]:
        if line.field == "deleted" and line.after:
            yield self._event(line, key, "deletion", {"changeFlag": "DELETED"})
        elif line.field is not None and line.field.startswith("association:"):
            other = TABLES[line.field.partition(":")[2]].singular.upper()
            target = line.after if line.after is not None else line.before
            linked: Event = {
                "associationType": f"{TABLES[key.object].singular.upper()}_TO_{other}",
                "fromObjectId": int(key.id),
                "toObjectId": int(str(target)),
                "associationRemoved": line.after is None,
                "isPrimaryAssociation": self._is_primary(key, RowKey(line.field.partition(":")[2], str(target))),
            }
            yield self._event(line, key, "associationChange", linked)
        elif line.field in self.portal.org.definition(key.object).fields:
            value = "" if line.after is None else str(line.after)
            yield self._event(line, key, "propertyChange", {"propertyName": line.field, "propertyValue": value})

    def _is_primary(self, origin: RowKey, target: RowKey) -> bool:
        kinds = dict(self.portal.org.associations.of(origin)).get(target, ())
        return any((kind.label or "").startswith("Primary") for kind in kinds)

    def _is_creation(self, line: LogLine, key: RowKey) -> bool:
        """Whether a line belongs to the very first write of its record."""
        first = next(iter(self.portal.org.history.of(key)), None)
        return first is not None and (first.at, first.request) == (line.time, line.request) and line.before is None

    def _merge(self, line: LogLine, key: RowKey, lines: Sequence[LogLine]) -> Event:
        losers = [
            int(found.id)
            for other in lines
            if other.field == "merged_into" and other.after == line.after and other.request == line.request
            if (found := _key(other)) is not None
        ]
        merged: Event = {
            "primaryObjectId": losers[0],
            "mergedObjectIds": losers[1:],
            "newObjectId": int(str(line.after)),
            "numberOfPropertiesMoved": 0,
        }
        return self._event(line, RowKey(key.object, str(line.after)), "merge", merged)

    def _event(self, line: LogLine, key: RowKey, kind: str, more: Event) -> Event:
        self._events += 1
        table = TABLES[key.object]
        object_name = "object" if self.naming is Naming.OBJECT else table.singular
        event: Event = {
            "eventId": self._events % 4_294_967_296,
            "subscriptionId": 3_000_000 + len(kind),
            "portalId": self.portal.portal_id,
            "appId": int(self.portal.app_id),
            "occurredAt": line.time,
            "subscriptionType": f"{object_name}.{kind}",
            "attemptNumber": 0,
            "objectId": int(key.id),
        }
        if self.naming is Naming.OBJECT:
            event["objectTypeId"] = table.type_id
        return event | more | self._source(line, key)

    def _source(self, line: LogLine, key: RowKey) -> Event:
        for change in self.portal.org.history.of(key, line.field):
            if change.at == line.time:
                calculated = self.portal.org.definition(key.object).fields[change.field].calculated
                kind, number = source_of(change, calculated=calculated)
                return {"changeSource": kind, "sourceId": number or ""}
        return {"changeSource": "CRM_UI" if line.actor == "rep" else "INTEGRATION"}

    # -- deliveries --------------------------------------------------------------------------------

    def _deliver(self, events: tuple[Event, ...], attempt: int) -> Delivery:
        self._made += 1
        numbered = tuple({**event, "attemptNumber": attempt} for event in events)
        body = json.dumps(numbered, separators=(",", ":")).encode()
        unsigned = Delivery(number=self._made, url=self.url, headers={}, body=body, attempt=attempt, events=numbered)
        return self._signed(unsigned, 0, self.secret)

    def _signed(self, delivery: Delivery, shift_ms: int, secret: str) -> Delivery:
        stamp = self.portal.org.clock.stamp() + shift_ms
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (http://dev.hubapi.com/) - WebhooksExecutorDaemon-executor",
            "X-HubSpot-Signature": signature_v1(secret, delivery.body),
            "X-HubSpot-Signature-Version": "v1",
            "X-HubSpot-Signature-v3": signature_v3(secret, "POST", self.url, delivery.body, stamp),
            "X-HubSpot-Request-Timestamp": str(stamp),
        }
        return replace(delivery, headers=headers)

    def _again(self, delivery: Delivery) -> Delivery:
        return self._deliver(delivery.events, delivery.attempt + 1)

    # -- faults ------------------------------------------------------------------------------------

    def _spoiled_events(self, events: list[Event]) -> list[Event]:
        if events and self._faults.fire("webhook_duplicate"):
            events = [*events, *events]
        if len(events) > 1 and self._faults.fire("webhook_reordered"):
            self._faults.rng.shuffle(events)
        return events

    def _spoiled_deliveries(self, deliveries: list[Delivery]) -> list[Delivery]:
        kept: list[Delivery] = []
        for delivery in deliveries:
            if self._faults.fire("webhook_lost"):
                continue
            if self._faults.fire("webhook_retried"):
                kept.append(self._again(delivery))
            kept.append(self._restamped(delivery))
        return kept

    def _restamped(self, delivery: Delivery) -> Delivery:
        if self._faults.fire("webhook_stale"):
            return self._signed(delivery, -STALE_MS, self.secret)
        if self._faults.fire("webhook_future"):
            return self._signed(delivery, FUTURE_MS, self.secret)
        if self._faults.fire("webhook_forged"):
            return self._signed(delivery, 0, f"not-{self.secret}")
        return delivery


def _key(line: LogLine) -> RowKey | None:
    object_name, _, row_id = (line.record or "").partition("/")
    return RowKey(object_name, row_id) if object_name in TABLES and row_id.isdigit() else None
