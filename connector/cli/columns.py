"""The columns that `evaluate` takes from people's CSV files, and what people are told where they are not as needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.output import note

if TYPE_CHECKING:
    from connector.evaluation.datasets import Dataset
    from connector.evaluation.routing import LabelledText


def texts_in(path: Path, text: str, label: str, *, labelled: bool) -> list[LabelledText]:
    from connector.evaluation.datasets import look_alikes, read_dataset
    from connector.evaluation.routing import LabelledText

    read = read_dataset(path)
    read.require(text, *([label] if labelled else []))
    values = read.column(label) if label in read.columns else ("",) * len(read)
    for group in look_alikes(filter(None, values)) if labelled else ():
        note(f"{path}: {' and '.join(map(repr, group))} count as different values of {label!r}; make them one if they are")
    return [LabelledText(cell, value or None) for cell, value in zip(read.column(text), values, strict=True)]


def ids_of(dataset: Dataset) -> tuple[str, ...]:
    """The ids, each of which stands for one row."""
    from collections import Counter

    from connector.errors import SettingsError

    ids = dataset.column("id")
    wrong = [key for key, count in Counter(ids).items() if count > 1 or not key]
    if wrong:
        shown = ", ".join(repr(key) for key in wrong[:3])
        problem = f"{dataset.name}: every row needs an id of its own; empty or repeated: {shown}"
        raise SettingsError([problem], hint="crm-connector evaluate --help")
    return ids


def text_columns(dataset: Dataset) -> list[tuple[str, ...]]:
    from connector.errors import SettingsError

    columns = list(dataset.without("id").values())
    if not columns:
        problem = f"{dataset.name}: a text column is needed beside id"
        raise SettingsError([problem], hint="crm-connector evaluate retrieval --help")
    return columns


def mind_unknown(answers: Dataset, column: str, ids: Sequence[str], where: Dataset) -> None:
    """Answers that name an id nobody has count as never found: people hear of them."""
    known, named = {*ids}, answers.column(column)
    strange = [cell for cell in named if cell not in known]
    if strange:
        rows = f"{len(strange)} of {len(named)} rows name under {column!r} an id that {where.name} does not hold"
        note(f"{answers.name}: {rows} (first {strange[0]!r}); they can never be found")
