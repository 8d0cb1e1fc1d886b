"""Transcripts of the made-up company: on both faces, with people who are there, and with something promised in them."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.sandbox.generator import make_story

UNTIL = datetime(2026, 9, 1, 8, tzinfo=UTC)


def test_the_two_sides_of_a_transcript_are_a_colleague_and_the_deals_contact():
    story = make_story(7, until=UNTIL)
    colleagues = {user.key: f"{user.first} {user.last}" for user in story.users}
    contacts = {contact.key: f"{contact.first} {contact.last}" for contact in story.contacts}
    deals = {deal.key: deal for deal in story.opportunities}
    assert story.transcripts
    for said in story.transcripts:
        deal = deals[said.about.key]
        assert (said.owner, said.contact) == (deal.owner, deal.contact)
        speakers = {line.partition(":")[0] for line in said.text.splitlines()}
        assert speakers == {colleagues[said.owner], contacts[said.contact]}
        assert deal.created <= said.at < UNTIL
