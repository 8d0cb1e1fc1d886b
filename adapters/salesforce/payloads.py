"""What a write sends: our values in Salesforce's names and forms, checked against the live schema first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from adapters.salesforce.encoding import encode
from adapters.salesforce.rows import stamp_of
from adapters.salesforce.schema import Column, Description
from adapters.salesforce.soql import safe_id, safe_name
from connector.adapter import FieldName, FieldValue, GuardedWrite, Version
from connector.errors import RejectedError


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of one write, and the values as they will read once Salesforce holds them."""

    body: Mapping[str, Any]
    columns: Mapping[FieldName, Column]
    expected: Mapping[FieldName, FieldValue]


def payload(description: Description, values: Mapping[FieldName, FieldValue], *, creating: bool) -> Payload:
    """Raises UnknownFieldError or RejectedError, each naming the fields."""
    columns = description.select(values)
    body: dict[str, Any] = {}
    for name, column in columns.items():
        if not (column.schema.createable if creating else column.schema.updateable):
            raise RejectedError(f"{name} cannot be written", code="FIELD_NOT_WRITEABLE", fields=(name,))
        if column.native in body:
            raise RejectedError(f"{name} and another name mean one field", code="FIELD_NAMED_TWICE", fields=(name,))
        body[column.native] = encode(column.schema, values[name])
    expected = {name: column.value(body[column.native]) for name, column in columns.items()}
    return Payload(body, columns, expected)


def guard(version: Version) -> str:
    """The If-Unmodified-Since of a record version: its own SystemModstamp, which its Last-Modified header repeats."""
    # Never the time of our reading: a transaction stamped before it may have committed after it.
    return format_datetime(stamp_of(version), usegmt=True)


def row_path(description: Description, record_id: str) -> str:
    return f"sobjects/{safe_name(description.native)}/{safe_id(record_id)}"


def update_pair(
    number: int, write: GuardedWrite, sent: Payload, path: str, headers: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The guarded PATCH of one record and the GET that shows what it left behind."""
    fields = ",".join(dict.fromkeys([*sent.body, "SystemModstamp", "LastModifiedById"]))
    return [
        {
            "method": "PATCH",
            "url": path,
            "referenceId": f"write{number}",
            "httpHeaders": {"If-Unmodified-Since": guard(write.live.version), **headers},
            "body": dict(sent.body),
        },
        {"method": "GET", "url": f"{path}?fields={fields}", "referenceId": f"read{number}"},
    ]
