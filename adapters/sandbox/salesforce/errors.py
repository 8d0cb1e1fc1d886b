"""Salesforce's error envelopes and codes, and what each refusal of the org is called in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.refusals import Cause, Problem, RowDeletedError, RowMissingError, WriteRefusedError


class ApiError(Exception):
    """An answer other than success: a status and a list of error objects."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.errors: list[dict[str, Any]] = [_error(code, message, fields)]
        self.headers = dict(headers or {})


def _error(code: str, message: str, fields: Sequence[str] | None) -> dict[str, Any]:
    error: dict[str, Any] = {"message": message, "errorCode": code}
    return error if fields is None else {**error, "fields": list(fields)}


def as_save_errors(error: ApiError) -> list[dict[str, Any]]:
    """The same errors in the shape collections use."""
    return [
        {"statusCode": each["errorCode"], "message": each["message"], "fields": each.get("fields", [])}
        for each in error.errors
    ]


_CODES = {
    Cause.UNKNOWN_FIELD: "INVALID_FIELD",
    Cause.NOT_WRITEABLE: "INVALID_FIELD_FOR_INSERT_UPDATE",
    Cause.REQUIRED: "REQUIRED_FIELD_MISSING",
    Cause.TOO_LONG: "STRING_TOO_LONG",
    Cause.WRONG_TYPE: "JSON_PARSER_ERROR",
    Cause.BAD_OPTION: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    Cause.DUPLICATE: "DUPLICATE_VALUE",
    Cause.BAD_REFERENCE: "INVALID_CROSS_REFERENCE_KEY",
    Cause.RULE: "FIELD_CUSTOM_VALIDATION_EXCEPTION",
}


def refused(error: WriteRefusedError, object_name: str) -> ApiError:
    """A broken rule as the API says it: missing fields are named together, else the first problem speaks."""
    first = error.problems[0]
    if first.cause is Cause.UNKNOWN_OBJECT:
        return not_found()
    if first.cause is Cause.REQUIRED:
        names = [each.field for each in error.problems if each.cause is Cause.REQUIRED]
        return ApiError(400, _CODES[first.cause], f"Required fields are missing: [{', '.join(names)}]", fields=names)
    if first.cause is Cause.UNKNOWN_FIELD:
        return ApiError(400, "INVALID_FIELD", f"No such column '{first.field}' on sobject of type {object_name}")
    return ApiError(400, _code(first), _message(first), fields=_fields(first))


def _code(problem: Problem) -> str:
    if problem.cause is Cause.WRONG_TYPE and "id value of incorrect type" in problem.message:
        return "MALFORMED_ID"
    return _CODES[problem.cause]


def _message(problem: Problem) -> str:
    if problem.cause is Cause.NOT_WRITEABLE:
        return (
            f"Unable to create/update fields: {problem.field}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set."
        )
    return "invalid cross reference id" if problem.cause is Cause.BAD_REFERENCE else problem.message


def _fields(problem: Problem) -> tuple[str, ...] | None:
    if problem.cause is Cause.WRONG_TYPE and _code(problem) == "JSON_PARSER_ERROR":
        return None
    return problem.fields or ((problem.field,) if problem.field else ())


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)


def row_gone(error: RowMissingError | RowDeletedError) -> ApiError:
    """A missing row and one in the recycle bin are both a 404, with different codes."""
    if isinstance(error, RowDeletedError):
        return ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", fields=[])
    return ApiError(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + error.key.id)


def malformed_query(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", message)
