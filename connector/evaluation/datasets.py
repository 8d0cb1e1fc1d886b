"""The tables people evaluate on: CSV files read as text, what is wrong with them said plainly, predictions written."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.errors import SettingsError

CELL_LIMIT = 50 * 1024 * 1024
_HINT = "crm-connector evaluate --help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One CSV file: its columns in order, and every row as stripped cells; a missing cell is empty text."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

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
            raise SettingsError(problems, hint=_HINT)

    def without(self, *names: str) -> dict[str, tuple[str, ...]]:
        """All other columns by name."""
        return {name: self.column(name) for name in self.columns if name not in names}


def read_dataset(path: Path) -> Dataset:
    """Read one file. A row may be shorter than the header; a longer one is refused with its line.

    Raises SettingsError for what is not CSV in UTF-8 with a header of distinct names.
    """
    csv.field_size_limit(min(sys.maxsize, CELL_LIMIT))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            columns = tuple(name.strip() for name in next(reader, []))
            _check_header(path, columns)
            rows = tuple(_cells(path, reader.line_num, row, len(columns)) for row in reader if row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError([f"{path}: cannot be read as CSV in UTF-8: {error}"], hint=_HINT) from error
    return Dataset(name=str(path), columns=columns, rows=rows)


def _check_header(path: Path, columns: Sequence[str]) -> None:
    if not columns:
        raise SettingsError([f"{path}: is empty; a header row with column names is needed"], hint=_HINT)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise SettingsError([f"{path}: the column {name!r} stands there twice" for name in twice], hint=_HINT)


def _cells(path: Path, line: int, row: Sequence[str], width: int) -> tuple[str, ...]:
    if len(row) > width and any(cell.strip() for cell in row[width:]):
        problem = f"{path}:{line}: {len(row)} cells under {width} columns; quote cells that hold a comma"
        raise SettingsError([problem], hint=_HINT)
    return (*(cell.strip() for cell in row[:width]), *[""] * (width - len(row)))


_HAPPENED = frozenset({"1", "true", "yes", "y", "t"})
_NOT = frozenset({"0", "false", "no", "n", "f"})


def outcomes(dataset: Dataset, column: str) -> tuple[bool | None, ...]:
    """A yes-or-no column: 1/0, true/false, yes/no; None where the cell is empty.

    Raises SettingsError naming the first values that say neither.
    """
    cells = dataset.column(column)
    odd = sorted({cell for cell in cells if cell and not _says(cell, _HAPPENED | _NOT)})
    if odd:
        shown = ", ".join(repr(cell[:40]) for cell in odd[:3])
        problem = f"{dataset.name}: {column!r} holds {shown}; it must be 1 or 0 (or yes/no, true/false, or empty)"
        raise SettingsError([problem], hint=_HINT)
    return tuple(_says(cell, _HAPPENED) if cell else None for cell in cells)


def _says(cell: str, words: frozenset[str]) -> bool:
    folded = cell.casefold()
    return folded in words or folded.removesuffix(".0") in words


def write_predictions(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One line per row. Raises SettingsError where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_written(cell) for cell in row] for row in rows)
    except OSError as error:
        problem = f"{path}: cannot be written: {error.strerror}"
        raise SettingsError([problem], hint="choose another file for --predictions") from error


def _written(cell: object) -> object:
    """Numbers in full, so that figures computed from the file are the figures printed."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return int(cell)
    if isinstance(cell, float):
        return "" if math.isnan(cell) else repr(cell)
    return cell
