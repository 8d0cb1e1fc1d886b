"""What every read-only source shares: its parameters, the columns it may show and how, and how much of an answer is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from connector.adapter import (
    ChannelEnvironment,
    FieldClass,
    FieldName,
    FieldValue,
    Finding,
    Lacking,
    LookedUp,
    LookupResult,
    LookupRow,
    NotLookedUp,
    Options,
    Plain,
    filled,
    needs_of,
    read_parameters,
)
from connector.errors import SettingsError

_LONGEST = 500  # characters of one value: evidence to quote, not a document
_MOST = 50


class Source(ABC):
    """One lookup of connector.yaml. What a kind adds is how to ask."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        options = environment.options
        self.environment = environment
        self.seconds = options.whole("timeout", 5, low=1, high=60)
        self.limit = options.whole("limit", 10, low=1, high=_MOST)
        self._parameters = read_parameters(options, "parameters")
        self._key = options.text("key")
        self._columns = _columns(options)
        self._outsider = options.word("written_by", ("staff", "outsiders"), "staff") == "outsiders"
        if not self._parameters:
            options.wrong("parameters", "name at least one, such as {email: {field: contact.email}}")
        if self._key not in self._columns:
            options.wrong("key", f"must be one of the columns {', '.join(self._columns) or 'you name'}")
        self.read(options)
        options.close()
        if options.problems:
            raise SettingsError(options.problems)

    @property
    def needs(self) -> frozenset[FieldName]:
        return needs_of(self._parameters)

    @property
    def columns(self) -> Mapping[str, FieldClass]:
        return self._columns

    @property
    def key(self) -> str:
        return self._key

    @property
    def local(self) -> bool:
        return True

    @property
    def outsider(self) -> bool:
        return self._outsider

    def find(self, fields: Mapping[FieldName, FieldValue]) -> LookupResult:
        """What the source holds for these fields; never an exception, whatever the source does."""
        given = filled(self._parameters, fields)
        if isinstance(given, Lacking):
            return NotLookedUp(why=given.why)
        answer = self.ask(given)
        if isinstance(answer, NotLookedUp):
            return answer
        return LookedUp(rows=tuple(self._row(row) for row in islice(answer, self.limit)))

    def check(self) -> tuple[Finding, ...]:
        return ()

    @abstractmethod
    def read(self, options: Options) -> None:
        """The settings of this kind."""

    @abstractmethod
    def ask(self, given: Mapping[str, Plain]) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        """The rows for these parameters."""

    def _row(self, row: Mapping[str, Any]) -> LookupRow:
        """The columns that may be shown; one that may never be is not even taken out of the answer."""
        shown = {name: _text(row.get(name)) for name, kept in self._columns.items() if kept is not FieldClass.NEVER}
        return LookupRow(columns={name: text for name, text in shown.items() if text})


def _columns(options: Options) -> Mapping[str, FieldClass]:
    columns: dict[str, FieldClass] = {}
    for name, kept in options.table("columns").items():
        if kept not in set(FieldClass):
            options.wrong("columns", f"{name}: must be one of {', '.join(FieldClass)}")
        else:
            columns[name] = FieldClass(kept)
    if not columns:
        options.wrong("columns", "name those that may be shown, such as {order: ok, phone: mask, card: never}")
    return columns


def _text(value: object) -> str:
    """A value in one line; nested content is left out."""
    if value is None or isinstance(value, dict | list | tuple | bytes):
        return ""
    return " ".join(str(value).split())[:_LONGEST]


def a_file(options: Options, environment: ChannelEnvironment) -> Path:
    """The file a source reads, relative to the settings file."""
    path = environment.folder / options.text("file", "-")
    if not path.is_file():
        options.wrong("file", f"there is no file {path}")
    return path
