"""Lines of `name: value` in what a lookup or a knowledge page answers, with the confidence and source it gives per field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.decision.extraction.mail import LINE_REACH, REACH

_PAIR = re.compile(r"[-* ]*\"?([A-Za-z][\w. ]{0,60}?)\"?[ \t]?[:=][ \t]*(\S.*)")
_NEXT = re.compile(r"; (?=[\w.][\w. ]{0,60}: )")
_EMPTY = frozenset({"null", "none", "n/a", "na", "unknown", "-", "–", "\"\"", "[]", "{}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One named value. `confidence` and `source` are what the answer itself says of it, where it does."""

    name: str
    value: str
    quote: str
    confidence: float | None = None
    source: str | None = None


def pairs_of(text: str) -> tuple[Pair, ...]:
    """Every pair, names in small letters with underscores. What is said twice and differently is left out."""
    said: dict[str, tuple[str, str]] = {}
    unclear: set[str] = set()
    for line in _parts(text):
        found = _PAIR.fullmatch(line)
        if not found:
            continue
        name, value = _name(found[1]), found[2].strip().rstrip(",").strip("\"' ")
        if value.casefold() in _EMPTY or not value:
            continue
        if name in said and said[name][0] != value:
            unclear.add(name)
        said[name] = (value, line)
    return tuple(_pairs({name: pair for name, pair in said.items() if name not in unclear}))


def _parts(text: str) -> Iterator[str]:
    """Lines, and what stands between the semicolons of one: a row of a lookup is one line of pairs."""
    for line in text[:REACH].splitlines():
        yield from (part[:LINE_REACH].strip() for part in _NEXT.split(line))


def _pairs(said: Mapping[str, tuple[str, str]]) -> Iterator[Pair]:
    general = _share(said.get("confidence", ("", ""))[0])
    for name, (value, quote) in said.items():
        if name in ("confidence", "source") or name.endswith((".confidence", "_confidence", ".source", "_source")):
            continue
        own = [said[key][0] for key in (f"{name}.confidence", f"{name}_confidence", f"confidence.{name}") if key in said]
        source = [said[key][0] for key in (f"{name}.source", f"{name}_source", "source") if key in said]
        sure = _share(own[0]) if own else general
        yield Pair(name=name, value=value, quote=quote, confidence=sure, source=source[0] if source else None)


def _name(text: str) -> str:
    return re.sub(r"[ -]+", "_", text.strip().casefold())


def _share(text: str) -> float | None:
    """A confidence written 0.93 or 93 %."""
    digits = text.removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?", digits):
        return None
    value = float(digits) / (100.0 if text.endswith("%") or float(digits) > 1.0 else 1.0)
    return value if 0.0 <= value <= 1.0 else None
