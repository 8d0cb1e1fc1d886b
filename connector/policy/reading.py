"""Typed reading of one section of a policy file: every key is asked for by name, and what was not asked for is unknown.

A wrong value is added to the problems and a stand-in is returned, so that the rest of the file is still checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from connector.policy import scalars
from connector.policy.document import Block, Mark, Node, Problems, Scalar, Sequence, shown
from connector.policy.durations import Duration, parse_duration

_Word = TypeVar("_Word", bound=StrEnum)
_Value = TypeVar("_Value")


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
        return not scalars.is_empty(self.block.entries.get(key))

    def mentions(self, key: str) -> bool:
        """Whether the key is there at all, be it empty."""
        self.asked.add(key)
        return key in self.block.entries

    def names(self) -> tuple[str, ...]:
        """Every key, for sections whose keys are names the author chose (fields, outputs)."""
        for key in self.words_in_order():
            if not scalars.is_name(key):
                self.problems.add(self.mark(key), self.at(shown(key)), "is not a name")
        return self.words_in_order()

    def words_in_order(self) -> tuple[str, ...]:
        """Every key, for sections whose keys may be any text (options)."""
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
        if not scalars.is_empty(node):
            self.wrong(key, "expected a section of `key: value` lines")
        return self.empty(key)

    def empty(self, key: str) -> Section:
        """A section with nothing in it that stands where `key` does, for readers whose keys all have defaults."""
        return Section(Block({}, {}, self.mark(key)), self.at(key), self.problems)

    def sections(self, key: str, *, bare: str) -> Iterator[Section]:
        """The sections of a list such as `cascade`; a bare word stands for a section with only the key `bare`."""
        node = self._node(key)
        entries = node.entries if isinstance(node, Sequence) else ()
        if node is not None and not isinstance(node, Sequence):
            self.wrong(key, "expected a list")
        for position, entry in enumerate(entries, start=1):
            path = f"{self.at(key)}[{position}]"
            if isinstance(entry, Block):
                yield Section(entry, path, self.problems)
            elif isinstance(entry, Scalar):
                yield Section(Block({bare: entry}, {bare: entry.mark}, entry.mark), path, self.problems)
            else:
                self.problems.add(entry.mark, path, "expected `key: value` pairs, such as `{tier: offline}`")

    def close(self) -> None:
        """Report every key nobody asked for, with the nearest right word."""
        for key, mark in self.block.keys.items():
            if key not in self.asked:
                self.problems.add(mark, self.at(shown(key)), f"unknown key{scalars.did_you_mean(key, self.asked)}")

    # -- scalars --------------------------------------------------------------------------------------------------

    def text(self, key: str, *, default: str | None = None) -> str:
        """Required text unless a default is given."""
        return self._scalar(key, scalars.plain_text, default, stand_in=scalars.UNREADABLE)

    def name(self, key: str, *, default: str | None = None) -> str:
        return self._scalar(key, scalars.name, default, stand_in=scalars.UNREADABLE)

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def optional_name(self, key: str) -> str | None:
        return self.name(key) if self.has(key) else None

    def word(self, key: str, words: type[_Word], *, default: _Word | None = None) -> _Word:
        """One of a closed list of words."""
        return self._scalar(key, lambda scalar: scalars.one_of(scalar, words), default, stand_in=next(iter(words)))

    def yes_or_no(self, key: str, *, default: bool) -> bool:
        return self._scalar(key, scalars.yes_or_no, default, stand_in=default)

    def whole(self, key: str, *, default: int | None = None, low: int = 1, high: int = 10_000_000) -> int:
        return self._scalar(key, lambda scalar: scalars.whole(scalar, low, high), default, stand_in=low)

    def optional_whole(self, key: str, *, low: int = 1, high: int = 10_000_000) -> int | None:
        return self.whole(key, low=low, high=high) if self.has(key) else None

    def share(self, key: str, *, default: Decimal | None = None, low: str = "0", high: str = "1") -> Decimal:
        """A share between two bounds, written `2%` or `0.02`."""
        lowest, highest = Decimal(low), Decimal(high)
        return self._scalar(key, lambda scalar: scalars.share(scalar, lowest, highest), default, stand_in=highest)

    def optional_share(self, key: str, *, low: str = "0", high: str = "1") -> Decimal | None:
        return self.share(key, low=low, high=high) if self.has(key) else None

    def optional_usd(self, key: str) -> Decimal | None:
        return self._scalar(key, scalars.amount, None, stand_in=Decimal(0)) if self.has(key) else None

    def duration(self, key: str, *, default: Duration | None = None) -> Duration:
        return self._scalar(key, lambda scalar: parse_duration(scalar.text), default, stand_in=Duration())

    def optional_duration(self, key: str) -> Duration | None:
        return self.duration(key) if self.has(key) else None

    def optional_bound(self, key: str) -> Decimal | date | None:
        """A number or a date: the smallest or largest value a field may get."""
        stand_in: Decimal | date = Decimal(0)
        return self._scalar(key, scalars.bound, None, stand_in=stand_in) if self.has(key) else None

    def parsed(self, key: str, parse: Callable[[str], _Value], *, default: _Value) -> _Value:
        """A scalar read by a rule of the caller, whose ValueError is the message."""
        return self._scalar(key, lambda scalar: parse(scalars.plain_text(scalar)), default, stand_in=default)

    def scalar(self, key: str) -> Scalar | None:
        """The scalar itself, for a reader that needs its position; None when absent or not a single value."""
        node = self._node(key)
        if node is None or (isinstance(node, Scalar) and not scalars.is_empty(node)):
            return node
        self.wrong(key, "has no value" if isinstance(node, Scalar) else "expected one value, not a list or section")
        return None

    # -- lists ----------------------------------------------------------------------------------------------------

    def names_list(self, key: str) -> tuple[str, ...]:
        """A list of names without repetition; one bare name reads as a list of one."""
        return self._list(key, scalars.name)

    def texts(self, key: str) -> tuple[str, ...]:
        return self._list(key, scalars.plain_text)

    def words(self, key: str, words: type[_Word]) -> tuple[_Word, ...]:
        return self._list(key, lambda scalar: scalars.one_of(scalar, words))

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
            if node is None or scalars.is_empty(node):
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
        if isinstance(node, Block) or scalars.is_empty(node):
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
