"""What the history of the fields tells right after a batch of writes, asked for in the very call that wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.failures import failure
from adapters.salesforce.field_history import FieldEdit, FieldHistory
from connector.adapter import Record
from connector.errors import ConnectorError, UnknownFieldError

Asked = Mapping[str, Sequence[Record]]
"""The records, as they were read before the write, whose history is to be read after it; by object."""


@dataclass(frozen=True, slots=True)
class Told:
    """The entries of a batch and the id of our user; `unread` says of which record they could not be read, and why."""

    edits: tuple[FieldEdit, ...] = ()
    us: str = ""
    unread: Mapping[str, str] = field(default_factory=dict)


class Hindsight:
    """Asks only about records whose guard cannot tell: an edit with the stamp we had read may have committed since."""

    def __init__(self, client: SalesforceClient, history: FieldHistory) -> None:
        self._client = client
        self._history = history

    def asked(self, lives: Sequence[Record]) -> Asked:
        asked: dict[str, list[Record]] = {}
        for live in lives:
            if self._history.may_hide(live):
                asked.setdefault(live.ref.object, []).append(live)
        return asked

    def calls(self, asked: Asked) -> list[dict[str, Any]]:
        """One query for each object, to go behind the writes: every part of a composite call sees those before it."""
        return [
            {
                "method": "GET",
                "url": self._client.path(f"query?{urlencode({'q': self._history.question(lives)})}"),
                "referenceId": _named(kind),
            }
            for kind, lives in asked.items()
        ]

    def told(self, asked: Asked, answers: Mapping[str, Mapping[str, Any]]) -> Told:
        """What came with the writes; what did not come whole is asked for once more."""
        try:
            edits = [edit for kind, lives in asked.items() for edit in self._past(lives, answers.get(_named(kind), {}))]
            return Told(tuple(edits), self._client.user_id() if edits else "")
        except ConnectorError as error:
            return Told(unread={live.ref.id: error.message for lives in asked.values() for live in lives})

    def _past(self, lives: Sequence[Record], answer: Mapping[str, Any]) -> tuple[FieldEdit, ...]:
        status, body = answer.get("httpStatusCode"), answer.get("body")
        if status == 200 and isinstance(body, Mapping) and body.get("done") and isinstance(body.get("records"), list):
            return self._history.listed(lives[0].ref.object, body["records"])
        if isinstance(status, int) and status >= 400 and isinstance(failure(status, body), UnknownFieldError):
            return ()  # no history is kept of this object, or none is shown to us
        return self._history.edits(lives)


def _named(kind: str) -> str:
    return f"history_{kind}"
