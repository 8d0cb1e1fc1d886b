"""How a share is said to people: in percent, and never as certain when it is not."""

from __future__ import annotations


def as_percent(share: float) -> str:
    """Whole percent; near none and near all one digit more, so that 0.998 does not read as 100%."""
    if 0.01 <= share <= 0.99 or share in {0, 1}:
        return f"{share:.0%}"
    if share < 0.001:
        return "<0.1%"
    return ">99.9%" if share > 0.999 else f"{share:.1%}"
