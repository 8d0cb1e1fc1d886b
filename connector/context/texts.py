"""Which fields of a record read as text, and in what form: clean of invisible characters, and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connector.context.context import Audience, Passage
from connector.record import VOCABULARY, FieldKind, FieldName, ObjectSchema, ObjectType, Origin, Record, display

PASSAGE_LIMIT = 20_000  # characters of one passage
_ALWAYS = frozenset({"subject", "next_step"})
_FIELD_LIMIT = 500  # characters of a short field
_IDS = frozenset({FieldKind.REFERENCE, FieldKind.USER})
_LONG = 80  # a one-line field this long holds prose

# Texts both sides have seen: they may be quoted back to the customer's own account. Notes and tasks are ours alone.
_SHARED_WITH_CUSTOMER = frozenset({ObjectType.EMAIL, ObjectType.TICKET, ObjectType.TRANSCRIPT})

# Controls, zero-width and direction marks, and the tag block: read by a model, invisible to the person who checks it.
# The joiners U+200C and U+200D stay: Persian, Hindi and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """The text as a person sees it, with line ends as one kind and lone surrogates replaced."""
    visible = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return visible.encode(errors="replace").decode()


def clipped(text: str, limit: int = PASSAGE_LIMIT) -> str:
    """At most `limit` characters, cut at white space where one is near."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    head, space, _ = cut.rpartition(" ")
    return head if space and len(head) > limit - 200 else cut


def text_fields(record: Record, schema: ObjectSchema | None) -> Iterator[tuple[FieldName, str]]:
    """The fields of a record that hold prose, in the record's own order."""
    for name, value in record.fields.items():
        if not isinstance(value, str) or not value.strip():
            continue
        kind = _kind_of(record, name, schema)
        long_line = kind is FieldKind.TEXT and len(value) > _LONG
        if kind is FieldKind.LONG_TEXT or name in _ALWAYS or long_line:
            yield name, value


def audience_of(object: ObjectType) -> Audience:
    return Audience.CUSTOMER if object in _SHARED_WITH_CUSTOMER else Audience.INTERNAL


def passages_of(
    record: Record, schema: ObjectSchema | None, origins: Mapping[FieldName, Origin], *, own: bool
) -> tuple[Passage, ...]:
    """One passage per text field; a relative's passages are named by their date, the record's own by their field."""
    at = record.created_at
    prefix = record.ref.object.value if own else f"{record.ref.object.value} {at.date().isoformat()}"
    subject = record.value(FieldName("subject"))
    return tuple(
        Passage(
            text=clipped(clean(text[: 2 * PASSAGE_LIMIT])),
            source=f"{prefix}.{name}" if own else f"{prefix} {name}",
            origin=origins.get(name, Origin.OUTSIDER),
            audience=audience_of(record.ref.object),
            title=clean(subject)[:200] if isinstance(subject, str) and name != "subject" else "",
            at=at,
            ref=record.ref,
        )
        for name, text in text_fields(record, schema)
    )


def field_passages(
    record: Record, schema: ObjectSchema, names: frozenset[FieldName], origins: Mapping[FieldName, Origin], *, own: bool
) -> tuple[Passage, ...]:
    """One short passage per named field that is filled, as `name: value`. A field that holds an id says nothing to quote."""
    at = record.created_at
    prefix = record.ref.object.value if own else f"{record.ref.object.value} {at.date().isoformat()}"
    return tuple(
        Passage(
            text=clipped(clean(f"{name}: {display(value)}"), _FIELD_LIMIT),
            source=f"{prefix}.{name}" if own else f"{prefix} {name}",
            origin=origins.get(name, Origin.OUTSIDER), audience=Audience.INTERNAL, at=at, ref=record.ref,
        )
        for name, value in record.fields.items()
        if name in names and value not in (None, "", ()) and _kind_of(record, name, schema) not in _IDS
    )


def _kind_of(record: Record, name: FieldName, schema: ObjectSchema | None) -> FieldKind:
    shared, known = VOCABULARY[record.ref.object].get(name), schema.fields.get(name) if schema is not None else None
    return shared.kind if shared is not None else known.kind if known is not None else FieldKind.TEXT
