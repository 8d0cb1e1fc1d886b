"""Canaries in every hidden field and every credential: they are found nowhere they must not be."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.salesforce.login import token_request
from connector.adapter import Environment, HttpRequest, HttpResponse, RateBudget
from connector.cli.journal import document_of
from connector.clock import HeldClock
from connector.context.lance_index import LanceIndex
from connector.errors import ConnectorError
from connector.journal import walk
from connector.policy import Tier
from connector.record import ConnectionName
from connector.settings import Privacy
from connector.simulation.crm import SECRETS
from connector.simulation.process import KeptLog
from tests.adversary.minds import MindServer, Seen, behind_sdk, honest, say
from tests.adversary.world import START, World, policy

KEY = "-".join(("sk", "ant", "canary", "0001"))  # whole, it would look like a real one to a scanner
PERSON: Mapping[str, Mapping[str, str]] = {
    "hubspot": {
        "phone": "canary-phone-01",
        "mobilephone": "canary-mobile-02",
        "jobtitle": "canary-title-03",
        "city": "canary-city-04",
        "country": "canary-country-05",
        "firstname": "canary-first-06",
        "lastname": "canary-last-07",
        "email": "canary08@masked.example",
    },
    "salesforce": {
        "Phone": "canary-phone-01",
        "MobilePhone": "canary-mobile-02",
        "Title": "canary-title-03",
        "MailingCity": "canary-city-04",
        "MailingCountry": "canary-country-05",
        "FirstName": "canary-first-06",
        "LastName": "canary-last-07",
        "Email": "canary08@masked.example",
    },
}
NEVER = ("phone", "mobile", "title", "city", "country", "first_name", "last_name")
BODY = "canary-description-09 "
MASKED = "canary08@masked.example"
HIDDEN = (*(value for name, value in PERSON["hubspot"].items() if name != "email"), BODY.strip(), MASKED)


class Echoing:
    """A CRM, or a proxy before it, that answers every few calls with an error page that repeats what it was sent."""

    def __init__(self, inner, every: int) -> None:
        self.inner, self.every, self.calls = inner, every, 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        if self.calls % self.every:
            return self.inner.send(request)
        status = (500, 403, 400, 502, 429)[self.calls // self.every % 5]
        sent = f"{request.method} {request.url} {dict(request.headers)} {request.body.decode(errors='replace')}"
        told = f"<html>{status}: {sent}</html>"
        if self.calls % 2:
            told = json.dumps(
                {"message": told, "error": {"type": "api_error", "message": told}, "category": told, "errorCode": told}
            )
        return HttpResponse(status=status, headers=(("content-type", "application/json"),), body=told.encode())


def chatty(seen: Seen) -> str:
    """Repeats whatever it was shown, in every text it may write."""
    shown = "".join(one for one in seen.prompt if one.isprintable())
    said = honest(seen, task=True) | {"rationale": shown[-1_000:]}
    if "task" in said:
        said["task"]["summary"] = shown[-1_900:]
    if int(seen.token.rpartition("-")[2]) % 3 == 0:
        said |= {"enough": False, "missing": [shown[-200:]]}
    return say(said)


class Life:
    """A week with a hidden person, a chatty model and a CRM that repeats what it is sent."""

    def __init__(self, folder: Path, system: str) -> None:
        self.folder = folder
        servers: list[MindServer] = []

        def tiers(world: World):
            servers.append(MindServer(chatty))
            return {Tier.FAST: behind_sdk(servers[0], world.clock, key=KEY)}

        plain = policy(
            context={"related": ["contact"], "never": list(NEVER)}, reason={"tier": "fast", "usd_per_day": 9, "searches": 1}
        )
        privacy = Privacy(never=("description",), mask=("email",))
        self.world = World(
            folder, plain, reasoners=tiers, system=system, privacy=privacy, index=LanceIndex(folder / "index")
        )
        world = self.world
        for number in range(8):
            ticket = world.ticket(f"case-{number}", description=f"{BODY}{number}")
            world.contact(ticket, **PERSON[system])
        world.rounds(3)
        world.socket.inner = Echoing(world.socket.inner, 7)
        self.said: list[str] = []
        for turn in range(6):
            for ticket in list(world.told)[:4]:
                world.edit(ticket, subject=f"Again {turn} [case-{turn}]", description=f"{BODY}{turn}x")
            world.clock.sleep(240)
            try:
                self.said += world.road.round().unreachable
            except ConnectorError as error:
                self.said.append(f"{error} {error.hint} {error!r}")
        self.server = servers[0]

    def places(self) -> Mapping[str, str]:
        """Everything that leaves, or that somebody reads, by name."""
        with self.world.store.snapshot() as tx:
            export = "\n".join(json.dumps(document_of(stored), ensure_ascii=False) for stored in walk(tx))
        rows = self.world.approvals()
        with self.world.store.snapshot() as tx:
            handoffs = [dict(row) for row in tx.rows("SELECT * FROM gate_handoffs")]
        asked = [
            f"{row['rationale']} {row['reasons']} {row['citations']} {json.loads(row['held'])['action']}" for row in rows
        ]
        writes = [one for one in self.world.socket.requests if b"client_secret" not in one.body]
        return {
            "the model": "\n".join(f"{one.url} {one.body.decode()}" for one in self.server.requests),
            "the CRM": "\n".join(f"{one.url} {one.body.decode(errors='replace')}" for one in writes),
            "the log": "\n".join(self.world.log.lines),
            "the export": export,
            "errors": "\n".join(self.said),
            "approvals": "\n".join(asked),
            "handoffs": json.dumps(handoffs, default=str),
            "the index": _bytes(self.folder / "index"),
            "learners": _bytes(self.folder / "learners"),
        }


def _bytes(folder: Path) -> str:
    return (
        "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())
        if folder.exists()
        else ""
    )


@pytest.fixture(scope="module", params=["hubspot", "salesforce"])
def life(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Life]:
    made = Life(tmp_path_factory.mktemp("life"), request.param)
    yield made
    made.world.close()


def found(places: Mapping[str, str], secrets: tuple[str, ...]) -> list[str]:
    spellings = [
        (secret, form) for secret in secrets for form in (secret, base64.b64encode(secret.encode()).decode(), quote(secret))
    ]
    return sorted({f"{secret} in {place}" for place, text in places.items() for secret, form in spellings if form in text})


def test_the_life_really_held_the_canaries(life: Life) -> None:
    assert len(life.server.requests) >= 8
    assert life.world.socket.inner.calls > 50
    assert life.world.approvals()
    assert "[email]" in life.places()["the model"]


def test_no_hidden_value_is_found_anywhere(life: Life) -> None:
    assert found(life.places(), HIDDEN) == []


def test_no_credential_is_found_anywhere(life: Life) -> None:
    token = life.world.crm.tokens.current()
    tokens = (token.access,) if token is not None else ()
    state = {"the state": _bytes(life.folder)}
    assert found({**life.places(), **state}, (*SECRETS, KEY, *tokens)) == []
    assert token is None or token.access not in repr(token)


@pytest.mark.parametrize(
    "key",
    [
        "\n".join(("-----BEGIN " + "PRIVATE KEY-----", "canarykey", "-----END " + "PRIVATE KEY-----")),
        "canarykey",
        "\x00canarykey",
    ],
)
def test_a_private_key_that_is_none_is_not_repeated(key: str) -> None:
    class Kept:
        def get(self, name: str) -> str:
            return key

        def find(self, name: str) -> str | None:
            return key

    clock = HeldClock(START)
    environment = Environment(
        connection=ConnectionName("crm"),
        settings={"client_id": "c", "username": "u", "auth": "jwt"},
        clock=clock,
        random=None,
        transport=None,
        secrets=Kept(),
        tokens=None,
        budget=RateBudget(clock, {}),
        log=KeptLog(),
    )
    with pytest.raises(ConnectorError) as raised:
        token_request(environment)
    chain, error = [], raised.value
    while error is not None and not error.__suppress_context__:
        chain.append(str(error))
        error = error.__cause__
    assert "canarykey" not in " ".join(chain) + repr(environment)
