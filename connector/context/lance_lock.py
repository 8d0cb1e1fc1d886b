"""One writer of a stored index at a time, among the threads and processes that share its folder."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class WriterLock:
    """A lock that dies with its process. It stands beside the folder, because emptying an index removes the folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder.with_name(f"{folder.name}.lock")
        self._threads = threading.RLock()
        self._held = 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for the others, then keep them waiting; may be entered again by the thread that holds it."""
        with self._threads:
            file = self._taken() if self._held == 0 else None
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1
                if file is not None:
                    os.close(file)

    def _taken(self) -> int | None:
        """The open lock; None where its folder cannot be used, which the work itself then finds out."""
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            return file
        return None
