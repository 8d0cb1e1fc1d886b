"""An org in memory: rows with history, links, rules and automations, under one clock and one log."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from adapters.sandbox.associations import LinkKind
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.log import LogLine, OrgLog
from adapters.sandbox.refusals import RowMissingError
from adapters.sandbox.rows import Actor, Row, RowKey
from adapters.sandbox.schema import OrgSchema
from adapters.sandbox.view import alive, stored_row
from adapters.sandbox.writing import OrgWrites


class Org(OrgWrites):
    """One CRM organisation. Faces hold `lock` for the length of a call; everybody else writes as an actor."""

    def __init__(
        self,
        *,
        schema: OrgSchema,
        clock: OrgClock,
        log: OrgLog | None = None,
        faults: Faults | None = None,
        rng: Random | None = None,
    ) -> None:
        super().__init__(schema=schema, clock=clock, log=log, faults=faults, rng=rng)
        self.lock = threading.RLock()

    def delete(self, object_name: str, row_id: str, *, actor: Actor, request: str | None = None) -> Row:
        """Move a row to the recycle bin."""
        before = alive(self._tables[self.definition(object_name).name].get(row_id), RowKey(object_name, row_id))
        return self._mark(before, actor, request, deleted=self.clock.stamp())

    def undelete(self, object_name: str, row_id: str, *, actor: Actor, request: str | None = None) -> Row:
        """Bring a row back from the recycle bin."""
        before = self._tables[object_name].get(row_id)
        if before is None or before.merged_into is not None:
            raise RowMissingError(RowKey(object_name, row_id))
        return before if before.deleted is None else self._mark(before, actor, request, deleted=None)

    def erase(self, object_name: str, row_id: str, *, actor: Actor, request: str | None = None) -> None:
        """Remove a row for good: nothing but its past in history and log remains."""
        row = self._tables[object_name].get(row_id)
        if row is None:
            raise RowMissingError(RowKey(object_name, row_id))
        if row.deleted is None:
            self._ledger.marked(row, "deleted", False, True, at=self.clock.stamp(), actor=actor, request=request)
        self._tables[object_name].drop(row_id)

    def merge(
        self,
        object_name: str,
        winner_id: str,
        loser_ids: Sequence[str],
        *,
        actor: Actor,
        request: str | None = None,
        into_new: bool = False,
    ) -> Row:
        """Merge rows: blanks of the winner are filled, children and links move, losers become aliases.

        With `into_new` the winner too becomes an alias, of a row with a new id.
        """
        winner = alive(self._tables[object_name].get(winner_id), RowKey(object_name, winner_id))
        losers = [alive(self._tables[object_name].get(each), RowKey(object_name, each)) for each in loser_ids]
        kept = {
            name: value
            for row in (*reversed(losers), winner)
            for name, value in row.values.items()
            if value is not None
        }
        gone = [winner, *losers] if into_new else losers
        now = self.clock.stamp()
        for row in gone:
            self._store(replace(row, deleted=now, stamp=now, revision=row.revision + 1), row, actor)
        if into_new:
            result = self.create(object_name, kept, actor=replace(actor, kind="setup"), request=request)
        else:
            result = self.update(object_name, winner_id, kept, actor=replace(actor, kind="setup"), request=request)
        for row in gone:
            self._alias(row, result, actor, request)
        return result

    def touch(self, object_name: str, row_id: str, *, at: int | None = None) -> Row:
        """Move the row's stamp alone, as background work does: no field and no modified time changes."""
        before = alive(self._tables[object_name].get(row_id), RowKey(object_name, row_id))
        stamp = self.clock.stamp() if at is None else at
        row = replace(before, stamp=stamp, revision=before.revision + 1)
        self._tables.put(row)
        return row

    def associate(
        self,
        origin: RowKey,
        target: RowKey,
        kind: LinkKind,
        *,
        inverse: LinkKind | None = None,
        actor: Actor,
        request: str | None = None,
    ) -> bool:
        """Link two rows, with `inverse` in both directions; False if they were linked so already."""
        added = self._link(origin, target, kind, inverse)
        if added:
            self._ledger.linked(
                self.definition(origin.object),
                self.get(*origin),
                target,
                at=self.clock.stamp(),
                actor=actor,
                request=request,
            )
        return added

    def dissociate(
        self,
        origin: RowKey,
        target: RowKey,
        kind: LinkKind | None = None,
        *,
        inverse: LinkKind | None = None,
        actor: Actor,
        request: str | None = None,
    ) -> bool:
        """Remove one kind of link or all, in both directions; False if there was none."""
        removed = self.associations.remove(origin, target, kind)
        self.associations.remove(target, origin, inverse if kind is not None else None)
        if removed:
            self._ledger.unlinked(origin, target, at=self.clock.stamp(), actor=actor, request=request)
        return removed

    def log_call(
        self, actor: Actor, call: str, *, status: int | None, record: RowKey | None = None, request: str | None = None
    ) -> None:
        """Log one call of a client: `call` is its method and path, `status` None when it was never answered."""
        where = str(record) if record else None
        self.log.append(LogLine(self.clock.stamp(), "call", actor.kind, where, call, None, status, None, request))

    @property
    def in_transaction(self) -> bool:
        """Whether writes are being held together right now; what others write then would be undone with them."""
        return self._in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside take effect together, or none if the block raises; a nested one joins the outer."""
        if self._in_transaction:
            yield
            return
        self._in_transaction = True
        self._tables.begin()
        self._ledger.begin()
        try:
            yield
        except BaseException:
            self._tables.roll_back()
            self._ledger.roll_back()
            raise
        else:
            self._tables.commit()
            self._ledger.commit()
        finally:
            self._in_transaction = False

    def _mark(self, before: Row, actor: Actor, request: str | None, *, deleted: int | None) -> Row:
        now = self.clock.stamp()
        row = replace(
            before, deleted=deleted, modified=now, modified_by=actor.user, stamp=now, revision=before.revision + 1
        )
        self._store(row, before, actor)
        self._ledger.marked(
            row, "deleted", before.deleted is not None, deleted is not None, at=now, actor=actor, request=request
        )
        return row

    def _alias(self, loser: Row, winner: Row, actor: Actor, request: str | None) -> None:
        marked = stored_row(self._tables[loser.object].get(loser.id), loser.key)
        self._tables.put(replace(marked, merged_into=winner.id))
        self.associations.move(loser.key, winner.key)
        self._reparent_children(loser.key, winner.id, actor, request)
        self._ledger.marked(loser, "merged_into", None, winner.id, at=self.clock.stamp(), actor=actor, request=request)

    def _reparent_children(self, loser: RowKey, winner_id: str, actor: Actor, request: str | None) -> None:
        mover = replace(actor, kind="automation")
        for definition in self.schema.objects.values():
            for field in definition.fields.values():
                children = (
                    self.rows_with(definition.name, field.name, loser.id) if loser.object in field.references else []
                )
                for child in children:
                    self.update(definition.name, child.id, {field.name: winner_id}, actor=mover, request=request)
