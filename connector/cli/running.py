"""Whether a service runs on a state folder: its lock tells, because it dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def running_process(folder: Path) -> int | None:
    """The process that holds the folder's lock; None when nobody does."""
    path = folder / "daemon.lock"
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.read(descriptor, 32).decode(errors="replace").strip()
        return int(written) if written.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)
