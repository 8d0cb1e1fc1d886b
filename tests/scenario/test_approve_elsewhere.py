"""Answers from Slack and from letters: proven, an approver's, for what was shown; and one write whatever happens."""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from adapters.channels import slack_answers, slack_board, smtp
from connector.adapter.http import HttpTransport
from connector.cli.pages import answering
from connector.errors import ConnectorError, SettingsError
from connector.gate import audits, labels
from connector.gate.approval import ApprovalError, ApprovalState
from connector.gate.cells import Cell
from connector.gate.persons import Role
from connector.gate.rebasing import rebase
from connector.journal import EntryKind
from connector.pipeline import BoardWay, MailWay
from connector.record import ObjectType
from connector.settings import Chosen
from connector.web.hooks.app import Door, hooks_app
from tests.support.given import policy
from tests.support.mail_server import mail_server
from tests.support.outside import environment
from tests.support.road import DESKS, Road
from tests.support.slack_server import SECRET, TOKEN, payload, signed, slack
from tests.support.tasks import Tasks
from tests.support.visitor import HOME, Kept, Visitor, house_over

ORIGIN = "https://hooks.example.com"
ASK = policy(gate="{supervised: until_earned, approvers: ada}", may="{update: {category: {}}}")


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    monkeypatch.setattr(audits, "BLIND_SHARE", 0.0)


@pytest.fixture
def space():
    with slack() as workspace:
        yield workspace


@pytest.fixture
def mailbox():
    with mail_server() as box:
        yield box


def board(space, secret=TOKEN):
    transport = HttpTransport([space.address])
    return slack_board.connect(
        environment(
            {"channel": "C0APPROVE", "api": space.address}, transport=transport, secrets={"bot_token": secret}
        )
    )


@pytest.fixture(params=DESKS)
def start(request, tmp_path, space, mailbox):
    """A road that posts and mails its questions, with ada as an approver known everywhere."""
    made: list[Road] = []

    def ways(road):
        letters = smtp.connect(
            environment({
                "host": "127.0.0.1", "port": mailbox.port, "security": "none", "from": "Service <service@example.org>",
            })
        )  # fmt: skip
        posted = BoardWay(board=board(space), chosen=lambda policy: True, page=HOME)
        mailed = MailWay(store=road.store, clock=road.clock, channel=letters, chosen=lambda policy: True, page=HOME)
        return posted, mailed

    def started(subject="Charged twice", under=ASK):
        road = Road(DESKS[request.param](), tmp_path, under=under, by_task=Chosen(every=True), ways=ways)
        made.append(road)
        road.activate()
        tasks = Tasks(road)
        tasks.staff("ada")
        tasks.access.link("ada", "slack", "U0ADA", by="test")
        tasks.access.link("ada", "email", "Ada@Example.com", by="test")
        ticket = road.ticket(subject)
        road.rounds()
        road.rounds()
        [question] = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
        return road, ticket, question, tasks

    yield started
    for road in made:
        road.store.close()


def door(road, options=None):
    source = slack_answers.connect(environment(options or {}, secrets={"hook_secret": SECRET}))
    take = answering(road.store, {road.desk.connection: road.adapter}, road.clock, Kept()).take
    made = Door(
        store=road.store, clock=road.clock, sources={"slack": source}, policies=lambda: road.policies, origin=ORIGIN,
        log=Kept(), take=take,
    )  # fmt: skip
    return TestClient(hooks_app(made), base_url=ORIGIN)


def say(road, client, body, **how):
    return client.post("/hooks/slack", **signed(body, road.clock.now(), **how)).status_code


def written(road, ticket):
    return [value for field, value in road.agent_lines(ticket) if field == road.desk.natives["category"]]


def states(road, ticket):
    return [one.state for one in road.approvals(ticket)]


def message(space):
    [ts] = space.messages
    return ts


def test_the_message_tells_what_the_page_tells_and_stands_there_once(start, space):
    road, _, _, _ = start("Charged <!channel> twice *now*")
    text = space.text(message(space))
    assert "Would be written: set category to billing" in text
    assert "<!channel>" not in text
    road.restart()
    road.rounds()
    assert space.calls == ["/api/chat.postMessage"]


def test_approved_by_a_button_it_is_written_once_and_the_message_says_so(start, space):
    road, ticket, _, _ = start()
    client, ts = door(road), message(space)
    press = space.press(ts, "Approve")
    assert [say(road, client, press) for _ in range(3)] == [200, 200, 200]
    road.rounds()
    road.rounds()
    assert written(road, ticket) == ["billing"]
    [approved] = road.entries(ticket, EntryKind.APPROVED)
    assert (approved.actor, approved.body["remark"]) == ("ada", "through slack")
    assert "Approved by ada" in space.text(ts)
    assert space.buttons(ts) == {}


def test_a_question_that_is_another_by_now_gets_new_buttons_in_its_place(start, space):
    road, ticket, question, _ = start()
    client, ts = door(road), message(space)
    old = space.press(ts, "Approve")
    beside = next(name for name in question.bases if name != "category")
    with road.store.transaction("test: what it rests on was written by us") as tx:
        rebase(tx, ticket, beside, replace(question.bases[beside], source="agent"))
    say(road, client, old)
    assert states(road, ticket) == [ApprovalState.PENDING]
    road.rounds()
    road.rounds()
    assert space.calls == ["/api/chat.postMessage", "/api/chat.update"]
    say(road, client, space.press(ts, "Approve"))
    road.rounds()
    assert written(road, ticket) == ["billing"]


def test_another_value_typed_beside_the_button_is_written(start, space):
    road, ticket, _, _ = start()
    assert say(road, door(road), space.press(message(space), "Write this value", typed="repair")) == 200
    road.rounds()
    assert written(road, ticket) == ["repair"]


def test_rejected_by_a_button_nothing_is_written(start, space):
    road, ticket, _, _ = start()
    say(road, door(road), space.press(message(space), "Reject"))
    road.rounds()
    assert states(road, ticket) == [ApprovalState.REJECTED]
    assert written(road, ticket) == []


def test_a_blind_question_has_no_approve_and_takes_a_value(start, space, monkeypatch):
    monkeypatch.setattr(audits, "BLIND_SHARE", 1.0)
    road, ticket, _, _ = start()
    ts = message(space)
    assert "billing" not in json.dumps(space.messages[ts])
    assert "Approve" not in space.buttons(ts)
    forged = json.loads(json.dumps(space.buttons(ts)["Reject"]).replace("crm-connector-reject", "crm-connector-approve"))
    body = payload({"type": "block_actions", "user": {"id": "U0ADA"}, "actions": [forged]})
    say(road, door(road), body)
    assert states(road, ticket) == [ApprovalState.PENDING]
    say(road, door(road), space.press(ts, "Write this value", typed="billing"))
    road.rounds()
    assert written(road, ticket) == ["billing"]


def test_a_blind_question_turned_down_in_slack_counts_as_one_that_was_not_shown(start, space, monkeypatch):
    monkeypatch.setattr(audits, "BLIND_SHARE", 1.0)
    road, ticket, question, _ = start()
    say(road, door(road), space.press(message(space), "Reject"))
    assert states(road, ticket) == [ApprovalState.REJECTED]
    with road.store.snapshot() as tx:
        [label] = labels.of_cell(tx, Cell.parse(question.cell), question.pins, road.clock.now())
    assert (label.blind, label.agreed) == (True, False)


def odd(road, space):
    """Deliveries by what is wrong with them, with the answers they may have."""
    ts = message(space)
    press, now = space.press(ts, "Approve"), road.clock.now()
    good = signed(press, now)
    mac = good["headers"]["x-slack-signature"]
    approve = space.buttons(ts)["Approve"]

    def with_headers(**changed):
        headers = {key: value for key, value in (good["headers"] | changed).items() if value is not None}
        return {"content": press, "headers": headers}

    def genuine(told):
        return signed(payload(told), now)

    def pressed_by(member):
        return genuine({"type": "block_actions", "user": {"id": member}, "actions": [approve]})

    def action(**changed):
        return genuine({"type": "block_actions", "user": {"id": "U0ADA"}, "actions": [dict(approve) | changed]})

    return {
        "no headers": ({"content": press}, 401),
        "no signature": (with_headers(**{"x-slack-signature": None}), 401),
        "no time": (with_headers(**{"x-slack-request-timestamp": None}), 401),
        "an empty signature": (with_headers(**{"x-slack-signature": ""}), 401),
        "another version": (with_headers(**{"x-slack-signature": mac.replace("v0", "v1")}), 401),
        "capitals in the signature": (with_headers(**{"x-slack-signature": mac.upper()}), 401),
        "a letter beyond ASCII": (with_headers(**{"x-slack-signature": ("v0=" + "é" * 64).encode("latin-1")}), 401),
        "a time that is no number": (with_headers(**{"x-slack-request-timestamp": "soon"}), 401),
        "an endless time": (with_headers(**{"x-slack-request-timestamp": "9" * 400}), 401),
        "another's secret": (signed(press, now, secret="guess"), 401),
        "an empty secret": (signed(press, now, secret=""), 401),
        "six minutes old": (signed(press, now, shift=-timedelta(minutes=6)), 401),
        "six minutes ahead": (signed(press, now, shift=timedelta(minutes=6)), 401),
        "a year ahead": (signed(press, now, shift=timedelta(days=365)), 401),
        "a byte more": ({"content": press + b"&", "headers": good["headers"]}, 401),
        "another body under the signature": (
            {"content": press.replace(b"approve", b"reject"), "headers": good["headers"]}, 401,
        ),
        "no form": (signed(b"{}", now), 400),
        "no payload": (signed(b"a=b", now), 400),
        "not UTF-8": (signed(b"payload=\xff\xfe", now), 400),
        "a payload that is no JSON": (signed(b"payload=x", now), 400),
        "a payload as deep as a well": (signed(b"payload=" + b"[" * 100_000, now), 400),
        "a payload that is a list": (genuine([1]), 400),
        "a hundred fields": (signed(b"&".join(b"a=1" for _ in range(100)), now), 400),
        "nothing in it": (genuine({}), 200),
        "another kind": (genuine({"type": "view_submission", "user": {"id": "U0ADA"}}), 200),
        "nobody pressed": (genuine({"type": "block_actions", "actions": [approve]}), 200),
        "a user that is a list": (pressed_by(["U0ADA"]), 200),
        "a stranger": (pressed_by("U0EVE"), 200),
        "ada by name": (pressed_by("ada"), 200),
        "a viewer": (pressed_by("U0VIC"), 200),
        "one who was removed": (pressed_by("U0GONE"), 200),
        "no actions": (genuine({"type": "block_actions", "user": {"id": "U0ADA"}}), 200),
        "actions that are text": (genuine({"type": "block_actions", "user": {"id": "U0ADA"}, "actions": "all"}), 200),
        "a button of somebody else's": (action(action_id="approve"), 200),
        "a verdict nobody knows": (action(action_id="crm-connector-delete"), 200),
        "a value that is a number": (action(value=7), 200),
        "a question there is not": (action(value="ffff." + "0" * 32), 200),
        "the seal of something else": (action(value=approve["value"].partition(".")[0] + "." + "0" * 32), 200),
        "no seal": (action(value=approve["value"].partition(".")[0]), 200),
        "a wildcard for a question": (action(value="%." + "0" * 32), 200),
        "write, and no value": (action(action_id="crm-connector-write"), 200),
    }  # fmt: skip


def test_forged_replayed_and_odd_deliveries_change_nothing_and_answer_no_500(start, space):
    road, ticket, _, tasks = start()
    tasks.access.add("vic", Role.VIEWER, by="test")
    tasks.access.link("vic", "slack", "U0VIC", by="test")
    tasks.access.add("gone", Role.APPROVER, by="test")
    tasks.access.link("gone", "slack", "U0GONE", by="test")
    tasks.access.remove("gone", by="test")
    client = door(road)
    table = odd(road, space)
    assert len(table) >= 40
    answers = {name: client.post("/hooks/slack", **sent).status_code for name, (sent, _) in table.items()}
    assert answers == {name: status for name, (_, status) in table.items()}
    road.rounds()
    assert states(road, ticket) == [ApprovalState.PENDING]
    assert written(road, ticket) == []


def test_a_delivery_replayed_after_a_rejection_changes_nothing(start, space):
    road, ticket, _, _ = start()
    client, ts = door(road), message(space)
    approve, reject = space.press(ts, "Approve"), space.press(ts, "Reject")
    recorded = signed(approve, road.clock.now())
    assert say(road, client, reject) == 200
    assert client.post("/hooks/slack", **recorded).status_code == 200
    road.rounds()
    assert states(road, ticket) == [ApprovalState.REJECTED]
    assert written(road, ticket) == []


def test_another_workspace_is_not_believed(start, space):
    road, ticket, _, _ = start()
    assert say(road, door(road, {"team": "T9"}), space.press(message(space), "Approve")) == 401
    assert states(road, ticket) == [ApprovalState.PENDING]


def test_a_door_without_a_secret_does_not_open():
    with pytest.raises((SettingsError, ConnectorError, KeyError)):
        slack_answers.connect(environment({}))


def test_a_slack_that_asks_for_patience_gets_the_question_later_and_once(start, space):
    space.script.append((429, {"ok": False, "error": "ratelimited"}))
    road, *_ = start()
    road.rounds()
    assert len(space.messages) == 1


def test_a_post_whose_answer_is_lost_is_never_repeated(start, space):
    space.script.append((500, {}))
    road, *_ = start()
    road.rounds()
    road.restart()
    road.rounds()
    assert space.calls == ["/api/chat.postMessage"]


def test_a_letter_leads_to_the_question_and_changes_nothing_itself(start, mailbox):
    road, ticket, question, _ = start()
    [letter] = mailbox.letters
    assert mailbox.recipients == [["ada@example.com"]]
    text = body(letter)
    assert f"{HOME}/approvals/{question.id}" in text
    house = house_over(road)
    stranger = Visitor(house, "nobody", role=None)
    for _ in range(3):
        assert stranger.get(f"/approvals/{question.id}").status_code in (303, 401)
    viewer = Visitor(house, "vic", Role.VIEWER)
    viewer.read(f"/approvals/{question.id}")
    assert viewer.send(f"/approvals/{question.id}", {"verdict": "approve", "csrf": viewer.csrf}).status_code == 403
    bob = Visitor(house, "bob")
    bob.read(f"/approvals/{question.id}")
    assert states(road, ticket) == [ApprovalState.PENDING]
    bob.press(f"/approvals/{question.id}", ("verdict", "approve"))
    road.rounds()
    assert written(road, ticket) == ["billing"]
    assert len(mailbox.letters) == 1


def link_in(letter):
    [path] = re.findall(rf"{HOME}(\S+)", body(letter))
    return path


def test_an_old_letter_leads_to_its_question_as_it_is_by_now_and_answers_no_other(start, mailbox):
    road, ticket, question, _ = start()
    bob, path = Visitor(house_over(road), "bob"), link_in(mailbox.letters[0])
    old = bob.form(path, ("verdict", "approve"))
    assert "has changed since the message" not in bob.read(path)
    beside = next(name for name in question.bases if name != "category")
    with road.store.transaction("test: what it rests on was written by us") as tx:
        rebase(tx, ticket, beside, replace(question.bases[beside], source="agent"))
    assert "has changed since the message" in bob.read(path)
    assert bob.send(old.action, {**old.fields, "verdict": "approve"}).status_code == 409
    road.desk.edit(ticket, {"subject": "Charged twice, broken now"})
    bob.press(path, ("verdict", "approve"))
    road.rounds()
    [again] = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    told = bob.read(path)
    assert f'href="/approvals/{again.id}"' in told
    assert 'value="approve"' not in told
    assert bob.send(old.action, {**old.fields, "verdict": "approve"}).status_code in (303, 409)
    road.rounds()
    assert written(road, ticket) == []


def test_a_letter_asks_who_is_not_signed_in_for_the_token_first_and_then_shows_the_same(start, mailbox):
    road, _, question, _ = start()
    path = link_in(mailbox.letters[0])
    led = Visitor(house_over(road), "nobody", role=None).get(path)
    assert parse_qs(urlsplit(led.headers["location"]).query)["next"] == [path]
    assert question.seal in path


def test_handed_on_the_new_owner_gets_a_letter_too_and_once(start, mailbox):
    road, ticket, question, tasks = start()
    tasks.access.add("bob", Role.APPROVER, by="test")
    tasks.access.link("bob", "email", "bob@example.com", by="test")
    for owner in ("bob", "bob"):
        road.pipeline.people.hand_to(question.id, owner, by="ada")
        road.rounds()
    assert [letter["To"] for letter in mailbox.letters] == ["ada@example.com", "bob@example.com"]
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 2
    Visitor(house_over(road), "bob").press(link_in(mailbox.letters[1]), ("verdict", "approve"))
    road.rounds()
    assert written(road, ticket) == ["billing"]
    assert len(mailbox.letters) == 2


def test_an_owner_without_an_address_gets_no_letter_and_the_question_waits(start, mailbox):
    leads = policy(gate="{supervised: until_earned, approvers: leads}", may="{update: {category: {}}}")
    road, ticket, _, _ = start(under=leads)
    assert mailbox.letters == []
    assert states(road, ticket) == [ApprovalState.PENDING]


def test_from_slack_the_page_the_task_and_the_command_line_at_once_it_is_written_once(start, space):
    road, ticket, question, tasks = start()
    bob = Visitor(house_over(road), "bob")
    form = bob.form(f"/approvals/{question.id}", ("verdict", "approve"))
    client, press = door(road), space.press(message(space), "Approve")
    [task] = tasks.all()
    tasks.finish(task)
    ready = threading.Barrier(3)

    def slack_twice():
        ready.wait()
        return [say(road, client, press) for _ in range(2)]

    def page_twice():
        ready.wait()
        return [bob.send(form.action, {**form.fields, "verdict": "approve"}).status_code for _ in range(2)]

    def command_twice():
        ready.wait()
        for _ in range(2):
            with suppress(ApprovalError):
                road.pipeline.people.approve(question.id, by="cli")

    answers = []
    ways = (slack_twice, page_twice, command_twice)
    threads = [threading.Thread(target=lambda go=go: answers.append(go())) for go in ways]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not any(500 in found for found in answers if found)
    road.restart()
    say(road, door(road), press)
    road.rounds()
    road.restart()
    road.rounds()
    assert written(road, ticket) == ["billing"]
    assert road.story(ticket).count(EntryKind.APPROVED) == 1
    assert road.verified() == ()


def body(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return part.get_content()


def test_what_must_stay_on_this_machine_is_posted_and_mailed_nowhere(start, space, mailbox, monkeypatch):
    for way in (BoardWay, MailWay):
        monkeypatch.setattr(way, "asks", lambda self, policy: False)
    road, _, question, _ = start()
    monkeypatch.undo()
    kept = frozenset({ObjectType.TICKET})
    posted, mailed = road.pipeline.posting.ways
    assert [replace(way, local_only=kept).send(question).code for way in (posted, mailed)] == ["local_only"] * 2
    assert (space.calls, mailbox.letters) == ([], [])
