"""Numbers and sums of money as English and German texts write them; what can be read in two ways is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_DIGITS = r"\d{1,12}(?:[.,' \u00a0\u202f]\d{1,3}){0,5}"
_SCALES = {
    "k": 1_000, "tsd": 1_000, "tausend": 1_000, "thousand": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000,
    "million": 1_000_000, "millions": 1_000_000, "millionen": 1_000_000, "mrd": 1_000_000_000, "bn": 1_000_000_000,
    "billion": 1_000_000_000, "milliarden": 1_000_000_000,
}  # fmt: skip
_SCALE = r"(?:k|tsd|tausend|thousand|mn|mio|millionen|millions?|m|mrd|bn|billion|milliarden)"
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "euro": "EUR", "euros": "EUR", "dollars": "USD", "teur": "EUR", "t€": "EUR"}
_CODES = ("eur", "usd", "gbp", "chf", "pln", "sek", "nok", "dkk", "czk", "cad", "aud")
_CURRENCY = rf"(?:T€|TEUR|[€$£]|euros?|dollars|{'|'.join(_CODES)})"
_MONEY = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_CURRENCY})[ \u00a0]?)?(?P<number>{_DIGITS})(?:[ \u00a0]?(?P<scale>{_SCALE}\b\.?))?"
    rf"(?:[ \u00a0]?(?P<after>{_CURRENCY})(?!\w))?",
    re.IGNORECASE,
)
_SIGN = r"(?:€|\$|£|EUR|USD)?[ \u00a0]?"
_RANGE = re.compile(
    rf"\d[ \u00a0]?{_SCALE}?[ \u00a0]?{_SIGN}(?:-|–|—|to|bis|and|und)[ \u00a0]?{_SIGN}$", re.IGNORECASE
)
_SPELLED = re.compile(r"[ \u00a0](?:to|bis|and|und)[ \u00a0][\d€$£]", re.IGNORECASE)
_PERCENT = re.compile(r"[ \u00a0]?(%|percent|prozent)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum with a currency, where it begins and ends in its text."""

    value: Decimal
    currency: str
    start: int
    end: int


def read_number(text: str) -> Decimal | None:
    """A text that is one number and nothing else, with or without a currency; None where it is not."""
    found = _MONEY.fullmatch(text.strip()[:60])
    return _value(found["number"], found["scale"], found["before"] or found["after"]) if found else None


def amounts_of(sentence: str) -> tuple[Amount, ...]:
    """The sums of money in one sentence; ends of a range are not sums."""
    return tuple(_amounts(sentence[:1_000]))


def _amounts(sentence: str) -> Iterator[Amount]:
    ranged = False
    for found in _MONEY.finditer(sentence):
        opens = bool(re.match(r"[ \u00a0]?(?:-|–|—)[ \u00a0]?[\d€$£]", sentence[found.end() : found.end() + 4]))
        closes = bool(_RANGE.search(sentence[max(0, found.start() - 24) : found.start()]))
        spelled = bool(_SPELLED.match(sentence[found.end() : found.end() + 8]))
        ranged = opens or closes or spelled
        word = found["before"] or found["after"]
        if word is None or ranged or _PERCENT.match(sentence, found.end()):
            continue
        value = _value(found["number"], found["scale"], word)
        if value is not None and value > 0:
            yield Amount(value=value, currency=_code(word), start=found.start(), end=found.end())


def _code(word: str) -> str:
    return _SYMBOLS.get(word.casefold(), word.upper())


def _value(number: str, scale: str | None, currency: str | None) -> Decimal | None:
    plain = _plain(re.sub(r"[' \u00a0\u202f]", "'", number.strip()))
    if plain is None:
        return None
    times = _SCALES[scale.rstrip(".").casefold()] if scale else 1
    if currency and currency.casefold() in ("teur", "t€"):
        times *= 1_000
    value = Decimal(plain) * times
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def _plain(number: str) -> str | None:
    """Digits with at most one point: the last mark is the decimal one, unless it only groups thousands."""
    parts = re.split(r"([.,'])", number)
    marks, groups = parts[1::2], parts[0::2]
    if not marks:
        return number
    last = marks[-1]
    if len(set(marks)) == 1:
        grouped = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0] != "0"
        if grouped:
            return "".join(groups)
        return f"{groups[0]}.{groups[1]}" if len(marks) == 1 and last != "'" else None
    if marks.count(last) > 1 or any(len(group) != 3 for group in groups[1:-1]) or len(set(marks[:-1])) > 1:
        return None
    return f"{''.join(groups[:-1])}.{groups[-1]}"
