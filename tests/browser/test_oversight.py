"""The pages of oversight in a real browser: blind questions, audits, autonomy taken away, and nothing cut off on a phone."""

from __future__ import annotations

import pytest

from connector.gate import CellState, cells, labels
from connector.gate.autonomy import review
from connector.gate.cells import Cell
from connector.gate.labels import Label, LabelSource
from connector.gate.persons import Role
from connector.journal import EntryKind
from tests.browser.test_page import CONTRAST, card

PAGES = ("pipeline", "agents", "audits", "report", "health")


@pytest.fixture
def earned(road):
    """The cell of `category`, which acts alone on verdicts that were all right."""
    ticket = road.ticket("Charged twice")
    road.rounds()
    question = next(one for one in road.approvals(ticket) if one.action.field == "category")
    cell, now = Cell.parse(question.cell), road.clock.now()
    judged = [
        Label(
            content=f"text {place}", proposed="billing", actual=None, agreed=True, confidence=question.confidence,
            source=LabelSource.VERDICT, at=now, blind=place % 5 == 0,
        )
        for place in range(200)
    ]
    with road.store.transaction("test: verdicts") as tx:
        labels.add(tx, cell, question.pins, judged)
        review(tx, road.pipeline.journal, cell, question.pins, target=0.98, now=now)
    return cell


def test_a_blind_question_is_answered_by_keyboard_without_seeing_the_proposal(site, road, blind_share):
    blind_share(1.0)
    ticket = road.ticket("Charged twice in March", description="My card was charged twice.")
    road.rounds()
    page = site.page()
    at = card(page, road, ticket, "category")
    assert "billing" not in at.inner_text()
    assert at.get_by_role("button", name="Approve").count() == 0
    site.shot(page, "blind-queue")
    at.click(position={"x": 5, "y": 5})
    page.keyboard.press("a")  # there is nothing to approve unseen
    page.keyboard.press("e")
    page.locator("#typed").wait_for()
    site.shot(page, "blind")
    page.select_option("#typed", "repair")
    page.get_by_role("button", name="Write this").click()
    page.get_by_text("waits to be written").wait_for()
    road.write()
    assert road.category(ticket) == "repair"
    assert len(road.entries(ticket, EntryKind.APPROVED)) == 1


def test_shown_first_it_is_approved_as_any_other(site, road, blind_share):
    blind_share(1.0)
    ticket = road.ticket("Charged twice in March")
    road.rounds()
    page = site.page()
    at = card(page, road, ticket, "category")
    at.get_by_role("button", name="Show me first").click()
    at.get_by_role("button", name="Approve").click()
    page.get_by_text("waits to be written").wait_for()
    road.write()
    assert road.category(ticket) == "billing"


def test_an_audit_is_judged_and_autonomy_taken_away(site, road, earned):
    ticket = road.ticket("Charged once more")
    road.rounds()
    page = site.page("root", Role.ADMIN)
    page.get_by_role("link", name="Agents").click()
    page.get_by_text("acts alone", exact=True).wait_for()
    page.get_by_role("link", name="Audits").click()
    page.get_by_role("link", name="Judge").first.click()
    site.shot(page, "audit")
    page.select_option("#typed", "billing")
    page.get_by_role("button", name="Say so").click()
    page.get_by_text("You agree.").wait_for()
    assert road.entries(ticket, EntryKind.AUDITED)[0].actor == "root"
    page.get_by_role("link", name="Agents").click()
    page.get_by_text("Put under supervision").click()
    page.locator("[name=remark]:visible").fill("new queues")
    page.get_by_role("button", name="Supervise it from now on").click()
    page.get_by_text("root said so: new queues").wait_for()
    with road.store.snapshot() as tx:
        assert cells.standing(tx, earned).state is CellState.SUPERVISED


def test_every_page_fits_a_phone_and_reads_in_dark_and_light(site, road, earned):
    wide = {}
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        page = site.page(f"ada-{scheme}-{width}", Role.ADMIN, width=width, color_scheme=scheme)
        for name in PAGES:
            page.goto(f"{site.home}/{name}")
            wide[name, width] = page.evaluate("document.documentElement.scrollWidth") - width
            contrast = page.evaluate(CONTRAST)
            assert min(contrast.values(), default=9) >= 4.5, (name, scheme, contrast)
            site.shot(page, f"{name}-{scheme if width > 390 else 'phone'}")
    assert max(wide.values()) <= 0, wide
