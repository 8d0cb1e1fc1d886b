"""Random and bent input at the doors that strangers reach: hooks, forms, settings, lookup files and a model's answers."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from starlette.testclient import TestClient

from adapters.channels import lookup_files, slack_answers
from connector.adapter import LookedUp, Lookup, NotLookedUp
from connector.change import inbox
from connector.change.inbox import Burial
from connector.cli.outside import open_hooks, open_lookups, open_outlets
from connector.clock import HeldClock
from connector.decision.answer import Checked, Invented, Malformed, Valid
from connector.decision.reasoners import conversation
from connector.decision.shape import Form
from connector.errors import ConnectorError
from connector.gate.persons import Role
from connector.record import FieldName
from connector.settings import load_settings
from connector.web.hooks.app import hooks_app
from connector.web.pages import PAGES
from tests.adversary.forms import ATTACKS, honest_answer
from tests.adversary.test_every_agent import CASES, attacked
from tests.adversary.test_fuzz import JUNK, bent
from tests.adversary.world import START
from tests.conformance.kept import Quiet
from tests.support.door import ORIGIN, SECRET, door_of, environment, signed
from tests.support.outside import environment as outside
from tests.support.road import DESKS, Road
from tests.support.visitor import OWN, Kept, Visitor, house_over

BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20), st.sampled_from(JUNK)
)
ANY_JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def as_json(value: Any) -> bytes:
    return json.dumps(value, default=str).encode(errors="replace")


# the public door


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    made = Road(DESKS["hubspot"](), tmp_path_factory.mktemp("door"))
    made.activate()
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def client(road: Road) -> TestClient:
    door = door_of(road, Kept())
    slack = slack_answers.connect(environment(road, "slack", {}))
    door.sources["slack"] = slack  # type: ignore[index]
    return TestClient(hooks_app(door), base_url=ORIGIN, raise_server_exceptions=True)


def waiting(road: Road) -> int:
    with road.store.snapshot() as tx:
        return inbox.depth(tx)[Burial.WAITING]


EVENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "subscriptionType": st.sampled_from(("ticket.creation", "object.creation", "contact.merge", "x.y", "")) | LEAVES,
            "objectId": LEAVES, "objectTypeId": LEAVES, "mergedObjectIds": ANY_JSON, "fromObjectId": LEAVES,
            "toObjectId": LEAVES, "portalId": LEAVES, "propertyName": LEAVES,
        },
    ),
    max_size=4,
)  # fmt: skip
HINTS = st.lists(
    st.fixed_dictionaries({}, optional={"object": st.sampled_from(("ticket", "contact", "x")) | LEAVES, "id": LEAVES}),
    max_size=4,
)


def site(road: Road, body: bytes) -> dict[str, Any]:
    stamp = str(int(road.clock.now().timestamp()))
    mac = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"content": body, "headers": {"x-hook-signature": f"t={stamp},v1={mac}"}}


def chat(road: Road, payload: Any, secret: str = SECRET) -> dict[str, Any]:
    body = payload if isinstance(payload, bytes) else urlencode({"payload": as_json(payload)}).encode()
    stamp = str(int(road.clock.now().timestamp()))
    return {
        "content": body,
        "headers": {
            "x-slack-request-timestamp": stamp, "x-slack-signature": slack_answers.signature(secret.encode(), stamp, body),
        },
    }  # fmt: skip


@BOUNDED
@given(body=st.binary(max_size=200) | EVENTS.map(as_json) | ANY_JSON.map(as_json))
def test_whatever_hubspot_is_said_to_send_is_taken_or_refused(road: Road, client: TestClient, body: bytes) -> None:
    answer = client.post("/hooks/crm", **signed(road, None, body=body))
    assert answer.status_code in (204, 400)


@BOUNDED
@given(body=st.binary(max_size=200) | HINTS.map(as_json) | ANY_JSON.map(as_json))
def test_whatever_a_partner_is_said_to_send_is_taken_or_refused(road: Road, client: TestClient, body: bytes) -> None:
    assert client.post("/hooks/site", **site(road, body)).status_code in (204, 400)


BUTTONS = st.fixed_dictionaries(
    {"type": st.sampled_from(("block_actions", "view_submission")) | LEAVES},
    optional={
        "user": ANY_JSON | st.just({"id": "U0ADA"}), "team": ANY_JSON, "state": ANY_JSON,
        "actions": ANY_JSON | st.lists(
            st.fixed_dictionaries({
                "action_id": st.sampled_from(("crm-connector-approve", "crm-connector-reject")) | LEAVES,
                "value": st.just("a" * 12 + "." + "0" * 32) | LEAVES,
            }), max_size=3,
        ),
    },
)  # fmt: skip


@BOUNDED
@given(payload=BUTTONS | ANY_JSON | st.binary(max_size=200))
def test_whatever_slack_is_said_to_send_is_taken_or_refused(road: Road, client: TestClient, payload: Any) -> None:
    assert client.post("/hooks/slack", **chat(road, payload)).status_code in (200, 204, 400)


HEADERS = st.dictionaries(
    st.sampled_from((
        "x-hubspot-signature-v3", "x-hubspot-signature", "x-hubspot-request-timestamp", "x-hook-signature",
        "x-slack-signature", "x-slack-request-timestamp", "content-type", "content-length-x",
    )),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)
    | st.sampled_from(("0", "-1", "99999999999999999999", "t=1,v1=", "v0=" + "0" * 64, "1" * 64, "nan")),
    max_size=5,
)  # fmt: skip


@settings(BOUNDED, max_examples=120)
@given(source=st.sampled_from(("crm", "site", "slack")), headers=HEADERS, body=st.binary(max_size=120))
def test_nothing_unproven_is_ever_taken(
    road: Road, client: TestClient, source: str, headers: Mapping[str, str], body: bytes
) -> None:
    before = waiting(road)
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    assert client.post(f"/hooks/{source}", content=body, headers=sent).status_code == 401
    assert waiting(road) == before


@BOUNDED
@given(body=st.binary(max_size=60), place=st.integers(0, 200), bit=st.integers(0, 7))
def test_one_bit_more_or_less_is_unproven(road: Road, client: TestClient, body: bytes, place: int, bit: int) -> None:
    for path, made in (("crm", signed(road, None, body=body)), ("site", site(road, body)), ("slack", chat(road, body))):
        content = bytearray(made["content"] or b"\x00")
        content[place % len(content)] ^= 1 << bit
        assert client.post(f"/hooks/{path}", content=bytes(content), headers=made["headers"]).status_code == 401


def test_what_was_taken_names_records_and_does_the_road_no_harm(road: Road, client: TestClient) -> None:
    for id in ("../contacts/1", "1?archived=true", "0", "-1", "9" * 400, "1\r\nHost: x", "１２３", "crm:ticket/1"):
        assert client.post("/hooks/site", **site(road, as_json({"object": "ticket", "id": id}))).status_code in (204, 400)
    with road.store.snapshot() as tx:
        ids = [row["record"] for row in tx.rows("SELECT record FROM change_inbox")]
    assert [id for id in ids if not (id.isascii() and id.isalnum() and len(id) <= 64)] == []
    road.rounds(most=60)


# forms of the page


@pytest.fixture(scope="module")
def eve(road: Road) -> Visitor:
    road.ticket("Charged twice")
    road.rounds(most=60)
    return Visitor(house_over(road), "eve", Role.ADMIN)


WAYS = [(way.method, way.path) for page in PAGES for way in page.ways]
TYPED = st.one_of(
    st.text(max_size=60), st.sampled_from([str(one) for one in JUNK[:-1] if len(str(one)) < 400]),
    st.sampled_from((
        "approve", "judge", "edit", "reject", "later", "1", "on", "0" * 32, "a" * 12, "crm:ticket/1", "2026-13-45",
    )),
)  # fmt: skip
FIELDS = st.dictionaries(
    st.sampled_from((
        "verdict", "value", "seal", "remark", "to", "until", "back", "pattern", "policy", "owner", "state", "cell", "since",
        "run", "agent", "decision", "record", "name", "token", "ids", "id", "before", "after", "edit", "sample", "answer",
    )),
    TYPED, max_size=6,
)  # fmt: skip


def state_of(road: Road) -> list[int]:
    """Everything that counts: questions settled, writes queued, undos; sessions and tries at the door left out."""
    with road.store.snapshot() as tx:
        counted = [
            tx.one(f"SELECT COUNT(*) AS n FROM {table}") for table in ("writeback_outbox", "gate_labels", "people_bulks")
        ]
        settled = tx.one("SELECT COUNT(*) AS n FROM gate_approvals WHERE state NOT IN ('pending', 'allowed')")
    return [row["n"] for row in (*counted, settled) if row is not None]


@settings(BOUNDED, max_examples=150)
@given(way=st.sampled_from(WAYS), parts=st.lists(TYPED, min_size=2, max_size=2), fields=FIELDS, csrf=st.booleans())
def test_no_form_that_nobody_was_shown_changes_anything(
    road: Road, eve: Visitor, way: tuple[str, str], parts: Sequence[str], fields: Mapping[str, str], csrf: bool
) -> None:
    method, path = way
    if path in ("/sign-out", "/sign-in"):
        return
    before, left = state_of(road), list(parts)
    for start in ("{id}", "{ref:path}", "{cell:path}", "{run}", "{name}"):
        path = path.replace(start, quote(left[0].encode(errors="replace"), safe="") or "x")
    sent = {name: value.encode(errors="replace").decode() for name, value in fields.items()}
    if method == "GET":
        answer = eve.client.get(path, params=sent)
    else:
        answer = eve.client.post(path, data=sent | ({"csrf": eve.csrf} if csrf else {}), headers=OWN)
    assert answer.status_code < 500, (way, path, sent)
    assert state_of(road) == before


# settings of everything outside

SETTINGS: Any = {
    "schema": 1, "connections": {"crm": {"system": "hubspot"}},
    "channels": {"mail": {"kind": "smtp", "host": "smtp.example.com", "from": "a@example.com"}, "chat": {"kind": "slack"}},
    "endpoints": {"erp": {"url": "https://erp.example.com/x", "parameters": {"a": {"field": "name"}, "b": {"value": 1}}}},
    "lookups": {
        "shop": {
            "kind": "http", "url": "https://shop.example.com/x", "parameters": {"e": {"field": "contact.email"}},
            "key": "id", "columns": {"id": "ok", "card": "never"}, "rows": "data.rows", "limit": 5,
        },
    },
    "hooks": {"port": 8771, "origin": "https://hooks.example.com", "sources": {"crm": {"kind": "hubspot"}}},
    "approvals": {"tasks": "all", "mail": ["triage"]}, "web": {"port": 8770},
    "privacy": {"never": ["card"], "mask": ["phone"], "local_hosts": ["x.example.com"], "local_only": ["contact"]},
}  # fmt: skip


@settings(BOUNDED, max_examples=120)
@given(seed=st.integers(0, 2**32))
def test_bent_settings_of_the_outside_are_opened_or_refused(tmp_path: Path, seed: int) -> None:
    chance, plain = random.Random(seed), SETTINGS
    for _ in range(chance.choice((1, 1, 2, 4))):
        plain = bent(plain, chance) if isinstance(plain, dict) else plain
    file = tmp_path / "connector.yaml"
    file.write_bytes(as_json(plain))
    try:
        told = load_settings(file)
    except ConnectorError as error:
        str(error)
        return
    for opened in (open_outlets, open_lookups, open_hooks):
        try:
            opened(told, HeldClock(START), Quiet())
        except ConnectorError as error:
            str(error)


# files that lookups read

ASKED = {FieldName("contact.email"): "ada@example.com"}
OPTIONS = {
    "parameters": {"email": {"field": "contact.email"}}, "key": "order", "columns": {"order": "ok", "total": "ok"},
    "limit": 3,
}  # fmt: skip


def csv_source(folder: Path, content: bytes) -> Lookup:
    (folder / "rows.csv").write_bytes(content)
    return lookup_files.connect_csv(outside({**OPTIONS, "file": "rows.csv"}, folder=folder))


def parquet_source(folder: Path, content: bytes) -> Lookup:
    (folder / "rows.parquet").write_bytes(content)
    return lookup_files.connect_parquet(outside({**OPTIONS, "file": "rows.parquet"}, folder=folder))


GOOD_CSV = b"order,email,total\nA-1,ada@example.com,12.50\nA-2,ada@example.com,3\n"


def good_parquet(**columns: Any) -> bytes:
    kept = io.BytesIO()
    usual = {"order": ["A-1", "A-2"], "email": ["ada@example.com"] * 2, "total": [12.5, 3.0]}
    parquet.write_table(pyarrow.table({**usual, **columns}), kept)
    return kept.getvalue()


GOOD_PARQUET = good_parquet()


def damaged(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        place = chance.randrange(len(made))
        match chance.randrange(3):
            case 0:
                made[place] = chance.randrange(256)
            case 1:
                del made[place : place + chance.randrange(1, 40)]
            case _:
                made[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 40)))
        made = made or bytearray(b"x")
    return bytes(made)


@settings(BOUNDED, max_examples=150)
@given(seed=st.integers(0, 2**32), raw=st.binary(max_size=200), whole=st.booleans())
def test_a_damaged_lookup_file_is_silence_and_nothing_else(tmp_path: Path, seed: int, raw: bytes, whole: bool) -> None:
    chance = random.Random(seed)
    for source, good in ((csv_source, GOOD_CSV), (parquet_source, GOOD_PARQUET)):
        found = source(tmp_path, raw if whole else damaged(good, chance)).find(ASKED)
        assert isinstance(found, LookedUp | NotLookedUp)
        if isinstance(found, LookedUp):
            assert len(found.rows) <= 3
            assert all({*row.columns} <= {"order", "total"} for row in found.rows)


ODD_COLUMNS: Mapping[str, Any] = {
    "times out of range": pyarrow.array([2**62, -(2**62)], type=pyarrow.timestamp("us")),
    "nested": pyarrow.array([{"a": [1]}, {"a": [2]}]),
    "bytes that are no text": pyarrow.array([b"\xff\xfe", b"\x00"]),
    "huge decimals": pyarrow.array([None, None], type=pyarrow.decimal256(70, 3)),
    "durations": pyarrow.array([2**62, 1], type=pyarrow.duration("us")),
    "dictionary": pyarrow.array(["x", "y"]).dictionary_encode(),
    "nulls": pyarrow.nulls(2),
}


@pytest.mark.parametrize("column", ODD_COLUMNS)
@pytest.mark.parametrize("name", ["total", "order", "email"])
def test_a_table_of_any_type_is_read_or_silent(tmp_path: Path, name: str, column: str) -> None:
    found = parquet_source(tmp_path, good_parquet(**{name: ODD_COLUMNS[column]})).find(ASKED)
    assert isinstance(found, LookedUp | NotLookedUp)


# a model's answers


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[str, Form]]:
    """For every agent an honest answer, and the form it was asked for."""
    kept: dict[str, tuple[str, Form]] = {}
    reading: Callable[[str, Form], Checked] = conversation.read_answer
    for name in CASES:

        def note(text: str, form: Form, name: str = name) -> Checked:
            kept[name] = (text, form)
            return reading(text, form)

        conversation.read_answer = note  # type: ignore[assignment]
        try:
            with attacked(tmp_path_factory.mktemp("form") / "x", name, "hubspot", honest_answer, [0]):
                pass
        finally:
            conversation.read_answer = reading
    return kept


def keys_of(content: Any) -> Iterator[str]:
    if isinstance(content, Mapping):
        yield from content
        for inner in content.values():
            yield from keys_of(inner)
    elif isinstance(content, list | tuple):
        for inner in content:
            yield from keys_of(inner)


def test_the_honest_answers_of_all_agents_are_taken(asked: Mapping[str, tuple[str, Form]]) -> None:
    assert set(asked) == set(CASES)
    assert all(isinstance(conversation.read_answer(text, form), Valid) for text, form in asked.values())


@settings(BOUNDED, max_examples=200)
@given(name=st.sampled_from(sorted(CASES)), seed=st.integers(0, 2**32), free=st.none() | ANY_JSON | st.text(max_size=200))
def test_no_answer_breaks_its_reader_or_brings_what_was_not_asked(
    asked: Mapping[str, tuple[str, Form]], name: str, seed: int, free: Any
) -> None:
    text, form = asked[name]
    chance = random.Random(seed)
    known = set(keys_of(json.loads(text)))
    if free is not None:
        made = free if isinstance(free, str) else as_json(free).decode()
    elif chance.random() < 0.5:
        made = as_json(bent(json.loads(text), chance)).decode(errors="replace")
    else:
        made = ATTACKS[chance.choice(sorted(ATTACKS))](json.loads(text), chance)
    checked = conversation.read_answer(made, form)
    assert isinstance(checked, Valid | Malformed | Invented)
    if isinstance(checked, Valid):
        assert {*map(str, keys_of(json.loads(made)))} <= known | {*map(str, keys_of(checked.answer))}
        assert {*checked.answer} <= {*form.fields}
