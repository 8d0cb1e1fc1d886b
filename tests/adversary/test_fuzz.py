"""Random and bent input at the edges: only our own errors come out, nothing is written, nothing goes on for ever."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.conformance.bridge import FaceTransport
from connector.adapter import Adapter, GuardedWrite, HttpRequest, HttpResponse, MarkedCreate, UnknownWrite
from connector.clock import HeldClock
from connector.decision.agents import AGENTS
from connector.errors import ConnectorError
from connector.policy import parse_policy
from connector.record import ConnectionName, FieldName, ObjectType, Record, RecordRef
from connector.settings import load_settings
from connector.simulation.crm import ADDRESSES, BUILDERS, SimulatedCrm
from connector.simulation.process import KeptLog
from tests.adversary.world import START, policy

JUNK: Sequence[Any] = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "null",
    "../x",
    "http://203.0.113.9/x",
    "2026-13-45T99:99:99Z",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    {"results": {}},
    "\u202e",
    "\ud800",
    "9" * 5_000,
    [0] * 500,
    "=1+1",
    {"id": None},
    "<script>",
    "\x00",
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"<html>502 Bad Gateway</html>",
    b"\xff\xfe\x00",
    b'"x"',
    b"{" * 3_000,
    b"[" * 100_000,
    b"NaN",
    b'{"a":1,"a":2}',
    b'{"results": [null]}',
    b'[{"message": null}]',
    b"1" * 5_000,
    b"\xef\xbb\xbf{}",
)
BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def bent(value: Any, chance: random.Random) -> Any:
    """The same JSON with one place changed, lost or doubled."""
    if chance.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        key = chance.choice(sorted(value))
        if chance.random() < 0.15:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: bent(value[key], chance)}
    place = chance.randrange(len(value))
    if chance.random() < 0.15:
        return [*value, value[place]]
    return [bent(inner, chance) if at == place else inner for at, inner in enumerate(value)]


class Bending:
    """Answers as the CRM does, except that one answer in a few is bent."""

    def __init__(self, inner: FaceTransport, seed: int) -> None:
        self.inner, self.chance, self.calls = inner, random.Random(seed), 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        assert self.calls < 400, "it asks without end"
        answer = self.inner.send(request)
        if self.chance.random() < 0.5:
            return answer
        status, body, headers = answer.status, answer.body, dict(answer.headers)
        match self.chance.randrange(5):
            case 0:
                body = self.chance.choice(BODIES)
            case 1:
                body = body[: self.chance.randrange(len(body) + 1)]
            case 2:
                status = self.chance.choice(
                    (200, 201, 204, 207, 300, 304, 400, 401, 403, 404, 409, 412, 418, 429, 500, 503, 599)
                )
            case 3:
                headers |= dict.fromkeys(
                    ("Date", "Last-Modified", "ETag", "Retry-After", "Sforce-Limit-Info"),
                    self.chance.choice(("x", "", "-1")),
                )
            case _:
                try:
                    body = json.dumps(bent(json.loads(body), self.chance)).encode(errors="replace")
                except ValueError:
                    body = b"x"
        return HttpResponse(status=status, headers=tuple(headers.items()), body=body)


class Org:
    """One org with a ticket, kept over examples; every example gets a new adapter that knows nothing yet."""

    def __init__(self, system: str) -> None:
        self.clock = HeldClock(START)
        self.crm: SimulatedCrm = BUILDERS[system](ConnectionName("crm"), self.clock, 1)
        self.inner = FaceTransport(self.crm.face, ADDRESSES[system], self.clock)
        self.id = self.crm.create({"status": "new", "subject": "Charged twice"}, rep=self.crm.reps[0])
        self.ref = RecordRef(self.crm.connection, ObjectType.TICKET, self.id)
        self.clock.sleep(600)
        [self.record] = self._known(self.adapter(self.inner)).values()
        self.cursor, _ = self.adapter(self.inner).changes.cursor_now(ObjectType.TICKET)

    def adapter(self, transport: Any) -> Adapter:
        return self.crm.adapter(clock=self.clock, chance=random.Random(1), transport=transport, log=KeptLog())

    def _known(self, adapter: Adapter) -> dict[RecordRef, Any]:
        return dict(adapter.records.read([self.ref], frozenset({FieldName("subject"), FieldName("priority")})))


@pytest.fixture(scope="module", params=["hubspot", "salesforce"])
def org(request: pytest.FixtureRequest) -> Org:
    return Org(request.param)


def reading(org: Org, adapter: Adapter) -> Sequence[Callable[[], Any]]:
    fields = frozenset({FieldName("subject"), FieldName("priority"), FieldName("category")})
    return (
        lambda: adapter.records.schema(ObjectType.TICKET),
        adapter.records.users,
        lambda: adapter.records.read([org.ref], fields),
        lambda: adapter.records.related([org.ref], ObjectType.CONTACT, [FieldName("email")], limit=3),
        lambda: adapter.changes.poll(ObjectType.TICKET, org.cursor, fields),
        lambda: adapter.changes.sweep(ObjectType.TICKET, None, fields),
        lambda: adapter.changes.identities(ObjectType.TICKET, None),
        lambda: adapter.changes.count(ObjectType.TICKET),
        adapter.check,
    )


def writing(org: Org, adapter: Adapter) -> Sequence[Callable[[], Any]]:
    assert isinstance(org.record, Record)
    write = GuardedWrite(intent="i" * 40, values={FieldName("priority"): "high"}, live=org.record)
    create = MarkedCreate(
        intent="j" * 40, marker="j" * 20, object=ObjectType.TASK, values={FieldName("subject"): "x"}, parents=(org.ref,)
    )
    sent = org.clock.now() - timedelta(seconds=30)
    return (
        lambda: adapter.writes.update([write]),
        lambda: adapter.writes.create([create]),
        lambda: adapter.writes.resolve([UnknownWrite(write=write, sent_at=sent), UnknownWrite(write=create, sent_at=sent)]),
    )


def only_ours(attempts: Sequence[Callable[[], Any]]) -> None:
    for attempt in attempts:
        try:
            attempt()
        except ConnectorError as error:
            str(error)


@BOUNDED
@given(seed=st.integers(0, 2**32))
def test_bent_answers_to_reads_raise_only_our_errors_and_write_nothing(org: Org, seed: int) -> None:
    before = sum(line.kind == "write" for line in org.crm.org.log.entries())
    only_ours(reading(org, org.adapter(Bending(org.inner, seed))))
    assert sum(line.kind == "write" for line in org.crm.org.log.entries()) == before


@BOUNDED
@given(seed=st.integers(0, 2**32))
def test_bent_answers_to_writes_raise_only_our_errors(org: Org, seed: int) -> None:
    only_ours(writing(org, org.adapter(Bending(org.inner, seed))))
    lines = [line for line in org.crm.org.log.entries() if line.kind == "write" and line.actor == "agent"]
    assert {line.field for line in lines} <= {"hs_ticket_priority", "Priority", "task", "association:tickets"}


@BOUNDED
@given(
    body=st.one_of(st.binary(max_size=400), st.sampled_from(range(len(BODIES)))),
    status=st.sampled_from((200, 400, 401, 403, 429, 500)),
)
def test_random_answers_raise_only_our_errors(org: Org, body: bytes | int, status: int) -> None:
    content = BODIES[body] if isinstance(body, int) else body  # by number: a long body would be printed whole

    class Random:
        calls = 0

        def send(self, request: HttpRequest) -> HttpResponse:
            self.calls += 1
            assert self.calls < 400, "it asks without end"
            return HttpResponse(status=status, headers=(("content-type", "application/json"),), body=content)

    adapter = org.adapter(Random())
    only_ours([*reading(org, adapter), *writing(org, adapter)])


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_bent_policies_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    plain: Any = policy()
    for _ in range(chance.choice((1, 1, 2, 5))):
        plain = bent(plain, chance) if isinstance(plain, dict) else plain
    try:
        made = parse_policy(json.dumps(plain), agents=AGENTS)
    except ConnectorError:
        return
    assert set(made.may.update) <= {*plain["may"].get("update", {})}


@settings(max_examples=80, deadline=None)
@given(text=st.one_of(st.text(max_size=300), st.text(alphabet="{}[]:,-#&*!|>'\"% \n\tab1.", max_size=120)))
def test_random_policy_text_is_refused(text: str) -> None:
    with pytest.raises(ConnectorError):
        parse_policy(text, agents=AGENTS)


SETTINGS: Any = {
    "schema": 1,
    "state": "state",
    "policies": "policies",
    "connections": {"crm": {"system": "hubspot"}},
    "models": {"fast": "x", "base_url": "https://api.anthropic.com"},
    "privacy": {"never": ["phone"], "local_only": ["contact"]},
    "poll": "30s",
    "batch": 100,
}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), raw=st.binary(max_size=120))
def test_bent_settings_are_read_or_refused(tmp_path: Path, seed: int, raw: bytes) -> None:
    chance = random.Random(seed)
    file = tmp_path / "connector.yaml"
    file.write_bytes(raw if chance.random() < 0.4 else json.dumps(bent(SETTINGS, chance)).encode(errors="replace"))
    try:
        load_settings(file)
    except ConnectorError as error:
        str(error)
