"""One REST call after routing, and the answer before it is written out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.rows import Actor
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.wire import Headers

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call or a sub-request: `path` is what follows `/services/data/vNN.N`, split and unquoted."""

    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: Any = None
    actor: Actor
    request: str

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    def record(self) -> Mapping[str, Any]:
        """The body as a JSON object; raises ApiError."""
        if not isinstance(self.body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
        return self.body

    def param(self, name: str) -> str:
        """A query parameter that must be there; raises ApiError."""
        if not self.params.get(name):
            raise ApiError(400, "MALFORMED_QUERY" if name == "q" else "INVALID_FIELD", f"{name} parameter is required")
        return self.params[name]


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer: `body` is JSON, or `raw` is what goes out as it is."""

    status: int
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


def error_reply(error: ApiError) -> Reply:
    return Reply(status=error.status, body=error.errors, headers=dict(error.headers))
