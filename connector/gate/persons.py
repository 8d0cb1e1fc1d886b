"""Persons: who may come in and look or judge, each with one role and a token of which only a salted hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import random
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.clock import from_micros, micros
from connector.errors import PermanentError
from connector.store import Row, Transaction, word

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_NOBODY = "0" * 64  # the digest that a token is compared with when there is no such person: the same work either way


class Role(StrEnum):
    """What a person may do; each role may all that the one before it may."""

    VIEWER = "viewer"  # read
    APPROVER = "approver"  # judge, take cases, take writes of a record back
    ADMIN = "admin"  # take back whole policies, runs and times

    def covers(self, needed: Role) -> bool:
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the team."""

    name: str
    role: Role
    added_at: datetime
    added_by: str
    removed_at: datetime | None = None


class PersonError(PermanentError):
    """There is no such person, or the name cannot be one."""

    hint = "crm-connector users list"


def new_secret(chance: random.Random) -> str:
    """256 random bits as text; `chance` MUST be the system's own generator in a real service."""
    return f"{chance.getrandbits(256):064x}"


def put(tx: Transaction, name: str, role: Role, token: str, *, salt: str, by: str, at: datetime) -> Person:
    """Let somebody in, or again with a new token; one who was removed comes back."""
    if not _NAME.fullmatch(name):
        raise PersonError(f"{name!r} cannot be a name: small letters, digits and . _ @ + - only, 64 at most")
    tx.run(
        """
        INSERT INTO people_persons (person, role, salt, token_digest, added_at, added_by, removed_at)
        VALUES (:person, :role, :salt, :digest, :at, :by, NULL)
        ON CONFLICT (person) DO UPDATE SET role = excluded.role, salt = excluded.salt, token_digest = excluded.token_digest,
            added_at = excluded.added_at, added_by = excluded.added_by, removed_at = NULL
        """,
        person=name, role=role.value, salt=salt, digest=_digest(salt, token), at=micros(at), by=by,
    )
    return find(tx, name)


def remove(tx: Transaction, name: str, at: datetime) -> Person:
    """Nobody comes in under this name any more; what the person did stays in the journal."""
    person = find(tx, name)
    tx.run(
        "UPDATE people_persons SET removed_at = :at, token_digest = '' WHERE person = :person", at=micros(at), person=name
    )
    return person


def find(tx: Transaction, name: str) -> Person:
    """A person who may come in; raises PersonError for anybody else."""
    row = tx.one("SELECT * FROM people_persons WHERE person = :person AND removed_at IS NULL", person=name)
    if row is None:
        raise PersonError(f"there is no user {name!r}")
    return person_of(row)


def listed(tx: Transaction) -> list[Person]:
    return [person_of(row) for row in tx.rows("SELECT * FROM people_persons WHERE removed_at IS NULL ORDER BY person")]


def admitted(tx: Transaction, name: str, token: str) -> Person | None:
    """The person whose token this is; None for a wrong token and for an unknown name alike."""
    row = tx.one("SELECT * FROM people_persons WHERE person = :person AND removed_at IS NULL", person=name)
    kept, salt = (row["token_digest"], row["salt"]) if row is not None else (_NOBODY, "")
    fits = hmac.compare_digest(kept, _digest(salt, token))
    return person_of(row) if row is not None and fits else None


def person_of(row: Row) -> Person:
    return Person(
        name=row["person"], role=word(Role, row["role"]), added_at=from_micros(row["added_at"]), added_by=row["added_by"],
        removed_at=from_micros(row["removed_at"]) if row["removed_at"] is not None else None,
    )


def _digest(salt: str, token: str) -> str:
    # A plain hash is enough: a token has 256 random bits, so there is nothing to guess that a slow hash would protect.
    return hashlib.sha256(f"{salt}\n{token}".encode()).hexdigest()
