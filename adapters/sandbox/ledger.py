"""Keeps history and log in step with every effective write, and takes both back when a transaction fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from adapters.sandbox.associations import Associations, LinkKind
from adapters.sandbox.history import FieldChange, History
from adapters.sandbox.log import LogLine, OrgLog
from adapters.sandbox.rows import Actor, ActorKind, Row, RowKey, Value
from adapters.sandbox.schema import Hanging, ObjectDefinition

# Clients without an external-id field sign a text with a short token: `[name:9f31c2d4]`, `[name 9f31c2d4]`,
# `ref: 9f31c2d4`.
MARKER_PATTERN = re.compile(
    r"(?:\[[a-z][a-z-]*(?:\s?[:#=]\s?|\s)|\b(?:intent|marker|ref)\s?[:#=]\s?)(?=[A-Za-z_.-]*\d)([0-9A-Za-z][0-9A-Za-z_.-]{7,})"
)


class Ledger:
    """Writes one history change and one log line per changed field."""

    def __init__(
        self,
        log: OrgLog,
        history: History,
        associations: Associations,
        locate: Callable[[str, Sequence[str]], RowKey | None],
    ) -> None:
        self._locate = locate
        self._log = log
        self._history = history
        self._associations = associations
        self._lengths: dict[RowKey, int] | None = None
        self._links: dict[RowKey, dict[RowKey, tuple[LinkKind, ...]]] = {}

    def created(
        self, definition: ObjectDefinition, row: Row, *, derived: frozenset[str], actor: Actor, request: str | None
    ) -> None:
        """A new row: one line per field, or one for a task or note with the record it hangs on."""
        for name, value in row.values.items():
            if value is not None:
                self._remember(row.key, _change(row, name, None, (actor, request), name in derived))
        if definition.hanging is not None:
            self._hung(definition.hanging, row, actor, request, self._parent(definition, row))
            return
        where = str(row.key)
        for name, value in row.values.items():
            if value is not None:
                who = _writer(actor, name in derived)
                self._log.append(LogLine(row.created, "write", who, where, name, None, value, None, request))

    def updated(
        self,
        row: Row,
        before: Row,
        changed: frozenset[str],
        *,
        derived: frozenset[str],
        actor: Actor,
        request: str | None,
    ) -> None:
        """A changed row: one line per field that really changed."""
        where = str(row.key)
        for name in row.values:
            if name in changed:
                old, new, own = before.values.get(name), row.values[name], name not in derived
                self._remember(row.key, _change(row, name, old, (actor, request), not own))
                who = _writer(actor, not own)
                self._log.append(LogLine(row.stamp, "write", who, where, name, old, new, None, request))

    def marked(
        self, row: Row, field: str, before: Value, after: Value, *, at: int, actor: Actor, request: str | None
    ) -> None:
        """A delete, undelete or merge."""
        self._log.append(LogLine(at, "write", actor.kind, str(row.key), field, before, after, None, request))

    def linked(
        self, definition: ObjectDefinition, row: Row, target: RowKey, *, at: int, actor: Actor, request: str | None
    ) -> None:
        """A link; the first link of a task or note also says on which record it hangs."""
        field = f"association:{target.object}"
        self._log.append(LogLine(at, "write", actor.kind, str(row.key), field, None, target.id, None, request))
        others = [found for found, _ in self._associations.of(row.key) if found != target]
        if definition.hanging is not None and not others and self._field_parent(definition, row) is None:
            self._hung(definition.hanging, row, actor, request, target)

    def unlinked(self, origin: RowKey, target: RowKey, *, at: int, actor: Actor, request: str | None) -> None:
        field = f"association:{target.object}"
        self._log.append(LogLine(at, "write", actor.kind, str(origin), field, target.id, None, None, request))

    def begin(self) -> None:
        self._lengths = {}
        self._links = self._associations.snapshot()
        self._log.hold()

    def commit(self) -> None:
        self._lengths = None
        self._log.release()

    def roll_back(self) -> None:
        for key, length in (self._lengths or {}).items():
            self._history.truncate(key, length)
        self._lengths = None
        self._associations.restore(self._links)
        self._log.drop()

    def _remember(self, key: RowKey, change: FieldChange) -> None:
        if self._lengths is not None:
            self._lengths.setdefault(key, self._history.length(key))
        self._history.append(key, change)

    def _hung(self, hanging: Hanging, row: Row, actor: Actor, request: str | None, parent: RowKey | None) -> None:
        where = str(parent) if parent else None
        text, marker = row.get(hanging.text), marker_of(hanging, row)
        self._log.append(LogLine(row.stamp, "write", actor.kind, where, hanging.kind, None, text, marker, request))

    def _parent(self, definition: ObjectDefinition, row: Row) -> RowKey | None:
        links = self._associations.of(row.key)
        return self._field_parent(definition, row) or (links[0][0] if links else None)

    def _field_parent(self, definition: ObjectDefinition, row: Row) -> RowKey | None:
        for name in definition.hanging.parents if definition.hanging else ():
            value = row.get(name)
            if value:
                return self._locate(str(value), definition.fields[name].references)
        return None


def marker_of(hanging: Hanging, row: Row) -> str | None:
    """The external id of a task or note, or else the marker its text carries."""
    for name in hanging.external_ids:
        if row.get(name):
            return str(row.get(name))
    for name in hanging.marked_texts:
        found = MARKER_PATTERN.search(str(row.get(name) or ""))
        if found is not None:
            return found.group(1)
    return None


def _writer(actor: Actor, derived: bool) -> ActorKind:
    return "automation" if derived and actor.kind != "setup" else actor.kind


def _change(row: Row, field: str, before: Value, writer: tuple[Actor, str | None], derived: bool) -> FieldChange:
    actor, request = writer
    return FieldChange(
        at=row.stamp,
        field=field,
        before=before,
        after=row.values[field],
        actor=_writer(actor, derived),
        user=actor.user,
        source=actor.source,
        source_id=actor.source_id,
        request=request,
    )
