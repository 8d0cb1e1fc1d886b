"""Starting the org's own flows: active autolaunched ones, given the record, once; what was answered is what we know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.soql import safe_id, safe_name
from connector.adapter import Delivered, DeliveryResult, Dispatch, Postponed, Refused, Unknown
from connector.errors import OutcomeUnknownError, PermanentError, RejectedError, RetryableError

RECORD = "recordId"  # the input variable by which Salesforce's own buttons hand a record to a flow
_PATH = "actions/custom/flow"


class Flows:
    """The flows of one org."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    def names(self) -> tuple[str, ...]:
        """The API names of the flows that can be started from outside."""
        actions = (self._client.get(_PATH).body or {}).get("actions") or ()
        return tuple(sorted(str(one["name"]) for one in actions if isinstance(one, Mapping) and one.get("name")))

    def start(self, dispatch: Dispatch) -> DeliveryResult:
        """Start one flow for one record; a lost answer is unknown, since a flow has no name to find it by."""
        try:
            path = f"{_PATH}/{safe_name(dispatch.target)}"
            answer = self._client.start_action(path, {RECORD: safe_id(dispatch.ref.id)}).body
        except RetryableError as error:
            return Postponed(reason=error.message, wait=error.retry_after)
        except RejectedError as error:
            return Refused(code=error.code, reason=error.message)
        except OutcomeUnknownError as error:
            return Unknown(reason=error.message)
        except PermanentError as error:
            return Refused(code=type(error).__name__, reason=error.message)
        return _read(answer)


def _read(answer: Any) -> DeliveryResult:
    """One result per input; ours is the only one."""
    result = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
    if not isinstance(result, Mapping) or not isinstance(result.get("isSuccess"), bool):
        return Unknown(reason="Salesforce's answer does not say what became of the flow")
    if result["isSuccess"]:
        outputs = result.get("outputValues")
        status = outputs.get("Flow__InterviewStatus") if isinstance(outputs, Mapping) else None
        return Delivered(reference=f"flow {result.get('actionName')}: {status or 'started'}")
    errors = result.get("errors")
    said = [str(one.get("message")) for one in errors or () if isinstance(one, Mapping)]
    return Refused(code="flow_failed", reason="; ".join(said)[:500] or "the flow failed")


