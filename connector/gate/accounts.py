"""Accounts: by which user of a CRM, member of a Slack workspace or e-mail address a person of ours is known there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.gate.persons import Person, PersonError, find, person_of
from connector.record import User
from connector.store import Transaction

EMAIL = "email"


def link(tx: Transaction, place: str, account: str, person: str) -> None:
    """Say that an account is somebody's. One account is one person's, until it is unlinked."""
    find(tx, person)
    account = _known_as(place, account)
    row = tx.one(
        "SELECT person FROM asking_accounts WHERE place = :place AND account = :account", place=place, account=account
    )
    if row is not None and row["person"] != person:
        raise PersonError(f"{account} at {place} is {row['person']}'s account; unlink it there first")
    tx.run(
        "INSERT INTO asking_accounts (place, account, person) VALUES (:place, :account, :person) "
        "ON CONFLICT (place, account) DO NOTHING",
        place=place, account=account, person=person,
    )


def unlink(tx: Transaction, place: str, account: str) -> int:
    return tx.run(
        "DELETE FROM asking_accounts WHERE place = :place AND account = :account",
        place=place, account=_known_as(place, account),
    )


def holder(tx: Transaction, place: str, account: str) -> Person | None:
    """The person behind an account, who may still come in."""
    row = tx.one(
        "SELECT p.* FROM asking_accounts a JOIN people_persons p ON p.person = a.person "
        "WHERE a.place = :place AND a.account = :account AND p.removed_at IS NULL",
        place=place, account=_known_as(place, account),
    )
    return person_of(row) if row is not None else None


def holders(tx: Transaction, place: str) -> Mapping[str, Person]:
    """Everybody known at a place, by account."""
    rows = tx.rows(
        "SELECT a.account, p.* FROM asking_accounts a JOIN people_persons p ON p.person = a.person "
        "WHERE a.place = :place AND p.removed_at IS NULL",
        place=place,
    )
    return {row["account"]: person_of(row) for row in rows}


def of_person(tx: Transaction, person: str) -> list[tuple[str, str]]:
    """Where somebody is known, and as what."""
    rows = tx.rows(
        "SELECT a.place, a.account FROM asking_accounts a JOIN people_persons p ON p.person = a.person "
        "WHERE a.person = :person AND p.removed_at IS NULL ORDER BY a.place, a.account",
        person=person,
    )
    return [(row["place"], row["account"]) for row in rows]


def crm_people(tx: Transaction, connection: str, users: Iterable[User]) -> Mapping[str, Person]:
    """Our people by their user id in one CRM: as linked, else by an e-mail address that one active user there has."""
    by_address = holders(tx, EMAIL)
    found: dict[str, list[User]] = {}
    for user in users:
        if user.active and not user.is_queue and user.email and user.user_id:
            found.setdefault(user.email.casefold(), []).append(user)
    people: dict[str, Person] = {}
    for address, some in found.items():
        if len(some) == 1 and address in by_address:
            people[str(some[0].user_id)] = by_address[address]
    return {**people, **holders(tx, connection)}


def _known_as(place: str, account: str) -> str:
    return account.strip().casefold() if place == EMAIL else account.strip()
