"""Access tokens on disk, one file per connection with rights for its owner only, swapped by compare-and-set."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from connector.adapter import Token
from connector.record import ConnectionName


class TokenFile:
    """The token of one connection, shared by the threads and processes of one state folder."""

    def __init__(self, folder: Path, connection: ConnectionName) -> None:
        self._folder = folder
        self._path = folder / f"{connection}.token"

    def current(self) -> Token | None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            return Token(
                access=kept["access"], refresh=kept["refresh"], instance_url=kept["instance_url"],
                expires_at=datetime.fromisoformat(kept["expires_at"]) if kept["expires_at"] else None,
                generation=kept["generation"], user=kept.get("user"),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None  # a torn or absent file is no token: the next call signs in

    def swap(self, old: Token | None, new: Token) -> bool:
        with self._locked():
            current = self.current()
            if (current.generation if current else None) != (old.generation if old else None):
                return False
            self._write(new)
            return True

    def _write(self, token: Token) -> None:
        content = {
            "access": token.access, "refresh": token.refresh, "instance_url": token.instance_url,
            "expires_at": token.expires_at.isoformat() if token.expires_at else None, "generation": token.generation,
            "user": token.user,
        }
        unfinished = self._path.with_suffix(".part")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
