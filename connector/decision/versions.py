"""The versions of each learner as the state knows them: which one is in force, when the next is due, what erasing ends.

In force is the pinned version, else the newest one that was neither withdrawn nor is in shadow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.clock import from_micros, micros
from connector.decision.learner import LearnerKey, NotLearned
from connector.errors import StateError
from connector.record import ConnectionName, FieldName, ObjectType
from connector.store import Row, Transaction, word

KEPT = 5  # newest versions whose files stay, for rollback
_NIGHT = timedelta(hours=24)
_NEW_SHARE = 0.10
_OF_KEY = "connection = :connection AND policy = :policy AND object = :object AND field = :field"
_RETIRE = f"UPDATE decision_learners SET pinned = 0, withdrawn = 1 WHERE {_OF_KEY} AND outdated = 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One version of a learner as the shelf knows it."""

    key: LearnerKey
    version: int
    name: str  # what evidence is pinned to: a refit that comes out the same keeps what it has earned
    path: str
    sha256: str
    examples: int
    fitted_at: datetime
    pinned: bool = False
    withdrawn: bool = False
    shadow: bool = False
    outdated: bool = False  # taught by rows that have been erased since; it goes as soon as the rest has taught another


def versions_of(tx: Transaction, key: LearnerKey) -> tuple[Shelved, ...]:
    """Every version of one learner, newest first."""
    rows = tx.rows(f"SELECT * FROM decision_learners WHERE {_OF_KEY} ORDER BY version DESC", **_key_columns(key))
    return tuple(_shelved(row) for row in rows)


def all_versions(tx: Transaction) -> tuple[Shelved, ...]:
    """Every version of every learner, newest first within a learner."""
    order = "connection, policy, object, field, version DESC"
    return tuple(_shelved(row) for row in tx.rows(f"SELECT * FROM decision_learners ORDER BY {order}"))


def not_learned(tx: Transaction, key: LearnerKey) -> NotLearned:
    """How far a field without a learner has come, as it was last counted."""
    row = tx.one(f"SELECT examples, needed, why FROM decision_examples WHERE {_OF_KEY}", **_key_columns(key))
    return NotLearned() if row is None else NotLearned(examples=row["examples"], needed=row["needed"], why=row["why"])


def awaits_fit(tx: Transaction, key: LearnerKey) -> bool:
    """Whether nothing is in force because nobody has tried yet, or because what was has been withdrawn."""
    versions = versions_of(tx, key)
    counted = tx.one(f"SELECT 1 AS known FROM decision_examples WHERE {_OF_KEY}", **_key_columns(key))
    return in_force(versions) is None and (bool(versions) or counted is None)


def add_version(tx: Transaction, shelved: Shelved) -> None:
    """Put a version on record; one that acts at once retires what erased rows taught."""
    tx.run(
        """
        INSERT INTO decision_learners
            (connection, policy, object, field, version, name, path, sha256, examples, fitted_at, shadow)
        VALUES (:connection, :policy, :object, :field, :version, :name, :path, :digest, :examples, :fitted_at, :shadow)
        """,
        **_columns(shelved),
    )
    if not shelved.shadow:
        retire_outdated(tx, shelved.key)


def retire_outdated(tx: Transaction, key: LearnerKey) -> None:
    """A successor stands, or none can be taught any more: what erased rows taught goes."""
    tx.run(_RETIRE, **_key_columns(key))


def withdraw_version(tx: Transaction, key: LearnerKey, version: int) -> None:
    tx.run(
        f"UPDATE decision_learners SET pinned = 0, withdrawn = 1 WHERE {_OF_KEY} AND version = :version",
        version=version, **_key_columns(key),
    )


def end_shadow(tx: Transaction, shelved: Shelved) -> None:
    """From now on this version acts."""
    tx.run(
        f"UPDATE decision_learners SET shadow = 0 WHERE {_OF_KEY} AND version = :version",
        version=shelved.version, **_key_columns(shelved.key),
    )
    retire_outdated(tx, shelved.key)


def keep_as_taught(tx: Transaction, shelved: Shelved) -> None:
    """Nothing that was erased is in this version."""
    tx.run(
        f"UPDATE decision_learners SET outdated = 0 WHERE {_OF_KEY} AND version = :version",
        version=shelved.version, **_key_columns(shelved.key),
    )


def pin_version(tx: Transaction, key: LearnerKey, version: int | None) -> None:
    """One version stays in force; None unpins. Raises StateError where the version is not kept any more."""
    if version is not None and version not in {shelved.version for shelved in versions_of(tx, key)[:KEPT]}:
        raise StateError(f"{key} has no version {version} that is still kept", hint="crm-connector learner list")
    tx.run(f"UPDATE decision_learners SET pinned = 0 WHERE {_OF_KEY}", **_key_columns(key))
    if version is not None:
        tx.run(
            f"UPDATE decision_learners SET pinned = 1, withdrawn = 0, shadow = 0 WHERE {_OF_KEY} AND version = :version",
            version=version, **_key_columns(key),
        )


def count_examples(tx: Transaction, key: LearnerKey, missing: NotLearned) -> None:
    """Keep how far a field without a learner has come."""
    tx.run(
        """
        INSERT INTO decision_examples (connection, policy, object, field, examples, needed, why)
        VALUES (:connection, :policy, :object, :field, :examples, :needed, :why)
        ON CONFLICT (connection, policy, object, field)
        DO UPDATE SET examples = excluded.examples, needed = excluded.needed, why = excluded.why
        """,
        examples=missing.examples, needed=missing.needed, why=missing.why, **_key_columns(key),
    )


def unteach(tx: Transaction, taught: Collection[tuple[ConnectionName, ObjectType]]) -> None:
    """Rows of these objects were erased: what was fitted on them is withdrawn, or in force only until it is fitted again.

    A learner that acts alone stays until its successor has earned as much: one erasure must not end an autonomy.
    """
    for key in {one.key for one in all_versions(tx) if (one.key.connection, one.key.object) in taught}:
        acting = in_force(versions_of(tx, key))
        tx.run(f"UPDATE decision_learners SET outdated = 1 WHERE {_OF_KEY}", **_key_columns(key))
        number = acting.version if acting is not None else 0
        tx.run(f"{_RETIRE} AND version <> :number", number=number, **_key_columns(key))


def examples_behind(tx: Transaction, key: LearnerKey) -> int | None:
    """How many examples taught the newest version of a learner; None where there is none."""
    return max((one.examples for one in versions_of(tx, key)[:1]), default=None)


def in_force(versions: Sequence[Shelved]) -> Shelved | None:
    """The pinned version, else the newest that was not withdrawn and is not in shadow."""
    standing = [shelved for shelved in versions if not shelved.withdrawn and not shelved.shadow]
    return max(standing, key=lambda shelved: (shelved.pinned, shelved.version), default=None)


def is_due(newest: Shelved | None, *, new_examples: int, now: datetime) -> bool:
    """Whether a field is worth learning again: never learned, some of its examples were erased, or enough are new.

    Enough is any after a night, and a tenth at once.
    """
    if newest is None or newest.outdated:
        return True
    if new_examples == 0:
        return False
    return now - newest.fitted_at >= _NIGHT or new_examples >= max(1, _NEW_SHARE * newest.examples)


def _key_columns(key: LearnerKey) -> dict[str, Any]:
    return {"connection": key.connection, "policy": key.policy, "object": key.object.value, "field": key.field}


def _columns(shelved: Shelved) -> dict[str, Any]:
    return {
        **_key_columns(shelved.key), "version": shelved.version, "name": shelved.name, "path": shelved.path,
        "digest": shelved.sha256, "examples": shelved.examples, "fitted_at": micros(shelved.fitted_at),
        "shadow": int(shelved.shadow),
    }


def _shelved(row: Row) -> Shelved:
    return Shelved(
        key=LearnerKey(
            connection=ConnectionName(row["connection"]), policy=row["policy"], object=word(ObjectType, row["object"]),
            field=FieldName(row["field"]),
        ),
        version=row["version"], name=row["name"], path=row["path"], sha256=row["sha256"], examples=row["examples"],
        fitted_at=from_micros(row["fitted_at"]), pinned=bool(row["pinned"]), withdrawn=bool(row["withdrawn"]),
        shadow=bool(row["shadow"]), outdated=bool(row["outdated"]),
    )
