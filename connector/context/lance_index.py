"""The stored index on LanceDB: keyword search over title and body, likeness of vectors, filters by scope.

It is a cache: whatever goes wrong with it empties it and asks for a rebuild, and never stops the road.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from connector.context.embedding import Embedder, HashingEmbedder, identity_of
from connector.context.fusion import searched_text
from connector.context.index import (
    QUERY_LIMIT,
    Hit,
    IndexEntry,
    IndexKey,
    IndexState,
    IndexStats,
    Reach,
    Scope,
    Upkeep,
    bounded,
    record_key,
)
from connector.context.lance_folder import LanceFolder
from connector.context.lance_lock import WriterLock
from connector.context.lance_search import USUAL, Effort, search_table
from connector.context.lance_table import PAYLOAD, among, arrow_rows, entry_of, row_key, scope_filter
from connector.errors import ConnectorError
from connector.record import RecordRef

Answer = TypeVar("Answer")
_MAKE = "lance/2"
_OWED_AT_ONCE = 2_000


class LanceIndex:
    """The index in one folder, with one writer at a time among those that share it. LanceDB is loaded at the first use."""

    def __init__(self, folder: Path, *, embedder: Embedder | None = None, effort: Effort = USUAL) -> None:
        self._effort = effort
        self._embedder = embedder if embedder is not None else HashingEmbedder()
        self._identity = f"{_MAKE}+{identity_of(self._embedder)}"
        self._folder = LanceFolder(folder, identity=self._identity, dimension=self._embedder.dimension)
        self._writing = WriterLock(folder)

    def upsert(self, entries: Sequence[IndexEntry]) -> None:
        newest = list({entry.key: entry for entry in entries}.values())
        if not newest:
            return
        vectors = self._vectors(newest)
        rows = arrow_rows(newest, vectors, self._embedder.dimension)
        self._write(
            lambda: self._folder.table()
            .merge_insert("row_key")
            .when_matched_update_all()
            .when_not_matched_insert_all()
            .execute(rows)
        )

    def _vectors(self, entries: Sequence[IndexEntry]) -> list[list[float] | None]:
        """A vector per entry; None where its text must stay here, or the embedder cannot answer now."""
        sent = [entry for entry in entries if not (entry.local and self._embedder.remote)]
        try:
            made = self._embedder.embed([searched_text(entry) for entry in sent]) if sent else []
        except ConnectorError:
            # Keyword search works without vectors; `optimize` asks for them again.
            return [None] * len(entries)
        vectors = dict(zip((entry.key for entry in sent), made, strict=True))
        return [vectors.get(entry.key) for entry in entries]

    def delete(self, keys: Collection[IndexKey]) -> None:
        if keys:
            self._write(lambda: self._folder.table().delete(among("row_key", map(row_key, keys))))

    def delete_records(self, refs: Collection[RecordRef]) -> None:
        if refs:
            self._write(lambda: self._folder.table().delete(among("record", map(record_key, refs))))

    def keys(self, scope: Scope) -> frozenset[IndexKey]:
        def read() -> frozenset[IndexKey]:
            rows = self._folder.table().search().where(scope_filter(scope)).select(["key"]).to_arrow()
            return frozenset(rows["key"].to_pylist())

        return self._guarded(read, frozenset())

    def search(self, text: str, reach: Reach | None, *, limit: int = 10, local: bool = False) -> tuple[Hit, ...]:
        vector = self._query_vector(text, local=local)
        return self._guarded(
            lambda: search_table(
                self._folder.snapshot(), text, vector, reach, limit=bounded(limit), effort=self._effort
            ),
            (),
        )

    def _query_vector(self, text: str, *, local: bool) -> list[float] | None:
        if local and self._embedder.remote:
            return None
        try:
            [vector] = self._embedder.embed([text[:QUERY_LIMIT]])
        except ConnectorError:
            return None
        return vector if any(vector) else None

    def optimize(self, upkeep: Upkeep = Upkeep.ROUTINE) -> None:
        if upkeep is Upkeep.ROUTINE and not self._folder.is_open:
            return  # nobody here has used the index, so there is nothing to tidy and LanceDB need not be loaded for it
        self._embed_owed()
        match upkeep:
            case Upkeep.ROUTINE:
                self._write(self._folder.compact)
            case Upkeep.ERASE:
                self._write(self._folder.rewrite)

    def _embed_owed(self) -> None:
        """Fetch vectors that an earlier upsert could not get."""
        owed = "embedded = false AND local = false" if self._embedder.remote else "embedded = false"

        def read() -> list[IndexEntry]:
            rows = self._folder.table().search().where(owed).select(PAYLOAD).limit(_OWED_AT_ONCE).to_arrow()
            return [entry_of(row) for row in rows.to_pylist()]

        self.upsert(self._guarded(read, []))

    def clear(self) -> None:
        with self._writing.alone():
            self._folder.clear("cleared")

    def filled(self) -> None:
        with self._writing.alone():
            self._folder.mark(IndexState.READY)

    def stats(self) -> IndexStats:
        def count() -> IndexStats | None:
            table = self._folder.table()
            return IndexStats(
                state=self._folder.state, identity=self._identity, entries=table.count_rows(),
                versions=len(table.list_versions()), files=self._folder.files(),
                waiting=table.count_rows("embedded = false"), reason=self._folder.reason,
            )

        counted = self._guarded(count, None)
        if counted is not None:
            return counted
        return IndexStats(state=self._folder.state, identity=self._identity, entries=0, reason=self._folder.reason)

    def _write(self, work: Callable[[], object]) -> None:
        with self._writing.alone():
            self._guarded(work, None)

    def _guarded(self, work: Callable[[], Answer], otherwise: Answer) -> Answer:
        """The work's answer. Opened anew after a failure; after a second one, with nobody else writing, it is emptied."""
        try:
            return work()
        except (TypeError, AttributeError, NameError):
            raise  # a mistake of ours must be seen; emptying the index would hide it
        # LanceDB raises OSError, ValueError and RuntimeError (its Rust panics among them) for a damaged folder.
        except Exception:
            with self._writing.alone():
                return self._again(work, otherwise)

    def _again(self, work: Callable[[], Answer], otherwise: Answer) -> Answer:
        self._folder.close()
        try:
            return work()
        except (TypeError, AttributeError, NameError):
            raise
        except Exception as error:
            self._folder.clear(f"{type(error).__name__}: {error}"[:300])
            return otherwise
