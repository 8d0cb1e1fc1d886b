"""The heads of the sealed journal, kept in a file outside the state: whoever rewrites one must rewrite both."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from connector.errors import StateError
from connector.journal import Seal


def journal_key(folder: Path, *, sealed: bool = False) -> bytes:
    """The key that seals this journal, made once and readable by its owner only.

    Where the journal is `sealed` already, a missing key is trouble: seals under a new one would never verify.
    """
    path = folder / "journal.key"
    if sealed and not path.exists():
        raise StateError(
            f"{path} is missing, and the journal is sealed with it",
            hint="restore journal.key from a backup of the state folder",
        )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise StateError(f"{path}: others can read the journal's key", hint=f"chmod 600 {path}") from None
        return path.read_bytes()
    key = secrets.token_bytes(32)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def append_head(path: Path, seal: Seal) -> None:
    """Add one head on a line of its own, also after a line that a crash cut off."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        begin = b"" if file.read(1) in (b"", b"\n") else b"\n"
        file.write(begin + f"{seal.first} {seal.last} {seal.head}\n".encode())


def kept_heads(path: Path) -> list[str]:
    """The heads written so far, oldest first; a line cut off by a crash is left out."""
    if not path.is_file():
        return []
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return [parts[2] for parts in lines if len(parts) == 3 and len(parts[2]) == 64]
