"""`/composite`: several sub-requests in one call, with references between them and optional all-or-none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.sandbox.rows import RowKey
from adapters.sandbox.salesforce.call import Call, Reply, error_reply
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.wire import Headers

Dispatch = Callable[[FaceState, Call], Reply]
_MOST, _MOST_QUERIES = 25, 5
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+\Z")
_UNSUPPORTED_HEADERS = frozenset({"accept", "authorization", "content-type"})
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."


class _RolledBackError(Exception):
    """A sub-request failed under allOrNone; the transaction around it must be undone."""


def composite(state: FaceState, call: Call, dispatch: Dispatch) -> Reply:
    """Run the sub-requests in order; the call itself succeeds whatever they answer."""
    if call.method != "POST":
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed. Allowed are POST")
    asked = call.record().get("compositeRequest")
    parts = _checked(asked)
    if not call.record().get("allOrNone", False):
        results = _run(state, call, parts, dispatch, halt=False)
    else:
        results = _all_or_none(state, call, parts, dispatch)
    return Reply(status=200, body={"compositeResponse": results})


def _checked(asked: object) -> list[dict[str, Any]]:
    if not isinstance(asked, list) or not asked or not all(isinstance(part, dict) for part in asked):
        raise ApiError(400, "JSON_PARSER_ERROR", "compositeRequest must be a list of sub-requests")
    if len(asked) > _MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"Limit of {_MOST} sub-requests exceeded: {len(asked)}")
    names = [str(part.get("referenceId", "")) for part in asked]
    if len(set(names)) != len(names) or not all(_REFERENCE_ID.match(name) for name in names):
        raise ApiError(400, "INVALID_REFERENCE_ID", "each sub-request needs its own referenceId of letters and digits")
    if sum(1 for part in asked if _counts_as_query(str(part.get("url", "")))) > _MOST_QUERIES:
        raise ApiError(400, "LIMIT_EXCEEDED", f"Limit of {_MOST_QUERIES} query and collection sub-requests exceeded")
    return asked


def _counts_as_query(url: str) -> bool:
    return re.search(r"/v\d+\.\d+/(query|queryAll|composite/sobjects)\b", url) is not None


def _run(
    state: FaceState, call: Call, parts: list[dict[str, Any]], dispatch: Dispatch, *, halt: bool
) -> list[dict[str, Any]]:
    replies: dict[str, Reply] = {}
    results = []
    for part in parts:
        reply = _one(state, call, part, dispatch, replies)
        name = str(part["referenceId"])
        replies[name] = reply
        results.append(_result(name, reply))
        if halt and reply.status >= 400:
            raise _RolledBackError(len(results) - 1, results)
    return results


def _result(name: str, reply: Reply) -> dict[str, Any]:
    body = json.loads(reply.raw) if reply.raw else reply.body
    return {"body": body, "httpHeaders": reply.headers, "httpStatusCode": reply.status, "referenceId": name}


def _all_or_none(state: FaceState, call: Call, parts: list[dict[str, Any]], dispatch: Dispatch) -> list[dict[str, Any]]:
    for part in parts:
        _announce(state, call, part)
    try:
        with state.org.transaction():
            return _run(state, call, parts, dispatch, halt=True)
    except _RolledBackError as error:
        failed_at, results = error.args
        halted = [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}]
        rolled_back = [
            {"body": halted, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": str(part["referenceId"])}
            for part in parts
        ]
        rolled_back[failed_at] = results[failed_at]
        return rolled_back


def _announce(state: FaceState, call: Call, part: Mapping[str, Any]) -> None:
    """Let the org's hooks run for a coming update before the transaction begins."""
    found = re.search(r"/sobjects/(\w+)/([0-9A-Za-z]{15,18})/?\Z", str(part.get("url", "")))
    if part.get("method") != "PATCH" or found is None or call.actor.kind != "agent":
        return
    definition, row_id = state.reader.object(found.group(1)), to_18(found.group(2))
    if definition is not None and row_id is not None and isinstance(part.get("body"), dict):
        state.org.announce_agent_write(RowKey(definition.name, row_id), part["body"])


def _one(
    state: FaceState, call: Call, part: Mapping[str, Any], dispatch: Dispatch, replies: Mapping[str, Reply]
) -> Reply:
    try:
        return dispatch(state, sub_call(call, part, replies))
    except ApiError as error:
        return error_reply(error)


def sub_call(call: Call, part: Mapping[str, Any], replies: Mapping[str, Reply]) -> Call:
    """The sub-request as a call of its own, its references filled in; raises ApiError."""
    url = urlsplit(_filled(str(part.get("url", "")), replies))
    found = re.match(r"/services/data/v(\d+\.\d+)/(.+)\Z", url.path)
    if found is None or found.group(2).strip("/") == "composite":
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    headers = part.get("httpHeaders") or {}
    wrong = [name for name in headers if str(name).lower() in _UNSUPPORTED_HEADERS]
    if wrong:
        raise ApiError(400, "INVALID_HTTP_HEADER", f"header not allowed in a sub-request: {wrong[0]}")
    body = part.get("body")
    return replace(
        call,
        method=str(part.get("method", "GET")).upper(),
        version=found.group(1),
        path=tuple(unquote(name) for name in found.group(2).strip("/").split("/")),
        params=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers=Headers({str(name): str(value) for name, value in headers.items()}),
        body=_filled_json(body, replies) if body is not None else None,
    )


def _filled(text: str, replies: Mapping[str, Reply]) -> str:
    return _REFERENCE.sub(lambda found: str(_referenced(found.group(1), found.group(2), replies)), text)


def _filled_json(value: Any, replies: Mapping[str, Reply]) -> Any:
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _referenced(whole.group(1), whole.group(2), replies) if whole else _filled(value, replies)
    if isinstance(value, dict):
        return {name: _filled_json(inner, replies) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled_json(inner, replies) for inner in value]
    return value


def _referenced(name: str, steps: str, replies: Mapping[str, Reply]) -> Any:
    reply = replies.get(name)
    value: Any = None if reply is None or reply.status >= 400 else reply.body
    for word, place in _STEP.findall(steps):
        if word and isinstance(value, dict) and word in value:
            value = value[word]
        elif place and isinstance(value, list) and int(place) < len(value):
            value = value[int(place)]
        else:
            value = None
        if value is None:
            break
    if value is None:
        said = f"Invalid reference specified. No value for {name}{steps} found in {name}"
        raise ApiError(400, "PROCESSING_HALTED", said)
    return value
