"""One daemon per state folder: the folder's rights, and a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import StateError


def prepare_folder(folder: Path) -> None:
    """Make the state folder with rights for its owner only; refuse one that others can enter."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            raise StateError(f"{folder}: others can enter the state folder", hint=f"chmod 700 {folder}")
    except OSError as error:
        raise StateError(f"{folder}: {error.strerror}", hint="choose another `state:` in connector.yaml") from error


@contextmanager
def only_daemon(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raises StateError naming the process that has it."""
    path = folder / "daemon.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise StateError(
                f"another daemon (process {holder}) runs on {folder}", hint="stop it first, or use another state folder"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
