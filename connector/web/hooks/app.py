"""The application behind the public door. Everything it can answer is in one short list, and 500 is not in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connector.adapter import Forged, Garbled, Heard, HookDelivery, HookReading, HookSource, Log, PersonSaid, Spoken
from connector.change.hints import take_hints
from connector.clock import Clock
from connector.errors import StateError
from connector.pipeline.hearing import hear
from connector.policy import PolicySet
from connector.record import RecordRef
from connector.store import Store
from connector.web.strangers import OnceAMinute

MOST_BYTES = 1024 * 1024
_QUIET = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def _nobody_waits() -> None: ...


def _nobody_asks(place: str, word: PersonSaid) -> str | None:
    return "nobody is asked here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the door is handed. `origin` is the public address as senders call it, without a path.

    `wake` is told whenever something was queued, so that nobody waits for the next round.
    """

    store: Store
    clock: Clock
    sources: Mapping[str, HookSource]
    policies: Callable[[], PolicySet]
    origin: str
    log: Log
    take: Callable[[str, PersonSaid], str | None] = _nobody_asks
    wake: Callable[[], None] = _nobody_waits


def hooks_app(door: Door) -> ASGIApp:
    """`POST /hooks/NAME` for every source of the settings; anything else is not here."""
    refusals = _Refusals(door.log, door.clock)

    async def answer(request: Request) -> Response:
        source = door.sources.get(request.path_params["name"])
        if source is None:
            return _said(404, "there is nothing here")
        body = await _body(request)
        if body is None:
            return _said(413, "that is too much at once")
        delivery = HookDelivery(
            method="POST", address=door.origin + _path(request), body=body, at=door.clock.now(),
            headers={name.lower(): value for name, value in request.headers.items()},
        )
        return await run_in_threadpool(_taken, door, refusals, request.path_params["name"], source, delivery)

    app = Starlette(routes=[Route("/hooks/{name}", answer, methods=["POST"])])
    app.router.redirect_slashes = False  # it would lead to whatever Host the sender claimed
    return app


class _Refusals:
    """Tells of deliveries that prove nothing: anybody can send them, so each source and reason has a line a minute."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log, self._clock = log, clock
        self._seldom: dict[tuple[str, str], OnceAMinute] = {}

    def note(self, name: str, why: str) -> None:
        times = self._seldom.setdefault((name, why), OnceAMinute(self._clock)).count()
        if times is not None:
            self._log.warning("hook_refused", source=name, why=why, times=times)


def _path(request: Request) -> str:
    """Path and query as they were sent: a signature covers their very bytes."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is longer than any sender's."""
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > MOST_BYTES:
                return None
    except ClientDisconnect:
        return b""
    return bytes(read)


def _taken(door: Door, refusals: _Refusals, name: str, source: HookSource, delivery: HookDelivery) -> Response:
    """Prove, queue, answer. A sender that gets a 503 tries again; what it tells is polled in any case."""
    reading: HookReading = source.read(delivery)
    match reading:
        case Forged(why=why):
            refusals.note(name, why)
            return _said(401, why)
        case Garbled(why=why):
            door.log.warning("hook_garbled", source=name, why=why)
            return _said(400, why)
        case Heard():
            return _queued(door, name, source, reading)
        case Spoken(words=words):
            return _answered(door, name, words)
        case _:
            assert_never(reading)


def _queued(door: Door, name: str, source: HookSource, heard: Heard) -> Response:
    policies, now = door.policies(), door.clock.now()
    wanted = policies.objects()
    refs = [RecordRef(source.connection, hint.object, hint.id) for hint in heard.records if hint.object in wanted]
    try:
        if refs:
            take_hints(door.store, refs, at=now)
        new = hear(door.store, policies, source.connection, name, heard.activities, at=now) if heard.activities else 0
    except StateError as error:
        door.log.warning("hook_not_queued", source=name, reason=error.message)
        return _said(503, "not now: try again")
    if refs or new:
        door.wake()
    door.log.info("hook_taken", source=name, records=len(refs), activities=new)
    return Response(status_code=204, headers=_QUIET)


def _answered(door: Door, name: str, words: tuple[PersonSaid, ...]) -> Response:
    """Whether or not a word counts, it is taken: the sender has nothing to try again."""
    try:
        counted = [door.take(name, word) for word in words]
    except StateError as error:
        door.log.warning("hook_not_queued", source=name, reason=error.message)
        return _said(503, "not now: try again")
    if None in counted:
        door.wake()
    door.log.info("answers_taken", source=name, counted=counted.count(None), words=len(words))
    return Response(status_code=200, headers=_QUIET)


def _said(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status_code=status, headers=_QUIET)
