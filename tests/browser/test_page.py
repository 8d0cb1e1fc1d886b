"""The page in a real browser: what a person does on it, told by what the CRM and the journal hold afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate import approvals
from connector.gate.approval import ApprovalState
from connector.gate.handoffs import HandoffState
from connector.gate.persons import Role
from connector.journal import EntryKind


@pytest.fixture
def asked(road):
    """A ticket with two questions about it."""
    ticket = road.ticket("Charged twice in March", description="My card was charged twice, both times 90 euros.")
    road.rounds()
    return ticket


def question(road, ticket, field):
    return next(one for one in road.approvals(ticket) if one.action.field == field and one.state is ApprovalState.PENDING)


def card(page, road, ticket, field):
    return page.locator(f"#a-{question(road, ticket, field).id}")


def test_approved_with_a_click_the_card_stays_until_the_crm_has_confirmed_it(site, road, asked):
    page = site.page()
    at = card(page, road, asked, "category")
    at.get_by_role("button", name="Approve").dblclick()
    page.get_by_text("waits to be written").wait_for()
    site.shot(page, "approved")
    assert road.category(asked) is None
    road.write()
    page.get_by_text("written, and the CRM confirmed it").wait_for()  # by itself: nobody reloads
    assert road.category(asked) == "billing"
    assert len(road.entries(asked, EntryKind.APPROVED)) == 1
    assert page.locator("[data-count='/']").inner_text() == "1"


def test_another_value_is_chosen_from_what_the_crm_knows(site, road, asked):
    page = site.page()
    card(page, road, asked, "category").get_by_role("link", name="Edit").click()
    page.locator("#typed").wait_for()
    site.shot(page, "edit")
    page.select_option("#typed", "repair")
    page.get_by_role("button", name="Approve with this value").click()
    page.get_by_text("waits to be written").wait_for()
    road.write()
    assert road.category(asked) == "repair"


def test_rejected_with_a_reason(site, road, asked):
    page = site.page()
    at = card(page, road, asked, "category")
    at.locator("summary", has_text="Reject").click()
    at.locator("[name=remark]:visible").fill("not about money")
    site.shot(page, "reject")
    at.locator("button[value=reject]").click()
    page.get_by_text("rejected: nothing is written").wait_for()
    road.rounds()
    assert road.category(asked) is None
    [rejected] = road.entries(asked, EntryKind.REJECTED)
    assert rejected.body["remark"] == "not about money"


def test_fifty_alike_are_judged_together_after_a_few_were_looked_at(site, road):
    tickets = [road.ticket(f"Charged twice for order {number}") for number in range(50)]
    road.rounds()
    page = site.page()
    page.get_by_role("link", name="category billing").click()
    page.get_by_role("button", name="Judge together").click()
    page.get_by_text("0 of 5 looked at").wait_for()
    site.shot(page, "bulk-sample")
    for looked in range(1, 6):
        page.keyboard.press("a")
        page.get_by_text(f"{looked} of 5 looked at").wait_for()
    page.get_by_role("button", name="Approve the other 45").click()
    page.get_by_text("The rest was approved together").wait_for()
    site.shot(page, "bulk-done")
    road.rounds()
    assert [road.category(ticket) for ticket in tickets] == ["billing"] * 50


def test_taken_back_from_the_records_story(site, road, asked):
    road.pipeline.people.approve(question(road, asked, "category").id, by="bob")
    road.write()
    page = site.page()
    page.goto(f"{site.home}/records/{asked}")
    site.shot(page, "story")
    page.get_by_role("link", name="Take back what we wrote").click()
    page.get_by_text("goes back to (empty)").wait_for()
    site.shot(page, "revert")
    page.get_by_role("button", name="Take back 1").click()
    page.get_by_text("How it came about").wait_for()
    road.write()
    assert road.category(asked) is None
    page.get_by_text("the value from before our write, put back").wait_for()


def test_a_case_climbs_its_ladder_and_is_taken(site, road):
    ticket = road.ticket("Quo vadis")
    road.rounds()
    page = site.page()
    page.get_by_role("link", name="Handoffs").click()
    page.locator(".ladder .now", has_text="leads").wait_for()
    road.wait(timedelta(hours=5))
    road.pipeline.work()
    page.reload()  # live updates have a test of their own; this one is about the ladder
    page.locator(".ladder .now", has_text="boss").wait_for()
    site.shot(page, "handoff")
    page.get_by_role("button", name="I take it").click()
    page.locator(".ladder .now", has_text="ada").wait_for()
    page.locator("form.ask", has_text="needed").get_by_role("button", name="yes").click()
    page.locator("form.ask", has_text="needed").locator("[value=yes][aria-pressed=true]").wait_for()
    page.locator("summary", has_text="Close").click()
    page.locator("[name=remark]:visible").fill("called the customer")
    page.get_by_role("button", name="Close the case").click()
    page.get_by_text("No case waits").wait_for()
    [handoff] = road.handoffs(ticket)
    assert (handoff.state, handoff.settled_by) == (HandoffState.CLOSED, "ada")


def test_a_record_that_moved_is_asked_again(site, road, asked):
    page = site.page()
    at = card(page, road, asked, "category")
    road.desk.edit(asked, {"category": "other"})
    at.get_by_role("button", name="Approve").click()
    page.get_by_text("waits to be written").wait_for()
    road.write()
    page.get_by_text("Asked again: category went from (empty) to other").wait_for()
    site.shot(page, "asked-again")
    assert road.category(asked) == "other"
    assert question(road, asked, "category").remark


def test_two_browsers_one_write_and_the_second_learns_of_the_first(site, road, asked):
    one, two = site.page("ada"), site.page("bob")
    first, second = card(one, road, asked, "category"), card(two, road, asked, "category")
    second.locator("summary", has_text="Hand on").click()  # bob is in the middle of something: his page waits
    first.get_by_role("button", name="Approve").click()
    one.get_by_text("waits to be written").wait_for()
    two.get_by_text("Something moved").wait_for()
    second.get_by_role("button", name="Approve").click()
    two.get_by_text("approved already (by ada)").wait_for()
    road.write()
    two.get_by_text("Something moved").wait_for()  # why it was not done stays until bob has read it
    assert two.get_by_text("approved already (by ada)").is_visible()
    assert len(road.entries(asked, EntryKind.APPLIED)) == 1
    two.get_by_text("Something moved").click()
    two.get_by_text("1 question waits").wait_for()
    site.problems[:] = [said for said in site.problems if "409" not in said]


def test_where_no_answer_comes_what_was_typed_stays_and_a_second_press_is_the_same(site, road, asked):
    page = site.page()
    at = card(page, road, asked, "category")
    at.locator("summary", has_text="Reject").click()
    at.locator("[name=remark]:visible").fill("not about money")
    page.context.set_offline(True)
    at.locator("button[value=reject]").click()
    page.get_by_text("No answer came").wait_for()
    site.shot(page, "no-answer")
    page.context.set_offline(False)
    at.locator("button[value=reject]").click()
    page.get_by_text("rejected: nothing is written").wait_for()
    [rejected] = road.entries(asked, EntryKind.REJECTED)
    assert rejected.body["remark"] == "not about money"
    site.problems[:] = [said for said in site.problems if "net::ERR" not in said]


def test_a_new_question_arrives_by_itself(site, road):
    page = site.page()
    page.get_by_text("Nothing waits for you").wait_for()
    site.shot(page, "empty")
    road.ticket("Charged twice in May")
    road.rounds()
    page.get_by_text("2 questions wait").wait_for()
    assert page.locator("[data-count='/']").inner_text() == "2"


def test_what_others_judge_moves_nothing_under_the_one_who_reads(site, road, asked):
    road.ticket("Charged twice in April")
    road.rounds()
    page = site.page(height=500)
    page.keyboard.press("j")
    mine = page.locator("[data-card].is-current")
    at, name = mine.bounding_box()["y"], mine.get_attribute("id")
    mine.get_by_role("button", name="Approve").focus()
    bob = road.pipeline.people
    first = page.locator("[data-card]").first.get_attribute("data-card")
    bob.approve(first, by="bob")  # what stands above goes away
    page.get_by_text("3 questions wait").wait_for()
    assert mine.get_attribute("id") == name
    assert abs(mine.bounding_box()["y"] - at) <= 1
    page.locator(f"#{name} [data-key=a]:focus").wait_for()
    bob.reject(name.removeprefix("a-"), by="bob")  # and now the one that is being read
    page.get_by_text("2 questions wait").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("j")
    page.locator("[data-card].is-current").wait_for()
    assert [one.settled_by for one in road.approvals(asked)] == ["bob", "bob"]
    assert page.locator("[data-card]").count() == 2


def test_a_key_held_down_judges_one_question_and_not_the_queue(site, road, asked):
    road.ticket("Charged twice in April")
    road.rounds()
    page = site.page()
    page.keyboard.down("a")
    page.get_by_text("3 questions wait").wait_for()
    for _ in range(3):
        page.keyboard.down("a")  # as a keyboard repeats it
    page.keyboard.up("a")
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.get_by_text("rejected: nothing is written").wait_for()
    with road.store.snapshot() as tx:
        assert approvals.counts(tx) == {"approved": 1, "rejected": 1, "pending": 2}


def test_what_was_typed_stays_when_somebody_looks_up_from_it(site, road, asked):
    page = site.page()
    card(page, road, asked, "category").get_by_role("link", name="Edit").click()
    page.select_option("#typed", "repair")
    page.locator("#typed").blur()
    road.ticket("Charged twice in May")
    road.rounds()
    page.get_by_text("Something moved").wait_for()
    assert page.input_value("#typed") == "repair"


def test_a_tab_in_the_back_keeps_no_line_to_the_site_and_catches_up_when_it_is_looked_at(site, road):
    page = site.page()
    page.get_by_text("Nothing waits for you").wait_for()
    turn = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true}); " \
        "document.dispatchEvent(new Event('visibilitychange'))"  # fmt: skip
    with page.expect_event("requestfailed", lambda sent: sent.url.endswith("/live")):  # hung up, not ended by the server
        page.evaluate(turn % "true")
    road.ticket("Charged twice in May")
    road.rounds()
    page.evaluate(turn % "false")
    page.get_by_text("2 questions wait").wait_for()


def test_everything_by_keyboard_alone(site, road, asked):
    other = road.ticket("The display is broken, urgent")
    road.rounds()
    page = site.page()
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    site.shot(page, "keys")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("j is typed, not a key")
    page.keyboard.press("Enter")
    page.get_by_text("rejected: nothing is written").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("a")
    page.get_by_text("waits to be written").wait_for()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.get_by_text("1 question waits").wait_for()
    page.keyboard.press("e")
    page.locator("#typed:focus").wait_for()
    road.write()
    said = [one.state for ticket in (asked, other) for one in road.approvals(ticket)]
    assert sorted(said) == ["approved", "pending", "pending", "rejected"]


def test_on_a_phone_nothing_is_cut_off_and_it_works_without_a_script(site, road, asked):
    road.ticket("Quo vadis")
    road.rounds()
    page = site.page("ada", width=390, height=844, has_touch=True, is_mobile=True)
    pages = {"approvals": "/", "handoffs": "/handoffs", "history": "/history", "story": f"/records/{asked}"}
    for place, path in pages.items():
        page.goto(site.home + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{path} is {wide} wide"
        site.shot(page, f"phone-{place}")
    plain = site.page("bob", width=390, height=844, java_script_enabled=False)
    card(plain, road, asked, "category").get_by_role("button", name="Approve").click()
    plain.get_by_text("waits to be written").wait_for()
    road.write()
    assert road.category(asked) == "billing"


def test_a_link_from_a_mail_opens_the_question_without_signing_in_again(site, road, asked):
    page = site.page()
    page.goto("about:blank")
    address = f"{site.home}/approvals/{question(road, asked, 'category').id}?shown=before"
    page.set_content(f'<a href="{address}">your question</a>')
    page.get_by_text("your question").click()
    page.get_by_role("button", name="Approve", exact=True).wait_for()
    page.get_by_text("has changed since the message that led you here").wait_for()
    stranger = site.browser.new_context()
    site.contexts.append(stranger)
    other = stranger.new_page()
    other.set_content(f'<a href="{site.home}/history">history</a>')
    other.get_by_text("history").click()
    other.get_by_role("heading", name="Sign in").wait_for()


def test_dark_and_light_are_both_readable(site, road, asked):
    for scheme in ("dark", "light"):
        page = site.page(f"ada-{scheme}", color_scheme=scheme)
        contrast = page.evaluate(CONTRAST)
        assert len(contrast) >= 8
        assert min(contrast.values()) >= 4.5, contrast
        site.shot(page, f"queue-{scheme}")


def test_hostile_text_runs_nothing_in_a_real_browser(site, road):
    for text in (
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "javascript:alert(1)",
        "</title><script>alert(1)</script>", "<form id=main><input name=children>", "<base href=//evil.example>",
    ):  # fmt: skip
        road.ticket(f"Charged twice {text}", description=text)
    road.rounds()
    page = site.page("ada", Role.ADMIN)
    ticket = road.ticket("Charged twice <img src=x onerror=alert(1)>")
    road.rounds()
    for path in ("/", "/history", f"/records/{ticket}", f"/approvals/{question(road, ticket, 'category').id}"):
        page.goto(site.home + path)
        page.keyboard.press("j")
        page.locator("#main :is(h1, h2, h3)").first.wait_for()
    assert site.problems == []


CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (node) => { for (; node; node = node.parentElement) {
    const found = colour(getComputedStyle(node).backgroundColor); if (found.length < 4 || found[3] > .9) return found; }
    return [255, 255, 255]; };
  const found = {};
  const names = [".record", ".about", ".ours", ".rationale", ".source", ".facts", ".primary", ".group", ".muted", ".lapses"];
  for (const name of names) {
    const node = document.querySelector(name); if (!node) continue;
    const [a, b] = [light(colour(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    found[name] = (a + .05) / (b + .05);
  }
  return found; }"""
