"""The life of learners on disk: each fit is a new numbered file with its hash in the state database.

Which version is in force stands in the state (see `versions`). A file whose hash is not the stored one is
never loaded; one that is lost, or that today's libraries cannot read, is withdrawn and the field is learned again.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from connector.decision.learner import Learner, LearnerKey, NotLearned, OutcomeLearner
from connector.decision.versions import (
    KEPT,
    Shelved,
    add_version,
    all_versions,
    awaits_fit,
    count_examples,
    end_shadow,
    in_force,
    keep_as_taught,
    not_learned,
    pin_version,
    retire_outdated,
    versions_of,
    withdraw_version,
)
from connector.errors import StateError
from connector.store import Store

Fitted: TypeAlias = Learner | OutcomeLearner


class LearnerFormat(Protocol):
    """How a learner becomes bytes and back."""

    def store(self, learner: Fitted) -> bytes: ...

    def restore(self, content: bytes, version: str) -> Fitted:
        """The learner back from bytes whose hash was checked. Raises StateError when they cannot be read any more."""
        ...


class DiskShelf:
    """Learners under one folder of the state. Shared by threads; a learner is loaded once and kept."""

    def __init__(self, store: Store, folder: Path, form: LearnerFormat) -> None:
        self._store = store
        self._folder = folder
        self._form = form
        self._loaded: dict[LearnerKey, tuple[int, Fitted]] = {}
        self._awaited: frozenset[LearnerKey] = frozenset()
        self._lock = threading.Lock()

    def learner(self, key: LearnerKey) -> Learner | NotLearned:
        """The learner in force. Raises StateError when its file was changed by somebody else."""
        found = self._standing(key)
        return found if isinstance(found, Learner | NotLearned) else NotLearned(why="a score is kept under this name")

    def outcomes(self, key: LearnerKey) -> OutcomeLearner | NotLearned:
        """The score in force, as `learner`."""
        found = self._standing(key)
        return found if isinstance(found, OutcomeLearner | NotLearned) else NotLearned(why="no score is kept here")

    def expect(self, keys: Collection[LearnerKey]) -> None:
        """A fit of these fields is on its way. Those without a learner say so, unless one was tried in vain before."""
        with self._store.snapshot() as tx:
            self._awaited = frozenset(key for key in keys if awaits_fit(tx, key))

    def _standing(self, key: LearnerKey) -> Fitted | NotLearned:
        while True:
            with self._store.snapshot() as tx:
                chosen = in_force(versions_of(tx, key))
                if chosen is None:
                    return replace(not_learned(tx, key), awaited=key in self._awaited)
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
            number = max((kept.version for kept in versions_of(tx, key)), default=0) + 1
        content = self._form.store(learner)
        path, sha256 = f"{_stem(key)}-{number}.learner", hashlib.sha256(content).hexdigest()
        self._write(path, content)
        shelved = Shelved(
            key=key, version=number, name=learner.version, path=path, sha256=sha256, examples=examples, fitted_at=at,
            shadow=shadow,
        )
        with self._store.transaction("decision: shelve a learner") as tx:
            add_version(tx, shelved)
            kept = versions_of(tx, key)
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
            end_shadow(tx, shelved)
            kept = versions_of(tx, shelved.key)
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
            keep_as_taught(tx, shelved)

    def lacks(self, key: LearnerKey, missing: NotLearned) -> None:
        """Note how far a field without a learner has come, so that people can be told."""
        with self._store.transaction("decision: count examples") as tx:
            count_examples(tx, key, missing)
            retire_outdated(tx, key)
            kept = versions_of(tx, key)
        self._sweep(key, kept)

    def versions(self, key: LearnerKey | None = None) -> tuple[Shelved, ...]:
        """Every version of one learner, or of all, newest first within a learner."""
        with self._store.snapshot() as tx:
            return versions_of(tx, key) if key is not None else all_versions(tx)

    def pin(self, key: LearnerKey, version: int | None) -> Shelved:
        """Keep one version in force whatever is fitted later; None lets the newest act again."""
        with self._store.transaction("decision: pin a learner") as tx:
            pin_version(tx, key, version)
            chosen = in_force(versions_of(tx, key))
        if chosen is None:
            raise StateError(f"there is no learner {key}", hint="crm-connector learner list")
        return chosen

    def rollback(self, key: LearnerKey) -> Shelved:
        """Withdraw the version in force; the one before it acts again. Later fits are taken up as usual."""
        with self._store.transaction("decision: roll a learner back") as tx:
            kept = versions_of(tx, key)
            now = in_force(kept)
            earlier = in_force([one for one in kept[:KEPT] if now is not None and one.version < now.version])
            if now is None or earlier is None:
                raise StateError(f"there is no earlier version of {key}", hint="crm-connector learner list")
            withdraw_version(tx, key, now.version)
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
            withdraw_version(tx, shelved.key, shelved.version)

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


def _stem(key: LearnerKey) -> str:
    """File names carry no names of a CRM's objects or fields: those are foreign text."""
    named = f"{key.connection}:{key.object}.{key.field} for {key.policy}"  # other words would lose the files of before
    return hashlib.sha256(named.encode()).hexdigest()[:16]
