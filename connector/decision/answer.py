"""Check a reasoner's answer before anything believes it: closed shape, sizes, characters, ranges, and verbatim quotes.

The text is assumed to come from an attacker. Problems name places, never the offending content.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, assert_never

from connector.context.context import Citation, Passage
from connector.decision.shape import (
    QUOTE_LIMIT,
    Choice,
    Day,
    Form,
    Index,
    Instant,
    ListOf,
    Number,
    Quotes,
    Shape,
    Text,
    YesNo,
)

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
_MAX_PROBLEMS = 20
_MAX_DIGITS = 30
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Directional marks can make a text read differently from what it says (Unicode Technical Report 36, section 3);
# the tag block and the separators are invisible.
_REFUSED = frozenset(
    chr(code)
    for codes in (
        (0x061C, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF), range(0x202A, 0x202F), range(0x2060, 0x2070),
        range(0xE0000, 0xE0080),
    )
    for code in codes
)  # fmt: skip
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """The answer fits: text in NFC, numbers as Decimal, lists as tuples, quotes as citations."""

    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """The answer does not fit; one repair may be asked for."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """A quote does not stand in the passage it names: the decision is void."""

    places: tuple[str, ...]


Checked: TypeAlias = Valid | Malformed | Invented


def read_answer(text: str, form: Form) -> Checked:
    """The answer in `text`, checked against the form it was asked for."""
    try:
        content = _parse(text)
    except (ValueError, RecursionError) as error:
        return Malformed(problems=(f"the answer is not JSON we accept: {str(error)[:120]}",))
    return check(content, form)


def check(content: Any, form: Form) -> Checked:
    """Parsed JSON against the form. Never raises, whatever the content."""
    finding = _Finding()
    answer = _form(content, form, "answer", finding)
    if finding.problems:
        return Malformed(problems=tuple(finding.problems[:_MAX_PROBLEMS]))
    if finding.invented:
        return Invented(places=tuple(finding.invented[:_MAX_PROBLEMS]))
    return Valid(answer=answer)


@dataclass(slots=True)
class _Finding:
    problems: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)

    def wrong(self, place: str, what: str) -> Any:
        """Note a problem; always None, so that a check can end with it."""
        self.problems.append(f"{place}: {what}")


def _parse(text: str) -> Any:
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return json.loads(
        text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_number, parse_int=_number
    )


def _depth(text: str) -> int:
    """An upper bound: brackets inside strings count too, which only hostile answers have many of."""
    deepest = depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice")
    return content


def _no_constant(_name: str) -> Any:
    raise ValueError("not a finite number")


def _number(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number is too long")
    value = Decimal(text)
    if value and abs(value.adjusted()) > _MAX_DIGITS:
        raise ValueError("a number is out of all range")
    return value


def _shape(content: Any, shape: Shape, place: str, finding: _Finding) -> Any:
    match shape:
        case Choice():
            return _choice(content, shape, place, finding)
        case Index():
            return _index(content, shape.count, place, finding)
        case Number():
            return _bounded(content, shape, place, finding)
        case YesNo():
            return content if isinstance(content, bool) else finding.wrong(place, "must be true or false")
        case Day():
            return _day(content, place, finding)
        case Instant():
            return _instant(content, place, finding)
        case Text():
            return _text(content, shape, place, finding)
        case ListOf():
            return _list(content, shape, place, finding)
        case Quotes():
            return _quotes(content, shape, place, finding)
        case Form():
            return _form(content, shape, place, finding)
        case _:
            assert_never(shape)


def _form(content: Any, form: Form, place: str, finding: _Finding) -> dict[str, Any]:
    if not isinstance(content, dict):
        finding.wrong(place, "must be an object")
        return {}
    if extra := content.keys() - form.fields.keys():
        finding.wrong(place, f"has {len(extra)} key(s) that were not asked for")
    if absent := form.fields.keys() - content.keys() - form.optional:
        finding.wrong(place, f"lacks {', '.join(sorted(absent))}")
    return {
        name: _shape(content[name], inner, f"{place}.{name}", finding)
        for name, inner in form.fields.items()
        if name in content
    }


def _choice(content: Any, choice: Choice, place: str, finding: _Finding) -> Any:
    if isinstance(content, str) and unicodedata.normalize("NFC", content) in choice.options:
        return unicodedata.normalize("NFC", content)
    return finding.wrong(place, "is not one of the listed options")


def _index(content: Any, count: int, place: str, finding: _Finding) -> Any:
    if isinstance(content, Decimal) and content == content.to_integral_value() and 0 <= content < count:
        return int(content)
    return finding.wrong(place, f"must be a whole number from 0 to {count - 1}" if count else "has nothing to point at")


def _bounded(content: Any, number: Number, place: str, finding: _Finding) -> Any:
    if not isinstance(content, Decimal):
        return finding.wrong(place, "must be a number")
    if (number.low is not None and content < number.low) or (number.high is not None and content > number.high):
        return finding.wrong(place, f"must lie between {number.low} and {number.high}")
    return content


def _day(content: Any, place: str, finding: _Finding) -> Any:
    try:
        if isinstance(content, str) and _DAY.fullmatch(content):
            return date.fromisoformat(content)
    except ValueError:
        pass
    return finding.wrong(place, "must be a date such as 2026-01-31")


def _instant(content: Any, place: str, finding: _Finding) -> Any:
    try:
        if isinstance(content, str) and len(content) <= 40:
            instant = datetime.fromisoformat(content)
            if instant.tzinfo is not None:
                return instant
    except ValueError:
        pass
    return finding.wrong(place, "must be a moment such as 2026-01-31T09:00:00+00:00")


def _text(content: Any, text: Text, place: str, finding: _Finding) -> Any:
    if not isinstance(content, str):
        return finding.wrong(place, "must be text")
    normal = unicodedata.normalize("NFC", content).strip()
    if not text.least <= len(normal) <= text.most:
        return finding.wrong(place, f"must have {text.least} to {text.most} characters")
    if not is_plain(normal, lines=text.lines):
        return finding.wrong(place, "holds characters that cannot be seen or that turn the reading direction")
    return normal


def is_plain(text: str, *, lines: bool = False) -> bool:
    """Whether a text holds only what a person sees; `lines` allows line ends and tabs."""
    allowed = "\n\t" if lines else ""
    return all(
        character in allowed
        or (character not in _REFUSED and unicodedata.category(character) not in _REFUSED_CATEGORIES)
        for character in text
    )


def _list(content: Any, many: ListOf, place: str, finding: _Finding) -> tuple[Any, ...]:
    if not isinstance(content, list) or not many.least <= len(content) <= many.most:
        finding.wrong(place, f"must be a list of {many.least} to {many.most}")
        return ()
    return tuple(_shape(each, many.each, f"{place}[{number}]", finding) for number, each in enumerate(content))


def _quotes(content: Any, quotes: Quotes, place: str, finding: _Finding) -> tuple[Citation, ...]:
    if not isinstance(content, list) or not quotes.least <= len(content) <= quotes.most:
        finding.wrong(place, f"must be a list of {quotes.least} to {quotes.most} quotes")
        return ()
    found = (_quote(each, quotes.passages, f"{place}[{number}]", finding) for number, each in enumerate(content))
    return tuple(citation for citation in found if citation is not None)


def _quote(content: Any, passages: tuple[Passage, ...], place: str, finding: _Finding) -> Any:
    if not isinstance(content, dict) or content.keys() != {"passage", "quote"}:
        return finding.wrong(place, "must hold passage and quote, nothing else")
    number = _index(content["passage"], len(passages), f"{place}.passage", finding)
    quote = content["quote"]
    if not isinstance(quote, str) or not quote.strip() or len(quote) > QUOTE_LIMIT:
        return finding.wrong(f"{place}.quote", f"must be text of at most {QUOTE_LIMIT} characters")
    if number is None:
        return None
    passage = passages[number]
    if quote not in passage.text:
        finding.invented.append(place)
        return None
    return Citation(passage=number, quote=quote, source=passage.source, origin=passage.origin)
