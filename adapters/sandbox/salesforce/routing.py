"""Which resource a path means."""

from __future__ import annotations

from adapters.sandbox.salesforce.bulk2 import bulk_query
from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.collections import collections
from adapters.sandbox.salesforce.composite import composite
from adapters.sandbox.salesforce.describe import describe, describe_global
from adapters.sandbox.salesforce.errors import not_found
from adapters.sandbox.salesforce.flows import flows
from adapters.sandbox.salesforce.layouts import layouts
from adapters.sandbox.salesforce.limits import limits
from adapters.sandbox.salesforce.query import query
from adapters.sandbox.salesforce.replication import deleted, updated
from adapters.sandbox.salesforce.rows import row_call
from adapters.sandbox.salesforce.state import FaceState

_RESOURCES = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "actions")


def dispatch(state: FaceState, call: Call) -> Reply:
    """Answer one call or sub-request; raises ApiError."""
    match tuple(name.lower() for name in call.path[:2]):
        case ():
            return Reply(status=200, body={name: f"{call.base}/{name}" for name in _RESOURCES})
        case ("sobjects",):
            return describe_global(state, call)
        case ("sobjects", _):
            return _object_call(state, call)
        case ("query" | "queryall", *_):
            return query(state, call)
        case ("composite",):
            return composite(state, call, dispatch)
        case ("composite", "sobjects"):
            return collections(state, call)
        case ("limits", *_):
            return limits(state, call)
        case ("actions", "custom") if call.path[2:3] == ("flow",):
            return flows(state, call)
        case ("jobs", "query"):
            return bulk_query(state, call)
        case _:
            raise not_found()


def _object_call(state: FaceState, call: Call) -> Reply:
    definition = state.reader.object(call.path[1])
    if definition is None:
        raise not_found()
    match call.path[2:]:
        case ("describe",):
            return describe(state, call, definition)
        case ("describe", "layouts"):
            return layouts(state, call, definition)
        case ("updated",):
            return updated(state, call, definition)
        case ("deleted",):
            return deleted(state, call, definition)
        case _:
            return row_call(state, call, definition)
