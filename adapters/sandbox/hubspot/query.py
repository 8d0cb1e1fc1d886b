"""The query string as HubSpot reads it: capital booleans and both encodings of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from .errors import bad_request


@dataclass(frozen=True, slots=True)
class Query:
    """Parameters of one request, each with every value it was given."""

    given: Mapping[str, list[str]]

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a raw query string, with or without its question mark."""
        return cls(parse_qs(text.lstrip("?"), keep_blank_values=True) if text else {})

    def text(self, name: str) -> str | None:
        """The last value given, or nothing when it is absent or blank."""
        values = self.given.get(name)
        return values[-1] if values and values[-1] != "" else None

    def flag(self, name: str) -> bool:
        """A boolean; the official Python client sends `True` with a capital (facts §2)."""
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false"):
            raise bad_request(f"Invalid boolean value for parameter {name}: {value}")
        return value == "true"

    def names(self, name: str) -> tuple[str, ...]:
        """A list, sent as repeated parameters or as one with commas, without repetition."""
        parts = (part.strip() for value in self.given.get(name, ()) for part in value.split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def number(self, name: str, default: int) -> int:
        """A whole number that is not negative."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit():
            raise bad_request(f"Invalid integer value for parameter {name}: {value}")
        return int(value)
