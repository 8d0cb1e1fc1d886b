"""HubSpot's webhooks: version 3 signatures over the configured address, and the records a batch of events is about.

Events are hints. They may come late, twice, out of order or not at all, and their eventId is not unique; so nothing but
the ids is taken from them (facts: HubSpot's webhooks guide).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from connector.adapter import (
    ChannelEnvironment,
    ConnectionName,
    Forged,
    Garbled,
    Heard,
    Hinted,
    HookDelivery,
    HookReading,
    HookSource,
    ObjectType,
    SharedSecret,
)

MOST_EVENTS = 100
SIGNATURE, STAMP = "x-hubspot-signature-v3", "x-hubspot-request-timestamp"

# Only these escapes are decoded before signing; %20 and the rest stay.
_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)
_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_MILLISECONDS = re.compile(r"[0-9]{12,14}", re.ASCII)

_NAMES: Mapping[str, ObjectType] = {
    "contact": ObjectType.CONTACT, "company": ObjectType.ACCOUNT, "deal": ObjectType.OPPORTUNITY,
    "ticket": ObjectType.TICKET, "product": ObjectType.PRODUCT, "line_item": ObjectType.LINE_ITEM,
    "lead": ObjectType.LEAD, "order": ObjectType.ORDER, "task": ObjectType.TASK, "note": ObjectType.NOTE,
    "meeting": ObjectType.MEETING, "call": ObjectType.CALL, "email": ObjectType.EMAIL,
}
_TYPE_IDS: Mapping[str, ObjectType] = {
    "0-1": ObjectType.CONTACT, "0-2": ObjectType.ACCOUNT, "0-3": ObjectType.OPPORTUNITY, "0-5": ObjectType.TICKET,
    "0-7": ObjectType.PRODUCT, "0-8": ObjectType.LINE_ITEM, "0-27": ObjectType.TASK, "0-46": ObjectType.NOTE,
    "0-47": ObjectType.MEETING, "0-48": ObjectType.CALL, "0-49": ObjectType.EMAIL, "0-123": ObjectType.ORDER,
    "0-136": ObjectType.LEAD,
}


class HubSpotHooks:
    """The webhooks of one HubSpot app."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        options = environment.options
        self.connection = ConnectionName(options.text("connection", environment.name))
        self._portal = options.whole("portal", 0, low=0, high=10**12)
        self._secret = SharedSecret.of(environment)

    def read(self, delivery: HookDelivery) -> HookReading:
        """The records of a genuine batch."""
        if (forged := self._unproven(delivery)) is not None:
            return forged
        try:
            events = json.loads(delivery.body)
        except (ValueError, RecursionError):
            return Garbled(why="the body is not JSON")
        if not isinstance(events, list) or len(events) > MOST_EVENTS:
            return Garbled(why=f"the body is not a list of at most {MOST_EVENTS} events")
        ours = [event for event in events if isinstance(event, dict) and self._is_ours(event)]
        return Heard(records=tuple(sorted({hint for event in ours for hint in _hints(event)})))

    def _unproven(self, delivery: HookDelivery) -> Forged | None:
        stamp, given = delivery.headers.get(STAMP, ""), delivery.headers.get(SIGNATURE, "")
        if not _MILLISECONDS.fullmatch(stamp) or not given.isascii():
            return Forged(why="it carries no version 3 signature")
        return self._secret.unproven(
            delivery, sent=timedelta(milliseconds=int(stamp)), given=given,
            signed=lambda secret: signature(secret, delivery, stamp),
        )  # fmt: skip

    def _is_ours(self, event: Mapping[str, Any]) -> bool:
        return not self._portal or event.get("portalId") == self._portal


def signature(secret: bytes, delivery: HookDelivery, stamp: str) -> str:
    """Base64 of HMAC-SHA-256 over method, address, raw body and stamp."""
    address = _ESCAPE.sub(lambda found: _DECODED[found.group().upper()], delivery.address)
    source = delivery.method.encode() + address.encode() + delivery.body + stamp.encode()
    return base64.b64encode(hmac.new(secret, source, hashlib.sha256).digest()).decode()


def _hints(event: Mapping[str, Any]) -> Iterator[Hinted]:
    """The records of one event, under both ways of naming it: `contact.creation`, or `object.creation` with a type id."""
    kind = str(event.get("subscriptionType") or event.get("eventType") or "")
    known = _TYPE_IDS.get(str(event.get("objectTypeId"))) or _NAMES.get(kind.partition(".")[0].lower())
    if known is not None:
        merged = event.get("mergedObjectIds")
        ids = [event.get("objectId"), event.get("newObjectId"), event.get("primaryObjectId")]
        yield from _known(known, [*ids, *(merged if isinstance(merged, list) else ())])
    sides = str(event.get("associationType") or "").lower().split("_to_")
    for side, id in zip(sides, (event.get("fromObjectId"), event.get("toObjectId")), strict=False):
        if (linked := _NAMES.get(side)) is not None:
            yield from _known(linked, [id])


def _known(object: ObjectType, ids: list[Any]) -> Iterator[Hinted]:
    for id in ids:
        if not isinstance(id, bool) and isinstance(id, int | str) and _ID.fullmatch(str(id)):
            yield Hinted(object, str(id))


def connect(environment: ChannelEnvironment) -> HookSource:
    """The hook source of kind `hubspot`."""
    return HubSpotHooks(environment)
