"""Records, refs, versions, schemas and the shared vocabulary. Owns the closed names; imports nothing of the product."""

from connector.record.marks import ASKS, asks_approval, carries_mark
from connector.record.names import (
    DELIVERY,
    ActionKind,
    ConflictRule,
    ConnectionName,
    Delivery,
    FieldClass,
    FieldKind,
    FieldName,
    ObjectType,
    Origin,
)
from connector.record.record import NO_FIELDS, FieldStamp, Found, Gone, Merged, Record, RecordRef, Version
from connector.record.schema import FieldSchema, ObjectSchema, Option, User
from connector.record.typed import typed_value
from connector.record.values import FieldValue, decode_value, display, encode_value, normalise, same_value
from connector.record.vocabulary import VOCABULARY, SharedField

__all__ = [
    "ASKS", "DELIVERY", "NO_FIELDS", "VOCABULARY", "ActionKind", "ConflictRule", "ConnectionName", "Delivery",
    "FieldClass", "FieldKind", "FieldName", "FieldSchema", "FieldStamp", "FieldValue", "Found", "Gone", "Merged",
    "ObjectSchema", "ObjectType", "Option", "Origin", "Record", "RecordRef", "SharedField", "User", "Version",
    "asks_approval", "carries_mark", "decode_value", "display", "encode_value", "normalise", "same_value",
    "typed_value",
]
