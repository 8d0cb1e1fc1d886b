"""Sessions of people who came in, and the tries at the door that are counted so that tokens cannot be guessed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.clock import from_micros, micros
from connector.gate.persons import Person, person_of
from connector.store import Transaction

LASTS = timedelta(hours=12)
FREE_TRIES = 5
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)  # a door nobody tried for so long is a fresh one


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who came in. `csrf` stands in every form of this session; the cookie's secret itself is kept nowhere."""

    digest: str
    person: Person
    csrf: str
    ends_at: datetime


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(tx: Transaction, secret: str, person: Person, *, csrf: str, at: datetime) -> Session:
    """Keep a new session; those that are over are cleared away with it."""
    tx.run("DELETE FROM people_sessions WHERE ends_at <= :now", now=micros(at))
    ends = at + LASTS
    tx.run(
        "INSERT INTO people_sessions (session, person, csrf, opened_at, ends_at) "
        "VALUES (:session, :person, :csrf, :at, :ends)",
        session=digest_of(secret), person=person.name, csrf=csrf, at=micros(at), ends=micros(ends),
    )
    return Session(digest=digest_of(secret), person=person, csrf=csrf, ends_at=ends)


def session_of(tx: Transaction, secret: str, now: datetime) -> Session | None:
    """The session a cookie belongs to, with the person's role as it is now; None when over, unknown or removed."""
    row = tx.one(
        "SELECT p.*, s.session, s.csrf, s.ends_at FROM people_sessions s JOIN people_persons p ON p.person = s.person "
        "WHERE s.session = :session AND s.ends_at > :now AND p.removed_at IS NULL",
        session=digest_of(secret), now=micros(now),
    )
    if row is None:
        return None
    return Session(
        digest=row["session"], person=person_of(row), csrf=row["csrf"], ends_at=from_micros(row["ends_at"])
    )


def close_session(tx: Transaction, session: Session) -> None:
    tx.run("DELETE FROM people_sessions WHERE session = :session", session=session.digest)


def close_all(tx: Transaction, name: str) -> None:
    """A person was removed or got a new token: every session ends."""
    tx.run("DELETE FROM people_sessions WHERE person = :person", person=name)


def wait_at(tx: Transaction, door: str, now: datetime) -> timedelta:
    """How long this door stays shut: nothing for the first tries, then twice as long after each further one."""
    row = tx.one("SELECT failed, last_at FROM people_tries WHERE door = :door", door=door)
    if row is None or row["failed"] < FREE_TRIES:
        return timedelta(0)
    last = from_micros(row["last_at"])
    if now - last > FORGOTTEN:
        return timedelta(0)
    further = min(int(row["failed"]) - FREE_TRIES, 10)
    shut = min(FIRST_WAIT * (1 << further), LONGEST_WAIT)
    # A clock that was set back must not shut a door for longer than the longest wait.
    return max(timedelta(0), min(last + shut - now, LONGEST_WAIT))


def note_failure(tx: Transaction, door: str, now: datetime) -> None:
    tx.run("DELETE FROM people_tries WHERE last_at < :old", old=micros(now - FORGOTTEN))
    tx.run(
        "INSERT INTO people_tries (door, failed, last_at) VALUES (:door, 1, :now) "
        "ON CONFLICT (door) DO UPDATE SET failed = people_tries.failed + 1, last_at = excluded.last_at",
        door=door, now=micros(now),
    )


def clear_failures(tx: Transaction, door: str) -> None:
    tx.run("DELETE FROM people_tries WHERE door = :door", door=door)
