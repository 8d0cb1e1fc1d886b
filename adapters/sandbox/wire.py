"""The HTTP exchange a face answers, as plain values: no socket is needed to speak the protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Headers(Mapping[str, str]):
    """HTTP headers: looked up in any spelling, listed as they were written."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Mapping[str, str] | None = None) -> None:
        self._lines = {name.lower(): (name, value) for name, value in (lines or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._lines[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._lines.values())

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._lines


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One call as it reaches the CRM; `query` is the raw text after the question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = b""

    def __post_init__(self) -> None:
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class WireResponse:
    """One answer. `drip_seconds` asks the transport to send it slowly; `cut_after` to break off after so many bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip_seconds: float = 0.0
    cut_after: int | None = None


class ConnectionCut(Exception):  # noqa: N818 - an event on the wire, not a mistake
    """The CRM closed the connection without answering; `applied` says whether the call had taken effect."""

    def __init__(self, *, applied: bool) -> None:
        super().__init__("connection closed by the CRM")
        self.applied = applied


class Stall(Exception):  # noqa: N818 - an event on the wire, not a mistake
    """The CRM keeps the connection open and never answers; `applied` says whether the call had taken effect."""

    def __init__(self, *, applied: bool) -> None:
        super().__init__("the CRM does not answer")
        self.applied = applied


class Face(Protocol):
    """An org as seen over the wire. `respond` MAY raise ConnectionCut or Stall; anything else is a defect."""

    def respond(self, request: WireRequest) -> WireResponse: ...
