"""What a page is: its ways in, what it is asked, and the closed set of its answers. Pages are functions; no HTTP here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from connector.gate.persons import Person, Role
from connector.gate.sessions import Session
from connector.store import Transaction
from connector.web.house import House


class BadRequestError(ValueError):
    """What was sent cannot be meant; the sentence is shown."""


class NotThereError(LookupError):
    """There is nothing under this address; the sentence is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that came through the door. `named` are the parts of the path, `form` what was posted.

    `from_elsewhere` says that another site, a mail or a chat led here: the browser keeps the cookie back then.
    """

    path: str
    named: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, tuple[str, ...]]
    address: str
    session: Session | None = None
    from_elsewhere: bool = False

    @property
    def person(self) -> Person:
        """Who asks. Only ways that need a role have one."""
        assert self.session is not None
        return self.session.person

    def posted(self, name: str) -> str:
        """One posted value, '' when there is none."""
        return self.form.get(name, ("",))[0]

    def remark(self) -> str | None:
        return self.posted("remark").strip() or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A template filled in. Every value in it is foreign text until the template engine has escaped it."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeOther:
    """Go on to another of our own pages; `secret` starts a session, '' ends it."""

    path: str
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to keep."""

    name: str
    kind: str
    text: str


Answer: TypeAlias = Shown | SeeOther | Download


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One address of a page. `role` None lets strangers in; GET changes nothing, ever."""

    path: str
    answer: Callable[[House, Asked], Answer]
    role: Role | None = Role.VIEWER
    method: str = "GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the house. One with a `label` stands in the navigation, with its `count` of what waits.

    `home` is where it stands there; a page without a label belongs to the one whose home it names.
    """

    ways: tuple[Way, ...]
    label: str | None = None
    home: str = "/"
    count: Callable[[Transaction, datetime], int] | None = field(default=None)
