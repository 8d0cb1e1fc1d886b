"""What an adapter is given in tests: a silent log, secrets and one token in memory."""

from __future__ import annotations

from typing import Any

from connector.adapter import Token


class Quiet:
    """A log that keeps nothing."""

    def info(self, event: str, **fields: Any) -> None: ...

    def warning(self, event: str, **fields: Any) -> None: ...


class KeptSecrets:
    """Secrets from a dictionary."""

    def __init__(self, **secrets: str) -> None:
        self._secrets = secrets

    def get(self, name: str) -> str:
        return self._secrets[name]

    def find(self, name: str) -> str | None:
        return self._secrets.get(name)


class KeptToken:
    """One token in memory."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def current(self) -> Token | None:
        return self._token

    def swap(self, old: Token | None, new: Token) -> bool:
        if self._token != old:
            return False
        self._token = new
        return True
