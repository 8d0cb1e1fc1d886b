"""People on the page of a real road: they sign in with a token, read what stands there and press its buttons."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

from connector.gate.persons import Role
from connector.journal import Entry, Journal, walk
from connector.settings import WebSettings
from connector.web.app import pages_app
from connector.web.house import House
from tests.support.road import Road

SERVED = WebSettings(port=8770)
HOME = "http://127.0.0.1:8770"
OWN = {"origin": HOME, "sec-fetch-site": "same-origin"}


class Kept:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Mapping[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    warning = info


def house_over(road: Road, log: Kept | None = None) -> House:
    return House(
        store=road.store, clock=road.clock, chance=random.Random(11), journal=Journal(random.Random(12)),
        adapters={road.desk.connection: road.adapter}, policies=lambda: road.policies, log=log or Kept(),
    )  # fmt: skip


@dataclass
class Form:
    """One form of a page, with what its fields hold and the buttons it has."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._inside: Form | None = None
        self._writing: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = Form(action=given.get("action", ""), method=given.get("method", "get"))
            self.found.append(self._inside)
        elif self._inside is not None and tag in ("input", "select", "textarea") and "name" in given:
            self._inside.fields[given["name"]] = given.get("value", "")
            self._writing = given["name"] if tag == "textarea" else None
        elif self._inside is not None and tag == "button" and "name" in given:
            self._inside.buttons.append((given["name"], given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._inside is not None and self._writing is not None:
            self._inside.fields[self._writing] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._writing = None
        if tag == "form":
            self._inside = None


def forms_in(text: str) -> list[Form]:
    reader = _Forms()
    reader.feed(text)
    return reader.found


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, house: House, name: str = "ada", role: Role | None = Role.APPROVER, *, app: Any = None) -> None:
        self.house, self.name = house, name
        self.client = TestClient(app or pages_app(house, SERVED), base_url=HOME, follow_redirects=False)
        if role is not None:
            token = house.access.add(name, role, by="root")
            answer = self.client.post("/sign-in", data={"name": name, "token": token}, headers=OWN)
            assert answer.status_code == 303, answer.text

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def read(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text}"
        return str(answer.text)

    def form(self, path: str, button: tuple[str, str], *, on: str | None = None) -> Form:
        """The form of a page that has this button, of those that post to `on` where given."""
        found = [one for one in forms_in(self.read(path)) if button in one.buttons and on in (None, one.action)]
        assert found, f"{path} has no button {button}"
        return found[0]

    def press(self, path: str, button: tuple[str, str], *, on: str | None = None, **typed: str) -> Any:
        """Press a button of a page, with what is typed into its form."""
        form = self.form(path, button, on=on)
        return self.send(form.action, {**form.fields, **typed, button[0]: button[1]})

    def send(self, path: str, posted: Mapping[str, Any], **headers: str) -> Any:
        return self.client.post(path, data=dict(posted), headers={**OWN, **headers})

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.read("/history"))
        assert found is not None
        return found[1]


def journaled(house: House) -> list[Entry]:
    with house.store.snapshot() as tx:
        return [stored.entry for stored in walk(tx)]
