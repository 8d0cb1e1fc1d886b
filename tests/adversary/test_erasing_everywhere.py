"""Erasing a person after every way in and out was used with their words: no table, file or index holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.channels import endpoints, lookup_http, slack, slack_board, smtp
from connector.adapter import Outlets
from connector.adapter.http import HttpTransport
from connector.context.lance_index import LanceIndex
from connector.gate import audits, handoffs, persons, queue
from connector.gate.approval import Approval, ApprovalState
from connector.gate.persons import Role
from connector.journal import verify
from connector.pipeline import BoardWay, MailWay, Way
from connector.pipeline.erase import erase
from connector.policy import Tier
from connector.record import ObjectType, RecordRef
from connector.settings import Chosen
from tests.adversary.test_canaries_outside import ADDRESS, Chatty, Repeating
from tests.adversary.test_erasing import bytes_of
from tests.support.given import policy
from tests.support.mail_server import Mailbox, mail_server
from tests.support.outside import environment
from tests.support.road import DESKS, KEY, Road
from tests.support.slack_server import TOKEN, Workspace
from tests.support.slack_server import slack as workspace
from tests.support.visitor import HOME, Visitor, house_over

CANARY = "canarykestrel"
MAY = """{
  update: {priority: {}}, create_task: {subject: Look at this, approval: always}, create_note: {approval: always},
  send_email: {to: [contact]}, notify: {channels: [sales]}, call_endpoint: {endpoints: [erp]}}"""
UNDER = policy(
    gate="{supervised: always, approvers: ada}", may=MAY, reason="{tier: fast, usd_per_day: 1, searches: 2}",
    context="{related: [contact], lookups: [shop]}",
)  # fmt: skip


class Lived:
    """A customer whose name and words went everywhere they can go; people judged, remarked, put off and handed on."""

    def __init__(self, folder: Path, system: str, space: Workspace, box: Mailbox) -> None:
        self.folder, self.space, self.box = folder, space, box
        self.sides = {name: Repeating(body=f'[{{"order": "A-1", "said": "{CANARY} ordered."}}]'.encode()) for name in "abc"}
        desk = DESKS[system]()
        self.road = Road(
            desk, folder, under=UNDER, by_task=Chosen(every=True), ways=self._ways, outlets=self._outlets(),
            lookups={"shop": self._shop()}, models=lambda store, clock: {Tier.FAST: Chatty()},
            index=LanceIndex(folder / "index"),
        )  # fmt: skip
        self.road.activate()
        self.contact = desk.create(ObjectType.CONTACT, {"last_name": CANARY.title()})
        kind, email = ("contacts", "email") if desk.objects[ObjectType.CONTACT] == "contacts" else ("Contact", "Email")
        desk.org.update(kind, self.contact.id, {email: ADDRESS}, actor=desk.rep)
        self.tickets = [self._ticket(number) for number in range(2)]
        self._rounds()
        self._judged()
        self._rounds()
        for ticket in self.tickets:
            desk.edit(ticket, {"subject": f"{CANARY} once more"})
        self._rounds()
        self.road.pipeline.seal(KEY)

    def _ticket(self, number: int) -> RecordRef:
        desk = self.road.desk
        ticket = self.road.ticket(f"{CANARY} was charged twice {number}", description=f"I am {CANARY}. " * 30)
        if desk.objects[ObjectType.CONTACT] == "contacts":
            desk.associate(ticket, self.contact)
        else:
            desk.org.update("Case", ticket.id, {"ContactId": self.contact.id}, actor=desk.rep)
        return ticket

    def _rounds(self) -> None:
        for _ in range(8):
            self.road.round()

    def _judged(self) -> None:
        """All about the second ticket is agreed to; about the first, this is rejected and that handed on."""
        house = house_over(self.road)
        ada = Visitor(house, "ada", Role.ADMIN)
        ada.read("/")
        ada.read("/approvals.csv")
        people = self.road.pipeline.people
        for number, question in enumerate(self.pending()):
            match number % 2 if question.ref == self.tickets[0] else 2:
                case 0:
                    people.reject(question.id, by="ada", remark=f"{CANARY} called")
                case 1:
                    with self.road.store.transaction("looked") as tx:
                        queue.reveal(tx, question, person="ada", at=self.road.clock.now())
                        queue.hand_to(tx, question, "bob")
                case _:
                    people.approve(question.id, by="ada", remark=f"{CANARY} agrees")

    def pending(self) -> list[Approval]:
        return [one for ref in self.tickets for one in self.road.approvals(ref) if one.state is ApprovalState.PENDING]

    def _ways(self, road: Road) -> tuple[Way, ...]:
        options = {"channel": "C0APPROVE", "api": self.space.address}
        board = slack_board.connect(
            environment(options, transport=HttpTransport([self.space.address]), secrets={"bot_token": TOKEN})
        )
        mail = MailWay(
            store=road.store, clock=road.clock, channel=self._mail(), chosen=lambda policy: True, page=HOME
        )
        return BoardWay(board=board, chosen=lambda policy: True, page=HOME), mail

    def _mail(self) -> smtp.SmtpChannel:
        options = {"host": "127.0.0.1", "port": self.box.port, "security": "none", "from": "Us <us@example.org>"}
        made = smtp.connect(environment(options))
        assert isinstance(made, smtp.SmtpChannel)
        return made

    def _outlets(self) -> Outlets:
        sales = environment({}, transport=self.sides["a"], secrets={"webhook_url": "https://hooks.slack.com/services/T/B/X"})
        call = {"url": "https://erp.example.com/x", "parameters": {"about": {"field": "subject"}}}
        return Outlets(
            channels={"mail": self._mail(), "sales": slack.connect(sales)},
            endpoints={"erp": endpoints.connect(environment(call, transport=self.sides["b"]))},
        )

    def _shop(self) -> lookup_http.Lookup:
        options = {
            "url": "https://shop.example.com/orders", "parameters": {"email": {"field": "contact.email"}}, "key": "order",
            "columns": {"order": "ok", "said": "ok"},
        }  # fmt: skip
        return lookup_http.connect(environment(options, transport=self.sides["c"]))

    def rows_holding(self) -> list[str]:
        with self.road.store.snapshot() as tx:
            tables = [row["name"] for row in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [
                name for name in tables if any(CANARY in repr(row).lower() for row in tx.rows(f"SELECT * FROM {name}"))
            ]

    def files_holding(self) -> list[str]:
        return [name for name, content in bytes_of(self.folder).items() if CANARY.encode() in content.lower()]


@pytest.fixture(params=DESKS)
def lived(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lived]:
    monkeypatch.setattr(audits, "BLIND_SHARE", 0.3)
    with ExitStack() as stack:
        space, box = stack.enter_context(workspace()), stack.enter_context(mail_server())
        made = Lived(tmp_path, request.param, space, box)
        stack.callback(made.road.store.close)
        yield made


def test_nothing_of_a_person_is_left_whatever_way_their_words_went(lived: Lived) -> None:
    held = lived.rows_holding()
    assert {"gate_approvals", "writeback_outbox", "decision_questions", "journal_bodies"} <= {*held}, held
    assert any(name.startswith("index") for name in lived.files_holding())
    assert lived.box.letters
    assert lived.space.messages
    assert all(side.requests for side in lived.sides.values())
    refs = [*lived.tickets, lived.contact]
    erase(
        lived.road.store, lived.road.pipeline.journal, lived.road.index, refs, by="dpo", at=lived.road.clock.now(),
        addresses=(ADDRESS,),
    )  # fmt: skip
    assert lived.rows_holding() == []
    assert lived.files_holding() == []
    with lived.road.store.snapshot() as tx:
        assert verify(tx, KEY).problems == ()
        assert persons.listed(tx), "people of the house stay"
        assert handoffs.listed(tx) is not None
