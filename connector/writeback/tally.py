"""How one step of write-back went, for whoever drives the road."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """How one step of write-back went."""

    applied: int = 0
    conflicted: int = 0
    refused: int = 0
    unknown: int = 0
    postponed: int = 0
    outdated: int = 0
    unreachable: list[str] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many actions this step brought forward for good."""
        return self.applied + self.conflicted + self.refused + self.outdated
