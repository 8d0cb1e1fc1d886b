"""Why an org refuses a read or a write, in words every flavour can translate into its own codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from adapters.sandbox.rows import Row, RowKey


class Cause(Enum):
    """What was wrong with one field or row."""

    UNKNOWN_OBJECT = "unknown object"
    UNKNOWN_FIELD = "unknown field"
    NOT_WRITEABLE = "not writeable"
    REQUIRED = "required"
    TOO_LONG = "too long"
    WRONG_TYPE = "wrong type"
    BAD_OPTION = "bad option"
    DUPLICATE = "duplicate"
    BAD_REFERENCE = "bad reference"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason for a refusal; `conflict` is the row that already holds a unique value."""

    cause: Cause
    field: str
    message: str
    value: object = None
    conflict: str | None = None
    fields: tuple[str, ...] = ()


class WriteRefusedError(Exception):
    """A write broke the org's rules; nothing of it was stored."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class RowMissingError(Exception):
    """No row has this address."""

    def __init__(self, key: RowKey) -> None:
        super().__init__(f"{key} does not exist")
        self.key = key


class RowDeletedError(Exception):
    """The row was deleted or merged away; `row` is what is left of it."""

    def __init__(self, row: Row) -> None:
        super().__init__(f"{row.key} is deleted")
        self.row = row


class PreconditionFailedError(Exception):
    """The caller's condition on the live row does not hold; nothing was written."""

    def __init__(self, row: Row) -> None:
        super().__init__(f"{row.key} has changed")
        self.row = row
