"""The rows of a rehearsal: a team's own export, read as CSV, with what is wrong with it said plainly."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

from connector.errors import SettingsError

SUBJECT_LIMIT = 200
_CELL_LIMIT = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row: what a customer wrote, and what a person decided, where the file says so."""

    text: str
    label: str | None

    @property
    def subject(self) -> str:
        """A short text is the subject alone; of a long one, the first words."""
        return self._parts()[0]

    @property
    def description(self) -> str:
        return self._parts()[1]

    def _parts(self) -> tuple[str, str]:
        text = self.text.strip()
        first, newline, rest = text.partition("\n")
        if len(first) <= SUBJECT_LIMIT:
            return first.strip(), rest.strip() if newline else ""
        cut = first.rfind(" ", 0, SUBJECT_LIMIT)
        cut = cut if cut > 0 else SUBJECT_LIMIT
        return first[:cut].strip(), text[cut:].strip()


def read_rows(path: Path, *, text: str, label: str, labelled: bool) -> list[Message]:
    """The rows of one file. `labelled` says that the label column must be there and is used.

    Raises SettingsError naming the file and what is missing.
    """
    csv.field_size_limit(min(sys.maxsize, _CELL_LIMIT))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            _check(path, columns, text, label if labelled else None)
            rows = [_message(row, text, label) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = f"{path}: cannot be read as CSV in UTF-8: {error}"
        raise SettingsError([problem], hint="crm-connector rehearse --help") from error
    return [row for row in rows if row.label] if labelled else rows


def _check(path: Path, columns: object, text: str, label: str | None) -> None:
    names = list(columns) if isinstance(columns, list | tuple) else []
    missing = [name for name in (text, label) if name is not None and name not in names]
    if missing:
        have = ", ".join(names) or "none"
        raise SettingsError(
            [f"{path}: no column {name!r}; the columns are: {have}" for name in missing],
            hint="name the columns with --text and --label",
        )


def _message(row: dict[str, str | None], text: str, label: str) -> Message:
    value = (row.get(label) or "").strip()
    return Message(text=row.get(text) or "", label=value or None)
