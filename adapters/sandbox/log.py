"""The CRM's own account of what happened: every call and every effective write, append-only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from adapters.sandbox.clock import from_milliseconds
from adapters.sandbox.rows import ActorKind, Value


class LogLine(NamedTuple):
    """One line; `time` in milliseconds. A call has its method and path as `field` and its status as `after`."""

    time: int
    kind: str
    actor: ActorKind
    record: str | None
    field: str | None
    before: Value
    after: Value
    marker: str | None
    request: str | None

    def json(self) -> str:
        """The line as exported: one JSON object, the time as ISO text in UTC."""
        at = from_milliseconds(self.time).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({**self._asdict(), "time": at}, ensure_ascii=False)


class OrgLog:
    """Lines in the order they took effect. A line, once readable, is never changed or removed."""

    def __init__(self) -> None:
        self._lines: list[LogLine] = []
        self._held: list[LogLine] | None = None

    def append(self, line: LogLine) -> None:
        (self._lines if self._held is None else self._held).append(line)

    def hold(self) -> None:
        """Keep lines back until the transaction they belong to is decided."""
        self._held = []

    def release(self) -> None:
        """The transaction committed: its lines become readable."""
        held, self._held = self._held or [], None
        self._lines.extend(held)

    def drop(self) -> None:
        """The transaction was rolled back: its writes never took effect."""
        self._held = None

    def entries(self) -> Sequence[LogLine]:
        return tuple(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def since(self, position: int) -> Sequence[LogLine]:
        """Lines from a position on, so that a reader can follow without copying everything."""
        return self._lines[position:]

    def lines(self) -> Iterator[str]:
        """Every line as JSON text."""
        return (line.json() for line in self._lines)

    def export(self, path: Path | str) -> None:
        """Write one JSON object a line."""
        with Path(path).open("w", encoding="utf-8") as target:
            target.writelines(line + "\n" for line in self.lines())
