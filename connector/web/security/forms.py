"""What a form or an address may carry: bounded, well-formed text. Everything else is refused before a page sees it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl

from connector.web.page import BadRequestError

MOST_BYTES = 256 * 1024  # twice the longest text, however its characters are written in a form
_MOST_FIELDS = 50
LONGEST = 8000
FORM = "application/x-www-form-urlencoded"


def form_of(content_type: str, body: bytes) -> Mapping[str, tuple[str, ...]]:
    """A posted form. Only the one content type that a cross-site script cannot pass off as something else is read."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise BadRequestError("only forms are read here")
    return _fields(body, "what was posted")


def query_of(raw: bytes) -> Mapping[str, str]:
    """The query of an address; a name given twice counts once, the first time."""
    return {name: values[0] for name, values in _fields(raw, "this address").items()}


def checked(text: str) -> str:
    """The text, which must be such as a person can type: no control characters, no halves of characters."""
    if len(text) > LONGEST or any(_is_control(character) for character in text):
        raise BadRequestError("that text holds what cannot be typed, or is too long")
    return text


def _fields(raw: bytes, what: str) -> Mapping[str, tuple[str, ...]]:
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:  # bytes that are no text, too many fields
        raise BadRequestError(f"{what} cannot be read") from error
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[checked(name)] = (*found.get(name, ()), checked(value))
    return found


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t"
