"""What happened around the records of a story: e-mails, notes, tasks, visits to the web site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from adapters.sandbox import company_text as words
from adapters.sandbox.story import (
    About,
    AboutKind,
    StoryContact,
    StoryEmail,
    StoryLead,
    StoryNote,
    StoryOpportunity,
    StoryPageView,
    StoryTask,
    StoryTicket,
    StoryTranscript,
    StoryUser,
)
from adapters.sandbox.ticket_text import PRODUCTS, fill


def between(rng: Random, until: datetime, start: datetime) -> datetime:
    """A moment after `start` and before `until`."""
    return start + timedelta(seconds=rng.randrange(max(1, int((until - start).total_seconds()))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The people and records that activity is about."""

    users: Sequence[StoryUser]
    contacts: Sequence[StoryContact]
    leads: Sequence[StoryLead]
    opportunities: Sequence[StoryOpportunity]
    tickets: Sequence[StoryTicket]


class ActivityWriter:
    """Makes up one piece of activity after the other."""

    def __init__(self, rng: Random, until: datetime, cast: Cast) -> None:
        self._rng = rng
        self._until = until
        self._cast = cast
        self._people = {contact.key: contact for contact in cast.contacts}

    def _seller(self) -> str:
        return self._rng.choice([user.key for user in self._cast.users if user.team == "sales" and user.active])

    def _about(self) -> tuple[About, datetime, StoryContact]:
        """Something to hang on, when it began, and who the outsider is."""
        kind: AboutKind = self._rng.choice(("opportunity", "ticket"))
        if kind == "opportunity":
            deal = self._rng.choice(self._cast.opportunities)
            return About(kind=kind, key=deal.key), deal.created, self._people[deal.contact]
        ticket = self._rng.choice(self._cast.tickets)
        return About(kind=kind, key=ticket.key), ticket.created, self._people[ticket.contact]

    def email(self, number: int) -> StoryEmail:
        about, since, contact = self._about()
        subject, text = self._rng.choice(words.EMAILS)
        incoming = self._rng.random() < 0.7
        outsider = contact.email or "unknown@prospect.example"
        colleague = self._rng.choice([user.email for user in self._cast.users if user.active])
        return StoryEmail(
            key=f"email-{number}",
            about=about,
            sender=outsider if incoming else colleague,
            recipient=colleague if incoming else outsider,
            subject=fill(subject, self._rng),
            text=fill(text, self._rng),
            incoming=incoming,
            at=between(self._rng, self._until, since),
        )

    def note(self, number: int) -> StoryNote:
        about, since, _ = self._about()
        text = fill(self._rng.choice(words.NOTES), self._rng)
        return StoryNote(
            key=f"note-{number}", about=about, text=text, by=self._seller(), at=between(self._rng, self._until, since)
        )

    def task(self, number: int) -> StoryTask:
        about, since, _ = self._about()
        at = between(self._rng, self._until, since)
        return StoryTask(
            key=f"task-{number}",
            about=about,
            subject=fill(self._rng.choice(words.TASKS), self._rng),
            due=(at + timedelta(days=self._rng.randrange(1, 15))).date(),
            done=self._rng.random() < 0.6,
            owner=self._seller(),
            at=at,
        )

    def page_view(self, number: int) -> StoryPageView:
        rng = self._rng
        slug = rng.choice(PRODUCTS).lower().replace(" ", "-")
        if rng.random() < 0.5:
            lead = rng.choice(self._cast.leads)
            about, since = About(kind="lead", key=lead.key), lead.created
        else:
            contact = rng.choice(self._cast.contacts)
            about, since = About(kind="contact", key=contact.key), contact.created
        page = rng.choice(words.PAGES).format(slug=slug)
        at = between(self._rng, self._until, since)
        return StoryPageView(key=f"view-{number}", about=about, page=page, seconds=rng.randrange(3, 400), at=at)

    def transcript(self, number: int) -> StoryTranscript:
        """A meeting about a deal, between its owner and its contact."""
        deal = self._rng.choice(self._cast.opportunities)
        contact = self._people[deal.contact]
        owner = next(user for user in self._cast.users if user.key == deal.owner)
        subject, text = words.TRANSCRIPTS[number % len(words.TRANSCRIPTS)]
        said = text.format(us=f"{owner.first} {owner.last}", them=f"{contact.first} {contact.last}")
        return StoryTranscript(
            key=f"transcript-{number}", about=About(kind="opportunity", key=deal.key), contact=contact.key, subject=subject,
            text=said, owner=deal.owner, at=between(self._rng, self._until, deal.created),
        )  # fmt: skip
