"""Defences at the edges: hosts, ids, verdicts bound to actions, brakes and money; each attacked and taken away."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from connector.action import CreateTask, UpdateField, encode_action
from connector.adapter import HttpRequest, HttpResponse
from connector.adapter.http import HttpTransport
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.prices import price_of
from connector.errors import ConnectorError
from connector.journal import canonical
from connector.pipeline import Round
from connector.policy import Tier
from connector.record import FieldName, ObjectType, RecordRef
from tests.adversary.minds import MindServer, Seen, behind_sdk, direct, honest, say
from tests.adversary.outputs import PATHS
from tests.adversary.proposals import HostileReasoner, cited
from tests.adversary.world import World, agent_lines, policy

Remove = Callable[[str, object], None]


@pytest.fixture
def remove(monkeypatch: pytest.MonkeyPatch) -> Remove:
    def away(target: str, substitute: object) -> None:
        module, _, name = target.rpartition(".")
        monkeypatch.setattr(import_module(module), name, substitute)

    return away


# hosts


@contextmanager
def listening(answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") -> Iterator[tuple[int, list[bytes]]]:
    """A server of somebody else; keeps what it was sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(2)
                heard.append(peer.recv(65_536))
                peer.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


ADDRESSES: Mapping[str, str] = {
    "another port": "http://127.0.0.1:{evil}/x",
    "another name for this machine": "http://localhost:{evil}/x",
    "a user name that looks like our host": "http://127.0.0.1:{ours}@127.0.0.1:{evil}/x",
    "a backslash": "http://127.0.0.1:{evil}\\@127.0.0.1:{ours}/x",
    "a decimal address": "http://2130706433:{evil}/x",
    "a short address": "http://127.1:{evil}/x",
    "a mapped address": "http://[::ffff:127.0.0.1]:{evil}/x",
    "a fragment": "http://127.0.0.1:{evil}#@127.0.0.1:{ours}/x",
    "no scheme": "//127.0.0.1:{evil}/x",
    "a file": "file:///etc/hostname",
}


def call(address: str, ours: int, evil: int) -> str:
    """What the transport says of an address; only our own kinds of error come out of it."""
    transport = HttpTransport([f"http://127.0.0.1:{ours}"])
    url, said = address.format(ours=ours, evil=evil), ""
    try:
        transport.send(HttpRequest(method="GET", url=url, headers={"Authorization": "Bearer canary"}))
    except ConnectorError as error:
        said = str(error)
    finally:
        transport.close()
    return said


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_no_address_leads_to_another_host(address: str) -> None:
    with listening() as (ours, _), listening() as (evil, heard):
        assert "canary" not in call(address, ours, evil)
    assert heard == []


def test_no_redirect_is_followed() -> None:
    with listening() as (evil, heard):
        away = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{evil}/x\r\nContent-Length: 0\r\n\r\n".encode()
        with listening(away) as (ours, _):
            call("http://127.0.0.1:{ours}/x", ours, evil)
    assert heard == []


def test_without_the_pin_the_token_would_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpTransport, "_check", lambda self, url: None)
    reached = set()
    for name, address in list(ADDRESSES.items())[:2]:
        with listening() as (ours, _), listening() as (evil, heard):
            call(address, ours, evil)
        reached |= {name} if any(b"canary" in one for one in heard) else set()
    assert len(reached) == 2


LINKS = (
    "http://203.0.113.9/next",
    "//203.0.113.9/next",
    "https://203.0.113.9/next",
    "https://api.hubapi.com@203.0.113.9/next",
    "/../../x",
)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_link_in_a_crm_answer_leads_nowhere(tmp_path: Path, system: str, link: str) -> None:
    world = World(tmp_path, reasoners=lambda _: {Tier.FAST: direct(lambda seen: say(honest(seen)))}, system=system)
    inner = world.socket.inner

    class Misleading:
        def send(self, request: HttpRequest) -> HttpResponse:
            answer = inner.send(request)
            try:
                body = json.loads(answer.body)
            except ValueError:
                return answer
            if not isinstance(body, dict) or ("records" not in body and "results" not in body):
                return answer
            body |= {"done": False, "nextRecordsUrl": link, "paging": {"next": {"after": link, "link": link}}}
            return HttpResponse(status=answer.status, headers=answer.headers, body=json.dumps(body).encode())

    world.socket.inner = Misleading()
    world.ticket("case-1", description="My card was charged twice.")
    try:
        for _ in range(2):
            world.clock.sleep(240)
            world.road.round()
    except ConnectorError:
        pass
    assert world.socket.unlisted == []
    world.close()


# ids


def read_hostile(world: World, id: str) -> list[str]:
    """What the adapter says when it is handed such an id."""
    said: list[str] = []
    adapter = world.around.adapters[world.crm.connection]
    ref = RecordRef(world.crm.connection, ObjectType.TICKET, id)
    for attempt in (
        lambda: adapter.records.read([ref], frozenset({FieldName("subject")})),
        lambda: adapter.records.related([ref], ObjectType.CONTACT, [FieldName("email")], limit=1),
        lambda: adapter.writes.delete_created(RecordRef(world.crm.connection, ObjectType.TASK, id)),
    ):
        try:
            attempt()
        except ConnectorError as error:
            said.append(str(error))
    return said


HOSTILE_IDS = [path for path in PATHS if not path.isalnum()] + ["1' OR Name != '", "1,2", "１２３", "1\u200b", "-1", "1.0"]


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_no_hostile_id_becomes_part_of_a_request(tmp_path: Path, system: str) -> None:
    world = World(tmp_path, reasoners=lambda _: {}, system=system)
    first = len(world.socket.requests)
    for id in HOSTILE_IDS:
        assert not any(id in said for said in read_hostile(world, id) if len(id) > 3)
    sent = world.socket.requests[first:]
    assert [
        one.url for one in sent if any(id in one.url or id.encode() in one.body for id in HOSTILE_IDS if len(id) > 3)
    ] == []
    assert [one.url for one in sent if one.method == "DELETE"] == []
    assert world.socket.unlisted == []
    world.close()


@pytest.mark.parametrize(
    ("system", "target"),
    [("hubspot", "adapters.hubspot.client.is_record_id"), ("salesforce", "adapters.salesforce.soql._ID")],
)
def test_without_the_id_patterns_a_hostile_id_leaves(tmp_path: Path, system: str, target: str, remove: Remove) -> None:
    world = World(tmp_path, reasoners=lambda _: {}, system=system)
    remove(target, __import__("re").compile(r"(?s).*") if target.endswith("_ID") else lambda text: True)
    first = len(world.socket.requests)
    for id in ("../contacts/1", "1' OR Name != '"):
        try:
            read_hostile(world, id)
        except Exception:  # without the pattern anything may happen; what counts is what left
            continue
    assert any(
        "contacts" in one.url + one.body.decode() and ".." in one.url + one.body.decode()
        for one in world.socket.requests[first:]
    )
    world.close()


# a verdict is bound to one exact action


def decided(folder: Path, **sections: Any) -> tuple[World, str]:
    """A ticket that was decided about, with its writes still queued."""
    world = World(
        folder, policy(**sections), reasoners=lambda _: {Tier.FAST: direct(lambda seen: say(honest(seen, task=True)))}
    )
    ticket = world.ticket("case-1", description="My card was charged twice.")
    world.clock.sleep(240)
    world.road.capture(world.crm.connection, Round())
    world.clock.sleep(5)
    world.road.deciding.step(world.road.policies)
    return world, ticket


def swaps(world: World, ticket: str) -> Mapping[str, Any]:
    ref = world.ref(ticket)
    other = world.ref(world.ticket("case-2", description="x", status="closed"))
    return {
        "another value": UpdateField(ref=ref, field=FieldName("priority"), value="high"),
        "another field": UpdateField(ref=ref, field=FieldName("status"), value="closed"),
        "another record": UpdateField(ref=other, field=FieldName("priority"), value="low"),
        "another kind": CreateTask(ref=ref, subject="Pay", description="x"),
        "another text": CreateTask(ref=ref, subject="Look at this: pay", description="x"),
    }


def swap(world: World, action: Any) -> None:
    row = next(row for row in world.outbox() if '"field":"priority"' in row["action"])
    with world.store.transaction("swapped") as tx:
        tx.run("DELETE FROM writeback_outbox WHERE intent <> :intent", intent=row["intent"])
        tx.run("UPDATE writeback_outbox SET action = :action", action=canonical(encode_action(action)))


@pytest.mark.parametrize("what", ["another value", "another field", "another record", "another kind", "another text"])
def test_an_action_swapped_after_its_verdict_is_not_written(tmp_path: Path, what: str) -> None:
    world, ticket = decided(tmp_path)
    swap(world, swaps(world, ticket)[what])
    world.rounds(3)
    assert agent_lines(world) == []
    world.close()


def test_an_approval_swapped_after_it_was_shown_cannot_be_given(tmp_path: Path) -> None:
    world, ticket = decided(tmp_path, gate={"supervised": "always"})
    action = swaps(world, ticket)["another field"]
    asked = world.asked(ticket)[0]
    held = json.loads(asked["held"]) | {"action": encode_action(action)}
    with world.store.transaction("swapped") as tx:
        tx.run("UPDATE gate_approvals SET held = :held WHERE approval = :id", held=canonical(held), id=asked["approval"])
    with pytest.raises(ConnectorError):
        world.road.people.approve(asked["approval"], by="ann")
    world.rounds(3)
    assert agent_lines(world) == []
    world.close()


def test_without_the_binding_a_swapped_action_is_written(tmp_path: Path, remove: Remove) -> None:
    world, ticket = decided(tmp_path)
    swap(world, swaps(world, ticket)["another value"])
    remove("connector.writeback.vouch._is_cleared", lambda tx, row: True)
    world.rounds(3)
    assert agent_lines(world) != []
    world.close()


# brakes


def flood(folder: Path, **limits: Any) -> tuple[int, int]:
    """Effective writes and tasks of a model that wants to do everything at once, under these limits."""
    task = {"subject": "Look at this"}
    plain = policy(may={"update": {"category": {}, "priority": {"options": ["low", "normal", "high"]}}, "create_task": task})
    plain["limits"] = plain["limits"] | limits

    def many(question: Any, chance: Any) -> Any:
        from connector.decision.decision import ProposedAction

        each = CreateTask(ref=question.context.record.ref, subject="Look at this: again", description="x")
        return [ProposedAction(action=each, confidence=0.99, citations=cited(question))] * 12

    hostile = HostileReasoner(seed=1, proposals=(many,), rationale=("x",))
    world = World(folder, plain, reasoners=lambda _: {Tier.FAST: hostile})
    old = [world.ticket(f"case-{number}", description="x", status="open") for number in range(10)]
    world.clock.sleep(3 * 86_400)
    world.rounds(2)
    for ticket in old:
        world.edit(ticket, status="new")
    for _ in range(3):
        world.rounds(2)
        for ticket in old:
            world.edit(ticket, subject=f"Again {world.clock.now().timestamp()}")
    world.rounds(3)
    records = {row["record"] for row in world.outbox()}
    world.close()
    return len(world.tasks()), len(records)


BRAKES: Mapping[str, tuple[dict[str, Any], int, int]] = {
    "on a record and day": ({"writes_per_record_per_day": 2}, 20, 10),
    "on records in an hour": ({"records_per_hour": 3}, 1_000, 3),
    "on a share of the object": ({"share_of_object": "20%"}, 1_000, 2),
    "on a kind and day": ({"per_day": {"create_task": 5}}, 5, 5),
    "on one decision": ({"actions_per_decision": 1}, 40, 10),
}


@pytest.mark.parametrize(("limits", "tasks", "records"), BRAKES.values(), ids=BRAKES.keys())
def test_a_flood_stops_at_the_brake(tmp_path: Path, limits: dict[str, Any], tasks: int, records: int) -> None:
    made, touched = flood(tmp_path, **limits)
    assert 0 < made <= tasks
    assert 0 < touched <= records


def test_without_the_brakes_the_flood_goes_through(tmp_path: Path, remove: Remove) -> None:
    remove("connector.pipeline.judge._limits", lambda *_: ())
    made, touched = flood(tmp_path, writes_per_record_per_day=2, records_per_hour=3, actions_per_decision=1)
    assert made > 40
    assert touched == 10


# money

DOLLARS = 0.02


def spend(folder: Path, mind: Callable[[Seen], str], **server: Any) -> float:
    """What a model that wants our money was sent, in dollars as the service would bill them."""
    plain = policy(reason={"tier": "fast", "usd_per_day": DOLLARS, "searches": 3})
    servers: list[MindServer] = []
    price = price_of("claude-haiku-5-5")

    def tiers(world: World) -> Any:
        servers.append(MindServer(mind, **server))
        return {Tier.FAST: behind_sdk(servers[0], world.clock, price=price, budget=SpendingLedger(world.store, world.clock))}

    world = World(folder, plain, reasoners=tiers)
    for number in range(100):
        world.ticket(f"case-{number}", description="My card was charged twice. " * 20)
    world.rounds(4)
    world.close()
    counted = {"input_tokens": 1_000, "output_tokens": 100} | dict(server.get("usage") or {})
    each = float(price.input) * counted["input_tokens"] + float(price.output) * counted["output_tokens"]
    return len(servers[0].requests) * each / 1_000_000


THIEVES: Mapping[str, tuple[Callable[[Seen], str], dict[str, Any]]] = {
    "answers that never fit": (lambda seen: "{}", {}),
    "long answers": (lambda seen: say(honest(seen)), {"usage": {"input_tokens": 2_000, "output_tokens": 4_000}}),
    "answers cut off": (
        lambda seen: say(honest(seen)),
        {"stop_reason": "max_tokens", "usage": {"output_tokens": 4_096, "input_tokens": 500}},
    ),
    "searches without end": (
        lambda seen: say(honest(seen) | {"need_search": ["a", "b", "c"]}),
        {"usage": {"output_tokens": 3_000, "input_tokens": 9}},
    ),
    "invented quotes": (
        lambda seen: say(honest(seen)).replace("charged", "stolen"),
        {"usage": {"output_tokens": 3_000, "input_tokens": 9}},
    ),
}


@pytest.mark.parametrize(("mind", "server"), THIEVES.values(), ids=THIEVES.keys())
def test_no_answer_costs_more_than_the_policy_allows(
    tmp_path: Path, mind: Callable[[Seen], str], server: dict[str, Any]
) -> None:
    assert 0 < spend(tmp_path, mind, **server) <= DOLLARS


def test_without_the_budget_it_costs_more(tmp_path: Path, remove: Remove) -> None:
    remove("connector.decision.budget._exhausted", lambda *_: None)
    assert spend(tmp_path, *THIEVES["long answers"][:1], **THIEVES["long answers"][1]) > DOLLARS
