"""The record as it stood when a write was sent, in its stored form: what an unknown outcome is judged against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.record import FieldName, FieldStamp, Record, RecordRef, Version, decode_value, encode_value


def encode_live(record: Record) -> dict[str, Any]:
    return {
        "ref": str(record.ref),
        "version": record.version,
        "created_at": record.created_at.isoformat(),
        "modified_at": record.modified_at.isoformat(),
        "read_at": record.read_at.isoformat(),
        "modified_by": record.modified_by,
        "fields": {name: encode_value(value) for name, value in record.fields.items()},
        "stamps": {
            name: {"at": stamp.at.isoformat(), "source": stamp.source, "by": stamp.by}
            for name, stamp in record.stamps.items()
        },
    }


def decode_live(encoded: Mapping[str, Any]) -> Record:
    return Record(
        ref=RecordRef.parse(encoded["ref"]),
        version=Version(encoded["version"]),
        created_at=datetime.fromisoformat(encoded["created_at"]),
        modified_at=datetime.fromisoformat(encoded["modified_at"]),
        read_at=datetime.fromisoformat(encoded["read_at"]),
        modified_by=encoded["modified_by"],
        fields={FieldName(name): decode_value(value) for name, value in encoded["fields"].items()},
        stamps={
            FieldName(name): FieldStamp(at=datetime.fromisoformat(stamp["at"]), source=stamp["source"], by=stamp["by"])
            for name, stamp in encoded["stamps"].items()
        },
    )
