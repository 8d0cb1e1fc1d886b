"""What HubSpot says when it refuses: the status, and a body in which every field is optional.

Shapes marked [mem] in `facts` are unverified and say so beside the function.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SCOPES_PAGE = "https://developers.hubspot.com/scopes"


@dataclass(slots=True, eq=False)
class RefusedError(Exception):
    """An answer other than the one asked for, raised inside the face and rendered at its edge."""

    status: int
    message: str
    category: str | None
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, correlation: str) -> dict[str, object]:
        """The JSON body; the fields come in the order of the recordings."""
        body: dict[str, object] = {"status": "error", "message": self.message}
        body["correlationId"] = correlation
        body.update(self.extra)
        if self.category is not None:
            body["category"] = self.category
        return body

    def in_batch(self, context: Mapping[str, Sequence[str]]) -> dict[str, object]:
        """The same refusal as one entry of a 207 answer."""
        return {"status": "error", "category": self.category, "message": self.message, "context": dict(context)}


class HtmlNotFoundError(Exception):
    """GET of an object by an unknown id: HubSpot answers HTML, not JSON (facts §1.4)."""


def bad_request(message: str, **extra: object) -> RefusedError:
    """400 for a request that cannot be understood or asks for too much."""
    return RefusedError(400, message, "VALIDATION_ERROR", extra)


def bad_json(line: int, column: int, reason: str) -> RefusedError:
    """400 for a body that is not JSON, worded as in facts §3."""
    return bad_request(f"Invalid input JSON on line {line}, column {column}: {reason}")


def invalid_property(name: str, message: str, code: str) -> dict[str, object]:
    """One failed property, in the order HubSpot writes its fields."""
    return {"isValid": False, "message": message, "error": code, "name": name}


def invalid_properties(problems: Sequence[Mapping[str, object]]) -> RefusedError:
    """400 whose details are JSON inside the message (facts §3, recorded for meetings)."""
    listed = json.dumps(list(problems), separators=(",", ":"), ensure_ascii=False)
    return bad_request(f"Property values were not valid: {listed}")


def missing_required(names: Sequence[str], object_name: str) -> RefusedError:
    """400 for properties a rule or the object demands. Wording [mem]."""
    message = f"Error creating {object_name}. Some required properties were not set."
    return bad_request(message, errors=[{"message": message, "context": {"properties": list(names)}}])


def duplicate(object_label: str, existing: str) -> RefusedError:
    """409 on create: the one place where HubSpot names the record that is in the way."""
    return RefusedError(409, f"{object_label} already exists. Existing ID: {existing}", "CONFLICT")


def value_in_use(name: str, value: str, existing: str) -> RefusedError:
    """400 on update to a unique value another record holds, naming that record (facts §3)."""
    problem = invalid_property(
        name, f"A record with {name} {value} already exists. Existing ID: {existing}", "CONFLICTING_UNIQUE_VALUE"
    )
    return invalid_properties([problem])


def not_found(message: str = "resource not found") -> RefusedError:
    """404 with a JSON body: everything but a GET of an object by id."""
    return RefusedError(404, message, "OBJECT_NOT_FOUND")


def some_not_found(object_name: str, ids: Sequence[str]) -> dict[str, object]:
    """The 207 entry for ids a batch could not find. Shape [mem] (facts §3)."""
    message = f"Could not get some {object_name} objects, they may be deleted or not exist. Check that ids are valid."
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": list(ids)}}


def unauthenticated() -> RefusedError:
    """401 for a token that is absent, unknown or revoked."""
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can"
        " find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    )
    return RefusedError(401, message, "INVALID_AUTHENTICATION")


def token_expired(seconds: int) -> RefusedError:
    """401 for an OAuth access token past its thirty minutes. Category [mem]."""
    message = f"The OAuth token used to make this call expired {seconds} second(s) ago."
    return RefusedError(401, message, "EXPIRED_AUTHENTICATION")


def missing_scopes(scopes: Sequence[str]) -> RefusedError:
    """403; shape from hubspot-api-nodejs issue 268."""
    message = (
        "This app hasn't been granted all required scopes to make this call."
        f" Read more about required scopes here: {_SCOPES_PAGE}."
    )
    needed = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredScopes": list(scopes)},
    }
    return RefusedError(403, message, "MISSING_SCOPES", {"errors": [needed], "links": {"scopes": _SCOPES_PAGE}})


def secondly_limit() -> RefusedError:
    """429 as recorded 69 times on search: no policyName, no errorType, no Retry-After."""
    return RefusedError(429, "You have reached your secondly limit.", "RATE_LIMITS")


def policy_limit(policy: str) -> RefusedError:
    """429 in the general shape, for TEN_SECONDLY_ROLLING and DAILY."""
    wording = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "DAILY": "daily"}[policy]
    extra = {"errorType": "RATE_LIMIT", "policyName": policy}
    return RefusedError(429, f"You have reached your {wording} limit.", "RATE_LIMITS", extra)


def objects_in(raw: object, name: str) -> list[Mapping[str, object]]:
    """A list of JSON objects under a name of the body; absent is empty, anything else is a 400."""
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise bad_request(f"Invalid input JSON: {name} must be a list of objects")
    return raw


def id_in(raw: object) -> str:
    """The id of a `{"id": ...}` object, or empty text."""
    return str(raw.get("id")) if isinstance(raw, dict) else ""
