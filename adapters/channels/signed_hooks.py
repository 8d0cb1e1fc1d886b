"""Signed hints from anywhere: a Salesforce flow or trigger, a mail gateway, a recorder of calls, a web site.

`X-Hook-Signature: t=UNIX_SECONDS,v1=HEX` where HEX is HMAC-SHA-256 over `UNIX_SECONDS.BODY`; the body is one JSON object
`{"object": "ticket", "id": "500…"}` or a list of up to a hundred. One with an `activity` and a time tells what somebody did
around that record: `{"object": "lead", "id": "00Q…", "activity": "page view", "at": "2026-09-01T10:00:00Z"}`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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
    ToldActivity,
)

MOST_HINTS = 100
SIGNATURE = "x-hook-signature"
_SIGNED = re.compile(r"t=([0-9]{9,11}),v1=([0-9a-f]{64})", re.ASCII)
_KIND = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}", re.ASCII)
_LONGEST = 500  # characters of a subject or an address
_ID = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)


class SignedHooks:
    """One sender that shares a secret with us."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        self.connection = ConnectionName(environment.options.text("connection"))
        self._secret = SharedSecret.of(environment)

    def read(self, delivery: HookDelivery) -> HookReading:
        """The records a genuine delivery names."""
        if (forged := self._unproven(delivery)) is not None:
            return forged
        try:
            told = json.loads(delivery.body)
        except (ValueError, RecursionError):
            return Garbled(why="the body is not JSON")
        told = told if isinstance(told, list) else [told]
        if len(told) > MOST_HINTS:
            return Garbled(why=f"the body names more than {MOST_HINTS} records")
        done = [one for one in told if isinstance(one, dict) and "activity" in one]
        hints = {hint for one in told if one not in done for hint in _hints(one)}
        try:
            activities = tuple(activity for one in done for activity in _activities(one, delivery.at))
        except ValueError as error:
            return Garbled(why=str(error))
        return Heard(records=tuple(sorted(hints)), activities=activities)

    def _unproven(self, delivery: HookDelivery) -> Forged | None:
        found = _SIGNED.fullmatch(delivery.headers.get(SIGNATURE, ""))
        if found is None:
            return Forged(why="it carries no X-Hook-Signature: t=…,v1=…")
        stamp, given = found.groups()
        return self._secret.unproven(
            delivery, sent=timedelta(seconds=int(stamp)), given=given,
            signed=lambda secret: signature(secret, stamp, delivery.body),
        )  # fmt: skip


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """Hex HMAC-SHA-256 over the stamp, a dot and the raw body."""
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _hints(told: Any) -> Iterator[Hinted]:
    if not isinstance(told, dict):
        return
    object, id = told.get("object"), told.get("id")
    if isinstance(object, str) and object in set(ObjectType) and isinstance(id, str) and _ID.fullmatch(id):
        yield Hinted(ObjectType(object), id)


def _activities(told: dict[str, Any], now: datetime) -> Iterator[ToldActivity]:
    """Raises ValueError for one whose sender must mend it."""
    kind, at = told["activity"], told.get("at")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ValueError("an activity is named by up to 40 letters, digits, spaces, dashes or underscores")
    moment = min(_moment(at), now)
    subject, url = (_text(told.get(name)) for name in ("subject", "url"))
    for hint in _hints(told):
        event = told.get("event")
        known = event if isinstance(event, str) and event else json.dumps([kind, moment.isoformat(), subject, url])
        name = hashlib.sha256(known.encode(errors="replace")).hexdigest()[:32]
        yield ToldActivity(object=hint.object, id=hint.id, event=name, kind=kind, at=moment, subject=subject, url=url)


def _moment(at: object) -> datetime:
    """A moment in UTC; the first and the last of the calendar may have none there."""
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("an activity needs `at`: a moment with its time zone, such as 2026-09-01T10:00:00Z")


def _text(told: object) -> str:
    return " ".join(told.encode(errors="replace").decode().split())[:_LONGEST] if isinstance(told, str) else ""


def connect(environment: ChannelEnvironment) -> HookSource:
    """The hook source of kind `signed`."""
    return SignedHooks(environment)
