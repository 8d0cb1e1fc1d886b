"""The edge: a request becomes what a page is asked, its answer becomes a response. The only place that knows HTTP.

A page runs in a thread, as the rest of the product does; only reading the request waits in the event loop.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from connector.errors import ConnectorError, PermanentError
from connector.gate.sessions import Session
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Download, NotThereError, Page, SeeOther, Shown, Way
from connector.web.rendering import rendered
from connector.web.security import cookie, forms
from connector.web.security.doors import Doors
from connector.web.security.headers import NEVER_KEPT

HTML = "text/html; charset=utf-8"


class RefusedError(Exception):
    """Turned away, with the status and the sentence that are shown."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class StrangerError(Exception):
    """Somebody who has not signed in asks for a page; it is shown afterwards."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Answers requests with the pages of one house."""

    house: House
    doors: Doors
    pages: Sequence[Page]
    version: str  # of the static files, so that a browser never mixes an old script with a new page

    async def answer(self, request: Request, way: Way, home: str) -> Response:
        try:
            body = await _body(request) if way.method == "POST" else b""
        except RefusedError as refused:
            return await run_in_threadpool(self._refusal, refused, None)
        return await run_in_threadpool(self._respond, request, way, home, body)

    def session_of(self, request: Request) -> Session | None:
        secret = cookie.secret_in(request.cookies, self.doors)
        return self.house.access.session(secret) if secret else None

    def not_there(self, why: str = "There is nothing here.", *, status: int = 404) -> Response:
        return self._refusal(RefusedError(status, why), None)

    def _respond(self, request: Request, way: Way, home: str, body: bytes) -> Response:
        session: Session | None = None
        try:
            session = self.session_of(request)
            asked = self._let_in(request, way, body, session)
            return self._response(home, asked, way.answer(self.house, asked))
        except Exception as error:
            return self._refusal(self._refused(error, way), session)

    def _let_in(self, request: Request, way: Way, body: bytes, session: Session | None) -> Asked:
        """Everything a request must be before a page hears of it."""
        is_post = way.method == "POST"
        if is_post and not self.doors.is_own_post(request.headers):
            raise RefusedError(403, "This came from another site, so it was not done.")
        if way.role is not None and session is None:
            raise StrangerError("/" if is_post else _address(request))
        posted = forms.form_of(request.headers.get("content-type", ""), body) if is_post else {}
        if way.role is not None and session is not None:
            if is_post and not _is_token(posted.get("csrf", ("",))[0], session):
                raise RefusedError(403, "This form is from an earlier session, so it was not sent. Open the page again.")
            if not session.person.role.covers(way.role):
                raise RefusedError(403, f"This needs the role {way.role}; you came in as {session.person.role}.")
        return Asked(
            path=forms.checked(request.url.path), session=session, form=posted,
            named={name: forms.checked(str(value)) for name, value in request.path_params.items()},
            from_elsewhere=request.headers.get("sec-fetch-site") == "cross-site",
            query=forms.query_of(request.scope["query_string"]), address=request.client.host if request.client else "",
        )

    def _refused(self, error: Exception, way: Way) -> RefusedError | StrangerError:
        match error:
            case RefusedError() | StrangerError():
                return error
            case BadRequestError():
                return RefusedError(400, f"That cannot be: {error}.")
            case NotThereError():
                return RefusedError(404, str(error))
            case PermanentError():
                return RefusedError(409, f"Not done: {error.message}.")
            case ConnectorError():
                return RefusedError(503, f"Not done: {error.message}. Try again in a moment.")
            case _:
                # What it was is for the log alone: a page never shows the inside of the product.
                self.house.log.warning("page_failed", path=way.path, kind=type(error).__name__)
                return RefusedError(500, "Something went wrong here, and nothing was changed. The log says more.")

    def _refusal(self, refused: RefusedError | StrangerError, session: Session | None) -> Response:
        if isinstance(refused, StrangerError):
            return RedirectResponse(f"/sign-in?next={quote(refused.wanted)}", status_code=303, headers=dict([NEVER_KEPT]))
        shown = Shown(template="refused.html", values={"why": refused.why}, status=refused.status)
        return self._page(shown, session, home="")

    def _response(self, home: str, asked: Asked, answer: Answer) -> Response:
        match answer:
            case Shown():
                return self._page(answer, asked.session, home=home)
            case SeeOther(path=path, secret=secret):
                response: Response = RedirectResponse(path, status_code=303, headers=dict([NEVER_KEPT]))
                if secret is not None:
                    response.headers["set-cookie"] = cookie.setting(secret, self.doors)
                return response
            case Download(name=name, kind=kind, text=text):
                heads = {"content-disposition": f'attachment; filename="{name}"', **dict([NEVER_KEPT])}
                return Response(text.encode(), media_type=kind, headers=heads)
            case _:
                assert_never(answer)

    def _page(self, shown: Shown, session: Session | None, *, home: str) -> Response:
        values = {**self._frame(session, home), **shown.values}
        return Response(
            rendered(shown.template, values), status_code=shown.status, headers=dict([NEVER_KEPT]), media_type=HTML
        )

    def _frame(self, session: Session | None, home: str) -> Mapping[str, Any]:
        """What every page shows around itself."""
        now = self.house.clock.now()
        tabs: list[dict[str, Any]] = []
        if session is not None:
            with self.house.store.snapshot() as tx:
                tabs = [
                    {"label": page.label, "home": page.home, "count": page.count(tx, now) if page.count else 0}
                    for page in self.pages
                    if page.label
                ]
        return {
            "now": now, "tabs": tabs, "here": home, "person": session.person if session else None,
            "csrf": session.csrf if session else "", "version": self.version,
        }


def _address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _is_token(posted: str, session: Session) -> bool:
    return hmac.compare_digest(posted.encode(), session.csrf.encode())


async def _body(request: Request) -> bytes:
    """The body, as far as a form may be long."""
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > forms.MOST_BYTES:
                raise RefusedError(413, "That is too much at once.")
    except ClientDisconnect as gone:
        raise RefusedError(400, "The sender went away.") from gone
    return bytes(read)
