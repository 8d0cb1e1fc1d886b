"""Signing in to Salesforce over a real socket: JWT bearer, client credentials, and refusals that say what to mend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.login import audience, token_from, token_request
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.salesforce.build import SalesforceOrg, build_salesforce
from adapters.sandbox.salesforce.people import INTEGRATION_USERNAME
from adapters.sandbox.salesforce.token import ConnectedApp
from adapters.sandbox.server import serve
from connector.adapter import Environment, FieldName, GuardedWrite, ObjectType, Record, Token, Written
from connector.adapter.http import HttpTransport
from connector.adapter.tokens import GrantRefusedError
from connector.clock import HeldClock
from connector.errors import CredentialsError, InvalidResponseError, SettingsError, UnavailableError
from tests.unit.adapters.salesforce.scripted import ORIGIN, ScriptedOrg, Secret, answer, environment
from tests.unit.adapters.salesforce.world import ref

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


class Loopback:
    """An org behind a real socket, and how to connect to it."""

    def __init__(self, org: SalesforceOrg, url: str, clock: HeldClock) -> None:
        self.org, self.url = org, url
        self.transport = HttpTransport([url])
        self._clock = clock

    def connect(self, secrets: Secret, **settings: Any) -> SalesforceAdapter:
        given: Environment = environment(
            ScriptedOrg(lambda request: None), clock=self._clock, client_id="sandbox-client", login_url=self.url, **settings
        )
        return SalesforceAdapter(replace(given, transport=self.transport, secrets=secrets))


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    clock = HeldClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    app = ConnectedApp(public_key=PUBLIC, audiences=("https://login.salesforce.com",))
    org = build_salesforce(clock=OrgClock.following(clock.now), app=app)
    with serve(org.face) as url:
        place = Loopback(org, str(url), clock)
        yield place
        place.transport.close()


@pytest.mark.parametrize("pem", [PRIVATE, PRIVATE.replace("\n", "\\n")], ids=["as a file", "as one line"])
def test_a_signed_assertion_opens_the_org_and_the_whole_way_works_over_a_socket(loopback: Loopback, pem: str) -> None:
    adapter = loopback.connect(Secret(private_key=pem), auth="jwt", username=INTEGRATION_USERNAME)
    case = loopback.org.org.create("Case", {"Subject": "Hilfe für Zoë"}, actor=loopback.org.reps[0]).id
    live = adapter.records.read([ref(ObjectType.TICKET, case)], [FieldName("subject")])[ref(ObjectType.TICKET, case)]
    assert isinstance(live, Record)
    assert live.fields == {"subject": "Hilfe für Zoë"}
    settled = replace(live, read_at=live.read_at.replace(minute=1))
    write = GuardedWrite(intent="i", values={FieldName("subject"): "naïve ✓"}, live=settled)
    [result] = adapter.writes.update([write])
    assert isinstance(result, Written)
    assert loopback.org.org.get("Case", case).get("Subject") == "naïve ✓"


def test_client_credentials_open_the_org(loopback: Loopback) -> None:
    adapter = loopback.connect(Secret(client_secret="sandbox-secret"), auth="client_credentials")
    assert any(user.name == "Connector Integration" for user in adapter.records.users())
    assert not any(finding.fatal for finding in adapter.check())


@pytest.mark.parametrize(
    ("secret", "settings", "said"),
    [
        ({"client_secret": "wrong"}, {"auth": "client_credentials"}, "invalid_client"),
        ({"private_key": PRIVATE}, {"auth": "jwt", "username": "nobody@example.com"}, "invalid_grant"),
        ({"private_key": "not a key"}, {"auth": "jwt", "username": INTEGRATION_USERNAME}, "PEM"),
    ],
)
def test_check_tells_what_is_wrong_with_the_credentials(
    loopback: Loopback, secret: dict[str, str], settings: dict[str, str], said: str
) -> None:
    [finding] = loopback.connect(Secret(**secret), **settings).check()
    assert finding.fatal
    assert said in finding.problem
    assert finding.fix


def test_an_assertion_says_who_we_are_to_whom_and_for_three_minutes() -> None:
    import jwt

    given = environment(ScriptedOrg(lambda request: None), auth="jwt", username="u@example.com", client_id="app")
    request = token_request(replace(given, secrets=Secret(private_key=PRIVATE)))
    assert request.url == "https://login.salesforce.com/services/oauth2/token"
    [assertion] = parse_qs(request.body.decode())["assertion"]
    claims = jwt.decode(assertion, PUBLIC, algorithms=["RS256"], options={"verify_exp": False, "verify_aud": False})
    exp = int(given.clock.now().timestamp()) + 180
    assert claims == {"iss": "app", "sub": "u@example.com", "aud": "https://login.salesforce.com", "exp": exp}


@pytest.mark.parametrize(
    ("login_url", "expected"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://salesforce.com.evil.example", "https://salesforce.com.evil.example"),
    ],
)
def test_the_audience_follows_from_the_login_address(login_url: str, expected: str) -> None:
    assert audience(login_url) == expected


def test_missing_settings_are_named() -> None:
    for settings, name in (({"client_id": ""}, "client_id"), ({"auth": "jwt"}, "username"), ({"auth": "soap"}, "auth")):
        given = environment(ScriptedOrg(lambda request: None), **settings)
        with pytest.raises(SettingsError, match=rf"connections\.crm\.{name}"):
            token_request(replace(given, secrets=Secret(private_key=PRIVATE)))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "authentication failure"}, GrantRefusedError),
        (400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, CredentialsError),
        (401, {"error": "invalid_client"}, CredentialsError),
        (503, b"<html>down</html>", UnavailableError),
        (200, b"<html>hello</html>", InvalidResponseError),
        (200, {"token_type": "Bearer"}, InvalidResponseError),
    ],
)
def test_each_answer_of_the_login_means_one_thing(status: int, body: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        token_from(answer(body, status))


def test_the_token_names_our_user() -> None:
    body = {"access_token": "a", "instance_url": f"{ORIGIN}/", "id": "https://login.salesforce.com/id/00Dx/005y"}
    assert token_from(answer(body)) == Token(access="a", instance_url=ORIGIN, user="005y")


@pytest.mark.parametrize("version", ["59.0", "61.0", "62", "v62.0", "62.0/../x", "latest"])
def test_an_api_version_that_is_old_or_no_version_is_refused(version: str) -> None:
    with pytest.raises(SettingsError, match="api_version"):
        SalesforceAdapter(environment(ScriptedOrg(lambda request: None), api_version=version))
