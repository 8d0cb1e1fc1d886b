"""Links between rows, with the kind and label each direction carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from adapters.sandbox.rows import RowKey


class LinkKind(NamedTuple):
    """What a link means in one direction, e.g. ("HUBSPOT_DEFINED", 16, None)."""

    category: str
    type_id: int
    label: str | None = None


class Associations:
    """Directed links; a caller that wants both directions writes both."""

    def __init__(self) -> None:
        self._links: dict[RowKey, dict[RowKey, tuple[LinkKind, ...]]] = {}

    def add(self, origin: RowKey, target: RowKey, kind: LinkKind) -> bool:
        """Add one kind of link; False if it was there."""
        kinds = self._links.setdefault(origin, {}).get(target, ())
        if kind in kinds:
            return False
        self._links[origin][target] = (*kinds, kind)
        return True

    def remove(self, origin: RowKey, target: RowKey, kind: LinkKind | None = None) -> bool:
        """Remove one kind of link, or all of them; False if there was none."""
        targets = self._links.get(origin, {})
        kinds = targets.get(target, ())
        kept = tuple(found for found in kinds if kind is not None and found != kind)
        if kept == kinds:
            return False
        if kept:
            targets[target] = kept
        else:
            del targets[target]
        return True

    def of(self, origin: RowKey, object_name: str | None = None) -> list[tuple[RowKey, tuple[LinkKind, ...]]]:
        """Linked rows and the kinds of each link, in the order they were first linked."""
        found = self._links.get(origin, {}).items()
        return [(target, kinds) for target, kinds in found if object_name is None or target.object == object_name]

    def move(self, old: RowKey, new: RowKey) -> None:
        """Give every link of a merged row to the row that replaces it."""
        for target, kinds in self.of(old):
            if target != new:
                self._copy(new, target, kinds)
            self.remove(old, target)
        for origin, kinds in list(self._pointing_at(old)):
            if origin != new:
                self._copy(origin, new, kinds)
            self.remove(origin, old)

    def _copy(self, origin: RowKey, target: RowKey, kinds: tuple[LinkKind, ...]) -> None:
        for kind in kinds:
            self.add(origin, target, kind)

    def _pointing_at(self, target: RowKey) -> Iterator[tuple[RowKey, tuple[LinkKind, ...]]]:
        for origin, targets in self._links.items():
            if target in targets:
                yield origin, targets[target]

    def snapshot(self) -> dict[RowKey, dict[RowKey, tuple[LinkKind, ...]]]:
        """A copy to restore when a transaction is rolled back."""
        return {origin: dict(targets) for origin, targets in self._links.items()}

    def restore(self, links: dict[RowKey, dict[RowKey, tuple[LinkKind, ...]]]) -> None:
        self._links = links
