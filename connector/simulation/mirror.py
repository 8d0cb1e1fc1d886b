"""The real LanceDB beside the index of a simulated run: it is given the same, and must hold the same in the end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from connector.context.index import IndexEntry, IndexKey
from connector.context.lance_index import LanceIndex
from connector.context.memory_index import MemoryIndex
from connector.record import RecordRef

EVERY = 100


def is_mirrored(seed: int) -> bool:
    """Whether LanceDB runs along: in one seed of a hundred, since each of its commits is files."""
    return seed % EVERY == 17


class MirroredIndex(MemoryIndex):
    """Answers from memory, so that a seed's story does not hang on LanceDB; LanceDB is written to as well."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._real = LanceIndex(folder)
        self._real.filled()

    def upsert(self, entries: Sequence[IndexEntry]) -> None:
        super().upsert(entries)
        self._real.upsert(entries)

    def delete(self, keys: Collection[IndexKey]) -> None:
        super().delete(keys)
        self._real.delete(keys)

    def delete_records(self, refs: Collection[RecordRef]) -> None:
        super().delete_records(refs)
        self._real.delete_records(refs)

    def clear(self) -> None:
        super().clear()
        self._real.clear()

    def filled(self) -> None:
        super().filled()
        self._real.filled()

    def differences(self) -> Iterator[str]:
        """Where LanceDB does not hold what the index in memory holds."""
        self._real.optimize()
        ours, theirs = self.stats(), self._real.stats()
        if (ours.state, ours.entries) != (theirs.state, theirs.entries):
            yield f"LanceDB is {theirs.state} with {theirs.entries} entries, it was given {ours.entries}: {theirs.reason}"
        for scope in {entry.scope for entry in self._entries.values()}:
            if self._real.keys(scope) != self.keys(scope):
                yield f"LanceDB holds other entries of {scope}"
        for entry in self._entries.values():
            hits = self._real.search(f"{entry.title} {entry.body}", None, limit=50)
            if not any(hit.entry.key == entry.key and hit.entry.body == entry.body for hit in hits):
                yield f"LanceDB does not find {entry.title!r} as it is"
