"""A context as JSON and back, so that what a decision was asked on can be asked again under another policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.context.context import Audience, Context, Passage, PastDecision
from connector.context.stays import StageStays
from connector.record import (
    FieldName,
    FieldValue,
    ObjectSchema,
    ObjectType,
    Origin,
    Record,
    RecordRef,
    Version,
    decode_value,
    encode_value,
)


def encode_context(context: Context) -> dict[str, Any]:
    """Everything but the schema, which is the CRM's and read from it again. Hidden and masked values stay so."""
    return {
        "records": [_record(record) for record in context.records],
        "passages": [_passage(passage) for passage in context.passages],
        "past": [
            {"at": _at(one.at), "policy": one.policy, "summary": one.summary, "outcome": one.outcome, "verdict": one.verdict}
            for one in context.past
        ],
        "origins": {name: origin.value for name, origin in context.origins.items()},
        "now": _at(context.now),
        "changed_from": _values(context.changed_from),
        "related": {object.value: list(places) for object, places in context.related.items()},
        "hidden": list(context.hidden), "masked": list(context.masked), "missing": list(context.missing),
        "searches": context.searches, "stays": _stays(context.stays),
    }


def decode_context(encoded: Mapping[str, Any], schema: ObjectSchema) -> Context:
    """The context back; raises ValueError or KeyError on anything that `encode_context` did not write."""
    return Context(
        records=tuple(_record_of(one) for one in encoded["records"]),
        schema=schema,
        passages=tuple(_passage_of(one) for one in encoded["passages"]),
        past=tuple(PastDecision(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in encoded["past"]),
        origins={FieldName(name): Origin(origin) for name, origin in encoded["origins"].items()},
        now=datetime.fromisoformat(encoded["now"]),
        changed_from=_values_of(encoded["changed_from"]),
        related={ObjectType(object): tuple(places) for object, places in encoded["related"].items()},
        hidden=tuple(FieldName(name) for name in encoded["hidden"]),
        masked=tuple(FieldName(name) for name in encoded["masked"]),
        missing=tuple(encoded["missing"]), searches=encoded["searches"],
        stays=_stays_of(encoded.get("stays")),  # questions kept by an earlier version have none
    )


def _stays(stays: StageStays | None) -> dict[str, Any] | None:
    if stays is None:
        return None
    return {"stage": stays.stage, "won": list(stays.won), "lost": list(stays.lost), "alike": stays.alike}


def _stays_of(encoded: Mapping[str, Any] | None) -> StageStays | None:
    if encoded is None:
        return None
    return StageStays(
        stage=encoded["stage"], won=tuple(encoded["won"]), lost=tuple(encoded["lost"]), alike=encoded["alike"]
    )


def _record(record: Record) -> dict[str, Any]:
    return {
        "ref": str(record.ref), "version": record.version, "fields": _values(record.fields),
        "created_at": _at(record.created_at), "modified_at": _at(record.modified_at), "read_at": _at(record.read_at),
        "related": {object.value: list(ids) for object, ids in record.related.items()}, "currency": record.currency,
    }


def _record_of(encoded: Mapping[str, Any]) -> Record:
    return Record(
        ref=RecordRef.parse(encoded["ref"]), version=Version(encoded["version"]), fields=_values_of(encoded["fields"]),
        created_at=datetime.fromisoformat(encoded["created_at"]),
        modified_at=datetime.fromisoformat(encoded["modified_at"]), read_at=datetime.fromisoformat(encoded["read_at"]),
        related={ObjectType(object): tuple(ids) for object, ids in encoded["related"].items()},
        currency=encoded["currency"],
    )


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "text": passage.text, "source": passage.source, "origin": passage.origin.value, "audience": passage.audience.value,
        "title": passage.title, "category": passage.category, "at": _at(passage.at) if passage.at else None,
        "ref": str(passage.ref) if passage.ref else None, "score": passage.score,
    }


def _passage_of(encoded: Mapping[str, Any]) -> Passage:
    return Passage(
        text=encoded["text"], source=encoded["source"], origin=Origin(encoded["origin"]),
        audience=Audience(encoded["audience"]), title=encoded["title"], category=encoded["category"],
        at=datetime.fromisoformat(encoded["at"]) if encoded["at"] else None,
        ref=RecordRef.parse(encoded["ref"]) if encoded["ref"] else None, score=encoded["score"],
    )


def _values(fields: Mapping[FieldName, FieldValue]) -> dict[str, Any]:
    return {name: encode_value(value) for name, value in fields.items()}


def _values_of(encoded: Mapping[str, Any]) -> dict[FieldName, FieldValue]:
    return {FieldName(name): decode_value(value) for name, value in encoded.items()}


def _at(moment: datetime) -> str:
    return moment.isoformat()
