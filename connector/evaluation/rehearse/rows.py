"""The rows of a rehearsal: a team's own export, read as CSV, with what is wrong with it said plainly."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.errors import SettingsError
from connector.evaluation.datasets import read_dataset

SUBJECT_LIMIT = 200
OPTION_LIMIT = 255  # characters of one option, in either CRM
HINT = "name the columns with --text and --label: crm-connector rehearse --help"


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


def check_options(labels: Iterable[str], *, system: str, label: str) -> None:
    """Refuse labels that no option of a CRM can hold: HubSpot separates several options by semicolons."""
    problems = [
        f"a CRM has no option like the {label} {name[:40]!r}: {why}"
        for name in labels if (why := _not_an_option(name, system))
    ]
    if problems:
        raise SettingsError(problems, hint="shorten or rename these labels in the files, then rehearse again")


def _not_an_option(label: str, system: str) -> str | None:
    if system == "hubspot" and ";" in label:
        return "HubSpot separates several options by semicolons"
    if any(unicodedata.category(sign) == "Cc" for sign in label):
        return "it holds a line end or another control character"
    return f"it is longer than {OPTION_LIMIT} characters" if len(label) > OPTION_LIMIT else None


def read_rows(path: Path, *, text: str, label: str, labelled: bool) -> list[Message]:
    """The rows of one file. `labelled` says that the label column must be there; rows without a label are left out.

    Raises SettingsError naming the file, the line or the column, and what to change.
    """
    rows = read_dataset(path, hint=HINT)
    rows.require(text, *([label] if labelled else []))
    labels = rows.column(label) if label in rows.columns else ("",) * len(rows)
    messages = [Message(text=cell, label=value or None) for cell, value in zip(rows.column(text), labels, strict=True)]
    return [message for message in messages if message.label] if labelled else messages
