"""A Slack on loopback: takes `chat.postMessage` and `chat.update` as documented, and signs what its people press."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from adapters.channels.slack_answers import signature

TOKEN, SECRET = "xoxb-sandbox", "slack signing secret"


@dataclass
class Workspace:
    """One channel: its messages by ts, and what the next call is answered instead."""

    address: str = ""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    script: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def buttons(self, ts: str) -> dict[str, Mapping[str, Any]]:
        """The buttons of a message by what they say."""
        return {
            element["text"]["text"]: element
            for block in self.messages[ts]["blocks"] if block["type"] == "actions" for element in block["elements"]
        }  # fmt: skip

    def text(self, ts: str) -> str:
        return "\n".join(b["text"]["text"] for b in self.messages[ts]["blocks"] if b["type"] == "section")

    def press(self, ts: str, says: str, *, member: str = "U0ADA", typed: str | None = None) -> bytes:
        """The body Slack posts when somebody presses a button, with what stands in the input beside it."""
        pressed = self.buttons(ts)[says]
        question = pressed["value"].partition(".")[0]
        values = {question: {"crm-connector-value": {"type": "plain_text_input", "value": typed}}}
        return payload({
            "type": "block_actions", "team": {"id": "T1"}, "user": {"id": member, "username": "whoever"},
            "container": {"message_ts": ts}, "state": {"values": values},
            "actions": [{"action_id": pressed["action_id"], "block_id": "b", "value": pressed["value"], "type": "button"}],
        })  # fmt: skip


def payload(told: object) -> bytes:
    return urlencode({"payload": json.dumps(told)}).encode()


def signed(body: bytes, at: datetime, *, secret: str = SECRET, shift: timedelta = timedelta()) -> dict[str, Any]:
    """What a client posts for a delivery signed as Slack signs."""
    stamp = str(int((at + shift).timestamp()))
    headers = {
        "x-slack-request-timestamp": stamp, "x-slack-signature": signature(secret.encode(), stamp, body),
        "content-type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    return {"content": body, "headers": headers}


class _Api(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        space, body = self.server.space, json.loads(self.rfile.read(int(self.headers["content-length"])))
        space.calls.append(self.path)
        status, answer = space.script.pop(0) if space.script else (200, self.answer(space, body))
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, space: Workspace, body: dict[str, Any]) -> dict[str, Any]:
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if self.path == "/api/chat.postMessage":
            ts = f"1700000000.{len(space.messages):06}"
        elif self.path == "/api/chat.update" and body.get("ts") in space.messages:
            ts = body["ts"]
        else:
            return {"ok": False, "error": "message_not_found"}
        space.messages[ts] = body
        return {"ok": True, "channel": body["channel"], "ts": ts}

    def log_message(self, format: str, *args: object) -> None: ...


class _Server(ThreadingHTTPServer):
    space: Workspace


@contextmanager
def slack() -> Iterator[Workspace]:
    """A workspace until the end of the block."""
    server = _Server(("127.0.0.1", 0), _Api)
    server.space = Workspace(address=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.space
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
