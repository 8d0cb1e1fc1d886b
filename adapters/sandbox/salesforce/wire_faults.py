"""Faults of transport, session and limits: the call is refused, cut or spoiled whatever it asks for."""

from __future__ import annotations

from dataclasses import replace

from adapters.sandbox.faults import Faults
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.wire import ConnectionCut, Stall, WireResponse

_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_PAGE = b"<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body><h1>Back soon</h1></body></html>"
_REFUSALS = {
    "http_403": (403, "INSUFFICIENT_ACCESS", "insufficient access rights"),
    "http_404": (404, "NOT_FOUND", "The requested resource does not exist"),
    "http_409": (409, "CONFLICT", "the request conflicts with another one"),
    "http_429": (429, "TOO_MANY_REQUESTS", "too many requests"),
    "http_500": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1-1 (1)"),
    "http_503": (503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable"),
    "request_limit_daily": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "request_limit_concurrent": (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
}


def before_apply(faults: Faults, method: str, *, is_token_call: bool) -> WireResponse | None:
    """A fault that keeps the call from taking effect; raises ConnectionCut, Stall or ApiError."""
    if faults.fire("reset_before_apply"):
        raise ConnectionCut(applied=False)
    if faults.fire("timeout_before_apply"):
        raise Stall(applied=False)
    if faults.fire("http_502"):
        return WireResponse(status=502, headers={"Content-Type": "text/html;charset=UTF-8"}, body=_PAGE)
    if faults.fire("html_body"):
        return WireResponse(status=200, headers={"Content-Type": "text/html;charset=UTF-8"}, body=_PAGE)
    if is_token_call:
        return None
    if faults.fire("http_401"):
        raise expired()
    for name, (status, code, message) in _REFUSALS.items():
        if faults.fire(name):
            raise ApiError(status, code, message)
    if method in _WRITES and faults.fire("http_412"):
        said = "The record has been modified since it was last read"
        raise ApiError(412, "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK", said)
    return None


def expired() -> ApiError:
    headers = {"WWW-Authenticate": "Token"}
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid", headers=headers)


def after_apply(faults: Faults, response: WireResponse) -> WireResponse:
    """A fault that spoils the answer to a call that took effect; raises ConnectionCut or Stall."""
    if faults.fire("reset_after_apply"):
        raise ConnectionCut(applied=True)
    if faults.fire("timeout_after_apply"):
        raise Stall(applied=True)
    if len(response.body) > 1 and faults.fire("truncated_json"):
        return replace(response, cut_after=len(response.body) // 2)
    if response.body and faults.fire("slow_drip"):
        return replace(response, drip_seconds=0.05)
    return response
