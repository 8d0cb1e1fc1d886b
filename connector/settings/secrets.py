"""Secrets by name: an environment variable, or a file of mode 0600 in the secrets folder. Never in connector.yaml."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from connector.errors import SettingsError


class NamedSecrets:
    """The secrets of one owner (a connection, or `anthropic`)."""

    def __init__(self, owner: str, folder: Path | None, environment: Mapping[str, str]) -> None:
        self._owner = owner
        self._folder = folder
        self._environment = environment

    def get(self, name: str) -> str:
        """The secret; raises SettingsError that says where to put it."""
        found = self.find(name)
        if found is None:
            where = f" or the file {self._folder / self._file(name)} (mode 0600)" if self._folder else ""
            problem = f"{self._owner}: the secret {name} is not set: set {self._variable(name)}{where}"
            raise SettingsError([problem], hint=f"export {self._variable(name)}=…, then type the same command again")
        return found

    def find(self, name: str) -> str | None:
        value = self._environment.get(self._variable(name))
        if value:
            return value
        path = self._folder / self._file(name) if self._folder is not None else None
        if path is None or not path.is_file():
            return None
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError([f"{path}: others can read this secret"], hint=f"chmod 600 {path}")
        return _written_in(path)

    def _variable(self, name: str) -> str:
        return re.sub(r"[^A-Z0-9]", "_", f"CRM_CONNECTOR_{self._owner}_{name}".upper())

    def _file(self, name: str) -> str:
        return f"{self._owner}.{name}"


def _written_in(path: Path) -> str:
    """What a secret file holds: a key in PEM, or one line. Anything else is said here, not where it is used."""
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problem = f"{path}: the secret cannot be read: {why}"
        raise SettingsError([problem], hint=f"write the secret into {path} anew") from error
    if not value:
        raise SettingsError([f"{path}: the secret is empty"], hint=f"write the secret into {path}")
    if not value.startswith("-----BEGIN") and len(value.splitlines()) > 1:
        raise SettingsError([f"{path}: the secret has more than one line"], hint=f"leave one line in {path}")
    return value
