"""How a row comes into an org and how its fields change: rules, history, log and automations in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random

from adapters.sandbox.associations import LinkKind
from adapters.sandbox.automations import Automation, Written
from adapters.sandbox.checks import accept_values, check_row
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.log import OrgLog
from adapters.sandbox.rows import Actor, Row, RowKey, Value
from adapters.sandbox.schema import ObjectDefinition, OrgSchema
from adapters.sandbox.view import OrgView, alive, stored_row

Precondition = Callable[[Row], None]
_LATEST_COMMIT_SECONDS = 45


class OrgWrites(OrgView):
    """Creates and updates, checked and recorded.

    `before_agent_write` runs just before an agent's update is checked, so that somebody's edit can land between
    the agent's read and its write; automations run after every write of an agent or a rep.
    """

    def __init__(
        self,
        *,
        schema: OrgSchema,
        clock: OrgClock,
        log: OrgLog | None = None,
        faults: Faults | None = None,
        rng: Random | None = None,
    ) -> None:
        super().__init__(schema=schema, clock=clock)
        self.log = log or OrgLog()
        self.rng = rng or Random(0)
        self.faults = faults or Faults(self.rng)
        self.automations: list[Automation] = []
        self.before_agent_write: list[Callable[[Row, Mapping[str, object]], None]] = []
        self._ledger = Ledger(self.log, self.history, self.associations, self.locate)
        self._in_transaction = False

    def create(
        self,
        object_name: str,
        values: Mapping[str, object],
        *,
        actor: Actor,
        request: str | None = None,
        row_id: str | None = None,
        links: Sequence[tuple[RowKey, LinkKind, LinkKind | None]] = (),
        at: int | None = None,
    ) -> Row:
        """Store a new row, linked to others; raises WriteRefusedError. `at` back-dates what setup loads."""
        definition = self.definition(object_name)
        accepted = self._accept(definition, values, actor, creating=True)
        stamp = self.clock.stamp() if at is None else at
        derived = {name: value for name, value in definition.derive(accepted, None, stamp).items() if value is not None}
        complete = {**accepted, **derived}
        self._check(definition, complete, accepted, actor, own_id=None)
        table = self._tables[object_name]
        table.created += 1
        key = RowKey(object_name, row_id or self.schema.new_id(definition, table.created))
        row = Row(
            key=key,
            values=complete,
            created=stamp,
            created_by=actor.user,
            modified=stamp,
            modified_by=actor.user,
            stamp=stamp,
        )
        self._store(row, None, actor)
        for target, kind, inverse in links:
            self._link(key, target, kind, inverse)
        self._ledger.created(definition, row, derived=frozenset(derived), actor=actor, request=request)
        return self._run_automations(
            Written(row=row, before=None, changed=frozenset(complete), actor=actor, request=request)
        )

    def update(
        self,
        object_name: str,
        row_id: str,
        values: Mapping[str, object],
        *,
        actor: Actor,
        request: str | None = None,
        precondition: Precondition | None = None,
        at: int | None = None,
    ) -> Row:
        """Change fields of a row; raises what `precondition` raises, or a refusal."""
        definition, key = self.definition(object_name), RowKey(object_name, row_id)
        if actor.kind == "agent" and not self._in_transaction:
            self.announce_agent_write(key, values)
        before = alive(self._tables[object_name].get(row_id), key)
        if precondition is not None:
            precondition(before)
        accepted = self._accept(definition, values, actor, creating=False)
        stamp = self.clock.stamp() if at is None else at
        merged = {**before.values, **accepted}
        derived = definition.derive(merged, before.values, stamp)
        merged.update(derived)
        self._check(definition, merged, accepted, actor, own_id=row_id)
        changed = frozenset(name for name in (*accepted, *derived) if merged[name] != before.values.get(name))
        if not changed and not self.schema.touch_on_equal:
            return before
        row = replace(
            before, values=merged, modified=stamp, modified_by=actor.user, stamp=stamp, revision=before.revision + 1
        )
        self._store(row, before, actor)
        self._ledger.updated(row, before, changed, derived=frozenset(derived), actor=actor, request=request)
        return self._run_automations(Written(row=row, before=before, changed=changed, actor=actor, request=request))

    def announce_agent_write(self, key: RowKey, values: Mapping[str, object]) -> None:
        """Run the hooks ahead of an agent's update; inside a transaction the caller does this before it begins."""
        row = self.find(*key)
        if row is None or row.deleted is not None:
            return
        for hook in self.before_agent_write:
            hook(row, values)

    def _link(self, origin: RowKey, target: RowKey, kind: LinkKind, inverse: LinkKind | None) -> bool:
        self.get(*target)
        added = self.associations.add(origin, target, kind)
        if inverse is not None:
            self.associations.add(target, origin, inverse)
        return added

    def _accept(
        self, definition: ObjectDefinition, values: Mapping[str, object], actor: Actor, *, creating: bool
    ) -> dict[str, Value]:
        setup = actor.kind in ("setup", "automation")
        accepted = accept_values(self.schema, definition, values, creating=creating, setup=setup)
        if creating:
            self._fill_defaults(definition, accepted, actor)
        return accepted

    def _fill_defaults(self, definition: ObjectDefinition, accepted: dict[str, Value], actor: Actor) -> None:
        for field in definition.fields.values():
            if field.name in accepted:
                continue
            if field.numbered:
                accepted[field.name] = field.numbered.format(self._tables[definition.name].created + 1)
            elif field.default_to_writer:
                accepted[field.name] = actor.user
            elif field.default is not None:
                accepted[field.name] = field.default

    def _check(
        self,
        definition: ObjectDefinition,
        values: Mapping[str, Value],
        written: Mapping[str, Value],
        actor: Actor,
        *,
        own_id: str | None,
    ) -> None:
        if actor.kind in ("setup", "automation"):
            return

        def duplicate(field: str, value: Value) -> str | None:
            stored = self.rows_with(definition.name, field, value)
            return next((row.id for row in stored if row.id != own_id), None)

        def exists(target: str, row_id: str) -> bool:
            row = self.find(target, row_id)
            return row is not None and row.deleted is None

        check_row(definition, values, written, duplicates=duplicate, exists=exists)

    def _store(self, row: Row, before: Row | None, actor: Actor) -> None:
        self._tables.put(row)
        table = self._tables[row.object]
        if actor.kind == "rep" and self.faults.fire("late_commit"):
            delay = self.faults.rng.randint(1, _LATEST_COMMIT_SECONDS) * 1000
            table.hide(row.id, before, self.clock.stamp() + delay)
        else:
            table.show(row.id)

    def _run_automations(self, written: Written) -> Row:
        if written.actor.kind not in ("agent", "rep"):
            return written.row
        for automation in self.automations:
            rewritten = automation(written)
            if rewritten:
                actor = Actor(kind="automation", user=written.actor.user, name="automation", source="AUTOMATION")
                self.update(*written.row.key, rewritten, actor=actor, request=written.request)
        return stored_row(self._tables[written.row.object].get(written.row.id), written.row.key)
