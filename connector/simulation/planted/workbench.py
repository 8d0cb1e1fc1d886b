"""How a bug gets into the road for one run: a named function is swapped, and put back afterwards.

The product holds no switch for it: outside a simulation there is nothing to switch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(slots=True)
class Workbench:
    """Swaps functions and remembers in `swapped` what was there."""

    swapped: list[tuple[Any, str, Any]] = field(default_factory=list)

    def wrap(self, place: str, made: Callable[[Any], Any]) -> None:
        """Put what `made` makes of the original at `place`, written `package.module:name` or `…:Class.name`."""
        module, _, path = place.partition(":")
        owner: Any = import_module(module)
        *parts, name = path.split(".")
        for part in parts:
            owner = getattr(owner, part)
        original = owner.__dict__[name]
        self.swapped.append((owner, name, original))
        setattr(owner, name, made(original))

    def swap(self, place: str, instead: Any) -> None:
        self.wrap(place, lambda original: instead)

    def restore(self) -> None:
        while self.swapped:
            owner, name, original = self.swapped.pop()
            setattr(owner, name, original)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A mistake one could make. `row` is its row in the table of failures seen elsewhere, where it has one."""

    what: str
    plant: Callable[[Workbench], None]
    row: int | None = None
    crm: str = "both"  # where it can show


@contextmanager
def planted(bug: Bug | None) -> Iterator[None]:
    """The road with a bug in it, as long as the block runs."""
    bench = Workbench()
    try:
        if bug is not None:
            bug.plant(bench)
        yield
    finally:
        bench.restore()
