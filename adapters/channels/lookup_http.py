"""A lookup over HTTP: one GET on one fixed address, the parameters in the query, a JSON list in the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.channels.lookups import Source
from connector.adapter import (
    ChannelEnvironment,
    Finding,
    HttpRequest,
    Lookup,
    NotLookedUp,
    Options,
    Plain,
    Purpose,
)
from connector.errors import ConnectorError, SettingsError


class HttpSource(Source):
    """One address that answers questions."""

    def read(self, options: Options) -> None:
        self._url = options.text("url")
        self._auth = options.word("auth", ("none", "bearer"), "none")
        self._rows = options.text("rows", "-")
        if urlsplit(self._url).query:
            options.wrong("url", "the query is made from `parameters`")
        try:
            self._transport = self.environment.transport_to(self._url)
        except SettingsError as error:
            options.wrong("url", error.problems[0])

    @property
    def local(self) -> bool:
        return self.environment.dial.is_local(urlsplit(self._url).hostname or "")

    def ask(self, given: Mapping[str, Plain]) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        try:
            answer = self._transport.send(self._request(given))
        except ConnectorError as error:
            return NotLookedUp(why=error.message, away=True)
        if answer.status == 404:
            return ()
        if answer.status != 200:
            return NotLookedUp(why=f"it answered {answer.status}", away=answer.status >= 500 or answer.status in (401, 429))
        return self._listed(answer.body)

    def check(self) -> tuple[Finding, ...]:
        if self._auth == "bearer" and self.environment.secrets.find("token") is None:
            return (Finding(subject="secret", problem="token is not set", fix="set it as docs/lookups.md says"),)
        return ()

    def _request(self, given: Mapping[str, Plain]) -> HttpRequest:
        asked = urlencode({name: _spelled(value) for name, value in given.items()})
        headers = {"Accept": "application/json"}
        if self._auth == "bearer":
            headers["Authorization"] = f"Bearer {self.environment.secrets.get('token')}"
        return HttpRequest(
            method="GET", url=f"{self._url}?{asked}", headers=headers, connect=float(self.seconds),
            read=float(self.seconds), purpose=Purpose.LOOKUP,
        )

    def _listed(self, body: bytes) -> Iterable[Mapping[str, Any]] | NotLookedUp:
        try:
            found: Any = json.loads(body)
        except (ValueError, RecursionError):
            return NotLookedUp(why="its answer is not JSON")
        for step in self._rows.split(".") if self._rows != "-" else ():
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            where = f"under `{self._rows}`" if self._rows != "-" else "in it"
            return NotLookedUp(why=f"its answer holds no list of objects {where}")
        return found


def _spelled(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def connect(environment: ChannelEnvironment) -> Lookup:
    """The lookup of one block with `kind: http`."""
    return HttpSource(environment)
