"""Faults around a call: refusals before it takes effect, and answers that are lost or spoiled after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from adapters.sandbox.faults import Faults
from adapters.sandbox.wire import ConnectionCut, Stall, WireResponse

from .errors import RefusedError, missing_scopes, not_found, policy_limit, secondly_limit, unauthenticated

_HTML = "text/html; charset=iso-8859-1"
_RECORD_WRITES = frozenset(
    {
        "objects.create",
        "objects.update",
        "objects.archive",
        "objects.batch.create",
        "objects.batch.update",
        "objects.batch.upsert",
    }
)
_STATUSES = {"http_502": 502, "http_521": 521, "http_530": 530}
_LATER = {"Retry-After": "10"}


class HtmlFailureError(Exception):
    """A failure of the machinery before HubSpot: an HTML page with a status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def html_page(status: int, title: str) -> WireResponse:
    """A page in iso-8859-1 with a byte that is not UTF-8, as HubSpot's 404 page is (recorded)."""
    text = f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1><p>\xa9 HubSpot</p></body></html>"
    return WireResponse(status=status, headers={"Content-Type": _HTML}, body=text.encode("iso-8859-1"))


def _unavailable(status: int, message: str) -> RefusedError:
    return RefusedError(status, message, None)


_REFUSALS: Mapping[str, Callable[[], RefusedError]] = {
    "http_401": unauthenticated,
    "http_403": lambda: missing_scopes(["crm.objects.contacts.write"]),
    "http_404": not_found,
    "http_409": lambda: RefusedError(409, "The object was modified by another request", "CONFLICT"),
    "http_423": lambda: RefusedError(423, "This record is locked. Try again in a few seconds.", "LOCKED"),
    "burst_429": lambda: policy_limit("TEN_SECONDLY_ROLLING"),
    "daily_429": lambda: policy_limit("DAILY"),
    "search_429": secondly_limit,
    "retry_after_429": lambda: replace(policy_limit("TEN_SECONDLY_ROLLING"), headers=_LATER),
    "http_477": lambda: RefusedError(477, "Migration in progress", "MIGRATION_IN_PROGRESS", headers=_LATER),
    "http_500": lambda: _unavailable(500, "internal error"),
    "http_503": lambda: _unavailable(503, "Service Unavailable"),
    "http_504": lambda: _unavailable(504, "Gateway Timeout"),
}


def _applies(name: str, call: str) -> bool:
    match name:
        case "search_429":
            return call == "objects.search"
        case "burst_429" | "retry_after_429":
            return call != "objects.search"
        case "http_423" | "http_409":
            return call in _RECORD_WRITES
        case "http_404":
            return call != "objects.get"
        case _:
            return True


def before(faults: Faults, call: str) -> None:
    """Raise what goes wrong before a call takes effect, if anything does."""
    if faults.quiet():
        return
    if call != "oauth.token":
        for name, refusal in _REFUSALS.items():
            if _applies(name, call) and faults.fire(name):
                raise refusal()
    for name, status in _STATUSES.items():
        if faults.fire(name):
            raise HtmlFailureError(status)
    if faults.fire("reset_before_apply"):
        raise ConnectionCut(applied=False)
    if faults.fire("timeout_before_apply"):
        raise Stall(applied=False)


def after(faults: Faults, response: WireResponse) -> WireResponse:
    """The answer as it arrives, if it arrives."""
    if faults.quiet():
        return response
    if faults.fire("reset_after_apply"):
        raise ConnectionCut(applied=True)
    if faults.fire("timeout_after_apply"):
        raise Stall(applied=True)
    if faults.fire("bad_gateway_after"):
        return html_page(502, "Bad Gateway")
    if faults.fire("timeout_524"):
        return html_page(524, "A timeout occurred")
    if response.status < 300 and faults.fire("html_body"):
        return html_page(200, "Scheduled maintenance")
    return _spoiled(faults, response)


def _spoiled(faults: Faults, response: WireResponse) -> WireResponse:
    """An answer that arrives slowly, in part, or without its headers."""
    half = len(response.body) // 2
    if half and faults.fire("cut_body"):
        return replace(response, cut_after=half)
    if half and response.status < 300 and faults.fire("truncated_json"):
        return replace(response, body=response.body[:half])
    if half and faults.fire("slow_drip"):
        return replace(response, drip_seconds=1.0)
    limits = [name for name in response.headers if name.lower().startswith("x-hubspot-ratelimit")]
    if limits and faults.fire("bare_limit_headers"):
        kept = {name: value for name, value in response.headers.items() if name not in limits}
        return replace(response, headers=kept)
    return response
