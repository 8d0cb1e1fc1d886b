"""The application `pages`: every page of the list behind one door, with its script and style, and live updates."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.settings import WebSettings
from connector.web.edge import Edge
from connector.web.house import House
from connector.web.live import Beat, Pulse, look
from connector.web.pages import PAGES
from connector.web.security.doors import Doors
from connector.web.security.headers import HEADERS, LASTING_HTTPS, NEVER_KEPT

BEAT = 1.0


def pages_app(house: House, settings: WebSettings, *, beat: float = BEAT) -> ASGIApp:
    """The page for people, ready to be served. `beat` is how many seconds pass between two looks for live updates."""
    doors = Doors.of(settings)
    edge = Edge(house=house, doors=doors, pages=PAGES, version=_version())
    routes = [
        Route(way.path, partial(edge.answer, way=way, home=page.home), methods=[way.method])
        for page in PAGES
        for way in page.ways
    ]
    app = Starlette(
        routes=[
            *routes,
            Route("/live", _live(edge, house, beat)),
            Mount("/static", StaticFiles(packages=[("connector.web", "static")])),
        ],
        exception_handlers={HTTPException: _nothing_there(edge)},
    )
    app.router.redirect_slashes = False  # an address that is not ours leads nowhere
    return _Doorkeeper(app, doors)


class _Doorkeeper:
    """Stands before everything: a Host that is not ours gets no answer, and every answer carries the headers."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answered(scope)(scope, receive, self._with_headers(send))
        else:  # a WebSocket: there are none here
            await send({"type": "websocket.close", "code": 1008})

    def _answered(self, scope: Scope) -> ASGIApp:
        if self._doors.knows_host(Headers(scope=scope).get("host", "")):
            return self._app
        return PlainTextResponse("This name is not served here.\n", status_code=421)

    def _with_headers(self, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    headers[name] = value
                if self._doors.is_https:
                    headers[LASTING_HTTPS[0]] = LASTING_HTTPS[1]
            await send(message)

        return send_with_headers


def _live(edge: Edge, house: House, beat: float) -> Callable[[Request], Awaitable[Response]]:
    def seen() -> Beat:
        with house.store.snapshot() as tx:
            return look(tx, PAGES, house.clock.now())

    pulse = Pulse(seen, every=beat)

    async def live(request: Request) -> Response:
        if await run_in_threadpool(edge.session_of, request) is None:
            return PlainTextResponse("sign in first\n", status_code=401)
        if pulse.is_full:
            return PlainTextResponse("too many listen\n", status_code=503)
        return StreamingResponse(pulse.listen(), media_type="text/event-stream", headers=dict([NEVER_KEPT]))

    return live


def _nothing_there(edge: Edge) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        why = "That cannot be done here." if status == 405 else "There is nothing here."
        return await run_in_threadpool(edge.not_there, why, status=status)

    return answer


def _version() -> str:
    """A name for the script and style as they are: what changed is fetched anew."""
    told = hashlib.sha256()
    for name in ("script.js", "style.css"):
        told.update(files("connector.web").joinpath("static", name).read_bytes())
    return told.hexdigest()[:12]
