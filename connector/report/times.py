"""Times and lengths of time as people and documents read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def moment(at: datetime | None) -> str:
    return "never" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def instant(at: datetime | None) -> str | None:
    """A time as JSON carries it."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(length: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds = int(abs(length.total_seconds()))
    parts = [(seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    named = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(named[:2]) or "0 s"


def away(at: datetime, now: datetime) -> str:
    """How far a time is from now."""
    return f"in {span(at - now)}" if at >= now else f"{span(now - at)} ago"
