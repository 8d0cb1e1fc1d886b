"""The folder of the stored index: open it, prove that it is of our make, keep it small, empty it when it is damaged."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.context.index import IndexState
from connector.context.lance_table import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

_TABLE = "entries"
_FRESH = timedelta(seconds=1)  # how long a search may miss what another process committed
_KEEP_VERSIONS = timedelta(seconds=30)  # a search in another thread may still read the version before
ANN_FROM = 20_000  # entries; below it comparing all vectors is fast enough, and exact
_RETRAIN = 4  # times as many entries as the vector index was trained on
_OPEN_ANEW = 10  # upkeeps: what LanceDB keeps of index files, some of them deleted, takes six descriptors at each
_CACHES = {"index_cache_size_bytes": 512 << 20, "metadata_cache_size_bytes": 64 << 20}  # its own: 6 GB and 1 GB


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The table at one version, and how many rows it has. It is of the kind whose queries can run side by side."""

    table: Any
    version: int
    rows: int


class LanceFolder:
    """One table in one folder, with a note beside it of what made it and whether it is complete."""

    def __init__(self, folder: Path, *, identity: str, dimension: int) -> None:
        self._root = folder
        self._identity = identity
        self._dimension = dimension
        self._lock = threading.RLock()
        self._table: Any = None
        self._reading: Any = None
        self._snapshot: Snapshot | None = None
        self._upkeeps = 0
        self._note: Mapping[str, Any] = {}
        self._noted: tuple[int, int] | None = None
        self.state = IndexState.REBUILD
        self.reason = ""

    def table(self) -> Any:
        """The open LanceDB table; raises whatever LanceDB raises when the folder is damaged."""
        with self._lock:
            if self._table is None or self._noted != self._note_place():
                self._snapshot = None
                self._table = self._open()
            return self._table

    def snapshot(self) -> Snapshot:
        """The table as it stands now, for one search: whoever writes or tidies meanwhile moves no row under it."""
        with self._lock:
            version = self.table().version
            if self._snapshot is None or self._snapshot.version != version:
                self._snapshot = self._at(version)
            return self._snapshot

    def _at(self, version: int) -> Snapshot:
        from lancedb.background_loop import LOOP

        async def opened() -> Snapshot:
            table = await self._reading.open_table(_TABLE)
            await table.checkout(version)
            return Snapshot(table=table, version=version, rows=await table.count_rows())

        snapshot: Snapshot = LOOP.run(opened())
        return snapshot

    def close(self) -> None:
        """Let go of what is open and of what was read; the next use opens it again."""
        with self._lock:
            self._table = self._snapshot = self._reading = None

    def _open(self) -> Any:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._note = self._read_note()
        if self._note.get("identity") != self._identity:
            self._empty("the index was made with other settings" if self._note else "the index is new")
        database = self._database()
        if _TABLE in database.list_tables().tables:
            self.state = IndexState(self._note.get("state", IndexState.REBUILD))
            return database.open_table(_TABLE)
        self._write_note(state=IndexState.REBUILD)
        return self._create(database, None)

    def _database(self) -> Any:
        import lancedb
        from lancedb.background_loop import LOOP

        caches = lancedb.Session(**_CACHES)
        # Kept, because snapshots of one connection share what it has read of the indexes.
        self._reading = LOOP.run(lancedb.connect_async(self._root / "lance", session=caches))
        return lancedb.connect(self._root / "lance", read_consistency_interval=_FRESH, session=caches)

    def _create(self, database: Any, rows: pa.Table | None) -> Any:
        from lancedb.index import FTS, Bitmap, BTree

        table = database.create_table(_TABLE, data=rows, schema=arrow_schema(self._dimension))
        for column in ("title", "body"):
            # Stop words stay in the index; the question decides about them (see `words`).
            table.create_index(column, config=FTS(with_position=False, stem=True, remove_stop_words=False))
        table.create_index("row_key", config=BTree())
        table.create_index("record", config=BTree())
        table.create_index("scope_key", config=Bitmap())
        return table

    @property
    def is_open(self) -> bool:
        """Whether this process has the table open."""
        return self._table is not None

    def compact(self) -> None:
        """Merge files and versions, fold new rows into the indexes, and train the vector index when it is due."""
        table = self.table()
        table.optimize(cleanup_older_than=_KEEP_VERSIONS)
        count, trained = table.count_rows(), int(self._note.get("trained", 0))
        if count >= ANN_FROM and count >= _RETRAIN * trained:
            self._train(table, count)
        self._upkeeps += 1
        if self._upkeeps % _OPEN_ANEW == 0:
            self.close()

    def _train(self, table: Any, count: int) -> None:
        from lancedb.index import IvfFlat

        partitions = max(16, round(count**0.5))
        table.create_index(
            "vector",
            config=IvfFlat(distance_type="dot", num_partitions=partitions, max_iterations=10, sample_rate=64),
        )
        self._write_note(trained=count)

    def rewrite(self) -> None:
        """Write the table anew, so that no byte of a deleted entry stays in any file."""
        with self._lock:
            state, rows = self.state, self.table().to_arrow()
            self._table = self._snapshot = None
            self._write_note(state=IndexState.REBUILD, trained=0)
            shutil.rmtree(self._root / "lance")
            self._table = self._create(self._database(), rows)
            self._write_note(state=state)
            self.compact()

    def mark(self, state: IndexState) -> None:
        with self._lock:
            try:
                self.table()
                self._write_note(state=state)
                self.reason = ""
            except Exception as error:
                self.clear(f"{type(error).__name__}: {error}"[:300])

    def clear(self, reason: str) -> None:
        """Empty the folder and wait for a rebuild; where even that fails, the index is unavailable until a restart."""
        with self._lock:
            try:
                self._empty(reason)
            except OSError as error:
                self.state, self.reason = IndexState.UNAVAILABLE, f"{reason}; and it cannot be emptied: {error}"

    def _empty(self, reason: str) -> None:
        self._table = None
        if self._root.exists():
            shutil.rmtree(self._root)
        self._root.mkdir(mode=0o700, parents=True)
        self._note = {}
        self._write_note(state=IndexState.REBUILD, identity=self._identity)
        self.reason = reason

    def files(self) -> int:
        return sum(1 for path in self._root.rglob("*") if path.is_file())

    def _note_place(self) -> tuple[int, int] | None:
        """Which note stands there: another process that emptied, rewrote or filled the index has put a new one."""
        try:
            found = (self._root / "note.json").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _read_note(self) -> Mapping[str, Any]:
        self._noted = self._note_place()
        try:
            note = json.loads((self._root / "note.json").read_text())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _write_note(self, **changed: Any) -> None:
        self._note = {**self._note, **changed}
        self.state = IndexState(self._note.get("state", IndexState.REBUILD))
        fresh = self._root / "note.json.new"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(self._note))
        fresh.replace(self._root / "note.json")
        self._noted = self._note_place()
