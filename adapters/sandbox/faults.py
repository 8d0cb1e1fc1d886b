"""Named faults, switched on by name and probability, drawn from a seed, counted when they take effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random


class Faults:
    """What goes wrong, how often, and how often it really did.

    A fault counts only when it changed something: a caller that may find nothing to spoil asks `due`
    first and reports `took_effect` after.
    """

    def __init__(self, rng: Random | None = None, profile: Mapping[str, float] | None = None) -> None:
        self._rng = rng or Random(0)
        self._profile = dict(profile or {})
        self._armed: dict[str, int] = {}
        self._restores: list[Callable[[], None]] = []
        self.counts: Counter[str] = Counter()

    @property
    def rng(self) -> Random:
        return self._rng

    def arm(self, name: str, times: int = 1) -> None:
        """Let the next `times` occasions of this fault happen for certain."""
        self._armed[name] = self._armed.get(name, 0) + times

    def set(self, name: str, probability: float) -> None:
        self._profile[name] = probability

    def is_on(self, name: str) -> bool:
        return self._armed.get(name, 0) > 0 or self._profile.get(name, 0.0) > 0

    def quiet(self) -> bool:
        """Whether no fault can happen at all."""
        return not self._profile and not any(self._armed.values())

    def due(self, name: str) -> bool:
        """Whether the fault wants to happen now; counts nothing and keeps an armed fault armed."""
        if self._armed and self._armed.get(name, 0) > 0:
            return True
        probability = self._profile.get(name, 0.0)
        return probability > 0 and self._rng.random() < probability

    def took_effect(self, name: str) -> None:
        """Count a due fault that really changed something."""
        if self._armed.get(name, 0) > 0:
            self._armed[name] -= 1
        self.counts[name] += 1

    def fire(self, name: str) -> bool:
        """Whether the fault happens now; a caller MUST make it happen if so."""
        if not self.due(name):
            return False
        self.took_effect(name)
        return True

    def on_heal(self, restore: Callable[[], None]) -> None:
        """Remember how to undo a lasting fault."""
        self._restores.append(restore)

    def heal(self) -> None:
        """Stop every fault and undo the lasting ones; the counts stay."""
        self._profile.clear()
        self._armed.clear()
        while self._restores:
            self._restores.pop()()
