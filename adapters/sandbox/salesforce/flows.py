"""The org's autolaunched flows: listed, started for records, and logged, whatever they then do."""

from __future__ import annotations

from typing import Any

from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.errors import ApiError, not_found
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.state import FaceState


def flows(state: FaceState, call: Call) -> Reply:
    """`actions/custom/flow` lists the active ones, `actions/custom/flow/Name` runs one per input."""
    match call.method, call.path[3:]:
        case "GET", ():
            actions = [
                {"label": name, "name": name, "type": "FLOW", "url": f"{call.base}/actions/custom/flow/{name}"}
                for name in sorted(state.flows)
            ]
            return Reply(status=200, body={"actions": actions})
        case "POST", (name,) if name in state.flows:
            return _run(state, call, name)
        case _:
            raise not_found()


def _run(state: FaceState, call: Call, name: str) -> Reply:
    inputs = call.record().get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, dict) for one in inputs):
        raise ApiError(400, "JSON_PARSER_ERROR", "inputs must be a list of objects")
    results = [_interview(state, call, name, one) for one in inputs]
    return Reply(status=200 if all(one["isSuccess"] for one in results) else 400, body=results)


def _interview(state: FaceState, call: Call, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """One run of a flow; what it was given is what it keeps."""
    record = str(given.get("recordId") or "")
    if to_18(record) is None:
        error = {"statusCode": "INVALID_API_INPUT", "message": f"recordId is no id: {record[:40]}", "fields": []}
        return {"actionName": name, "errors": [error], "isSuccess": False, "outputValues": None}
    state.flows[name].append(record)
    outputs = {"Flow__InterviewStatus": "Finished", "Flow__InterviewGuid": f"{call.request}-{len(state.flows[name])}"}
    return {"actionName": name, "errors": None, "isSuccess": True, "outputValues": outputs}
