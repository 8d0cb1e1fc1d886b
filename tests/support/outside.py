"""Channels, endpoints and lookups as tests open them: over real sockets to loopback, or over a scripted transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from connector.action import Action
from connector.adapter import ChannelEnvironment, Dial, HttpRequest, HttpResponse, Options, Transport
from connector.clock import Clock, SystemClock
from connector.decision.decision import Answer, Decision, Pins, ProposedAction, Question
from connector.policy import Tier
from tests.conformance.kept import KeptSecrets, Quiet


class Scripted:
    """A transport that answers from its script, in order, and keeps what it was sent."""

    def __init__(self, *script: HttpResponse | Exception) -> None:
        self.script = list(script)
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answered(status: int = 200, body: bytes = b"ok", **headers: str) -> HttpResponse:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpResponse(status=status, headers=named, body=body)


def environment(
    options: Mapping[str, Any],
    *,
    transport: Transport | None = None,
    secrets: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    dial: Dial | None = None,
    path: str = "channels.test",
    folder: Path = Path(),
) -> ChannelEnvironment:
    """What a channel of one block is given."""

    def transport_to(address: str) -> Transport:
        assert transport is not None, f"nothing may be sent to {address} here"
        return transport

    return ChannelEnvironment(
        name="test",
        options=Options(path, options, {"": 1}),
        clock=clock or SystemClock(),
        secrets=KeptSecrets(**(secrets or {})),
        dial=dial or Dial(),
        folder=folder,
        transport_to=transport_to,
        log=Quiet(),
    )


class Saying:
    """A tier that proposes what a test says."""

    tier = Tier.FAST

    def __init__(self, propose: Callable[[Question], Sequence[Action]]) -> None:
        self._propose = propose

    def decide(self, questions: Sequence[Question]) -> Sequence[Answer]:
        return [self._decision(question) for question in questions]

    def _decision(self, question: Question) -> Decision:
        actions = tuple(ProposedAction(action=action, confidence=0.99) for action in self._propose(question))
        return Decision(actions=actions, rationale="as scripted", pins=Pins(tier=Tier.FAST, model="scripted"))
