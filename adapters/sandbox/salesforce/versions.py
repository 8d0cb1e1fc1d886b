"""The API versions the org answers to."""

from __future__ import annotations

_FIRST, _LAST = 31, 68
_FIRST_YEAR = 14  # v31.0 is Summer '14; three releases a year follow


def version_list() -> list[dict[str, str]]:
    """`/services/data`: every version with its release name, oldest first."""
    return [_version(number) for number in range(_FIRST, _LAST + 1)]


def _version(number: int) -> dict[str, str]:
    place = number - _FIRST + 1
    season = ("Spring", "Summer", "Winter")[place % 3]
    year = _FIRST_YEAR + place // 3 + (1 if season == "Winter" else 0)
    text = f"{number}.0"
    return {"label": f"{season} '{year}", "url": f"/services/data/v{text}", "version": text}
