"""What people press in Slack: interactivity payloads, proven by Slack's own signature over the raw bytes.

`v0=HEX` is HMAC-SHA-256 over `v0:STAMP:BODY` (docs.slack.dev: verifying requests). Of a payload only who pressed which of
our buttons is used, and what stands in our own input beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from connector.adapter import (
    ChannelEnvironment,
    ConnectionName,
    Forged,
    Garbled,
    HookDelivery,
    HookReading,
    HookSource,
    PersonSaid,
    Said,
    SharedSecret,
    Spoken,
)

SIGNATURE, STAMP = "x-slack-signature", "x-slack-request-timestamp"
ACTION, INPUT = "crm-connector-", "crm-connector-value"
_SIGNED = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{9,11}", re.ASCII)
_BUTTON = re.compile(r"([0-9a-z]{1,64})\.([0-9a-f]{32})", re.ASCII)
_MEMBER = re.compile(r"[A-Z0-9]{2,32}", re.ASCII)
_LONGEST = 3_000


class SlackAnswers:
    """The interactivity address of one Slack app."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        self.connection = ConnectionName(environment.name)
        self._team = environment.options.text("team", "-")
        self._secret = SharedSecret.of(environment)  # the app's signing secret

    def read(self, delivery: HookDelivery) -> HookReading:
        """Who pressed which buttons; a payload of another kind says nothing."""
        if (forged := self._unproven(delivery)) is not None:
            return forged
        try:
            form = parse_qs(delivery.body.decode(), strict_parsing=True, max_num_fields=20)
            payload = json.loads(form["payload"][0])
        except (ValueError, KeyError, RecursionError):
            return Garbled(why="the body is no form with a JSON payload")
        if not isinstance(payload, dict):
            return Garbled(why="the payload is no object")
        if self._team != "-" and _dict(payload.get("team")).get("id") != self._team:
            return Forged(why="it comes from another workspace")
        return Spoken(words=tuple(_words(payload)))

    def _unproven(self, delivery: HookDelivery) -> Forged | None:
        stamp, given = delivery.headers.get(STAMP, ""), delivery.headers.get(SIGNATURE, "")
        if not _SECONDS.fullmatch(stamp) or not _SIGNED.fullmatch(given):
            return Forged(why="it carries no v0 signature")
        return self._secret.unproven(
            delivery, sent=timedelta(seconds=int(stamp)), given=given,
            signed=lambda secret: signature(secret, stamp, delivery.body),
        )  # fmt: skip


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """The value of `X-Slack-Signature`."""
    return "v0=" + hmac.new(secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def _words(payload: dict[str, Any]) -> Iterator[PersonSaid]:
    account = _dict(payload.get("user")).get("id")
    pressed = payload.get("actions")
    if payload.get("type") != "block_actions" or not isinstance(account, str) or not _MEMBER.fullmatch(account):
        return
    for one in pressed[:5] if isinstance(pressed, list) else ():
        name, value = _dict(one).get("action_id"), _dict(one).get("value")
        button = _BUTTON.fullmatch(value) if isinstance(value, str) else None
        said = name.removeprefix(ACTION) if isinstance(name, str) and name.startswith(ACTION) else ""
        if button is not None and said in set(Said):
            yield PersonSaid(
                account=account, question=button[1], shown=button[2], said=Said(said), text=_typed(payload, button[1])
            )


def _typed(payload: dict[str, Any], question: str) -> str:
    """What stands in our input of that question."""
    values = _dict(_dict(payload.get("state")).get("values"))
    text = _dict(_dict(values.get(question)).get(INPUT)).get("value")
    return text.strip()[:_LONGEST] if isinstance(text, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def connect(environment: ChannelEnvironment) -> HookSource:
    """The hook source of kind `slack`."""
    return SlackAnswers(environment)
