"""What another site, a rebound name, a frame or a swapped form can do: nothing. No change, and never an answer of 500."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from connector.gate import approvals
from connector.gate.approval import ApprovalState
from connector.gate.persons import Role
from connector.gate.sessions import FREE_TRIES, LASTS
from connector.journal import EntryKind
from connector.settings import WebSettings
from connector.web.app import pages_app
from connector.web.pages import PAGES
from connector.web.security.forms import MOST_BYTES
from connector.web.security.headers import POLICY
from tests.support.given import update
from tests.support.road import DESKS
from tests.support.visitor import HOME, OWN, Visitor, journaled

WAYS = [(way.method, way.path, way.role) for page in PAGES for way in page.ways]
READS = [path for method, path, role in WAYS if method == "GET" and role is not None]
POSTS = [path for method, path, role in WAYS if method == "POST" and role is not None]


POSTED = {**OWN, "content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def desk():
    """The door knows no CRM: one is enough here."""
    return DESKS["hubspot"]()


def filled(path: str, id: str = "3f9a00000000") -> str:
    return path.replace("{id}", id).replace("{ref:path}", "crm:ticket/1")


@pytest.fixture
def verdict(ada, asked):
    """The address and form of an approval that would be taken if it came from our own page."""
    _, question = asked
    return f"/approvals/{question.id}", {"verdict": "approve", "shown": question.seal, "csrf": ada.csrf, "back": "/"}


def untouched(road, asked) -> bool:
    """Whether nothing came of it: the question waits, and nothing was sent to the CRM."""
    ticket, question = asked
    [now] = road.approvals(ticket)
    road.write()
    return now == question and road.category(ticket) is None and not road.agent_lines(ticket)


def test_the_form_that_the_attacks_spoil_is_taken_when_nothing_is_spoilt(ada, road, asked, verdict):
    assert ada.send(*verdict).status_code == 303
    road.write()
    assert road.category(asked[0]) == "billing"


FOREIGN = {
    "another site": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "a page of another port": {"origin": "http://127.0.0.1:9999", "sec-fetch-site": "same-site"},
    "a sandboxed frame": {"origin": "null", "sec-fetch-site": "cross-site"},
    "the other name of ours": {"origin": "http://localhost:8770", "sec-fetch-site": "same-origin"},
    "https of our name": {"origin": "https://127.0.0.1:8770", "sec-fetch-site": "same-origin"},
    "our name as a prefix": {"origin": f"{HOME}.evil.example", "sec-fetch-site": "same-origin"},
    "an honest browser with a forged origin": {"origin": HOME, "sec-fetch-site": "cross-site"},
    "a navigation nobody began": {"sec-fetch-site": "none"},
    "something that says nothing": {},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_form_of_another_site_changes_nothing(ada, road, asked, verdict, headers):
    path, posted = verdict
    answer = ada.client.post(path, data=posted, headers=headers)
    assert answer.status_code == 403
    assert untouched(road, asked)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "",
        "text/plain; x=application/x-www-form-urlencoded",
    ],
)
def test_a_body_a_script_can_send_across_sites_is_not_read(ada, road, asked, verdict, kind):
    path, posted = verdict
    body = "&".join(f"{name}={value}" for name, value in posted.items())
    answer = ada.client.post(path, content=body, headers={**OWN, "content-type": kind})
    assert answer.status_code == 400
    assert untouched(road, asked)


@pytest.mark.parametrize("csrf", ["", "0" * 64, "x", "é", None])
def test_a_form_without_the_sessions_own_token_changes_nothing(ada, road, asked, verdict, csrf):
    path, posted = verdict
    spoilt = {name: value for name, value in (posted | {"csrf": csrf}).items() if value is not None}
    assert ada.send(path, spoilt).status_code == 403
    assert untouched(road, asked)


def test_the_token_of_somebody_elses_session_is_not_mine(house, ada, road, asked, verdict):
    bob = Visitor(house, "bob")
    path, posted = verdict
    assert ada.send(path, posted | {"csrf": bob.csrf}).status_code == 403
    assert untouched(road, asked)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8770", "127.0.0.1", "127.0.0.1:80", "0.0.0.0:8770", "", "localhost:8770.evil.test"],
)
def test_a_name_that_was_rebound_to_us_gets_no_answer(ada, road, asked, verdict, host):
    assert ada.get("/", headers={"host": host}).status_code == 421
    path, posted = verdict
    rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    answer = ada.client.post(path, data=posted, headers=rebound)
    assert answer.status_code == 421
    assert "Charged" not in answer.text
    assert untouched(road, asked)


@pytest.mark.parametrize("path", [*READS, "/sign-in", "/static/script.js", "/nowhere", "/live"])
def test_every_answer_tells_the_browser_to_frame_and_load_nothing(ada, path):
    visitor = Visitor(ada.house, role=None) if path in ("/live", "/sign-in") else ada
    answer = visitor.get(filled(path))
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if "html" in answer.headers["content-type"]:
        assert not re.search(r"(?i)<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|javascript:", answer.text)


def test_a_swapped_question_is_not_approved_by_the_form_of_the_one_that_was_shown(ada, road, asked, verdict, house):
    """Approve-then-swap: between showing and pressing, what the id names becomes something else."""
    ticket, question = asked
    path, posted = verdict
    with house.store.transaction("test: swapped") as tx:
        tx.run("DELETE FROM gate_approvals WHERE approval = :id", id=question.id)
        approvals.ask(tx, [replace(question, action=update("repair", ref=ticket))])
    answer = ada.send(path, posted)
    assert answer.status_code == 409
    assert "changed since it was shown" in answer.text
    assert road.approvals(ticket)[0].state is ApprovalState.PENDING
    road.write()
    assert road.category(ticket) is None


def test_a_form_cannot_bring_its_own_value_into_an_approval(ada, road, asked, verdict):
    path, posted = verdict
    assert ada.send(path, posted | {"value": "repair", "field": "status", "action_hash": "0"}).status_code == 303
    road.write()
    assert road.category(asked[0]) == "billing"


@pytest.mark.parametrize("path", [filled(path) for path in READS])
def test_strangers_are_shown_the_door(house, path):
    stranger = Visitor(house, role=None)
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")
    assert stranger.send(path, {}).status_code in (303, 405)
    assert stranger.get("/live").status_code == 401


@pytest.mark.parametrize("path", POSTS)
def test_a_post_needs_its_role(house, path):
    eve = Visitor(house, "eve", Role.VIEWER)
    answer = eve.send(filled(path), {"csrf": eve.csrf})
    assert answer.status_code == (303 if path == "/sign-out" else 403)


NASTY = [
    "\x00", "\ud800", "%00", "a" * 9000, "../../etc",
    "'; DROP TABLE gate_approvals --", "%", "_", "é", "-1", "1e9", "9" * 400,
    "crm:ticket/\x00", "crm:ticket/", "crm:nothing/1", "\u202e", "[]", "{{7*7}}", "${7*7}", "//evil.example", "null", "",
]  # fmt: skip
READ_FROM_ADDRESSES = {
    "/": ("page", "pattern", "policy", "owner"),
    "/approvals/{id}": ("back", "shown"),
    "/history": ("before", "record"),
    "/revert": ("record", "action", "decision", "policy", "run"),
    "/sign-in": ("next",),
}


@pytest.mark.parametrize("path", [*READS, "/sign-in"])
def test_nothing_that_is_typed_into_an_address_is_answered_with_500(ada, road, asked, path):
    for text in NASTY:
        quoted = quote(text.encode("utf-8", "surrogatepass"), safe="")
        here = filled(path, asked[1].id)
        for address in (f"{here}?{name}={quoted}" for name in READ_FROM_ADDRESSES.get(path, ())):
            assert ada.get(address).status_code < 500, address
        there = path.replace("{id}", quoted).replace("{ref:path}", quoted)
        assert ada.get(f"{there}?{quoted}={quoted}&a=%ff&b=%").status_code < 500
    assert ada.house.log.lines == []
    assert untouched(road, asked)


VERDICTS = ("approve", "edit", "reject", "snooze", "hand", "judge", "reveal", "reword")
FIELDS = ("value", "remark", "shown", "back", "for", "to", "act", "pattern", "record", "action", "name", "token", "next",
          "word-subject", "word-body")


@pytest.mark.parametrize("path", [*POSTS, "/sign-in"])
def test_nothing_that_is_posted_is_answered_with_500(ada, road, asked, path):
    here, csrf = path.replace("{id}", asked[1].id), ada.csrf if path != "/sign-out" else "0"
    for text in NASTY:
        quoted = quote(text.encode("utf-8", "surrogatepass"), safe="")
        for verdict in (quoted, *(VERDICTS if "approvals" in path else ())):
            spoilt = "&".join([f"csrf={csrf}", f"verdict={verdict}", *(f"{name}={quoted}" for name in FIELDS)])
            answer = ada.client.post(here, content=spoilt, headers=POSTED)
            assert answer.status_code < 500, (text, verdict, answer.text)
    huge = ada.client.post(here, content=b"a=" + b"b" * MOST_BYTES, headers=POSTED)
    assert huge.status_code == 413
    many = "&".join(f"a{n}=1" for n in range(200))
    assert ada.client.post(here, content=many, headers=POSTED).status_code == 400
    assert ada.house.log.lines == []
    assert untouched(road, asked)


ELSEWHERE = (
    "https://evil.example", "//evil.example", "/\\evil.example", "\\evil", "javascript:alert(1)", "/a\nb", "é",
)  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_going_back_never_leads_elsewhere(ada, asked, verdict, target):
    path, posted = verdict
    answer = ada.send(path, posted | {"back": target})
    assert answer.headers.get("location", "/") == "/"
    assert f'href="{target}"' not in ada.get(f"/approvals/{asked[1].id}", params={"back": target}).text


def test_a_link_in_a_mail_leads_on_from_a_page_of_ours_and_never_elsewhere(house):
    stranger = Visitor(house, role=None)
    cross = {"sec-fetch-site": "cross-site"}
    answer = stranger.get("/sign-in", params={"next": "/approvals/3f9a"}, headers=cross)
    assert '<meta http-equiv="refresh" content="0; url=/approvals/3f9a">' in answer.text
    for target in (*ELSEWHERE, "/x; url=https://evil.example", '/"><script>'):
        told = stranger.get("/sign-in", params={"next": target}, headers=cross).text
        assert 'content="0; url=/">' in told or "400" in told or "That cannot be" in told, target


@pytest.mark.parametrize("path", ["/handoffs/", "/approvals/", "/sign-in/", "/agents//", "/handoffs/%2e%2e%2f"])
def test_an_address_that_is_not_ours_leads_nowhere(ada, path):
    for answer in (ada.get(path), ada.client.post(path, content="a=b", headers=POSTED)):
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


def test_methods_that_are_not_ways_are_refused(ada):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert ada.client.request(method, "/", headers=OWN).status_code == 405


def test_reading_changes_nothing(ada, road, asked, house):
    before = len(journaled(house))
    for path in READS:
        if not path.endswith((".csv", ".json")):  # an export is told, since it takes something away
            ada.get(filled(path, asked[1].id))
    ada.get(f"/approvals/{asked[1].id}?verdict=approve")
    assert len(journaled(house)) == before
    assert untouched(road, asked)


def test_guessing_shuts_the_door_and_says_nothing_about_names(house):
    house.access.add("ada", Role.ADMIN, by="root")
    stranger = Visitor(house, role=None)
    known = [stranger.send("/sign-in", {"name": "ada", "token": "x"}) for _ in range(FREE_TRIES)]
    assert [one.status_code for one in known] == [403] * (FREE_TRIES - 1) + [429]
    house.clock.advance(timedelta(hours=2))
    unknown = stranger.send("/sign-in", {"name": "nobody", "token": "x"})
    assert (unknown.status_code, unknown.text) == (403, known[0].text)


def test_a_session_ends_and_its_cookie_is_kept_from_scripts_and_other_sites(ada, house):
    token = house.access.add("bob", Role.VIEWER, by="root")
    answer = Visitor(house, role=None).send("/sign-in", {"name": "Bob ", "token": f" {token}\n"})
    assert re.fullmatch(
        r"connector_session=[0-9a-f]{64}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", answer.headers["set-cookie"]
    )
    assert ada.get("/").status_code == 200
    assert ada.send("/sign-out", {"csrf": ada.csrf}).headers["location"] == "/sign-in"
    assert ada.get("/").status_code == 303
    bob = Visitor(house, "bob")
    house.clock.advance(LASTS)
    assert bob.get("/").status_code == 303


def test_a_cookie_that_a_neighbour_planted_is_not_a_session(house):
    stranger = Visitor(house, role=None)
    for planted in ("", "x", "0" * 64, "é"):
        stranger.client.cookies.set("connector_session", planted.encode("ascii", "ignore").decode())
        assert stranger.get("/").status_code == 303


def test_behind_https_the_cookie_is_bound_to_the_host(house):
    settings = WebSettings(port=8770, address="10.0.0.1", origin="https://crm.example.com")
    token = house.access.add("ada", Role.VIEWER, by="root")
    client = TestClient(pages_app(house, settings), base_url="https://crm.example.com", follow_redirects=False)
    own = {"origin": "https://crm.example.com", "sec-fetch-site": "same-origin"}
    answer = client.post("/sign-in", data={"name": "ada", "token": token}, headers=own)
    assert answer.headers["set-cookie"].startswith("__Host-connector_session=")
    assert answer.headers["set-cookie"].endswith("; Secure")
    assert "max-age" in answer.headers["strict-transport-security"]
    assert client.get("/", headers={"host": "10.0.0.1:8770"}).status_code == 421
    assert client.get("/").status_code == 200


def test_a_surprise_is_logged_and_tells_the_visitor_nothing(ada, house, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr("connector.web.pages.history.newest_seq", broken)
    answer = ada.get("/history")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert house.log.lines == [("page_failed", {"path": "/history", "kind": "ZeroDivisionError"})]


def test_who_did_what_is_in_the_journal(ada, house, asked, verdict):
    ada.get("/approvals.csv")
    ada.send(*verdict)
    ada.send("/sign-out", {"csrf": ada.csrf})
    told = [one.kind for one in journaled(house) if one.actor == "ada"]
    assert told == [EntryKind.SIGNED_IN, EntryKind.EXPORTED, EntryKind.APPROVED, EntryKind.SIGNED_IN]
