"""A mail server on loopback that keeps every letter it takes, and can lose its voice at any point of a session."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(slots=True)
class Mailbox:
    """What arrived, and what the next session does wrong: a key of `script` is a verb, its value the answer or `cut`."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    sessions: int = 0
    script: dict[str, str] = field(default_factory=dict)


class _Session(socketserver.StreamRequestHandler):
    """One connection; the mailbox hangs on the server."""

    server: _Server

    def handle(self) -> None:
        self.box = self.server.box
        self.box.sessions += 1
        self.said("220 test")
        self.to: list[str] = []
        while (line := self.rfile.readline()) and self.went_on(line.decode().strip()):
            pass

    def went_on(self, line: str) -> bool:
        """Answer one command; false when the session ends."""
        verb = line.upper().split(" ")[0].split(":")[0]
        wrong = self.box.script.get(verb)
        if wrong == "cut":
            return False
        if verb == "RCPT":
            self.to.append(line.partition("<")[2].rstrip(">"))
        if verb == "DATA" and wrong is None:
            self.said("354 go on")
            return self.took_the_body()
        self.said(wrong or {"QUIT": "221 bye"}.get(verb, "250 ok"))
        return verb != "QUIT"

    def took_the_body(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        after = self.box.script.get("body")
        if after is None or after == "keep and cut":
            self.box.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.box.recipients.append(list(self.to))
        if after is not None and after.endswith("cut"):
            return False
        self.said(after or "250 taken")
        return True

    def said(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    box: Mailbox


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A running server; its mailbox."""
    box = Mailbox()
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.box, box.port = box, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
