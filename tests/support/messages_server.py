"""A server that speaks the Messages protocol from a script: in process behind the transport, or over loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connector.adapter import HttpRequest, HttpResponse

JSON = (("content-type", "application/json"),)


def message(
    content: Any, stop_reason: str = "end_turn", *, usage: Mapping[str, int] | None = None, **more: Any
) -> HttpResponse:
    """A whole answer; content that is not text is sent as JSON text."""
    text = content if isinstance(content, str) else json.dumps(content)
    counted = {"input_tokens": 1_000, "output_tokens": 100} if usage is None else dict(usage)
    body = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5", "stop_reason": stop_reason,
        "stop_sequence": None, "content": [{"type": "text", "text": text}] if text else [], "usage": counted,
    }  # fmt: skip
    return HttpResponse(status=200, headers=JSON, body=json.dumps(body | more).encode())


def failure(status: int, kind: str = "api_error", **headers: str) -> HttpResponse:
    body = {"type": "error", "error": {"type": kind, "message": "scripted"}}
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=JSON + named, body=json.dumps(body).encode())


class FakeMessages:
    """Answers from its script, in order; an exception in the script is raised. Keeps what it was sent."""

    def __init__(self, *script: HttpResponse | Exception) -> None:
        self._script = list(script)
        self._lock = threading.Lock()
        self.requests: list[HttpRequest] = []

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]

    def send(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self.requests.append(request)
            assert self._script, "the script is over, and the product asked once more"
            answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def served(script: Sequence[HttpResponse]) -> Iterator[str]:
    """The same over a real socket; yields the base URL."""
    fake = FakeMessages(*script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = fake.send(HttpRequest(method="POST", url=self.path, body=body))
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class QuotingMessages(FakeMessages):
    """Gives one answer whenever it is asked; a citation's passage number is found in what was sent, by its quote."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        asked = "\n".join(str(part) for part in self.bodies[-1]["messages"]).replace("\\n", "\n").replace('\\"', '"')
        return message(self._numbered(self._answer, asked.split("<passage-")[1:]))

    def _numbered(self, part: Any, passages: Sequence[str]) -> Any:
        if isinstance(part, Mapping) and part.keys() == {"passage", "quote"}:
            held = (re.search(r'number="(\d+)"', text) for text in passages if part["quote"] in text)
            return {**part, "passage": next((int(found[1]) for found in held if found), part["passage"])}
        if isinstance(part, Mapping):
            return {name: self._numbered(inner, passages) for name, inner in part.items()}
        return [self._numbered(inner, passages) for inner in part] if isinstance(part, list) else part
