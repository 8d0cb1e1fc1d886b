"""Canaries in hidden fields and credentials, searched for in every way out and in everything that people open."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from adapters.channels import endpoints, lookup_http, slack, smtp
from connector.action import Action, CreateNote, CreateTask, Message, UpdateField
from connector.adapter import HttpRequest, HttpResponse, Outlets
from connector.backfill import start
from connector.backfill.sweep import queue_page
from connector.cli.main import main
from connector.cli.replay import _document as replay_document
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.decision import Answer, Decision, Pins, ProposedAction, Question
from connector.decision.reasoners.anthropic import reasoner
from connector.evaluation.assess.live import read_live
from connector.gate.persons import Role
from connector.journal import Journal
from connector.pipeline.replay import replay
from connector.policy import Tier
from connector.record import ActionKind, FieldName
from connector.settings import Privacy
from connector.simulation.crm import SECRETS
from connector.web.hooks.app import hooks_app
from connector.web.house import House
from tests.adversary.test_canaries import BODY, KEY, NEVER, PERSON, Echoing, found
from tests.adversary.world import START, World, policy
from tests.scenario.test_batches import SETTINGS, BatchService
from tests.support.door import ORIGIN, door_of, environment, signed
from tests.support.mail_server import Mailbox, mail_server
from tests.support.outside import environment as outside
from tests.support.road import DESKS, Road
from tests.support.visitor import Kept, Visitor

ADDRESS = "ada@shop.example"
CARD = "canary-card-10"
HIDDEN = (*(value for name, value in PERSON["hubspot"].items() if name != "email"), BODY.strip(), CARD)
WEBHOOK = "/".join(("https://hooks.slack.com", "services", "T0", "B0", "canarywebhook11"))
BEARERS = ("canary-erp-token-12", "canary-shop-token-13")
_KEPT = ("phone", "mobile", "title", "city", "country", "first_name", "last_name")


class Repeating:
    """The other side of every channel: it answers well, and every other time with a page that repeats what it was sent."""

    def __init__(self, *, body: bytes = b"ok") -> None:
        self.requests: list[HttpRequest] = []
        self.body = body

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        calls = len(self.requests)
        if calls % 2:
            return HttpResponse(status=200, headers=(("content-type", "application/json"),), body=self.body)
        page = f"<html>{request.method} {request.url} {dict(request.headers)} {request.body.decode()}</html>".encode()
        return HttpResponse(status=(403, 500, 400, 429)[calls // 2 % 4], headers=(), body=page)


class Chatty:
    """A tier that says everything it was given, in every text of every kind of step."""

    tier = Tier.FAST

    def decide(self, questions: Sequence[Question]) -> Sequence[Answer]:
        return [self._decision(question) for question in questions]

    def _decision(self, question: Question) -> Decision:
        context, ref = question.context, question.context.record.ref
        told = "".join(one for one in repr((context.records, context.passages, context.past)) if one.isprintable())[:9_000]
        usual: dict[str, Any] = {"ref": ref, "subject": told[:150], "body": told, "parameters": {}, "to": ()}
        actions: tuple[Action, ...] = (
            UpdateField(ref=ref, field=FieldName("priority"), value="high"),
            CreateTask(ref=ref, subject="Look at this", description=told),
            CreateNote(ref=ref, body=told),
            Message(**usual | {"kind": ActionKind.SEND_EMAIL, "channel": "email", "to": (ADDRESS,)}),
            Message(**usual | {"kind": ActionKind.NOTIFY, "channel": "sales"}),
            Message(**usual | {"kind": ActionKind.CALL_ENDPOINT, "channel": "erp", "subject": "", "body": ""}),
        )
        proposed = tuple(ProposedAction(action=action, confidence=0.95) for action in actions)
        return Decision(actions=proposed, rationale=told[:2_000], pins=Pins(tier=Tier.FAST, model="chatty"))


PLAIN = policy(
    context={"related": ["contact"], "lookups": ["shop"], "never": list(_KEPT)},
    may={
        "update": {"priority": {}}, "create_task": {"subject": "Look at this"}, "create_note": {},
        "send_email": {"to": ["contact"]}, "notify": {"channels": ["sales"]}, "call_endpoint": {"endpoints": ["erp"]},
    },
)  # fmt: skip


class Life:
    """A few days with every way out in use; a careless person agrees to everything."""

    def __init__(self, folder: Path, system: str, box: Mailbox) -> None:
        self.folder, self.box, self.visits = folder, box, 0
        folder.mkdir(mode=0o700, exist_ok=True)
        rows = json.dumps([{"order": "A-1", "card": CARD, "said": "Delivered."}]).encode()
        self.sides = {"sales": Repeating(), "erp": Repeating(), "shop": Repeating(body=rows)}
        self.world = World(
            folder, PLAIN, reasoners=lambda _: {Tier.FAST: Chatty()}, system=system,
            privacy=Privacy(never=("description",)), outlets=self._outlets(), lookups=self._lookups(),
        )  # fmt: skip
        for number in range(4):
            ticket = self.world.ticket(f"case-{number}", description=f"{BODY}{number}")
            email = {"email": ADDRESS} if system == "hubspot" else {"Email": ADDRESS}
            self.world.contact(ticket, **dict(PERSON[system]) | email)
        self.days()

    def _outlets(self) -> Outlets:
        post = {"host": "127.0.0.1", "port": self.box.port, "security": "none", "from": "Us <us@example.org>"}
        call = {
            "url": "https://erp.example.com/orders", "auth": "bearer", "parameters": {"order": {"field": "subject"}},
        }  # fmt: skip
        sales = outside({}, transport=self.sides["sales"], secrets={"webhook_url": WEBHOOK})
        erp = outside(call, transport=self.sides["erp"], secrets={"token": BEARERS[0]})
        return Outlets(
            channels={"mail": smtp.connect(outside(post)), "sales": slack.connect(sales)},
            endpoints={"erp": endpoints.connect(erp)},
        )

    def _lookups(self) -> Mapping[str, Any]:
        options = {
            "url": "https://shop.example.com/orders", "auth": "bearer", "key": "order",
            "parameters": {"status": {"field": "status"}}, "columns": {"order": "ok", "said": "ok", "card": "never"},
        }  # fmt: skip
        return {"shop": lookup_http.connect(outside(options, transport=self.sides["shop"], secrets={"token": BEARERS[1]}))}

    def days(self) -> None:
        for turn in range(3):
            self.world.rounds(3)
            for ticket in list(self.world.told):
                for asked in self.world.asked(ticket):
                    self.world.road.people.approve(asked["approval"], by="careless")
            self.box.script = {"MAIL": f"550 no {self.box.port}"} if turn == 1 else {}
            self.world.rounds(3)
            if turn == 1:
                self.world.socket.inner = Echoing(self.world.socket.inner, 9)
            for ticket in list(self.world.told)[:2]:
                self.world.edit(ticket, subject=f"Again {turn} [case-{turn}]", description=f"{BODY}{turn}x")
        self.world.road.seal(b"k" * 32)

    def sent(self) -> Mapping[str, str]:
        """What left, by way; credentials stand in headers and in the webhook's own address."""
        told = {f"what {name} was sent": _bodies(side.requests) for name, side in self.sides.items()}
        told["what the CRM was sent"] = _bodies(
            [one for one in self.world.socket.requests if b"client_secret" not in one.body]
        )
        told["letters"] = "\n".join(f"{letter.as_string()}\n{_text(letter)}" for letter in self.box.letters)
        return told

    def read(self, said: Callable[..., str]) -> Mapping[str, str]:
        """What people open: every page, every export, every command that reads."""
        world = self.world
        self.visits += 1
        house = House(
            store=world.store, clock=world.clock, chance=random.Random(self.visits),
            journal=Journal(random.Random(100 + self.visits)),
            adapters=world.around.adapters, policies=lambda: world.road.policies, log=Kept(),
        )  # fmt: skip
        visitor = Visitor(house, f"eve{self.visits}", Role.ADMIN)
        asked = [row["approval"] for row in world.approvals()]
        pages = ["/", "/history", "/handoffs", "/agents", "/report", "/health", "/audits", "/pipeline"]
        pages += ["/approvals.csv", "/handoffs.csv", "/report.csv"]
        pages += [f"/records/{world.ref(ticket)}" for ticket in world.told] + [f"/approvals/{one}" for one in asked]
        texts = {f"the page {path}": answer.text for path in pages if (answer := visitor.get(path)).status_code != 404}
        broken = {name: text[:200] for name, text in texts.items() if "Something went wrong" in text}
        assert not broken, broken
        (self.folder / "connector.yaml").write_text(
            f"schema: 1\nstate: {self.folder}\nconnections:\n  crm: {{system: hubspot}}\n", encoding="utf-8"
        )
        page, lines = self.folder / "report.html", self.folder / "journal.jsonl"
        calls = [
            ("journal", "export", "--out", str(lines)), ("journal", "show", "--limit", "1000"),
            ("journal", "show", "--limit", "1000", "--json"), ("report", "--since", "2026-08-01", "--html", str(page)),
            ("approvals", "list", "--state", "all", "--json"), ("handoffs", "list", "--json"),
            *(("explain", str(world.ref(ticket)), *form) for ticket in world.told for form in ((), ("--json",))),
            *(("approvals", "show", one) for one in asked[:6]),
        ]  # fmt: skip
        config = ("--config", str(self.folder / "connector.yaml"))
        texts |= {f"crm-connector {' '.join(call[:3])}": said(*call, *config) for call in calls}
        texts |= {"report.html": page.read_text(encoding="utf-8"), "journal.jsonl": lines.read_text(encoding="utf-8")}
        self.session = visitor.client.cookies
        return texts | {"the log": "\n".join(world.log.lines)}

    def state(self) -> str:
        kept = (file for file in self.folder.rglob("state.db*") if file.is_file())
        return "".join(file.read_bytes().decode("latin-1") for file in kept)


def _bodies(requests: Sequence[HttpRequest]) -> str:
    return "\n".join(f"{one.method} {one.url.partition('/services/')[0]} {one.body.decode()}" for one in requests)


def _text(letter: Any) -> str:
    return "\n".join(part.get_content() for part in letter.walk() if part.get_content_type() == "text/plain")


@pytest.fixture(scope="module", params=["hubspot", "salesforce"])
def life(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Life]:
    with ExitStack() as stack:
        made = Life(tmp_path_factory.mktemp("life"), request.param, stack.enter_context(mail_server()))
        stack.callback(made.world.close)
        yield made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["crm-connector", *arguments])
        capsys.readouterr()
        try:
            main()
        except SystemExit as stopped:
            if stopped.code:
                pytest.fail(f"{arguments}: {capsys.readouterr().err}")
        return capsys.readouterr().out

    return call


def test_every_way_out_was_really_used(life: Life) -> None:
    assert all(len(side.requests) >= 3 for side in life.sides.values())
    assert life.box.letters
    assert "case-0" in life.sent()["letters"], "what may be told was told"


def test_no_hidden_value_is_sent_or_told(life: Life, said: Callable[..., str]) -> None:
    assert found({**life.sent(), **life.read(said)}, HIDDEN) == []


def test_no_credential_is_told_or_kept(life: Life, said: Callable[..., str]) -> None:
    texts = {**life.sent(), **life.read(said), "the state": life.state()}
    session = tuple(life.session.values())
    assert session
    assert found(texts, (*SECRETS, *BEARERS, WEBHOOK, "canarywebhook11")) == []
    assert found({"the state": life.state()}, session) == []


def test_questions_put_again_to_another_policy_tell_nothing_hidden(life: Life) -> None:
    [tried] = life.world.road.policies
    again = replay(life.world.road.deciding, life.world.store, tried, since=START)
    assert again.replayed
    document = json.dumps(replay_document(again, "triage", life.world.clock.now()), default=str)
    assert found({"the replay": document + repr(again)}, HIDDEN) == []


def test_the_data_audit_reads_no_hidden_field(life: Life) -> None:
    from connector.cli.assess import _document
    from connector.cli.assess_page import page
    from connector.evaluation.assess.audit import audit
    from connector.evaluation.assess.readiness import readiness

    [adapter] = life.world.around.adapters.values()
    never = tuple(FieldName(name) for name in NEVER)
    life.world.socket.inner = getattr(life.world.socket.inner, "inner", life.world.socket.inner)
    live = read_live(adapter, most=100, now=life.world.clock.now(), progress=lambda what: None, never=never)
    tables = list(live.tables)
    looked = audit(tables, lambda what: None)
    document = _document(tables, looked, readiness(tables, looked), live.denied)
    assert any(one.rows for one in tables)
    texts = {"the audit": json.dumps(document, default=str), "its page": page(document), "its tables": repr(tables)}
    assert found(texts, tuple(one for one in HIDDEN if one != BODY.strip())) == []


def test_no_batch_of_questions_tells_a_hidden_value(tmp_path: Path) -> None:
    service = BatchService()

    def tiers(world: World) -> Mapping[Tier, Any]:
        ledger = SpendingLedger(world.store, world.clock)
        return {
            Tier.FAST: reasoner(
                SETTINGS, AGENTS, transport=service, key=KEY, clock=world.clock, chance=random.Random(1), budget=ledger,
                batches_in=world.store,
            )
        }  # fmt: skip

    world = World(
        tmp_path, policy(context={"related": ["contact"], "never": list(NEVER)}), reasoners=tiers,
        privacy=Privacy(never=("description",), mask=("email",)),
    )  # fmt: skip
    for number in range(3):
        ticket = world.ticket(f"case-{number}", description=f"{BODY}{number}")
        world.contact(ticket, **PERSON["hubspot"])
    with world.store.transaction("nothing was decided yet") as tx:
        tx.run("DELETE FROM change_inbox")
    world.clock.sleep(240)
    [triage] = world.road.policies
    backfill = start(world.store, world.clock, triage, world.crm.connection, name="old", since=None, limit=None)
    queue_page(world.road, triage, backfill)
    world.road.deciding.step(world.road.policies)
    assert service.batches
    texts = {"the batch": json.dumps(service.batches, ensure_ascii=False)}
    assert "case-0" in texts["the batch"]
    assert found(texts, (*HIDDEN, PERSON["hubspot"]["email"], KEY)) == []
    world.close()


def test_nothing_that_a_delivery_at_the_door_claims_is_kept_or_told(tmp_path: Path) -> None:
    road, log = Road(DESKS["hubspot"](), tmp_path, under=None), Kept()
    road.activate()
    client = TestClient(hooks_app(door_of(road, log)), base_url=ORIGIN)
    ticket = road.ticket("Charged twice")
    claimed = {
        "subscriptionType": "ticket.propertyChange", "objectId": int(ticket.id), "propertyName": "phone",
        "propertyValue": "canary-claimed-20", "canary-key-21": {"deep": "canary-deep-22"},
    }  # fmt: skip
    answers = [client.post("/hooks/crm", **signed(road, events)) for events in ([claimed], claimed, [claimed] * 3)]
    answers += [client.post("/hooks/crm", **signed(road, [claimed], secret="canary-wrong-23"))]
    answers += [client.post("/hooks/site", content=b"canary-body-24", headers={"x-hook-signature": "t=1,v1=canary25"})]
    assert answers[0].status_code == 204
    road.rounds()
    told = {
        "the answers": " ".join(f"{one.text} {dict(one.headers)}" for one in answers), "the log": repr(log.lines),
        "the state": "".join(file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()),
    }  # fmt: skip
    assert environment(road, "crm", {}).secrets.get("hook_secret")
    secrets = ("canary-claimed-20", "canary-key-21", "canary-deep-22", "canary-wrong-23", "canary-body-24", "canary25")
    assert found(told, (*secrets, "a shared secret")) == []
    road.store.close()
