"""The pages of oversight: what acts alone and why, audits judged blind, what is wrong, the report, and the pipeline."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest

from connector.calibration import as_percent
from connector.change import inbox
from connector.change.inbox import Burial
from connector.context.index import IndexState, IndexStats
from connector.decision import decisions
from connector.decision.decisions import RecordedDecision
from connector.gate import CellState, audits, cells, labels
from connector.gate.approval import ApprovalState
from connector.gate.audits import AuditState
from connector.gate.autonomy import review
from connector.gate.cells import Cell
from connector.gate.labels import Label, LabelSource
from connector.gate.persons import Role
from connector.journal import EntryKind
from connector.record import ObjectType
from tests.support.given import policy
from tests.support.road import DESKS, Road
from tests.support.visitor import Visitor, forms_in, house_over, journaled

EARN = policy(
    gate="{supervised: until_earned, target: 90%, audit: 100%}", may="{update: {category: {}}}",
    limits="{writes_per_record_per_day: 20, records_per_hour: 1000, share_of_object: 100%, error_budget: 5%}",
)  # fmt: skip
DEMOTE, PROMOTE = ("act", "demote"), ("act", "promote")


@pytest.fixture
def desk():
    return DESKS["hubspot"]()


@pytest.fixture
def road(desk, tmp_path):
    made = Road(desk, tmp_path, under=EARN)
    made.activate()
    yield made
    made.store.close()


@pytest.fixture
def root(house):
    return Visitor(house, "root", Role.ADMIN)


def judged(road, right, wrong=0, *, blind=0):
    """Verdicts on what the agent proposed for `category`, some of them blind; the cell is looked at as the service does."""
    ticket = road.ticket("Charged twice")
    road.rounds()
    [question] = road.approvals(ticket)
    cell, now = Cell.parse(question.cell), road.clock.now()
    made = [
        Label(
            content=f"text {place}", proposed="billing", actual=None, agreed=place >= wrong, confidence=question.confidence,
            source=LabelSource.VERDICT, at=now, blind=place < blind,
        )
        for place in range(right + wrong)
    ]
    with road.store.transaction("test: verdicts") as tx:
        labels.add(tx, cell, question.pins, made)
        review(tx, road.pipeline.journal, cell, question.pins, target=0.9, now=now)
    return cell


def standing(road, cell):
    with road.store.snapshot() as tx:
        return cells.standing(tx, cell)


def test_what_is_supervised_says_how_many_verdicts_it_still_needs(ada, road):
    judged(road, 20, 1, blind=4)
    text = ada.read("/agents")
    least = "To prove 90% takes at least 29 without an error"
    for said in ("Everything is supervised", "20 of 21", "<b>179</b> more verdicts", least):
        assert said in text, said
    assert "3 of 4" in text
    assert "17 of 17" in text
    assert not [form for form in forms_in(text) if form.action == "/agents"]  # an approver takes no autonomy away


def test_an_admin_takes_autonomy_away_and_gives_it_back_and_both_are_journaled(root, road, house):
    cell = judged(road, 200)
    assert "1 of 1 acts alone" in root.read("/agents")
    assert root.press("/agents", DEMOTE, remark="new queues").status_code == 303
    assert standing(road, cell).state is CellState.SUPERVISED
    told = root.read("/agents")
    assert "It acted alone and lost that: root said so: new queues" in told
    assert ">supervised again<" in told
    assert "Ticket category (triage) no longer acts alone: root said so: new queues." in root.read("/health")
    assert root.press("/agents", PROMOTE).status_code == 303
    assert standing(road, cell).state is CellState.AUTONOMOUS
    told = [(one.kind, one.actor) for one in journaled(house) if one.actor == "root" and one.policy == "triage"]
    assert told == [(EntryKind.DEMOTED, "root"), (EntryKind.PROMOTED, "root")]


def test_a_field_that_a_person_corrected_is_said_to_be_left_to_people_and_until_when(ada, road):
    judged(road, 200)
    ticket = road.ticket("Charged twice again")
    road.rounds()
    assert road.category(ticket) == "billing"
    assert "Agents ask before they write it again" not in ada.read(f"/records/{ticket}")
    road.desk.edit(ticket, {"category": "repair"})
    road.rounds()
    until = road.clock.now() + timedelta(days=90)
    told = ada.read(f"/records/{ticket}")
    assert f"Agents ask before they write it again, until {until:%Y-%m-%d}" in told
    assert "somebody changed category after an agent had written it" in told
    road.wait(timedelta(days=91))
    assert "Agents ask before they write it again" not in Visitor(ada.house, "bob").read(f"/records/{ticket}")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
def test_nobody_else_does(house, road, role):
    cell = judged(road, 200)
    eve = Visitor(house, "eve", role)
    answer = eve.send("/agents", {"cell": str(cell), "act": "demote", "csrf": eve.csrf})
    assert answer.status_code == 403
    assert standing(road, cell).state is CellState.AUTONOMOUS


@pytest.mark.parametrize("cell", ["", "crm/triage", "crm/other/ticket/update/category", "x" * 500, "../../etc"])
def test_what_is_no_cell_is_not_there(root, cell):
    assert root.send("/agents", {"cell": cell, "act": "demote", "csrf": root.csrf}).status_code == 404


def test_an_audit_is_judged_without_seeing_what_was_written(ada, road):
    judged(road, 200)
    ticket = road.ticket("Charged once more")
    road.rounds()
    assert road.category(ticket) == "billing"
    [asked] = [one for one in road.approvals(ticket) if one.state is ApprovalState.ALLOWED]
    at = f"/audits/{asked.id}"
    assert at in ada.read("/audits")
    page = ada.read(at)
    assert "Charged once more" in page
    assert "billing" not in "".join(line for line in page.splitlines() if "<option" not in line)
    assert as_percent(asked.confidence) not in page
    form = next(form for form in forms_in(page) if form.action == at)
    assert ada.send(at, {"csrf": form.fields["csrf"]}).status_code == 400  # nothing chosen
    assert ada.send(at, {"csrf": form.fields["csrf"], "value": "no such option"}).status_code == 400
    assert ada.send(at, {"csrf": form.fields["csrf"], "value": "repair"}).status_code == 303
    told = ada.read(at)
    assert "the agent wrote <b>billing</b>" in told
    assert "That speaks against it" in told
    assert ada.send(at, {"csrf": form.fields["csrf"], "value": "repair"}).status_code == 409
    assert road.category(ticket) == "billing"
    [entry] = road.entries(ticket, EntryKind.AUDITED)
    assert entry.actor == "ada"
    assert "1 judged, 0 open" in ada.read("/agents")


def test_a_viewer_neither_sees_nor_judges_an_audit(ada, house, road):
    judged(road, 200)
    ticket = road.ticket("Charged once more")
    road.rounds()
    [asked] = [one for one in road.approvals(ticket) if one.state is ApprovalState.ALLOWED]
    eve, at = Visitor(house, "eve", Role.VIEWER), f"/audits/{asked.id}"
    assert at in ada.read("/audits")
    assert [eve.get(path).status_code for path in ("/audits", at)] == [403, 403]
    assert eve.send(at, {"csrf": eve.csrf, "value": "repair"}).status_code == 403
    for page in ("/agents", "/health"):
        assert 'href="/audits' not in eve.read(page), page
    with road.store.snapshot() as tx:
        assert audits.find(tx, asked.id).state is AuditState.OPEN
    assert road.entries(ticket, EntryKind.AUDITED) == []


def test_health_names_what_is_wrong_first_and_puts_back_what_was_set_aside(root, ada, road, house):
    assert "The service does not run" in ada.read("/health")
    ticket = road.ticket("Charged twice")
    road.capture()
    with road.store.transaction("test: buried") as tx:
        [waiting] = inbox.due(tx, road.clock.now(), 9, [road.desk.connection])
        inbox.bury(tx, waiting.seq, "the CRM refused the field")
    text = ada.read("/health")
    assert text.index("1 change set aside") < text.index("What is read")
    assert "the CRM refused the field" in text
    assert ada.send("/health/requeue", {"record": str(ticket), "csrf": ada.csrf}).status_code == 403
    assert root.send("/health/requeue", {"record": str(ticket), "csrf": root.csrf}).status_code == 303
    with road.store.snapshot() as tx:
        assert inbox.depth(tx) == {Burial.WAITING: 1, Burial.BURIED: 0}
    [entry] = road.entries(ticket, EntryKind.REQUEUED)
    assert entry.actor == "root"
    assert "set aside" not in ada.read("/health")


def test_health_tells_of_policy_files_and_of_the_index(house):
    misread = ("policies/x.yaml:12: gate.targt: unknown key, did you mean `target`?",)
    gone = IndexStats(state=IndexState.UNAVAILABLE, identity="", entries=0, reason="the disk is full")
    text = unescape(Visitor(replace(house, policy_problems=lambda: misread, index=lambda: gone)).read("/health"))
    assert misread[0] in text
    assert "Those of before stay in force" in text
    assert "The index cannot be used: the disk is full." in text
    filling = IndexStats(state=IndexState.REBUILD, identity="", entries=1200, waiting=7)
    text = Visitor(replace(house, index=lambda: filling), "bob").read("/health")
    assert "being filled again" in text
    assert "It holds 1,200 passages; 7 wait for their vector" in text


def test_the_report_has_the_figures_as_charts_json_and_csv(ada, road, house):
    ticket = road.ticket("Charged twice")
    road.rounds()
    road.pipeline.people.approve(road.approvals(ticket)[0].id, by="ada")
    text = ada.read("/report?days=7")
    assert text.count("<svg class=\"chart\"") == 3
    assert " style=" not in text
    told = json.loads(ada.get("/report.json?days=7").text)
    [one] = told["policies"]
    assert (one["policy"], one["decisions"], one["judged"], one["agreed"]) == ("triage", 1, 1, 1)
    [row] = csv.DictReader(io.StringIO(ada.get("/report.csv?days=7").text, newline=""))
    assert (row["policy"], row["decisions"]) == ("triage", "1")
    assert [one.body["what"] for one in journaled(house) if one.kind is EntryKind.EXPORTED] == ["report.json", "report.csv"]
    assert ada.get("/report?days=8").status_code == 400


def given_deals(road, *told):
    """Deals of the CRM and what the pipeline agent said of each."""
    now, refs = road.clock.now(), []
    for place, (name, amount, health, reasons) in enumerate(told):
        ref = road.desk.create(ObjectType.OPPORTUNITY, {"name": name, "amount": Decimal(amount)})
        findings = {"health": [health], "reasons": reasons, "next_step": [f"call about {name}"]}
        with road.store.transaction("test: judged deals") as tx:
            decisions.record(tx, [RecordedDecision(
                id=f"d{place}", ref=ref, policy="pipeline", policy_version="1", tier="offline", enough=True,
                disposition="auto", rationale="", detail={"findings": findings}, usd="0", occurred_at=now,
                decided_at=now - timedelta(minutes=place), run=None,
            )])  # fmt: skip
        refs.append(ref)
    road.clock.advance(road.desk.lag)
    return refs


def test_the_pipeline_shows_the_worst_first_with_reasons_next_step_and_sums(ada, road):
    given_deals(
        road, ("Fine one", "1000", "green", []), ("Lost one", "20000", "red", ["overdue: the close date passed"]),
        ("Slow one", "300", "amber", ["stage: 40 days"]),
    )  # fmt: skip
    text = ada.read("/pipeline")
    assert "3 open deals" in text
    assert "21,300" in text
    assert text.index("Lost one") < text.index("Slow one") < text.index("Fine one")
    for said in ("overdue: the close date passed", "call about Slow one", "20,000", "no owner"):
        assert said in text, said
    red = ada.read("/pipeline?health=red")
    assert "Lost one" in red
    assert "Slow one" not in red
    assert "No deal of bob" in ada.read("/pipeline?owner=bob")
    assert ada.get("/pipeline?health=blue").status_code == 400


def test_sums_of_two_currencies_are_told_side_by_side(ada, road):
    refs = given_deals(road, ("One", "1000", "red", []), ("Two", "20000", "red", []), ("Three", "300", "red", []))
    for ref, currency in zip(refs, ("EUR", "USD", "EUR"), strict=True):
        road.desk.org.update("deals", ref.id, {"deal_currency_code": currency}, actor=road.desk.rep)
    road.clock.advance(road.desk.lag)
    text = ada.read("/pipeline")
    assert "20,000 USD + 1,300 EUR" in text
    assert "21,300" not in text


def test_a_stage_is_told_as_the_crms_own_people_call_it(ada, road):
    [deal] = given_deals(road, ("Slow one", "300", "amber", ["stage: 40 days"]))
    road.desk.edit(deal, {"stage": "qualifiedtobuy"})
    road.clock.advance(road.desk.lag)
    [label] = [
        option.label for option in road.adapter.records.schema(ObjectType.OPPORTUNITY).fields["stage"].options
        if option.key == "qualifiedtobuy"
    ]  # fmt: skip
    assert label != "qualifiedtobuy"
    told = ada.read("/pipeline")
    assert label in told
    assert "qualifiedtobuy" not in told


def test_without_a_deal_the_page_says_what_would_bring_one(ada, road):
    assert "crm-connector init . --policy pipeline" in ada.read("/pipeline")


def test_the_crm_is_asked_for_the_deals_once_until_something_happens(ada, house, road):
    [deal] = given_deals(road, ("Lost one", "20000", "red", ["overdue"]))
    bob, before = Visitor(house, "bob"), road.desk.calls()
    assert "Lost one" in ada.read("/pipeline")
    asked = road.desk.calls() - before
    for path in ("/pipeline", "/pipeline?health=red", "/pipeline?owner=nobody"):
        bob.read(path)
    assert road.desk.calls() - before == asked > 0
    road.desk.edit(deal, {"name": "Found one"})
    road.clock.advance(timedelta(seconds=30))
    assert "Lost one" in ada.read("/pipeline")
    road.ticket("Charged twice")
    road.rounds()  # something is journaled
    assert "Found one" in ada.read("/pipeline")
    road.desk.edit(deal, {"name": "Won one"})
    road.clock.advance(timedelta(minutes=1))
    assert "Won one" in ada.read("/pipeline")


def test_a_crm_that_cannot_be_asked_leaves_the_judgement_readable(road, house):
    given_deals(road, ("Lost one", "20000", "red", ["overdue"]))
    alone = house_over(road)
    object.__setattr__(alone, "adapters", {})
    text = Visitor(alone, "bob").read("/pipeline")
    assert "overdue" in text
    assert "could not be read" in text
