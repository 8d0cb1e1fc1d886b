"""The life of learners on disk: each fit is a new numbered file with its hash in the state database.

In force is the pinned version, else the newest one that was not withdrawn. A file whose hash is not the stored one is
never loaded; one that is lost, or that today's libraries cannot read, is withdrawn and the field is learned again.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from connector.clock import from_micros, micros
from connector.decision.learner import Learner, LearnerKey, NotLearned, OutcomeLearner
from connector.errors import StateError
from connector.record import ConnectionName, FieldName, ObjectType
from connector.store import Row, Store, Transaction, word

KEPT = 5  # newest versions whose files stay, for rollback
_NIGHT = timedelta(hours=24)
_NEW_SHARE = 0.10
_OF_KEY = "connection = :connection AND policy = :policy AND object = :object AND field = :field"


Fitted: TypeAlias = Learner | OutcomeLearner


class LearnerFormat(Protocol):
    """How a learner becomes bytes and back."""

    def store(self, learner: Fitted) -> bytes: ...

    def restore(self, content: bytes, version: str) -> Fitted:
        """The learner back from bytes whose hash was checked. Raises StateError when they cannot be read any more."""
        ...


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


class DiskShelf:
    """Learners under one folder of the state. Shared by threads; a learner is loaded once and kept."""

    def __init__(self, store: Store, folder: Path, form: LearnerFormat) -> None:
        self._store = store
        self._folder = folder
        self._form = form
        self._loaded: dict[LearnerKey, tuple[int, Fitted]] = {}
        self._lock = threading.Lock()

    def learner(self, key: LearnerKey) -> Learner | NotLearned:
        """The learner in force. Raises StateError when its file was changed by somebody else."""
        found = self._standing(key)
        return found if isinstance(found, Learner | NotLearned) else NotLearned(why="a score is kept under this name")

    def outcomes(self, key: LearnerKey) -> OutcomeLearner | NotLearned:
        """The score in force, as `learner`."""
        found = self._standing(key)
        return found if isinstance(found, OutcomeLearner | NotLearned) else NotLearned(why="no score is kept here")

    def _standing(self, key: LearnerKey) -> Fitted | NotLearned:
        while True:
            with self._store.snapshot() as tx:
                chosen = in_force(_versions(tx, key))
                if chosen is None:
                    return _not_learned(tx, key)
            with self._lock:
                loaded = self._loaded.get(key)
                if loaded is not None and loaded[0] == chosen.version:
                    return loaded[1]
                learner = self._load(chosen)
                if learner is not None:
                    self._loaded[key] = (chosen.version, learner)
                    return learner
            self._withdraw(chosen)

    def shelve(
        self, key: LearnerKey, learner: Fitted, *, examples: int, at: datetime, shadow: bool = False
    ) -> Shelved:
        """Keep a new fit. The file is whole on disk before the database names it; old files go after that.

        One in `shadow` answers beside the version in force and does not act until it is let out.
        """
        with self._store.snapshot() as tx:
            number = max((kept.version for kept in _versions(tx, key)), default=0) + 1
        content = self._form.store(learner)
        path, sha256 = f"{_stem(key)}-{number}.learner", hashlib.sha256(content).hexdigest()
        self._write(path, content)
        shelved = Shelved(
            key=key, version=number, name=learner.version, path=path, sha256=sha256, examples=examples, fitted_at=at,
            shadow=shadow,
        )
        with self._store.transaction("decision: shelve a learner") as tx:
            tx.run(_INSERT, **_columns(shelved))
            if not shadow:
                tx.run(_RETIRE, **_key_columns(key))
            kept = _versions(tx, key)
        self._sweep(key, kept)
        return shelved

    def shadow(self, key: LearnerKey) -> tuple[Shelved, Fitted] | None:
        """The newest version in shadow that is younger than the one in force, if its file can be read."""
        kept = self.versions(key)
        acting = in_force(kept)
        waiting = [one for one in kept if one.shadow and not one.withdrawn]
        newest = max(waiting, key=lambda one: one.version, default=None)
        if newest is None or (acting is not None and newest.version < acting.version):
            return None
        learner = self._load(newest)
        return (newest, learner) if learner is not None else None

    def let_out(self, shelved: Shelved) -> None:
        """The version in shadow has earned what the one in force had: from now on it acts."""
        with self._store.transaction("decision: let a learner out of shadow") as tx:
            tx.run(
                f"UPDATE decision_learners SET shadow = 0 WHERE {_OF_KEY} AND version = :version",
                version=shelved.version, **_key_columns(shelved.key),
            )
            tx.run(_RETIRE, **_key_columns(shelved.key))
            kept = _versions(tx, shelved.key)
        self._sweep(shelved.key, kept)

    def sweep(self) -> tuple[Shelved, ...]:
        """Delete every file nothing can ask for; the versions in force that erased rows taught, which are fitted again."""
        by_key: dict[LearnerKey, list[Shelved]] = {}
        for one in self.versions():
            by_key.setdefault(one.key, []).append(one)
        for key, kept in by_key.items():
            self._sweep(key, kept)
        return tuple(acting for kept in by_key.values() if (acting := in_force(kept)) is not None and acting.outdated)

    def same_again(self, shelved: Shelved) -> None:
        """What was left after an erasing taught the very same learner: it holds nothing of what is gone."""
        with self._store.transaction("decision: a learner came out the same") as tx:
            tx.run(
                f"UPDATE decision_learners SET outdated = 0 WHERE {_OF_KEY} AND version = :version",
                version=shelved.version, **_key_columns(shelved.key),
            )

    def lacks(self, key: LearnerKey, missing: NotLearned) -> None:
        """Note how far a field without a learner has come, so that people can be told."""
        with self._store.transaction("decision: count examples") as tx:
            tx.run(
                """
                INSERT INTO decision_examples (connection, policy, object, field, examples, needed, why)
                VALUES (:connection, :policy, :object, :field, :examples, :needed, :why)
                ON CONFLICT (connection, policy, object, field)
                DO UPDATE SET examples = excluded.examples, needed = excluded.needed, why = excluded.why
                """,
                examples=missing.examples, needed=missing.needed, why=missing.why, **_key_columns(key),
            )
            tx.run(_RETIRE, **_key_columns(key))
            kept = _versions(tx, key)
        self._sweep(key, kept)

    def versions(self, key: LearnerKey | None = None) -> tuple[Shelved, ...]:
        """Every version of one learner, or of all, newest first within a learner."""
        with self._store.snapshot() as tx:
            return _versions(tx, key) if key is not None else all_versions(tx)

    def pin(self, key: LearnerKey, version: int | None) -> Shelved:
        """Keep one version in force whatever is fitted later; None lets the newest act again."""
        with self._store.transaction("decision: pin a learner") as tx:
            if version is not None:
                _existing(tx, key, version)
            tx.run(f"UPDATE decision_learners SET pinned = 0 WHERE {_OF_KEY}", **_key_columns(key))
            if version is not None:
                tx.run(
                    "UPDATE decision_learners SET pinned = 1, withdrawn = 0, shadow = 0 "
                    f"WHERE {_OF_KEY} AND version = :version",
                    version=version, **_key_columns(key),
                )
            chosen = in_force(_versions(tx, key))
        if chosen is None:
            raise StateError(f"there is no learner {key}", hint="crm-connector learner list")
        return chosen

    def rollback(self, key: LearnerKey) -> Shelved:
        """Withdraw the version in force; the one before it acts again. Later fits are taken up as usual."""
        with self._store.transaction("decision: roll a learner back") as tx:
            kept = _versions(tx, key)
            now = in_force(kept)
            earlier = in_force([one for one in kept[:KEPT] if now is not None and one.version < now.version])
            if now is None or earlier is None:
                raise StateError(f"there is no earlier version of {key}", hint="crm-connector learner list")
            tx.run(_WITHDRAW, version=now.version, **_key_columns(key))
        return earlier

    def _load(self, shelved: Shelved) -> Fitted | None:
        """The learner of one version; None when its file is lost or cannot be read with today's libraries."""
        try:
            content = (self._folder / shelved.path).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() != shelved.sha256:
            raise StateError(
                f"the file of learner {shelved.key} version {shelved.version} is not the one that was written",
                hint=f"crm-connector learner rollback {shelved.key}",
            )
        try:
            return self._form.restore(content, shelved.name)
        except StateError:
            return None

    def _withdraw(self, shelved: Shelved) -> None:
        with self._store.transaction("decision: withdraw a learner") as tx:
            tx.run(_WITHDRAW, version=shelved.version, **_key_columns(shelved.key))

    def _write(self, path: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f"{path}.part"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder / path)

    def _sweep(self, key: LearnerKey, kept: Sequence[Shelved]) -> None:
        """Delete files no rollback can ask for; their rows stay as history."""
        acting = in_force(kept)
        chosen = (*kept[:KEPT], *(one for one in kept if one.pinned or one is acting))
        needed = {shelved.path for shelved in chosen if not (shelved.outdated and shelved.withdrawn)}
        for path in self._folder.glob(f"{_stem(key)}-*.learner"):
            if path.name not in needed:
                path.unlink(missing_ok=True)


_INSERT = """
INSERT INTO decision_learners (connection, policy, object, field, version, name, path, sha256, examples, fitted_at, shadow)
VALUES (:connection, :policy, :object, :field, :version, :name, :path, :digest, :examples, :fitted_at, :shadow)
"""
_RETIRE = f"UPDATE decision_learners SET pinned = 0, withdrawn = 1 WHERE {_OF_KEY} AND outdated = 1"
_WITHDRAW = f"UPDATE decision_learners SET pinned = 0, withdrawn = 1 WHERE {_OF_KEY} AND version = :version"


def unteach(tx: Transaction, taught: Collection[tuple[ConnectionName, ObjectType]]) -> None:
    """Rows of these objects were erased: what was fitted on them is withdrawn, or in force only until it is fitted again.

    A learner that acts alone stays until its successor has earned as much: one erasure must not end an autonomy.
    """
    for key in {one.key for one in all_versions(tx) if (one.key.connection, one.key.object) in taught}:
        acting = in_force(_versions(tx, key))
        tx.run(f"UPDATE decision_learners SET outdated = 1 WHERE {_OF_KEY}", **_key_columns(key))
        number = acting.version if acting is not None else 0
        tx.run(f"{_RETIRE} AND version <> :number", number=number, **_key_columns(key))


def examples_behind(tx: Transaction, key: LearnerKey) -> int | None:
    """How many examples taught the newest version of a learner; None where there is none."""
    return max((one.examples for one in _versions(tx, key)[:1]), default=None)


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


def _stem(key: LearnerKey) -> str:
    """File names carry no names of a CRM's objects or fields: those are foreign text."""
    named = f"{key.connection}:{key.object}.{key.field} for {key.policy}"  # other words would lose the files of before
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _versions(tx: Transaction, key: LearnerKey) -> tuple[Shelved, ...]:
    rows = tx.rows(f"SELECT * FROM decision_learners WHERE {_OF_KEY} ORDER BY version DESC", **_key_columns(key))
    return tuple(_shelved(row) for row in rows)


def all_versions(tx: Transaction) -> tuple[Shelved, ...]:
    """Every version of every learner, newest first within a learner."""
    order = "connection, policy, object, field, version DESC"
    return tuple(_shelved(row) for row in tx.rows(f"SELECT * FROM decision_learners ORDER BY {order}"))


def _existing(tx: Transaction, key: LearnerKey, version: int) -> None:
    if version not in {shelved.version for shelved in _versions(tx, key)[:KEPT]}:
        raise StateError(f"{key} has no version {version} that is still kept", hint="crm-connector learner list")


def _not_learned(tx: Transaction, key: LearnerKey) -> NotLearned:
    row = tx.one(f"SELECT examples, needed, why FROM decision_examples WHERE {_OF_KEY}", **_key_columns(key))
    return NotLearned() if row is None else NotLearned(examples=row["examples"], needed=row["needed"], why=row["why"])


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
