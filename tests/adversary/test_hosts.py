"""Every way out of connector.yaml, opened as the service opens it: it reaches its own host, outside the house."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from connector.adapter import Dial, HttpRequest, LookedUp, Lookup, Outlets
from connector.adapter.http import HttpTransport
from connector.cli.outside import Opening, open_lookups, open_outlets
from connector.clock import HeldClock
from connector.errors import ConnectorError
from connector.record import ActionKind, FieldName
from connector.settings import Settings, load_settings
from tests.adversary.test_hostile_text import dispatch
from tests.adversary.world import START
from tests.conformance.kept import Quiet
from tests.unit.cli.test_outlets import HEAD

PUBLIC = "93.184.216.34"
SETTINGS = """
channels:
  mail: {kind: smtp, host: smtp.example.com, from: a@example.com}
  sales: {kind: slack}
endpoints:
  erp: {url: "https://erp.example.com/orders", parameters: {source: {value: crm}}}
lookups:
  shop:
    kind: http
    url: https://shop.example.com/orders
    parameters: {email: {field: contact.email}}
    key: id
    columns: {id: ok}
"""
HOSTS = ("smtp.example.com", "hooks.slack.com", "erp.example.com", "shop.example.com")
# What the resolver says of every name, one answer after another; the last one stays.
RESOLVING: Mapping[str, Sequence[Sequence[str]]] = {
    "a private address": [["10.0.0.5"]],
    "this machine": [["127.0.0.1"]],
    "where clouds keep their keys": [["169.254.169.254"]],
    "a shared address": [["100.64.0.7"]],
    "an address in disguise": [["::ffff:169.254.169.254"]],
    "a translated address": [["64:ff9b::a9fe:a9fe"]],
    "one bad among good ones": [[PUBLIC, "192.168.1.1"]],
    "rebound after it was judged": [[PUBLIC], ["169.254.169.254"]],
}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address a socket of this process is asked to connect to; none is let through."""
    places: list[str] = []

    class Counted(socket.socket):
        def connect(self, address: Any) -> None:
            places.append(str(address[0]))
            raise ConnectionRefusedError

    monkeypatch.setattr(socket, "socket", Counted)
    return places


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Sequence[str]]], None]:
    def names_stand_for(answers: Sequence[Sequence[str]]) -> None:
        said: dict[str, list[Sequence[str]]] = {}

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
            left = said.setdefault(host, list(answers))
            is_number = host.replace(".", "").isdecimal() or ":" in host
            found = [host] if is_number else left.pop(0) if len(left) > 1 else left[0]
            kinds = ((socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in found)
            return [(kind, socket.SOCK_STREAM, 6, "", (one, port)) for kind, one in kinds]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return names_stand_for


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CRM_CONNECTOR_SALES_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/X")
    file = tmp_path / "connector.yaml"
    file.write_text(HEAD + SETTINGS, encoding="utf-8")
    return load_settings(file)


def use_everything(settings: Settings) -> None:
    """Each way out and each source once."""
    clock = HeldClock(START)
    outlets, lookups = open_outlets(settings, clock, Quiet()), open_lookups(settings, clock, Quiet())
    for name, kind in (("mail", ActionKind.SEND_EMAIL), ("sales", ActionKind.NOTIFY), ("erp", ActionKind.CALL_ENDPOINT)):
        deliver(outlets, name, kind)
    look_up(lookups["shop"])


def deliver(outlets: Outlets, name: str, kind: ActionKind) -> None:
    channel = outlets.find(kind, name)
    assert channel is not None
    try:
        channel.deliver(dispatch("Hello", "Hello", kind))
    except ConnectorError as error:
        str(error)


def look_up(source: Lookup) -> None:
    assert not isinstance(source.find({FieldName("contact.email"): "ada@example.com"}), LookedUp)


@pytest.mark.parametrize("answers", RESOLVING.values(), ids=RESOLVING.keys())
def test_no_way_out_is_led_into_the_house(
    reached: list[str], resolving: Callable[..., None], settings: Settings, answers: Sequence[Sequence[str]]
) -> None:
    resolving(answers)
    use_everything(settings)
    assert set(reached) <= {PUBLIC}


def test_every_way_out_is_tried(reached: list[str], resolving: Callable[..., None], settings: Settings) -> None:
    """What the others rely on: with a good address all four connect to it, and to it alone."""
    resolving([[PUBLIC]])
    use_everything(settings)
    assert reached == [PUBLIC] * len(HOSTS)


def test_without_judging_addresses_the_house_is_reached(
    reached: list[str], resolving: Callable[..., None], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.adapter.addresses.is_public", lambda address: True)
    resolving(RESOLVING["where clouds keep their keys"])
    use_everything(settings)
    assert reached == ["169.254.169.254"] * len(HOSTS)


def test_without_pinning_the_judged_address_a_rebound_name_is_followed(
    reached: list[str], resolving: Callable[..., None], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dial that judges the name and then connects to the name asks the resolver twice."""

    def connect(self: Dial, host: str, port: int, timeout: float | None) -> socket.socket:
        self._judged(host, port)
        return socket.create_connection((host, port), timeout)

    monkeypatch.setattr(Dial, "connect", connect)
    resolving(RESOLVING["rebound after it was judged"])
    use_everything(settings)
    assert "169.254.169.254" in reached


OWN = ("https://erp.example.com/orders", "https://shop.example.com/orders", "https://hooks.slack.com/services/T/B/X")
ELSEWHERE: Mapping[str, Callable[[str, str], str]] = {
    "another block's host": lambda own, other: other,
    "the CRM": lambda own, other: "https://api.hubapi.com/crm/v3/objects/contacts",
    "another port": lambda own, other: f"https://{urlsplit(own).hostname}:8443/",
    "without encryption": lambda own, other: own.replace("https://", "http://"),
    "a name below": lambda own, other: f"https://evil.{urlsplit(own).hostname}/",
    "a name above": lambda own, other: "https://example.com/",
    "a user who looks like the host": lambda own, other: f"https://{urlsplit(own).hostname}@{urlsplit(other).hostname}/",
}


def every_pair(settings: Settings) -> int:
    """Each block's own transport, asked for places that are not its own; how many it refused."""
    opening, refused = Opening(settings, HeldClock(START), Quiet()), 0
    for place, own in enumerate(OWN):
        transport = opening._transport_to("test", own)
        for elsewhere in ELSEWHERE.values():
            url = elsewhere(own, OWN[place - 1])
            try:
                transport.send(HttpRequest(method="GET", url=url, headers={"Authorization": "Bearer canary"}))
            except ConnectorError:
                refused += 1
    return refused


def test_each_way_out_reaches_its_own_host_and_no_other(
    reached: list[str], resolving: Callable[..., None], settings: Settings
) -> None:
    resolving([[PUBLIC]])
    assert every_pair(settings) == len(OWN) * len(ELSEWHERE)
    assert reached == []


def test_without_the_pin_each_would_reach_the_others(
    reached: list[str], resolving: Callable[..., None], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpTransport, "_check", lambda self, url: None)
    resolving([[PUBLIC]])
    every_pair(settings)
    assert len(reached) >= len(OWN) * 5
