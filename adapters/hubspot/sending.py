"""Sending a batch of updates so that one bad record spoils nobody else's, and every answer has a meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.hubspot.answers import Answer, rejected
from adapters.hubspot.mapping import OBJECTS
from adapters.hubspot.portal import Portal
from connector.adapter import Missed, ObjectType, Postponed, Refused, Unknown, WriteResult
from connector.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidResponseError,
    OutcomeUnknownError,
    RecordGoneError,
    RejectedError,
    RetryableError,
)

Update: TypeAlias = tuple[str, Mapping[str, str]]
TRANSIENT = frozenset({"INTERNAL_ERROR", "RATE_LIMITS", "TIMEOUT", "UNKNOWN", "None"})
"""Categories of a partial failure that are no verdict on the values."""
Outcomes: TypeAlias = dict[str, "Sent | WriteResult"]


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took the update; the history will tell what became of it. `doubt` is what it said against it."""

    doubt: str | None = None


def send_updates(portal: Portal, object: ObjectType, updates: Mapping[str, Mapping[str, str]]) -> Outcomes:
    """One outcome per record id. Raises CredentialsError only while nothing has been sent."""
    outcomes: Outcomes = {}
    waiting: list[list[Update]] = [list(updates.items())] if updates else []
    while waiting:
        part = waiting.pop()
        try:
            answer = portal.client.batch_update(
                OBJECTS[object], [{"id": each, "properties": dict(values)} for each, values in part]
            )
        except (RejectedError, RecordGoneError, AccessDeniedError) as error:
            if len(part) > 1:  # the whole batch was turned down for one of them: find out which
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
            else:
                outcomes[part[0][0]] = _turned_down(portal, object, error)
        except CredentialsError as error:
            if not outcomes:
                raise
            outcomes |= _all(part, Postponed(reason=error.message))
        except RetryableError as error:
            outcomes |= _all(part, Postponed(reason=error.message, wait=error.retry_after))
        except OutcomeUnknownError as error:
            outcomes |= _all(part, Unknown(reason=error.message))
        else:
            outcomes |= _answered(portal, object, part, answer)
    return outcomes


def _all(part: Sequence[Update], result: WriteResult) -> Outcomes:
    return {each: result for each, _ in part}


def _answered(portal: Portal, object: ObjectType, part: Sequence[Update], answer: Answer) -> Outcomes:
    """Whoever is not named in an error counts as sent; the history decides, not this answer."""
    outcomes: Outcomes = {each: Sent() for each, _ in part}
    try:
        errors = answer.json().get("errors") or []
    except InvalidResponseError:
        return outcomes
    for error in errors if answer.partial and isinstance(errors, list) else []:
        context = error.get("context") or {}
        for each in context.get("ids") or context.get("id") or []:
            if str(each) in outcomes:
                outcomes[str(each)] = _named(portal, object, error)
    return outcomes


def _named(portal: Portal, object: ObjectType, error: Mapping[str, Any]) -> Sent | WriteResult:
    category = str(error.get("category"))
    if category == "OBJECT_NOT_FOUND":
        return Missed()
    if category in TRANSIENT:
        return Sent(doubt=str(error.get("message") or category))
    return _turned_down(portal, object, rejected(error, str(error.get("message") or category), default=category))


def _turned_down(
    portal: Portal, object: ObjectType, error: RejectedError | RecordGoneError | AccessDeniedError
) -> WriteResult:
    match error:
        case RecordGoneError():
            return Missed()
        case RejectedError():
            live = portal.live(object)
            fields = tuple(live.shared_name(name) for name in error.fields)
            return Refused(code=error.code, reason=error.message, fields=fields)
        case _:
            return Refused(code="ACCESS_DENIED", reason=error.message)
