"""A place for files that nobody needs after the run: in memory, where the machine has such a place with room for them."""

from __future__ import annotations

import os
from pathlib import Path

_SHARED = Path("/dev/shm")
_ROOM = 2 * 1024**3  # bytes: many times what the tests of two workers hold at one moment


def memory_disk() -> Path | None:
    """The folder, or None: a container often has one of 64 MB, or one in which no program may be started."""
    if not (_SHARED.is_dir() and os.access(_SHARED, os.W_OK | os.X_OK)):
        return None
    found = os.statvfs(_SHARED)
    return _SHARED if found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC else None
