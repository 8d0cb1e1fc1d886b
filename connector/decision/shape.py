"""The closed language of answers: what a reasoner may say, as values that become a JSON schema and a local check.

The JSON form holds nothing that depends on one record, so that it can be cached and its hash pinned; bounds that do
(how many passages, how many records) are checked here only. Ranges and lengths stand in descriptions, because the
Messages API's schema dialect does not enforce them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias, assert_never

from connector.context.context import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a closed list of words."""

    options: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A place in a list we gave: the only way an answer can point at a record, an owner or a passage."""

    count: int
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A finite number within bounds."""

    low: Decimal | None = None
    high: Decimal | None = None
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo:
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar date."""

    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment with its offset from UTC."""

    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text for people to read; `lines` allows more than one."""

    most: int
    lines: bool = False
    least: int = 1
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    each: Shape
    most: int
    least: int = 0
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotes:
    """Evidence: verbatim quotes from passages we gave. An invented one voids the whole answer."""

    passages: tuple[Passage, ...]
    least: int = 1
    most: int = 6
    about: str = "Verbatim quotes, copied character by character from the numbered passages they come from."


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Named values and nothing else; the names in `optional` may be left out."""

    fields: Mapping[str, Shape]
    optional: frozenset[str] = field(default_factory=frozenset)
    about: str = ""


Shape: TypeAlias = Choice | Index | Number | YesNo | Day | Instant | Text | ListOf | Quotes | Form

QUOTE_LIMIT = 1_000


def json_schema(shape: Shape) -> dict[str, Any]:
    """The shape in the schema dialect of structured outputs."""
    match shape:
        case Choice():
            return _described({"type": "string", "enum": list(shape.options)}, shape.about)
        case Index():
            return _described({"type": "integer"}, shape.about)
        case Number():
            return _described({"type": "number"}, shape.about, _range(shape))
        case YesNo():
            return _described({"type": "boolean"}, shape.about)
        case Day():
            return _described({"type": "string", "format": "date"}, shape.about)
        case Instant():
            return _described({"type": "string", "format": "date-time"}, shape.about)
        case Text():
            return _described({"type": "string"}, shape.about, f"At most {shape.most} characters.")
        case ListOf():
            return _array(json_schema(shape.each), shape.least, shape.most, shape.about)
        case Quotes():
            return _array(json_schema(_QUOTE), shape.least, shape.most, shape.about)
        case Form():
            return _object(shape)
        case _:
            assert_never(shape)


_QUOTE = Form(fields={
    "passage": Index(count=0, about="The number of the passage."),
    "quote": Text(most=QUOTE_LIMIT, lines=True),
})  # fmt: skip


def _object(form: Form) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: json_schema(inner) for name, inner in form.fields.items()},
        "required": [name for name in form.fields if name not in form.optional],
        "additionalProperties": False,
    }
    return _described(schema, form.about)


def _array(each: dict[str, Any], least: int, most: int, about: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": each}
    if least:
        schema["minItems"] = 1
    return _described(schema, about, f"At most {most}.")


def _range(number: Number) -> str:
    parts = [f"at least {number.low}"] if number.low is not None else []
    parts += [f"at most {number.high}"] if number.high is not None else []
    return f"{' and '.join(parts).capitalize()}." if parts else ""


def _described(schema: dict[str, Any], *texts: str) -> dict[str, Any]:
    description = " ".join(text for text in texts if text)
    return schema | {"description": description} if description else schema
