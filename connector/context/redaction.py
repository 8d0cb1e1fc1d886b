"""What an agent, a model or an index may see of a field: all of it, a masked form, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.record import FieldClass, FieldName, FieldValue, Record, display

HIDDEN = "[hidden]"

_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
# Dates come first, so that they are stepped over and not taken for a phone number.
_NUMBER = re.compile(
    r"(?<!\w)(?P<date>\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?!\w)"
    r"|(?<![\w.])\+?\(?\d(?:[\s()./-]{0,3}\d){6,18}(?!\w)"
)
_CARD_LENGTHS = range(13, 20)
_SHORTEST_SECRET = 5  # a shorter value is a common word or number, and would black out half a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """Records fit to be shown, in the order given, and the values that no text beside them may repeat."""

    records: tuple[Record, ...]
    secrets: tuple[str, ...]

    def scrub(self, text: str) -> str:
        """A text without the values that must never leave."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def hide(records: Sequence[Record], classes: Mapping[FieldName, FieldClass]) -> Redacted:
    """Records without their `never` fields and with their `mask` fields masked; fields without a class are shown.

    What one record hides, the texts of the others do not tell either.
    """
    never = [name for name, kept in classes.items() if kept is FieldClass.NEVER]
    secrets = _secrets(record.fields[name] for record in records for name in never if name in record.fields)
    redacted = Redacted(records=(), secrets=secrets)
    return replace(redacted, records=tuple(_shown(record, classes, redacted) for record in records))


def _shown(record: Record, classes: Mapping[FieldName, FieldClass], redacted: Redacted) -> Record:
    fields: dict[FieldName, FieldValue] = {}
    for name, value in record.fields.items():
        kept = classes.get(name, FieldClass.OK)
        if kept is not FieldClass.NEVER:
            shown = masked(value) if kept is FieldClass.MASK else value
            fields[name] = redacted.scrub(shown) if isinstance(shown, str) else shown
    stamps = {name: stamp for name, stamp in record.stamps.items() if name in fields}
    return replace(record, fields=fields, stamps=stamps)


def _secrets(values: Iterable[FieldValue]) -> tuple[str, ...]:
    """The hidden values as they would read in a text, longest first, so that none is found inside another."""
    shown = {display(value) for value in values if value is not None and not isinstance(value, bool)}
    return tuple(sorted((text for text in shown if len(text) >= _SHORTEST_SECRET), key=lambda text: (-len(text), text)))


def masked(value: FieldValue) -> FieldValue:
    """Text with addresses and numbers masked; any other value is withheld, for it has no masked form."""
    return mask_text(value) if isinstance(value, str) else None


def mask_text(text: str) -> str:
    """E-mail addresses, card-like and phone numbers replaced by what they are. Applying it twice changes nothing."""
    return _NUMBER.sub(_masked_number, _EMAIL.sub("[email]", text))


def _masked_number(found: re.Match[str]) -> str:
    number = found.group()
    if found["date"]:
        return number
    digits = [int(character) for character in number if character.isdigit()]
    return "[card]" if len(digits) in _CARD_LENGTHS and _passes_luhn(digits) else "[phone]"


def _passes_luhn(digits: list[int]) -> bool:
    backwards = digits[::-1]
    return (sum(backwards[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in backwards[1::2])) % 10 == 0
