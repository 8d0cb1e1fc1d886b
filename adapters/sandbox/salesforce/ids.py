"""Salesforce ids: 15 case-sensitive characters, or 18 with three that spell out the case of the others."""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
# Characters 4 to 6 name the instance that created the row, the seventh is reserved.
_INSTANCE = "5g00"


def base62(number: int, width: int) -> str:
    """A number in the order-keeping alphabet of ids, padded with zeros."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits.rjust(width, "0")


def checksum(id15: str) -> str:
    """The three characters that turn a 15-character id into its 18-character form."""
    letters = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(id15[start : start + 5]) if "A" <= letter <= "Z")
        letters += _CHECK[bits]
    return letters


def new_id(prefix: str, number: int) -> str:
    """The 18-character id of the n-th row of an object."""
    id15 = prefix + _INSTANCE + base62(number, 8)
    return id15 + checksum(id15)


def to_18(text: str) -> str | None:
    """The 18-character form; None if the text is no id or its checksum is wrong."""
    if not _ID.match(text):
        return None
    complete = text[:15] + checksum(text[:15])
    return complete if len(text) == 15 or text == complete else None
