"""The HubSpot account as seen over the wire: one request in, one answer out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from adapters.sandbox.rows import Actor, RowKey
from adapters.sandbox.wire import ConnectionCut, Stall, WireRequest, WireResponse

from . import batch, describing, linking, mishaps, objects, searching
from .errors import HtmlNotFoundError, RefusedError, not_found
from .limits import RateMeter
from .peers import Peers
from .portal import Answer, Call, Portal
from .query import Query
from .routing import Route, find_route
from .schema import SPELLINGS
from .stamps import http_date
from .tokens import TokenBook

_MAX_TARGET = 16_384
_JSON = "application/json;charset=utf-8"
_CALLS: Mapping[str, Callable[[Call], Answer]] = {
    "objects.list": objects.list_page,
    "objects.create": objects.create_one,
    "objects.search": searching.run_search,
    "objects.merge": objects.merge,
    "objects.erase": objects.erase_one,
    "objects.batch": batch.batch,
    "objects.get": objects.get_one,
    "objects.update": objects.update_one,
    "objects.archive": objects.archive_one,
    "associations.list": linking.list_links,
    "associations.put": linking.put,
    "associations.put_default": linking.put_default,
    "associations.delete": linking.delete,
    "associations.batch": linking.batch,
    "associations.batch_default": linking.batch_default,
    "associations.batch_unlabel": linking.batch_unlabel,
    "labels.list": linking.list_labels,
    "labels.create": linking.create_label,
    "properties.list": describing.list_properties,
    "properties.create": describing.create_property,
    "properties.get": describing.get_property,
    "properties.update": describing.update_property,
    "pipelines.list": describing.list_pipelines,
    "pipelines.get": describing.get_pipeline,
    "pipelines.stages": describing.list_stages,
    "owners.list": describing.list_owners,
    "owners.get": describing.get_owner,
    "validations.list": describing.list_validations,
    "validations.get": describing.get_validations,
    "account.details": describing.account,
}
_NOBODY = Actor(kind="agent", user="", name="unauthenticated")


@dataclass(slots=True, kw_only=True)
class HubSpotFace:
    """Answers HubSpot calls over an org; holds the org's lock for the length of a call."""

    portal: Portal
    tokens: TokenBook
    meter: RateMeter
    peers: Peers
    public_host: str = "api.hubapi.com"

    def respond(self, request: WireRequest) -> WireResponse:
        """The answer to one request. MAY raise ConnectionCut or Stall, applied or not."""
        with self.portal.org.lock:
            self.portal.bumps.settle(self.portal.org)
            correlation = self._correlation()
            route = find_route(request.method, request.path)
            try:
                actor, answered = self._answered(request, route, correlation)
                response = mishaps.after(self.portal.faults, answered)
            except (ConnectionCut, Stall):
                self._log(request, route, self._caller(request), None, correlation)
                raise
            self._log(request, route, actor, response.status, correlation)
            date = http_date(self.portal.org.clock.stamp() // 1000)  # the org's own time
            return replace(response, headers={**response.headers, "Date": date})

    def _answered(self, request: WireRequest, route: Route | None, correlation: str) -> tuple[Actor, WireResponse]:
        """The caller and the answer HubSpot means to give."""
        search = route is not None and route.call == "objects.search"
        headers = {"X-HubSpot-Correlation-Id": correlation}
        actor = self._caller(request)
        try:
            answer = self._run(request, route, correlation, search=search)
        except RefusedError as refused:
            headers |= {**self.meter.headers(search=search), **refused.headers}
            return actor, _json(refused.status, refused.body(correlation), headers)
        except HtmlNotFoundError:
            page = mishaps.html_page(404, "Not Found")
            marked = {**page.headers, **headers, "X-HubSpot-NotFound": "true"}
            return actor, WireResponse(status=404, headers=marked, body=page.body)
        except mishaps.HtmlFailureError as failure:
            return actor, mishaps.html_page(failure.status, "Error")
        headers |= self.meter.headers(search=search)
        return actor, _answer(answer, headers)

    def _run(self, request: WireRequest, route: Route | None, correlation: str, *, search: bool) -> Answer:
        if len(request.path) + len(request.query) > _MAX_TARGET:
            raise RefusedError(414, "URI Too Long", None)
        if route is None:
            raise not_found("resource not found")
        mishaps.before(self.portal.faults, route.name)
        if route.call == "oauth.token":
            return Answer(status=200, body=self.tokens.exchange(request.body))
        actor = self.tokens.actor(request.headers)
        refused = self.meter.admit(self.portal.org.clock.stamp(), search=search)
        if refused is not None:
            raise refused
        if route.call == "oauth.introspect":
            return Answer(status=200, body=self.tokens.introspect(request.body))
        call = Call(
            portal=self.portal,
            route=route,
            query=Query.parse(request.query),
            raw=request.body,
            actor=actor,
            request=correlation,
            url=f"https://{self.public_host}{request.path}",
        )
        self.peers.before_call(call)
        return spoiled(call, _CALLS[route.call](call))

    def _caller(self, request: WireRequest) -> Actor:
        try:
            return self.tokens.actor(request.headers)
        except RefusedError:
            return _NOBODY

    def _correlation(self) -> str:
        """A request id in the form of the recordings, from the face's own randomness."""
        digits = f"{self.portal.rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _log(
        self, request: WireRequest, route: Route | None, actor: Actor, status: int | None, correlation: str
    ) -> None:
        self.portal.org.log_call(
            actor, f"{request.method} {request.path}", status=status, record=_record(route), request=correlation
        )


def _record(route: Route | None) -> RowKey | None:
    words = route.path if route is not None else {}
    name = SPELLINGS.get(words.get("type", ""))
    return RowKey(name, words["id"]) if name is not None and "id" in words else None


def _answer(answer: Answer, headers: Mapping[str, str]) -> WireResponse:
    if answer.rendered is None:
        return _json(answer.status, answer.body, headers)
    return WireResponse(status=answer.status, headers={"Content-Type": _JSON, **headers}, body=answer.rendered)


def _json(status: int, body: Mapping[str, object] | None, headers: Mapping[str, str]) -> WireResponse:
    if body is None:
        return WireResponse(status=status, headers=headers)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return WireResponse(status=status, headers={"Content-Type": _JSON, **headers}, body=text)


def spoiled(call: Call, answer: Answer) -> Answer:
    """The answer under faults that change what a page or a record shows."""
    faults = call.portal.faults
    if faults.quiet() or answer.body is None or not call.route.call.startswith("objects."):
        return answer
    body = dict(answer.body)
    results = body.get("results")
    paged = call.route.call in ("objects.list", "objects.search")
    if paged and isinstance(results, list) and results and faults.fire("duplicated_page"):
        body["results"] = [*results, results[-1]]
    shown = [*results] if isinstance(results, list) else [body]
    if any(None in _properties(each).values() for each in shown) and faults.fire("blank_for_null"):
        blanked = [{**each, "properties": _blanked(each)} for each in shown]
        return Answer(
            status=answer.status, body={**body, "results": blanked} if isinstance(results, list) else blanked[0]
        )
    return Answer(status=answer.status, body=body)


def _properties(shown: Mapping[str, object]) -> Mapping[str, object]:
    found = shown.get("properties")
    return found if isinstance(found, dict) else {}


def _blanked(shown: Mapping[str, object]) -> dict[str, object]:
    return {name: "" if value is None else value for name, value in _properties(shown).items()}
