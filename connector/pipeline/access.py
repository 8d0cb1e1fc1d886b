"""Who may come in: people are added, given tokens and roles, and removed; they sign in and out. All of it is journaled."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from connector.clock import Clock
from connector.gate import accounts, persons, sessions
from connector.gate.persons import Person, Role
from connector.gate.sessions import Session
from connector.journal import Entry, EntryKind, Journal
from connector.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody came in. `secret` goes into the cookie and is kept nowhere."""

    session: Session
    secret: str


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The name and the token do not fit, or the door is shut for a while after too many tries."""

    wait: timedelta


Entrance: TypeAlias = SignedIn | TurnedAway


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The door. `chance` makes tokens and sessions: the operating system's own generator in a real service."""

    store: Store
    journal: Journal
    clock: Clock
    chance: random.Random

    def add(self, name: str, role: Role, *, by: str) -> str:
        """Let somebody in, and give the token, which is shown this once; one who is in already gets a new token."""
        token, now = persons.new_secret(self.chance), self.clock.now()
        with self.store.transaction("people: added") as tx:
            persons.put(tx, name, role, token, salt=persons.new_secret(self.chance), by=by, at=now)
            sessions.close_all(tx, name)
            self._note(tx, EntryKind.PERSON_CHANGED, by=by, person=name, change=f"may come in as {role}")
        return token

    def remove(self, name: str, *, by: str) -> Person:
        """End somebody's sessions and let the person in no more."""
        with self.store.transaction("people: removed") as tx:
            person = persons.remove(tx, name, self.clock.now())
            sessions.close_all(tx, name)
            self._note(tx, EntryKind.PERSON_CHANGED, by=by, person=name, change="may not come in any more")
        return person

    def link(self, name: str, place: str, account: str, *, by: str) -> None:
        """Say by which account a person is known in a CRM, in Slack or by mail."""
        with self.store.transaction("people: linked") as tx:
            accounts.link(tx, place, account, name)
            self._note(tx, EntryKind.PERSON_CHANGED, by=by, person=name, change=f"is known at {place} by an account")

    def unlink(self, place: str, account: str, *, by: str) -> bool:
        """Forget whose account it is; whether it was anybody's."""
        with self.store.transaction("people: unlinked") as tx:
            holder = accounts.holder(tx, place, account)
            gone = accounts.unlink(tx, place, account) > 0
            if gone:
                name = holder.name if holder is not None else None
                self._note(tx, EntryKind.PERSON_CHANGED, by=by, person=name, change=f"is known at {place} no more")
        return gone

    def sign_in(self, name: str, token: str, *, address: str) -> Entrance:
        """Check a token. Guessing shuts the door of that name and of that address, longer each time."""
        now = self.clock.now()
        doors = (f"name:{name[:64]}", f"address:{address[:64]}")
        with self.store.transaction("people: signed in") as tx:
            shut = max(sessions.wait_at(tx, door, now) for door in doors)
            if shut:
                return TurnedAway(shut)
            person = persons.admitted(tx, name, token)
            if person is None:
                return self._turn_away(tx, doors, address=address)
            sessions.clear_failures(tx, doors[0])
            secret = persons.new_secret(self.chance)
            session = sessions.open_session(tx, secret, person, csrf=persons.new_secret(self.chance), at=now)
            self._note(tx, EntryKind.SIGNED_IN, by=person.name, person=person.name, change=f"came in from {address}")
        return SignedIn(session, secret)

    def session(self, secret: str) -> Session | None:
        """The session that belongs to a cookie."""
        with self.store.snapshot() as tx:
            return sessions.session_of(tx, secret, self.clock.now())

    def sign_out(self, session: Session) -> None:
        with self.store.transaction("people: signed out") as tx:
            sessions.close_session(tx, session)
            self._note(tx, EntryKind.SIGNED_IN, by=session.person.name, person=session.person.name, change="left")

    def _turn_away(self, tx: Transaction, doors: tuple[str, ...], *, address: str) -> TurnedAway:
        now = self.clock.now()
        for door in doors:
            sessions.note_failure(tx, door, now)
        shut = max(sessions.wait_at(tx, door, now) for door in doors)
        if shut:
            # The name is what a stranger typed: it stays out of the journal, which is never rewritten.
            self._note(tx, EntryKind.PERSON_CHANGED, by="service", person=None, change=f"door shut for {address}")
        return TurnedAway(shut)

    def _note(self, tx: Transaction, kind: EntryKind, *, by: str, person: str | None, change: str) -> None:
        entry = Entry(kind=kind, at=self.clock.now(), actor=by, body={"person": person, "change": change})
        self.journal.append(tx, entry)
