"""Lookups in tables on disk, CSV or Parquet: the rows in which every parameter's column holds its value."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from adapters.channels.lookups import Source, a_file
from connector.adapter import ChannelEnvironment, Lookup, NotLookedUp, Options, Plain

_LARGEST = 64 * 1024 * 1024  # a CSV file is kept in memory; what is larger belongs into Parquet or SQLite

_Places: TypeAlias = Mapping[tuple[str, ...], Sequence[Mapping[str, Any]]]


class CsvSource(Source):
    """A CSV file with a header, read anew when it changes."""

    def read(self, options: Options) -> None:
        self._file = a_file(options, self.environment)
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] = (0, 0)
        self._asked: tuple[str, ...] = ()
        self._places: _Places = {}

    def ask(self, given: Mapping[str, Plain]) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        try:
            places = self._current(tuple(sorted(given)))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            return NotLookedUp(why=f"{self._file.name} cannot be read: {type(error).__name__}")
        if places is None:
            return NotLookedUp(why=f"{self._file.name} is larger than {_LARGEST // 2**20} MB, or lacks a column")
        return places.get(tuple(str(given[name]) for name in sorted(given)), ())

    def _current(self, names: tuple[str, ...]) -> _Places | None:
        """Rows by the values of these columns."""
        stat = self._file.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if stat.st_size > _LARGEST:
                return None
            if (stamp, names) != (self._stamp, self._asked):
                found = _by_columns(self._file, names)
                if found is None:
                    return None
                self._stamp, self._asked, self._places = stamp, names, found
            return self._places


def _by_columns(file: Path, names: tuple[str, ...]) -> _Places | None:
    places: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if not {*names} <= {*(reader.fieldnames or ())}:
            return None
        for row in reader:
            places.setdefault(tuple(str(row[name] or "") for name in names), []).append(row)
    return places


class ParquetSource(Source):
    """A Parquet file; only the matching rows are read."""

    def read(self, options: Options) -> None:
        self._file = a_file(options, self.environment)

    def ask(self, given: Mapping[str, Plain]) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        import pyarrow as arrow
        from pyarrow import compute, dataset

        try:
            table = dataset.dataset(str(self._file), format="parquet")
            known = {*table.schema.names}
            if lacking := sorted({*given} - known):
                return NotLookedUp(why=f"{self._file.name} has no column {lacking[0]}")
            wanted = None
            for name, value in given.items():
                equal = compute.field(name).cast(arrow.string()) == str(value)
                wanted = equal if wanted is None else wanted & equal
            rows: list[Mapping[str, Any]] = (
                table.scanner(columns=[name for name in self.columns if name in known], filter=wanted)
                .head(self.limit)
                .to_pylist()
            )
        except (OSError, ValueError, OverflowError, arrow.ArrowException) as error:  # also values no Python value can hold
            return NotLookedUp(why=f"{self._file.name} cannot be read: {type(error).__name__}")
        return rows


def connect_csv(environment: ChannelEnvironment) -> Lookup:
    """The lookup of one block with `kind: csv`."""
    return CsvSource(environment)


def connect_parquet(environment: ChannelEnvironment) -> Lookup:
    """The lookup of one block with `kind: parquet`."""
    return ParquetSource(environment)
