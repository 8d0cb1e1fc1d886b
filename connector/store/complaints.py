"""What SQLite complains of, said as something that a person can act on; and whether a state file is whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from connector.errors import StateError


class StateErrors:
    """Says what SQLite complains of as something that a person can act on.

    A class, not a generator: it stands around every statement that the service runs.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.DatabaseError) and (told := _told(error)) is not None:
            raise told from error


def _told(error: sqlite3.DatabaseError) -> StateError | None:
    said = str(error)
    if not isinstance(error, sqlite3.OperationalError):
        if "malformed" in said or "not a database" in said:
            return StateError(f"the state database is damaged: {said}", hint="restore a backup of the state folder")
        return None
    if "locked" in said:
        return StateError("another process holds the state database for too long", hint="crm-connector status")
    if "full" in said or "disk I/O" in said:
        return StateError(
            f"the state folder cannot take more ({said}); nothing of this step was kept",
            hint="free disk space, then: crm-connector run",
        )
    if "unable to open" in said or "readonly" in said:
        return StateError(
            f"the state database cannot be opened for writing ({said})",
            hint="give this user the right to write the state folder, or choose another `state:` in connector.yaml",
        )
    return None


def damage(path: Path) -> str | None:
    """What is wrong with a state file, in SQLite's words; None when it can be read from end to end. Writes nothing."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return None if "unable to open" in str(error) else str(error)  # a right that is missing is no damage
    return None if found == ("ok",) else str(found[0]).replace("\n", ": ")
