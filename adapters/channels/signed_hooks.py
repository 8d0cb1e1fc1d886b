"""Signed hints from anywhere: a Salesforce flow or trigger, a mail gateway, a recorder of calls, a web site.

`X-Hook-Signature: t=UNIX_SECONDS,v1=HEX` where HEX is HMAC-SHA-256 over `UNIX_SECONDS.BODY`; the body is one JSON object
`{"object": "ticket", "id": "500…"}` or a list of up to a hundred.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
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
)
from connector.errors import SettingsError

WINDOW = timedelta(minutes=5)
MOST_HINTS = 100
SIGNATURE = "x-hook-signature"
_SIGNED = re.compile(r"t=([0-9]{9,11}),v1=([0-9a-f]{64})", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)


class SignedHooks:
    """One sender that shares a secret with us."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        options = environment.options
        self.connection = ConnectionName(options.text("connection"))
        options.close()
        if options.problems:
            raise SettingsError(options.problems)
        self._secret = environment.secrets.get("hook_secret").encode()

    def read(self, delivery: HookDelivery) -> HookReading:
        """The records a genuine delivery names."""
        signed = _SIGNED.fullmatch(delivery.headers.get(SIGNATURE, ""))
        if signed is None:
            return Forged(why="it carries no X-Hook-Signature: t=…,v1=…")
        if abs(delivery.at.timestamp() - int(signed[1])) > WINDOW.total_seconds():
            return Forged(why="its time is more than five minutes from ours")
        if not hmac.compare_digest(signature(self._secret, signed[1], delivery.body), signed[2]):
            return Forged(why="its signature is not ours")
        try:
            told = json.loads(delivery.body)
        except (ValueError, RecursionError):
            return Garbled(why="the body is not JSON")
        told = told if isinstance(told, list) else [told]
        if len(told) > MOST_HINTS:
            return Garbled(why=f"the body names more than {MOST_HINTS} records")
        return Heard(records=tuple(sorted({hint for one in told for hint in _hints(one)})))


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """Hex HMAC-SHA-256 over the stamp, a dot and the raw body."""
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _hints(told: Any) -> Iterator[Hinted]:
    if not isinstance(told, dict):
        return
    object, id = told.get("object"), told.get("id")
    if isinstance(object, str) and object in set(ObjectType) and isinstance(id, str) and _ID.fullmatch(id):
        yield Hinted(ObjectType(object), id)


def connect(environment: ChannelEnvironment) -> HookSource:
    """The hook source of kind `signed`."""
    return SignedHooks(environment)
