"""The cassettes replay without a CRM, and hold nothing that must not be published."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance.cassettes import FOLDER, MAKERS, replay

OUTCOMES = {
    "title": "CFO", "absent": "Gone", "write": "Written", "stale write": "GuardFailed", "create": "Created",
    "take back": "Written", "polled": "CEO", "unknown object": "UnknownFieldError",
}  # fmt: skip
USERS = {"hubspot": "1", "salesforce": "9"}
CASSETTES = sorted(FOLDER.glob("*.yaml"))
MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
MAIL_DOMAINS = {"example.com", "acme.example"}
ORG_ID = re.compile(r"\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b")
OUR_ORGS = {"00D5g0000000001AAA"}
PORTAL = re.compile(r"[Pp]ortal\s?(?:Id)?\W{0,3}(\d+)")
OUR_PORTAL = "26123456"
SECRET = re.compile(
    r"pat-[a-z0-9]{2,3}-[\w-]+|Bearer\s+\S+|-----BEGIN|eyJ[\w-]{10,}\.|\b00D\w{12,15}!\S+|sandbox-secret|refresh-\d"
    r"|(?:access_token|refresh_token|client_secret|assertion|signature)(?:\W{1,4}|=)(?!scrubbed)\w"
)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_recorded_conversation_replays_to_the_same_outcomes(name: str) -> None:
    assert replay(name) == {**OUTCOMES, "users": USERS[name]}


def test_there_is_a_cassette_for_every_maker_and_no_other() -> None:
    assert [path.stem for path in CASSETTES] == sorted(MAKERS)


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_no_cassette_holds_a_secret(path: Path) -> None:
    assert SECRET.findall(path.read_text()) == []


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_every_mail_domain_and_org_in_a_cassette_is_ours(path: Path) -> None:
    text = path.read_text()
    assert set(MAIL.findall(text)) <= MAIL_DOMAINS
    assert set(ORG_ID.findall(text)) <= OUR_ORGS
    assert set(PORTAL.findall(text)) <= {OUR_PORTAL}


@pytest.mark.parametrize(
    "leak",
    [
        "Authorization: Bearer abc", "access_token=00Dabc", '"refresh_token": "x1"', "pat-eu1-1234-abcd",
        "-----BEGIN PRIVATE KEY-----", "eyJhbGciOiJSUzI1NiJ9.eyJ", "client_secret=hunter2",
    ],
)  # fmt: skip
def test_the_scan_finds_what_it_is_for(leak: str) -> None:
    assert SECRET.search(leak)
    assert not SECRET.search("access_token: scrubbed, client_secret=scrubbed")
