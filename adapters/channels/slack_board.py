"""Questions in a Slack channel, with buttons: `chat.postMessage` and `chat.update` of your own app, over our transport."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from adapters.channels.failures import failed
from adapters.channels.slack_answers import ACTION, INPUT
from connector.adapter import (
    ChannelEnvironment,
    Delivered,
    DeliveryResult,
    HttpRequest,
    NoAnswerError,
    Postponed,
    Purpose,
    PutQuestion,
    QuestionBoard,
    Refused,
    Said,
    Transport,
)
from connector.errors import ConnectorError, SettingsError

_SECTION = 2_900  # docs.slack.dev: 3,000 characters of one text block
_LATER = frozenset({"ratelimited", "rate_limited", "service_unavailable", "invalid_auth", "token_expired", "not_authed"})


class SlackBoard:
    """One channel of one app."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        options = environment.options
        self._channel = options.text("channel")
        self._api = options.text("api", "https://slack.com")
        options.close()
        if options.problems:
            raise SettingsError(options.problems)
        self._secrets, self._transport_to = environment.secrets, environment.transport_to

    def put(self, question: PutQuestion) -> DeliveryResult:
        return self._called("chat.postMessage", text=_plain(question.title), blocks=_asked(question))

    def change(self, reference: str, question: PutQuestion) -> DeliveryResult:
        return self._called("chat.update", ts=reference, text=_plain(question.title), blocks=_asked(question))

    def settle(self, reference: str, question: PutQuestion, outcome: str) -> DeliveryResult:
        text = f"{_told(question)}\n\n*{_plain(outcome)}*"
        return self._called("chat.update", ts=reference, text=_plain(question.title), blocks=[_text(text)])

    def _called(self, method: str, **fields: Any) -> DeliveryResult:
        try:
            token = self._secrets.get("bot_token")
        except SettingsError as error:
            return Postponed(reason=error.message)
        client = _Client(self._transport_to(self._api), token, f"{self._api}/api/")
        message = {"channel": self._channel, "unfurl_links": False, "unfurl_media": False, **fields}
        try:
            answer = client.api_call(method, json=message)
        except SlackApiError as error:
            return _refused(error)
        except ConnectorError as error:
            return failed(error)
        return Delivered(reference=str(answer.get("ts") or ""))


class _Client(WebClient):
    """The SDK's client with our transport under it: it opens no socket, follows no redirect and tries nothing twice."""

    def __init__(self, transport: Transport, token: str, base_url: str) -> None:
        super().__init__(token=token, base_url=base_url, retry_handlers=[])
        self._transport = transport

    def _perform_urllib_http_request_internal(self, url: str, req: Any) -> dict[str, Any]:
        request = HttpRequest(
            method="POST", url=url, headers=dict(req.header_items()), body=req.data or b"", purpose=Purpose.CHANNEL,
            read=20.0,
        )
        answer = self._transport.send(request)
        if answer.status >= 500:
            raise NoAnswerError(f"Slack answered {answer.status}")
        return {"status": answer.status, "headers": dict(answer.headers), "body": answer.body.decode(errors="replace")}


def _refused(error: SlackApiError) -> DeliveryResult:
    answer = error.response
    status = getattr(answer, "status_code", 0)
    said = str(answer.get("error") or status)
    code = said if re.fullmatch(r"[a-z0-9_]{1,60}", said) else str(status)  # a page that repeats our token is not repeated
    if code in _LATER or status == 429:
        return Postponed(reason=f"Slack answered {code}", wait=timedelta(minutes=1))
    return Refused(code=code, reason=f"Slack answered {code}")


def _asked(question: PutQuestion) -> list[Mapping[str, Any]]:
    return [_text(_told(question)), *_input(question), _buttons(question)]


def _told(question: PutQuestion) -> str:
    lines = [f"*{_plain(question.title)}*", *map(_plain, question.lines)]
    if question.link is not None:
        lines.append(f"<{question.link}|Look at it on the page>")
    return "\n".join(lines)[:_SECTION]


def _text(text: str) -> Mapping[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[: _SECTION + 100], "verbatim": True}}


def _input(question: PutQuestion) -> list[Mapping[str, Any]]:
    if not question.takes_value:
        return []
    label = "What would you write?" if question.hidden else "Another value"
    return [{
        "type": "input", "block_id": question.id, "optional": True,
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "plain_text_input", "action_id": INPUT, "max_length": 1_000},
    }]  # fmt: skip


def _buttons(question: PutQuestion) -> Mapping[str, Any]:
    names = {Said.APPROVE: "Approve", Said.WRITE: "Write this value", Said.REJECT: "Reject"}
    if question.hidden:
        del names[Said.APPROVE]
    if not question.takes_value:
        del names[Said.WRITE]
    value = f"{question.id}.{question.shown}"
    styles = {Said.APPROVE: {"style": "primary"}, Said.REJECT: {"style": "danger"}}
    buttons = [
        {"type": "button", "action_id": f"{ACTION}{said}", "value": value, "text": {"type": "plain_text", "text": name}}
        | styles.get(said, {})
        for said, name in names.items()
    ]
    return {"type": "actions", "elements": buttons}


def _plain(text: str) -> str:
    """Text that Slack shows as it is: no mention, no link in disguise, no formatting that a customer chose."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"{sign}\u2060" if sign in "*_~`" else sign for sign in escaped).strip()


def connect(environment: ChannelEnvironment) -> QuestionBoard:
    """The board that `approvals.slack` names."""
    return SlackBoard(environment)
