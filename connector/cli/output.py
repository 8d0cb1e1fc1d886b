"""What commands print: one JSON document for scripts, or tables and sentences for people. Logs never go to stdout."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError
from connector.report.times import away, instant, moment, span

__all__ = [
    "away", "console", "copyable", "emit", "heading", "indented", "instant", "meanwhile", "moment", "note", "pairs", "plain",
    "say", "side_console", "span", "table", "trouble",
]

if TYPE_CHECKING:
    from rich.console import Console

    from connector.cli.stopping import StoppedError

Document = Mapping[str, Any]


def emit(document: Document) -> None:
    """The one JSON document of a `--json` run."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, sort_keys=False)
    sys.stdout.write("\n")


@cache
def _console(stderr: bool) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


def console() -> Console:
    return _console(False)


def side_console() -> Console:
    """For progress and remarks, so that stdout stays what was asked for."""
    return _console(True)


def say(text: str = "", *, style: str | None = None) -> None:
    """A line for people; `text` may hold foreign text, which is never taken for markup."""
    console().print(plain(text), style=style, markup=False)


def indented(text: str, *, by: int = 2, style: str = "") -> None:
    """A line set in from the left; where it wraps, it stays set in."""
    from rich.padding import Padding
    from rich.text import Text

    console().print(Padding(Text(plain(text), style=style), (0, 0, 0, by), expand=False))


def copyable(text: str) -> None:
    """A line to copy: never broken, however narrow the terminal."""
    console().print(plain(text), markup=False, soft_wrap=True)


def note(text: str) -> None:
    """A remark beside the result, on stderr."""
    side_console().print(plain(text), markup=False)


@contextmanager
def meanwhile(what: str) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what goes on while somebody waits, until it is done; silent where nobody watches."""
    with side_console().status(plain(what)) as line:
        yield lambda now: line.update(plain(now))


def trouble(error: ConnectorError | StoppedError) -> None:
    """What went wrong, and the next command to type."""
    lines = plain(error.message, lines=True).splitlines() or [type(error).__name__]
    for line in lines:
        side_console().print(f"✗ {line}", markup=False, style="bold red", soft_wrap=True)
    side_console().print(f"  next: {error.hint}", markup=False, soft_wrap=True)


_READABLE = 16  # characters a column of longer texts must have


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: Sequence[str] = (),
    readable: int = _READABLE,
) -> None:
    """Rows under headings; long texts wrap inside their column, except in those that are kept `whole`.

    A terminal too narrow for that without cutting words, or without `readable` characters for each longer text, gets each
    row as a block of its own.
    """
    if rows and _width_needed(columns, rows, whole, readable) > console().width:
        _blocks(title, columns, rows)
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        shown.add_row(*(Text(plain(cell)) for cell in row))
    console().print(shown)


def _width_needed(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[str], readable: int) -> int:
    """The least width at which no word is cut and no text becomes a pillar of single words."""
    needed = 2 + 3 * (len(columns) - 1)  # the edges, and the gaps between
    for place, column in enumerate(columns):
        cells = [column, *(plain(row[place]) for row in rows)]
        longest = max(map(len, cells))
        word = max((len(part) for cell in cells for part in cell.split()), default=0)
        needed += longest if column in whole else max(word, min(longest, readable))
    return needed


def _blocks(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if title:
        say(title, style="bold")
    for row in rows:
        say()
        copyable(row[0])
        pairs([(name, cell) for name, cell in zip(columns[1:], row[1:], strict=True) if cell], indent=2)
    say()


def pairs(facts: Sequence[tuple[str, str]], *, indent: int = 0) -> None:
    """Named facts, one a line, the names aligned."""
    from rich.table import Table
    from rich.text import Text

    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column(overflow="fold")
    for name, fact in facts:
        shown.add_row(Text(" " * indent + name), Text(plain(fact, lines=True)))
    console().print(shown)


def heading(text: str) -> None:
    say()
    say(text, style="bold")


def plain(text: str, *, lines: bool = False) -> str:
    """Foreign text made harmless for a terminal: no control or direction characters, so nothing can hide or repaint."""
    kept = [
        character
        if (character == "\n" and lines) or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co")
        else ("⏎" if character == "\n" else "")
        for character in text
    ]
    return "".join(kept)
