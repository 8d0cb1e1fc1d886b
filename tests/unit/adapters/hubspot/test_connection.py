"""Tokens, and the adapter over a real socket."""

from __future__ import annotations

import random
from urllib.parse import parse_qs

import pytest

from adapters.hubspot.adapter import LANES, connect
from adapters.sandbox.hubspot import OAuthApp, build_hubspot
from adapters.sandbox.rows import Actor
from adapters.sandbox.server import serve
from connector.adapter import (
    ConnectionName,
    Environment,
    FieldName,
    GuardedWrite,
    ObjectType,
    RateBudget,
    Record,
    RecordRef,
    Written,
)
from connector.adapter.http import HttpTransport
from connector.clock import SystemClock
from connector.errors import CredentialsError, SettingsError, UnavailableError
from tests.conformance.kept import KeptSecrets, KeptToken, Quiet
from tests.unit.adapters.hubspot.scripted import Scripted, answer, connected, on

NO_OWNERS = on("/owners", answer({"results": []}))


def test_a_refresh_gives_a_token_and_keeps_the_rotated_refresh_token() -> None:
    grant = answer({"access_token": "one", "refresh_token": "refresh-1", "expires_in": 1800})
    again = answer({"access_token": "two", "refresh_token": "refresh-2", "expires_in": 1800})
    calls = on("/owners", answer({}, 401), answer({"results": []}))
    transport = Scripted(on("/token", grant, again), calls)
    connected(transport, auth="oauth", client_id="app").records.users()
    asked = [parse_qs(request.body.decode()) for request in transport.seen if "/token" in request.url]
    assert [each["refresh_token"] for each in asked] == [["refresh-0"], ["refresh-1"]]
    assert all("Authorization" not in request.headers for request in transport.seen if "/token" in request.url)
    assert transport.seen[-1].headers["Authorization"] == "Bearer two"
    assert transport.paths("/token") == ["/oauth/2026-09/token"] * 2


def test_a_refused_refresh_token_ends_in_an_error_a_person_can_read() -> None:
    transport = Scripted(on("/token", answer({"status": "BAD_REFRESH_TOKEN"}, 400)), NO_OWNERS)
    with pytest.raises(CredentialsError, match="refresh token"):
        connected(transport, auth="oauth", client_id="app").records.users()


def test_a_sign_in_that_is_down_is_tried_again() -> None:
    grant = answer({"access_token": "one", "expires_in": 1800})
    transport = Scripted(on("/token", answer({}, 503), grant), NO_OWNERS)
    assert connected(transport, auth="oauth", client_id="app").records.users() == ()
    with pytest.raises(UnavailableError):
        connected(Scripted(on("/token", answer({}, 429))), auth="oauth").records.users()


def test_a_kind_of_sign_in_nobody_knows_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="auth"):
        connected(Scripted(), auth="password").records.users()


def test_no_secret_shows_in_an_error_or_a_value() -> None:
    transport = Scripted(on("/crm/", answer({}, 401)))
    adapter = connected(transport)
    with pytest.raises(CredentialsError) as caught:
        adapter.records.users()
    assert "pat-test-1" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("auth", ["service_key", "oauth"])
def test_a_record_is_read_written_and_polled_over_loopback(auth: str) -> None:
    agent = Actor(kind="agent", user="", name="integration", source="INTEGRATION", source_id="8123456")
    app = OAuthApp(client_id="app", client_secret="secret", actor=agent, rotates=True)
    sandbox = build_hubspot(oauth=app, refresh_token="refresh-0")
    row = sandbox.org.create("contacts", {"lastname": "Ray", "jobtitle": "CFO"}, actor=sandbox.rep)
    title, clock = FieldName("title"), SystemClock()
    with serve(sandbox.face) as url:
        transport = HttpTransport([url])
        adapter = connect(
            Environment(
                connection=ConnectionName("crm"),
                settings={"system": "hubspot", "base_url": url, "auth": auth, "client_id": "app"},
                clock=clock,
                random=random.Random(1),
                transport=transport,
                secrets=KeptSecrets(access_token=sandbox.token, client_secret="secret", refresh_token="refresh-0"),
                tokens=KeptToken(),
                budget=RateBudget(clock, LANES),
                log=Quiet(),
            )
        )
        ref = RecordRef(ConnectionName("crm"), ObjectType.CONTACT, row.id)
        cursor, _ = adapter.changes.cursor_now(ObjectType.CONTACT)
        live = adapter.records.read([ref], [title])[ref]
        assert isinstance(live, Record)
        [result] = adapter.writes.update([GuardedWrite(intent="i", values={title: "CEO"}, live=live)])
        assert isinstance(result, Written)
        adapter.changes.poll(ObjectType.CONTACT, cursor, [title])
        transport.close()
    found = sandbox.org.find("contacts", row.id)
    assert found is not None
    assert found.get("jobtitle") == "CEO"
