"""How single values are written: text, names, words, numbers, shares, amounts, days; what is unclear is refused.

Every function raises ValueError with the sentence a person reads.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from connector.policy.document import Node, Scalar, shown

_Word = TypeVar("_Word", bound=StrEnum)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,9})?", re.ASCII)
# What YAML 1.1 or 1.2 readers take for something other than text: refused as text unless quoted.
_NOT_TEXT = re.compile(
    r"~|null|true|false|[-+.]?\d[\d_,]*(\.[\d_]*)?(e[-+]?\d+)?|[-+]?\.?(inf|nan)|0[xob][\da-f_]+|",
    re.IGNORECASE | re.ASCII,
)
MAX_TEXT = 8_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
UNREADABLE = "?"  # stands where text was wrong; the file is refused before anybody reads it


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`, did you mean `target`?` when a known word is near, else nothing."""
    close = difflib.get_close_matches(word[:80], sorted(known), n=1, cutoff=0.6)
    return f", did you mean `{close[0]}`?" if close else ""


def is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null"))


def plain_text(scalar: Scalar) -> str:
    if scalar.plain and _NOT_TEXT.fullmatch(scalar.text):
        raise ValueError(f"`{shown(scalar.text)}` is not text: put it in quotes if you mean the word")
    if len(scalar.text) > MAX_TEXT:
        raise ValueError(f"the text is longer than {MAX_TEXT} characters")
    if not scalar.text.strip():
        raise ValueError("the text is empty")
    return scalar.text.strip()


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def name(scalar: Scalar) -> str:
    text = plain_text(scalar)
    if not is_name(text):
        raise ValueError(f"`{shown(text)}` is not a name: letters, digits, `_` and `-`, starting with a letter")
    return text


def one_of(scalar: Scalar, words: type[_Word]) -> _Word:
    known = [word.value for word in words]
    if scalar.text not in known:
        hint = did_you_mean(scalar.text, known) or f"; choose one of {', '.join(known)}"
        raise ValueError(f"`{shown(scalar.text)}` is not known here{hint}")
    return words(scalar.text)


def yes_or_no(scalar: Scalar) -> bool:
    if not scalar.plain or scalar.text not in ("true", "false"):
        raise ValueError(f"write true or false, not `{shown(scalar.text)}`")
    return scalar.text == "true"


def number(text: str) -> Decimal:
    """A number in the one form a policy may use; `0123`, `1_000`, `1e3` and `0x1F` are refused."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"`{shown(text)}` is not a number: write it like 1200 or 0.5")
    return Decimal(text)


def plain_number(scalar: Scalar) -> Decimal:
    if not scalar.plain:
        raise ValueError(f"expected a number without quotes, not \"{shown(scalar.text)}\"")
    return number(scalar.text)


def whole(scalar: Scalar, low: int, high: int) -> int:
    value = plain_number(scalar)
    if value != int(value) or not low <= value <= high:
        raise ValueError(f"{scalar.text} is not a whole number between {low} and {high}")
    return int(value)


def share(scalar: Scalar, low: Decimal, high: Decimal) -> Decimal:
    value = number(scalar.text.removesuffix("%").rstrip())
    value = value / 100 if scalar.text.endswith("%") else value
    if not low <= value <= high:
        forgotten = "; did you forget the % sign?" if not scalar.text.endswith("%") and 1 < value <= 100 * high else ""
        raise ValueError(f"{scalar.text} is not between {percent(low)} and {percent(high)}{forgotten}")
    return value


def amount(scalar: Scalar) -> Decimal:
    value = plain_number(scalar)
    if value < 0:
        raise ValueError(f"{scalar.text} is less than nothing")
    return value


def bound(scalar: Scalar) -> Decimal | date:
    if _DATE.fullmatch(scalar.text):
        return date.fromisoformat(scalar.text)
    return plain_number(scalar)


def percent(share: Decimal) -> str:
    """0.02 as `2%`."""
    text = format(share * 100, "f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
