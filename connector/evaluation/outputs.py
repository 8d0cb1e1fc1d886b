"""The files people ask a measurement for: whether they can be written is said before the work, not after it."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from connector.errors import SettingsError


def check_outputs(outputs: Mapping[str, Path | None], *, inputs: Iterable[Path | None]) -> None:
    """Refuse files that could not be written later, or would replace what is read. `outputs` are files by option.

    Nothing is created or emptied here. Raises SettingsError with every problem at once.
    """
    read = {path.resolve() for path in inputs if path is not None}
    wanted = {option: path for option, path in outputs.items() if path is not None}
    problems = [f"{path}: cannot be written: {why}" for path in wanted.values() if (why := _obstacle(path, read))]
    places = [path.resolve() for path in wanted.values()]
    problems += [f"{path}: is named for two outputs" for path in sorted({*places}) if places.count(path) > 1]
    if problems:
        raise SettingsError(problems, hint=f"choose another file for {' and '.join(wanted)}")


def _obstacle(path: Path, read: set[Path]) -> str | None:
    if path.resolve() in read:
        return "it is one of the files to read"
    if path.is_dir():
        return "it is a folder"
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if not os.access(path if path.exists() else folder, os.W_OK):
        return "it is read-only" if path.exists() else f"the folder {folder} is read-only"
    return None


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], *, option: str) -> None:
    """One line per row under a header. Raises SettingsError, naming the option, where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_written(cell) for cell in row] for row in rows)
    except OSError as error:
        problem = f"{path}: cannot be written: {error.strerror}"
        raise SettingsError([problem], hint=f"choose another file for {option}") from error


def _written(cell: object) -> object:
    """Numbers in full, so that figures computed from the file are the figures printed."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return int(cell)
    if isinstance(cell, float):
        return "" if math.isnan(cell) else repr(cell)
    return cell
