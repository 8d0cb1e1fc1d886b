"""A policy file as nodes with line numbers: YAML 1.2 without tags, anchors, aliases, merges or repeated keys.

Nothing is interpreted here: a scalar keeps the text as it was written, so no word turns into a number by surprise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml.events import Event

MAX_BYTES = 64 * 1024
MAX_NODES = 4_000
MAX_DEPTH = 12
_SHOWN_LIMIT = 40
_BLOCK_STYLES = ("|", ">")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands in the file, counted from 1 as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written. `style` is empty without quotes (then `true` and `7` may mean more than text), else ' " | >."""

    text: str
    style: str
    mark: Mark

    @property
    def plain(self) -> bool:
        return not self.style

    def mark_of(self, line: int, column: int) -> Mark:
        """Where a position inside the text (counted from 1) stands in the file; the line is exact except after `>`."""
        if self.style in _BLOCK_STYLES:
            return Mark(self.mark.line + (line if self.style == "|" else 1), column)
        return Mark(self.mark.line, self.mark.column + len(self.style) + column - 1)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    entries: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Block:
    """A YAML mapping with the position of every key."""

    entries: Mapping[str, Node]
    keys: Mapping[str, Mark]
    mark: Mark


Node = Scalar | Sequence | Block


@dataclass(slots=True)
class Problems:
    """What is wrong with one file, collected so that all of it is said at once."""

    file: str
    found: list[tuple[Mark, str]] = field(default_factory=list)

    def add(self, mark: Mark, path: str, message: str) -> None:
        self.found.append((mark, f"{path}: {message}" if path else message))

    def lines(self) -> tuple[str, ...]:
        """`policies/x.yaml:12: gate.target: ...`, in the order of the file, each once."""
        ordered = sorted(self.found, key=lambda problem: (problem[0].line, problem[0].column))
        return tuple(dict.fromkeys(f"{self.file}:{mark.line}: {message}" for mark, message in ordered))


def read_document(content: bytes, problems: Problems) -> Block | None:
    """The file's top mapping, or None when there is none; whatever is wrong is added to `problems`."""
    start = Mark(1, 1)
    if len(content) > MAX_BYTES:
        problems.add(start, "", f"the file is larger than {MAX_BYTES // 1024} KB")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.add(start, "", "the file is not UTF-8 text")
        return None
    reader = _NodeReader(problems)
    try:
        root = reader.document(_events(text))
    except _StopReadingError:
        return None
    except Exception as error:
        # ruamel.yaml raises bare ValueError, OverflowError and AttributeError besides YAMLError on hostile input.
        _add_syntax_error(error, problems)
        return None
    if root is not None and not isinstance(root, Block):
        problems.add(root.mark, "", "a policy file is a list of `key: value` lines")
        return None
    if root is None:
        problems.add(start, "", "the file is empty")
    return root


class _StopReadingError(Exception):
    """The file is too deep or too long to go on; the reason has been added."""


def _events(text: str) -> Iterator[Event]:
    from ruamel.yaml import YAML  # loaded with the first policy file, not with the command line

    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return events


def _add_syntax_error(error: Exception, problems: Problems) -> None:
    at: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    mark = Mark(at.line + 1, at.column + 1) if at is not None else Mark(1, 1)
    reason = getattr(error, "problem", None) or "the text contains a character YAML does not allow"
    problems.add(mark, "", f"not valid YAML: {reason} (column {mark.column})")


class _NodeReader:
    """Builds nodes from parser events; refuses what a policy file never needs."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._count = 0

    def document(self, events: Iterator[Event]) -> Node | None:
        root: Node | None = None
        seen = 0
        for event in events:
            match type(event).__name__:
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent":
                    continue
                case "DocumentStartEvent":
                    seen += 1
                    self._refuse_directives(event, seen)
                case _:
                    root = self._node(event, events, depth=1, path="")
        return root

    def _refuse_directives(self, event: Event, documents: int) -> None:
        version, tags = getattr(event, "version", None), getattr(event, "tags", None)
        if version or tags:
            self._problems.add(_mark(event), "", "directives (lines that start with %) are not allowed")
        if documents > 1:
            self._problems.add(_mark(event), "", "one policy per file: a second document starts here")
            raise _StopReadingError

    def _node(self, event: Event, events: Iterator[Event], depth: int, path: str) -> Node:
        self._count += 1
        mark = _mark(event)
        if depth > MAX_DEPTH or self._count > MAX_NODES:
            reason = "the file is nested too deeply" if depth > MAX_DEPTH else "the file has too many entries"
            self._problems.add(mark, "", reason)
            raise _StopReadingError
        self._refuse_tricks(event, mark)
        match type(event).__name__:
            case "SequenceStartEvent":
                return Sequence(tuple(self._entries(events, depth, path)), mark)
            case "MappingStartEvent":
                return self._block(events, depth, mark, path)
            case "ScalarEvent":
                value: Any = event
                return Scalar(self._storable(str(value.value), mark), value.style or "", mark)
            case _:
                return Scalar("", "", mark)  # an alias: refused above

    def _storable(self, text: str, mark: Mark) -> str:
        """The text, unless an escape such as "\\ud800" made it hold half a character, which nothing can store."""
        try:
            text.encode()
        except UnicodeEncodeError:
            self._problems.add(mark, "", "the text holds half a character (a lone surrogate)")
            return text.encode(errors="replace").decode()
        return text

    def _entries(self, events: Iterator[Event], depth: int, path: str) -> Iterator[Node]:
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self._node(event, events, depth + 1, path)

    def _block(self, events: Iterator[Event], depth: int, mark: Mark, path: str) -> Block:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._node(event, events, depth + 1, path)
            inner = f"{path}.{key.text}".lstrip(".") if isinstance(key, Scalar) else path
            value = self._node(next(events), events, depth + 1, shown(inner))
            self._place(key, value, entries, keys, shown(inner))
        return Block(entries, keys, mark)

    def _place(self, key: Node, value: Node, entries: dict[str, Node], keys: dict[str, Mark], path: str) -> None:
        if not isinstance(key, Scalar):
            self._problems.add(key.mark, path, "a key must be one word")
        elif key.plain and key.text == "<<":
            self._problems.add(key.mark, "", "merge keys (`<<`) are not allowed: write the lines out")
        elif key.text in entries:
            first = keys[key.text].line
            self._problems.add(key.mark, path, f"is written twice (first in line {first})")
        else:
            entries[key.text] = value
            keys[key.text] = key.mark

    def _refuse_tricks(self, event: Event, mark: Mark) -> None:
        if type(event).__name__ == "AliasEvent":
            self._problems.add(mark, "", "aliases (`*name`) are not allowed: write the lines out")
        elif getattr(event, "anchor", None):
            self._problems.add(mark, "", "anchors (`&name`) are not allowed")
        if getattr(event, "tag", None):
            self._problems.add(mark, "", "tags (`!name`) are not allowed")


def _mark(event: Event) -> Mark:
    at: Any = getattr(event, "start_mark", None)
    return Mark(at.line + 1, at.column + 1)


def shown(text: str) -> str:
    """A piece of the file as a message may quote it: short, on one line, without control characters."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable if len(printable) <= _SHOWN_LIMIT else printable[: _SHOWN_LIMIT - 1] + "…"
