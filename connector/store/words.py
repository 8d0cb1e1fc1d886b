"""Words of closed lists as rows hold them: one that this version does not know stops it with a reason."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from connector.errors import StateError

E = TypeVar("E", bound=Enum)


def word(kind: type[E], text: str) -> E:
    """The member of a closed list that a row names; raises StateError for one that only a newer version can have written."""
    try:
        return kind(text)
    except ValueError:
        raise StateError(
            f"the state holds {text!r}, which is no {kind.__name__} here: a newer version wrote it",
            hint="install the newer version again, or restore the state folder's backup",
        ) from None
