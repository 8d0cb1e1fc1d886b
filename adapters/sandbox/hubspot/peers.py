"""Other people and processes that change records at the worst moment, as faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.sandbox.rows import Actor, Row
from adapters.sandbox.schema import FieldDefinition

from .objects import merge_rows
from .owners import owner_ids
from .portal import Call, Portal


@dataclass(slots=True)
class Peers:
    """A rep at work in the same account."""

    portal: Portal
    rep: Actor

    def edit_before_write(self, row: Row, values: Mapping[str, object]) -> None:
        """Give one of the fields the agent is about to write another value first."""
        faults = self.portal.faults
        if not faults.due("write_between_read_and_patch"):
            return
        fields = self.portal.org.definition(row.object).fields
        for name in values:
            field = fields.get(name)
            if field is None or field.calculated or not field.updateable:
                continue
            other = self._other_value(field, row, str(values[name]))
            if other is not None:
                self.portal.org.update(row.object, row.id, {name: other}, actor=self.rep)
                faults.took_effect("write_between_read_and_patch")
                return

    def _other_value(self, field: FieldDefinition, row: Row, ours: str) -> str | None:
        """A value that is neither stored nor ours."""
        taken = {str(row.get(field.name) or ""), ours}
        match field.kind:
            case "enumeration" | "bool":
                listed = owner_ids(self.portal.org) if field.traits.get("external_options") else []
                choices = [*listed, *(option.value for option in field.options)]
                return next((each for each in choices if each not in taken), None)
            case "number":
                return next(str(each) for each in range(1, 9) if str(each) not in taken)
            case "date" | "datetime":
                return None
            case _:
                return None if field.unique else f"{row.get(field.name) or 'seen'} (by phone)"

    def before_call(self, call: Call) -> None:
        """Merge or create what the call is about, just before it runs."""
        if call.actor.kind != "agent" or self.portal.faults.quiet():
            return
        match call.route.name:
            case "objects.get" | "objects.update":
                self._merge_target(call, call.route.path["id"])
            case "objects.batch.read" | "objects.batch.update":
                inputs = call.inputs()
                self._merge_target(call, str(inputs[0].get("id")))
            case "objects.create":
                self._create_twin(call, call.body())
            case "objects.batch.create":
                self._create_twin(call, call.inputs()[0])

    def _merge_target(self, call: Call, row_id: str) -> None:
        faults, table = self.portal.faults, call.table
        if not table.merges or not faults.due("merged_meanwhile"):
            return
        row = self.portal.row(table, row_id)
        if row is None:
            return
        named = "lastname" if table.display in table.dedupe else table.display
        twin = self.portal.org.create(table.name, {named: str(row.get(named) or "Twin")}, actor=self.rep)
        merge_rows(replace(call, actor=self.rep), table, row, twin)
        faults.took_effect("merged_meanwhile")

    def _create_twin(self, call: Call, source: Mapping[str, object]) -> None:
        faults, table = self.portal.faults, call.table
        if not table.dedupe or not faults.due("twin_created"):
            return
        given = source.get("properties")
        value = given.get(table.dedupe[0]) if isinstance(given, dict) else None
        if not value or self.portal.row(table, str(value), table.dedupe[0]) is not None:
            return
        self.portal.org.create(table.name, {table.dedupe[0]: str(value).lower()}, actor=self.rep)
        faults.took_effect("twin_created")
