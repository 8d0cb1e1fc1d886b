"""Learners on disk: private files whose digest is checked before anything in them is trusted."""

from __future__ import annotations

import hashlib
import hmac
import os
import pickle
from pathlib import Path

from connector.errors import StateError


def write_private(learner: object, path: Path) -> str:
    """Write all or nothing, readable by the owner only; the sha256 of what was written."""
    content = to_bytes(learner)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return hashlib.sha256(content).hexdigest()


def read_verified(path: Path, *, sha256: str) -> object:
    """What was written, if the file is still exactly that and was written with the libraries of today."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StateError(f"the learner {path.name} cannot be read: {error.strerror}") from error
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), sha256):
        raise StateError(f"the learner {path.name} is not the file that was saved; it was not opened")
    return from_bytes(content, path.name)


def to_bytes(learner: object) -> bytes:
    """The learner with the versions of the libraries it was fitted with."""
    return pickle.dumps((_libraries(), pickle.dumps(learner, protocol=5)), protocol=5)


def from_bytes(content: bytes, name: str) -> object:
    """The learner back. Unpickling runs code: only bytes that match a digest we recorded may come here."""
    try:
        libraries, body = pickle.loads(content)  # noqa: S301
        if libraries != _libraries():
            raise StateError(f"the learner {name} was fitted with other library versions: fit it again")
        learner: object = pickle.loads(body)  # noqa: S301
    except (AttributeError, EOFError, ImportError, LookupError, TypeError, ValueError, pickle.UnpicklingError) as error:
        # Its form or its classes have changed since: an upgrade of this product, which must not set aside every record.
        raise StateError(f"the learner {name} was fitted by another version of crm-connector: fit it again") from error
    return learner


def _libraries() -> tuple[str, ...]:
    """Whose classes the learner is made of: ours among them, since a field added to one is missing in old files."""
    from importlib.metadata import version

    import numpy
    import scipy
    import sklearn

    return version("crm-connector"), numpy.__version__, scipy.__version__, sklearn.__version__
