"""Messages to one Slack channel through its incoming webhook; the address is a secret, because it is the right to post."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

from adapters.channels.failures import failed
from connector.adapter import (
    ActionKind,
    Channel,
    ChannelEnvironment,
    Delivered,
    DeliveryResult,
    Dispatch,
    FieldName,
    Finding,
    HttpRequest,
    Postponed,
    Purpose,
    Refused,
    Unknown,
)
from connector.errors import ConnectorError, SettingsError

_LONGEST = 3_000  # docs.slack.dev: a text block; longer messages are cut by Slack itself


class SlackChannel:
    """One incoming webhook."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        environment.options.close()
        if environment.options.problems:
            raise SettingsError(environment.options.problems)
        self._secrets, self._transport_to = environment.secrets, environment.transport_to

    @property
    def kinds(self) -> frozenset[ActionKind]:
        return frozenset({ActionKind.NOTIFY})

    @property
    def needs(self) -> frozenset[FieldName]:
        return frozenset()

    def deliver(self, dispatch: Dispatch) -> DeliveryResult:
        """Post it. Slack answers `ok` once the message stands in the channel."""
        try:
            url = self._secrets.get("webhook_url")
        except SettingsError as error:
            return Postponed(reason=error.message)
        text = "\n".join(part for part in (f"*{_plain(dispatch.subject)}*", _plain(dispatch.body)) if part != "**")
        request = HttpRequest(
            method="POST", url=url, headers={"Content-Type": "application/json"}, purpose=Purpose.CHANNEL, read=20.0,
            body=json.dumps({"text": text[:_LONGEST]}).encode(),
        )
        try:
            answer = self._transport_to(url).send(request)
        except ConnectorError as error:
            return failed(error)
        if answer.status == 200:
            return Delivered(reference=f"posted to {dispatch.target}")
        if answer.status == 429:
            return Postponed(reason="Slack asks for patience", wait=_seconds(answer.header("retry-after")))
        if answer.status >= 500:
            return Unknown(reason=f"Slack answered {answer.status}")
        return Refused(code=str(answer.status), reason=f"Slack answered {answer.status}{_word(answer.body)}")

    def check(self) -> tuple[Finding, ...]:
        url = self._secrets.find("webhook_url")
        if url is None or urlsplit(url).hostname is None:
            problem = "the secret webhook_url is not set, or is not an address"
            return (Finding(subject="secret", problem=problem, fix="set it as docs/channels.md says"),)
        return ()


def _plain(text: str) -> str:
    """Text that Slack shows as it is: no mention, no link in disguise (docs.slack.dev: escaping text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()


def _word(body: bytes) -> str:
    """Slack's own word for a refusal, such as `channel_is_archived`; a page that repeats our address is not repeated."""
    said = body[:80].decode(errors="replace").strip()
    return f" {said}" if re.fullmatch(r"[a-z_]{3,40}", said) else ""


def _seconds(text: str | None) -> timedelta | None:
    return timedelta(seconds=min(int(text), 3_600)) if text is not None and text.isdigit() else None


def connect(environment: ChannelEnvironment) -> Channel:
    """The channel of one block with `kind: slack`."""
    return SlackChannel(environment)
