"""One named block of connector.yaml as a channel or lookup reads it: typed, with every problem collected, never guessed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any


class Options:
    """The keys of one block. Every accessor gives a usable value even after a problem; `close` names unknown keys."""

    def __init__(self, path: str, values: Mapping[str, Any], lines: Mapping[str, int], file: str = "connector.yaml") -> None:
        self.path = path
        self._values = values
        self._lines = lines
        self._file = file
        self._known: set[str] = set()
        self.problems: list[str] = []

    def has(self, key: str) -> bool:
        self._known.add(key)
        return self._values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Text that must be there, unless a default is given."""
        self._known.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.wrong(key, "is missing" if value is None else "must be text in one line")
            return default or ""
        return value

    def word(self, key: str, words: Collection[str], default: str | None = None) -> str:
        """One of a closed list of words."""
        self._known.add(key)
        value = self._values.get(key, default)
        if value not in words:
            self.wrong(key, f"must be one of {', '.join(words)}{did_you_mean(str(value), words)}")
            return default or next(iter(words))
        return str(value)

    def whole(self, key: str, default: int, *, low: int, high: int) -> int:
        self._known.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.wrong(key, f"must be a whole number from {low} to {high}")
            return default
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        """Keys and values below `key`; empty where there is nothing."""
        self._known.add(key)
        value = self._values.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong(key, "must hold keys and values")
            return {}
        return value

    def wrong(self, key: str, message: str) -> None:
        line = self._lines.get(key, self._lines.get("", 1))
        self.problems.append(f"{self._file}:{line}: {self.path}.{key}: {message}")

    def close(self) -> None:
        """The last thing a reader does: whatever it did not ask for is a mistake."""
        for key in self._values:
            if key not in self._known:
                self.wrong(key, f"unknown key{did_you_mean(key, self._known)}")


def did_you_mean(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f", did you mean `{close[0]}`?" if close else ""
