"""HubSpot's values are text: how each is read as a field value, and written back."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from connector.adapter import FieldKind, FieldSchema, FieldValue, ObjectType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"-?[0-9]{9,16}\Z")
_BREAK = re.compile(r"<br\s*/?>|</p>|</div>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeField:
    """One field as this portal keeps it, and how its text translates.

    `link` is set where the field is an association instead of a property. `keys` maps options to shared keys,
    `natives` shared keys to options; several stages may share a key.
    """

    schema: FieldSchema
    type: str = "string"
    rich: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    natives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    empty: str | None = None
    true: str | None = None
    link: ObjectType | None = None

    def read(self, text: str | None) -> FieldValue:
        """The value behind a property's text; text of another form than promised is kept as text, never lost."""
        if text is None or text in ("", self.empty):
            return None
        if self.true is not None:
            return text == self.true
        match self.schema.kind:
            case FieldKind.OPTION:
                return self._options(text) if ";" in text else self.keys.get(text, text)
            case FieldKind.OPTIONS:
                return self._options(text)
            case FieldKind.NUMBER | FieldKind.MONEY:
                return _number(text)
            case FieldKind.BOOLEAN:
                return {"true": True, "false": False}.get(text.lower(), text)
            case FieldKind.DATE:
                return _date(text)
            case FieldKind.DATETIME:
                return parse_instant(text) or text
            case _:
                return plain_text(text) if self.rich else text

    def _options(self, text: str) -> tuple[str, ...]:
        return tuple(sorted(self.keys.get(each, each) for each in text.split(";") if each))

    def write(self, value: FieldValue, *, allowed: frozenset[str] | None = None) -> str:
        """The text to send; `allowed` narrows a shared key to the options valid for the record (its pipeline)."""
        match value:
            case None:
                return ""  # clears a property; null does not survive the client library's models
            case bool():
                return self._flag(value)
            case Decimal():
                return format(value, "f")
            case datetime():
                return instant_text(value)
            case date():
                return value.isoformat() if self.type == "date" else f"{value.isoformat()}T00:00:00Z"
            case tuple():
                return ";".join(self._native(each, allowed) for each in value)
            case str():
                if self.schema.kind in (FieldKind.OPTION, FieldKind.OPTIONS):
                    return self._native(value, allowed)
                return rich_text(value) if self.rich else value

    def _flag(self, value: bool) -> str:
        if self.true is None:
            return "true" if value else "false"
        return self.true if value else ""

    def _native(self, key: str, allowed: frozenset[str] | None) -> str:
        natives = self.natives.get(key, (key,))
        return next((each for each in natives if allowed is None or each in allowed), natives[0])


def parse_instant(text: str) -> datetime | None:
    """ISO 8601 or epoch milliseconds as an aware time; None when it is neither."""
    if _MILLISECONDS.match(text):
        return _EPOCH + timedelta(milliseconds=int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def instant_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(stamp: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=stamp)


def _number(text: str) -> FieldValue:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _date(text: str) -> FieldValue:
    """A day without a time zone: HubSpot keeps days at midnight UTC, so the UTC day is the day that was meant."""
    at = parse_instant(text)
    return text if at is None else at.date()


def rich_text(text: str) -> str:
    """Plain text for a property HubSpot renders as HTML: nothing in it can become markup."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def plain_text(markup: str) -> str:
    """What a person reads in a rich-text property."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", markup))).strip("\n")
