"""The tables people evaluate on: CSV files read as text, what is wrong with them said plainly."""

from __future__ import annotations

import codecs
import csv
import math
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.errors import SettingsError

CELL_LIMIT = 50 * 1024 * 1024
_HINT = "crm-connector evaluate --help"
_AS_CSV = "save it as CSV in UTF-8 with commas (spreadsheets call it 'CSV UTF-8')"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One CSV file: its columns in order, and every row as stripped cells; a missing cell is empty text.

    `hint` is the next command where a column is missing.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    hint: str = _HINT

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of one column. Raises SettingsError where there is none of that name."""
        self.require(name)
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)

    def require(self, *names: str) -> None:
        have = ", ".join(self.columns) or "none"
        missing = [name for name in names if name not in self.columns]
        if missing:
            problems = [f"{self.name}: no column {name!r}; the columns are: {have}" for name in missing]
            raise SettingsError(problems, hint=self.hint)

    def without(self, *names: str) -> dict[str, tuple[str, ...]]:
        """All other columns by name."""
        return {name: self.column(name) for name in self.columns if name not in names}


def read_dataset(path: Path, *, hint: str = _HINT) -> Dataset:
    """Read one file. A row may be shorter than the header; a longer one is refused with its line.

    A column without name or content, as spreadsheets append them, is left out. Raises SettingsError for what is not CSV
    in UTF-8 with a header of distinct names.
    """
    csv.field_size_limit(min(sys.maxsize, CELL_LIMIT))
    lines = _Lines(path, hint)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines.reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(lines, [])]
            _check_separator(path, header)
            rows = [_cells(path, lines.began, row, len(header), hint) for row in lines if row]
    except UnicodeDecodeError as error:
        raise SettingsError([_not_utf8(path, error)], hint=_AS_CSV) from error
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"], hint=hint) from error
    kept = [place for place, name in enumerate(header) if name or any(row[place] for row in rows)]
    columns = tuple(header[place] for place in kept)
    _check_header(path, columns, hint)
    return Dataset(
        name=str(path), columns=columns, hint=hint, rows=tuple(tuple(row[place] for place in kept) for row in rows)
    )


class _Lines:
    """The rows of a file, with the line each began on: a quote that is never closed is found where it was opened."""

    def __init__(self, path: Path, hint: str) -> None:
        self.path, self.hint = path, hint
        self.reader = csv.reader(())
        self.began = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self.began = self.reader.line_num + 1
        try:
            return next(self.reader)
        except csv.Error as error:
            problem = f"{self.path}:{self.began}: {_said(error)}"
            raise SettingsError([problem], hint=self.hint) from error


def _said(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened in this row and never closed; a quote inside a quoted cell is written twice"
    if "expected after" in text:
        return "text follows a closing quote in this row; a quote inside a quoted cell is written twice"
    if "field larger" in text:
        return f"a cell of this row is larger than {CELL_LIMIT // 1024**2} MB"
    return text


def _not_utf8(path: Path, error: UnicodeDecodeError) -> str:
    """Where the first foreign byte stands; the decoder itself only knows its place within the part it read."""
    content = path.read_bytes()
    if content.startswith(_UTF16):
        return f"{path}: is UTF-16, not UTF-8"
    try:
        content.decode("utf-8")
        line = 1
    except UnicodeDecodeError as first:
        error, line = first, content.count(b"\n", 0, first.start) + 1
    return f"{path}:{line}: is not UTF-8 (byte 0x{error.object[error.start]:02x})"


def _check_separator(path: Path, header: Sequence[str]) -> None:
    """One column whose name holds another separator was meant as several."""
    other = next((sign for sign in _OTHER_SEPARATORS if len(header) == 1 and sign in header[0]), None)
    if other is not None:
        raise SettingsError([f"{path}: its columns are separated by {_OTHER_SEPARATORS[other]}, not commas"], hint=_AS_CSV)


def _check_header(path: Path, columns: Sequence[str], hint: str) -> None:
    if not columns:
        raise SettingsError([f"{path}: is empty; a header row with column names is needed"], hint=hint)
    problems = [
        f"{path}: column {place} has no name; name it in the header row"
        for place, name in enumerate(columns, start=1) if not name
    ]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    problems += [f"{path}: the column {name!r} stands there twice; rename one of them" for name in twice]
    if problems:
        raise SettingsError(problems, hint=hint)


def _cells(path: Path, line: int, row: Sequence[str], width: int, hint: str) -> tuple[str, ...]:
    if len(row) > width and any(cell.strip() for cell in row[width:]):
        problem = f"{path}:{line}: {len(row)} cells under {width} columns; quote cells that hold a comma"
        raise SettingsError([problem], hint=hint)
    return (*(cell.strip() for cell in row[:width]), *[""] * (width - len(row)))


def look_alikes(values: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of different values that a person would read as one: case, spaces, invisible signs, ways to write a letter."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for value in values:
        groups[_seen(value)].add(value)
    return tuple(tuple(sorted(group)) for _, group in sorted(groups.items()) if len(group) > 1)


def _seen(value: str) -> str:
    plain = unicodedata.normalize("NFKC", value).casefold()
    return " ".join("".join(sign for sign in plain if unicodedata.category(sign) != "Cf").split())


_HAPPENED = frozenset({"1", "true", "yes", "y", "t"})
_NOT = frozenset({"0", "false", "no", "n", "f"})


def outcomes(dataset: Dataset, column: str) -> tuple[bool | None, ...]:
    """A yes-or-no column: 1/0, true/false, yes/no; None where the cell is empty.

    Raises SettingsError naming the first values that say neither.
    """
    cells = dataset.column(column)
    odd = {cell: row for row, cell in reversed([*enumerate(cells)]) if cell and not _says(cell, _HAPPENED | _NOT)}
    if odd:
        shown = ", ".join(repr(cell[:40]) for cell in sorted(odd)[:3])
        problem = (
            f"{dataset.name}: {column!r} holds {shown} (first in row {min(odd.values())}, counted from 0); "
            "it must be 1 or 0 (or yes/no, true/false, or empty)"
        )
        raise SettingsError([problem], hint=dataset.hint)
    return tuple(_says(cell, _HAPPENED) if cell else None for cell in cells)


GRADES = ("grade", "score", "relevance")


def grades_of(answers: Dataset) -> list[float]:
    """How right each answer is: a column `grade`, `score` or `relevance` where there is one, else 1; empty is no answer.

    Raises SettingsError naming the first cell that is not a number.
    """
    named = next((name for name in GRADES if name in answers.columns), None)
    if named is None:
        return [1.0] * len(answers)
    grades = []
    for row, cell in enumerate(answers.column(named)):
        try:
            grade = float(cell or 0)
        except ValueError:
            grade = math.nan
        if not math.isfinite(grade):
            problem = f"{answers.name}: {named!r} holds {cell[:40]!r} (row {row}, counted from 0); it must be a number"
            raise SettingsError([problem], hint=answers.hint)
        grades.append(grade)
    return grades


def _says(cell: str, words: frozenset[str]) -> bool:
    folded = cell.casefold()
    return folded in words or folded.removesuffix(".0") in words
