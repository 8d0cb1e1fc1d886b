"""Typed reading of one section of a policy file: every key is asked for by name, and what was not asked for is unknown.

A wrong value is added to the problems and a stand-in is returned, so that the rest of the file is still checked.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from connector.policy.document import Block, Mark, Node, Problems, Scalar, Sequence, shown
from connector.policy.durations import Duration, parse_duration

_Word = TypeVar("_Word", bound=StrEnum)
_Value = TypeVar("_Value")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,9})?")
# What YAML 1.1 or 1.2 readers take for something other than text: refused as text unless quoted.
_NOT_TEXT = re.compile(
    r"~|null|true|false|[-+.]?\d[\d_,]*(\.[\d_]*)?(e[-+]?\d+)?|[-+]?\.?(inf|nan)|0[xob][\da-f_]+|", re.IGNORECASE
)
MAX_TEXT = 8_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNREADABLE = "?"  # stands where text was wrong; the file is refused before anybody reads it


@dataclass(slots=True)
class Section:
    """One mapping of the file and the path that leads to it (`gate`, `may.update.priority`)."""

    block: Block
    path: str
    problems: Problems
    asked: set[str] = field(default_factory=set)

    # -- structure ------------------------------------------------------------------------------------------------

    def has(self, key: str) -> bool:
        """Whether the key is there with something behind it; asking makes the key a known one."""
        self.asked.add(key)
        return not _is_empty(self.block.entries.get(key))

    def mentions(self, key: str) -> bool:
        """Whether the key is there at all, be it empty."""
        self.asked.add(key)
        return key in self.block.entries

    def names(self) -> tuple[str, ...]:
        """Every key, for sections whose keys are names the author chose (fields, lookups)."""
        self.asked.update(self.block.entries)
        return tuple(self.block.entries)

    def mark(self, key: str | None = None) -> Mark:
        return self.block.keys.get(key, self.block.mark) if key is not None else self.block.mark

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, message: str) -> None:
        """Say what is wrong with `key`, at its line."""
        self.problems.add(self.mark(key), self.at(key), message)

    def section(self, key: str) -> Section:
        """The section under `key`; an absent or empty one reads as an empty section."""
        node = self._node(key)
        if isinstance(node, Block):
            return Section(node, self.at(key), self.problems)
        if not _is_empty(node):
            self.wrong(key, "expected a section of `key: value` lines")
        return Section(Block({}, {}, self.mark(key)), self.at(key), self.problems)

    def sections(self, key: str) -> Iterator[Section]:
        """The sections of a list such as `cascade`; a bare word stands for its own section's first key."""
        node = self._node(key)
        entries = node.entries if isinstance(node, Sequence) else ()
        if node is not None and not isinstance(node, Sequence):
            self.wrong(key, "expected a list")
        for position, entry in enumerate(entries, start=1):
            path = f"{self.at(key)}[{position}]"
            if isinstance(entry, Block):
                yield Section(entry, path, self.problems)
            else:
                self.problems.add(entry.mark, path, "expected a section of `key: value` pairs, such as `{tier: offline}`")

    def close(self) -> None:
        """Report every key nobody asked for, with the nearest right word."""
        for key, mark in self.block.keys.items():
            if key not in self.asked:
                self.problems.add(mark, self.at(shown(key)), f"unknown key{did_you_mean(key, self.asked)}")

    # -- scalars --------------------------------------------------------------------------------------------------

    def text(self, key: str, *, default: str | None = None) -> str:
        """Required text unless a default is given."""
        return self._scalar(key, _text, default, stand_in=_UNREADABLE)

    def name(self, key: str, *, default: str | None = None) -> str:
        return self._scalar(key, _name, default, stand_in=_UNREADABLE)

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def optional_name(self, key: str) -> str | None:
        return self.name(key) if self.has(key) else None

    def word(self, key: str, words: type[_Word], *, default: _Word | None = None) -> _Word:
        """One of a closed list of words."""
        return self._scalar(key, lambda scalar: _one_of(scalar, words), default, stand_in=next(iter(words)))

    def yes_or_no(self, key: str, *, default: bool) -> bool:
        return self._scalar(key, _yes_or_no, default, stand_in=default)

    def whole(self, key: str, *, default: int | None = None, low: int = 1, high: int = 10_000_000) -> int:
        return self._scalar(key, lambda scalar: _whole(scalar, low, high), default, stand_in=low)

    def optional_whole(self, key: str, *, low: int = 1, high: int = 10_000_000) -> int | None:
        return self.whole(key, low=low, high=high) if self.has(key) else None

    def share(self, key: str, *, default: Decimal | None = None, low: str = "0", high: str = "1") -> Decimal:
        """A share between two bounds, written `2%` or `0.02`."""
        return self._scalar(key, lambda scalar: _share(scalar, Decimal(low), Decimal(high)), default, stand_in=Decimal(high))

    def optional_share(self, key: str, *, low: str = "0", high: str = "1") -> Decimal | None:
        return self.share(key, low=low, high=high) if self.has(key) else None

    def optional_usd(self, key: str) -> Decimal | None:
        return self._scalar(key, _usd, None, stand_in=Decimal(0)) if self.has(key) else None

    def duration(self, key: str, *, default: Duration | None = None) -> Duration:
        return self._scalar(key, lambda scalar: parse_duration(scalar.text), default, stand_in=Duration())

    def optional_duration(self, key: str) -> Duration | None:
        return self.duration(key) if self.has(key) else None

    def optional_bound(self, key: str) -> Decimal | date | None:
        """A number or a date: the smallest or largest value a field may get."""
        return self._scalar(key, _bound, None, stand_in=Decimal(0)) if self.has(key) else None

    def parsed(self, key: str, parse: Callable[[str], _Value], *, default: _Value) -> _Value:
        """A scalar read by a rule of the caller, whose ValueError is the message."""
        return self._scalar(key, lambda scalar: parse(_text(scalar)), default, stand_in=default)

    def scalar(self, key: str) -> Scalar | None:
        """The scalar itself, for a reader that needs its position; None when absent or not a single value."""
        node = self._node(key)
        if node is None or (isinstance(node, Scalar) and not _is_empty(node)):
            return node
        self.wrong(key, "has no value" if isinstance(node, Scalar) else "expected one value, not a list or section")
        return None

    # -- lists ----------------------------------------------------------------------------------------------------

    def names_list(self, key: str) -> tuple[str, ...]:
        """A list of names without repetition; one bare name reads as a list of one."""
        return self._list(key, _name)

    def texts(self, key: str) -> tuple[str, ...]:
        return self._list(key, _text)

    def words(self, key: str, words: type[_Word]) -> tuple[_Word, ...]:
        return self._list(key, lambda scalar: _one_of(scalar, words))

    # -- the common path ------------------------------------------------------------------------------------------

    def _node(self, key: str) -> Node | None:
        self.asked.add(key)
        return self.block.entries.get(key)

    def _scalar(
        self, key: str, parse: Callable[[Scalar], _Value], default: _Value | None, *, stand_in: _Value
    ) -> _Value:
        node = self._node(key)
        try:
            if node is None and default is not None:
                return default
            if node is None or _is_empty(node):
                raise ValueError("is missing" if node is None else "has no value")
            if not isinstance(node, Scalar):
                raise ValueError("expected one value, not a list or section")
            return parse(node)
        except ValueError as problem:
            self.wrong(key, str(problem))
            return stand_in

    def _list(self, key: str, parse: Callable[[Scalar], _Value]) -> tuple[_Value, ...]:
        node = self._node(key)
        if node is None:
            return ()
        if isinstance(node, Block) or _is_empty(node):
            self.wrong(key, "expected a list, such as `[one, two]`")
            return ()
        values: list[_Value] = []
        for entry in node.entries if isinstance(node, Sequence) else (node,):
            try:
                if not isinstance(entry, Scalar):
                    raise ValueError("expected a list of single values")
                value = parse(entry)
                if value in values:
                    raise ValueError(f"`{shown(entry.text)}` is listed twice")
                values.append(value)
            except ValueError as problem:
                self.problems.add(entry.mark, self.at(key), str(problem))
        return tuple(values)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`, did you mean `target`?` when a known word is near, else nothing."""
    close = difflib.get_close_matches(word[:80], sorted(known), n=1, cutoff=0.6)
    return f", did you mean `{close[0]}`?" if close else ""


def _is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null"))


def _text(scalar: Scalar) -> str:
    if scalar.plain and _NOT_TEXT.fullmatch(scalar.text):
        raise ValueError(f"`{shown(scalar.text)}` is not text: put it in quotes if you mean the word")
    if len(scalar.text) > MAX_TEXT:
        raise ValueError(f"the text is longer than {MAX_TEXT} characters")
    if not scalar.text.strip():
        raise ValueError("the text is empty")
    return scalar.text.strip()


def _name(scalar: Scalar) -> str:
    text = _text(scalar)
    if not _NAME.fullmatch(text):
        raise ValueError(f"`{shown(text)}` is not a name: letters, digits, `_` and `-`, starting with a letter")
    return text


def _one_of(scalar: Scalar, words: type[_Word]) -> _Word:
    known = [word.value for word in words]
    if scalar.text not in known:
        hint = did_you_mean(scalar.text, known) or f"; choose one of {', '.join(known)}"
        raise ValueError(f"`{shown(scalar.text)}` is not known here{hint}")
    return words(scalar.text)


def _yes_or_no(scalar: Scalar) -> bool:
    if not scalar.plain or scalar.text not in ("true", "false"):
        raise ValueError(f"write true or false, not `{shown(scalar.text)}`")
    return scalar.text == "true"


def number(text: str) -> Decimal:
    """A number in the one form a policy may use; `0123`, `1_000`, `1e3` and `0x1F` are refused."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"`{shown(text)}` is not a number: write it like 1200 or 0.5")
    return Decimal(text)


def _plain_number(scalar: Scalar) -> Decimal:
    if not scalar.plain:
        raise ValueError(f"expected a number without quotes, not \"{shown(scalar.text)}\"")
    return number(scalar.text)


def _whole(scalar: Scalar, low: int, high: int) -> int:
    value = _plain_number(scalar)
    if value != int(value) or not low <= value <= high:
        raise ValueError(f"{scalar.text} is not a whole number between {low} and {high}")
    return int(value)


def _share(scalar: Scalar, low: Decimal, high: Decimal) -> Decimal:
    value = number(scalar.text.removesuffix("%").rstrip())
    value = value / 100 if scalar.text.endswith("%") else value
    if not low <= value <= high:
        forgotten = "; did you forget the % sign?" if not scalar.text.endswith("%") and 1 < value <= 100 * high else ""
        raise ValueError(f"{scalar.text} is not between {percent(low)} and {percent(high)}{forgotten}")
    return value


def _usd(scalar: Scalar) -> Decimal:
    value = _plain_number(scalar)
    if value < 0:
        raise ValueError(f"{scalar.text} is less than nothing")
    return value


def _bound(scalar: Scalar) -> Decimal | date:
    if _DATE.fullmatch(scalar.text):
        return date.fromisoformat(scalar.text)
    return _plain_number(scalar)


def percent(share: Decimal) -> str:
    """0.02 as `2%`."""
    text = format(share * 100, "f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
