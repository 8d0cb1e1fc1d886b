"""What can be read from an org, and what is known of its objects: the half without effects on rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from adapters.sandbox.associations import Associations
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.history import History
from adapters.sandbox.refusals import Cause, Problem, RowDeletedError, RowMissingError, WriteRefusedError
from adapters.sandbox.rows import Row, RowKey, Value
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition, Option, OrgSchema
from adapters.sandbox.table import Table, Tables


class OrgView:
    """Rows as a reader sees them now, their history and links, and the org's metadata."""

    def __init__(self, *, schema: OrgSchema, clock: OrgClock) -> None:
        self.schema = schema
        self.clock = clock
        self.history = History()
        self.associations = Associations()
        self.after_agent_read: list[Callable[[Sequence[Row]], None]] = []
        self.metadata_stamp = clock.stamp()
        self._tables = Tables()
        for definition in schema.objects.values():
            self._add_table(definition)

    def definition(self, object_name: str) -> ObjectDefinition:
        """The definition of an object; raises WriteRefusedError for an unknown one."""
        found = self.schema.objects.get(object_name)
        if found is None:
            said = f"sObject type '{object_name}' is not supported."
            raise WriteRefusedError((Problem(cause=Cause.UNKNOWN_OBJECT, field="", message=said, value=object_name),))
        return found

    def find(self, object_name: str, row_id: str) -> Row | None:
        """The row as a reader sees it, deleted or not; None if there never was one."""
        if object_name not in self._tables:
            return None
        table = self._tables[object_name]
        row = table.get(row_id)
        return None if row is None else table.seen(row, self.clock.stamp())

    def get(self, object_name: str, row_id: str) -> Row:
        """The row; raises RowMissingError or RowDeletedError."""
        return alive(self.find(object_name, row_id), RowKey(object_name, row_id))

    def rows(self, object_name: str, *, deleted: bool = False, since: int | None = None) -> Iterator[Row]:
        """Rows in order of creation, with `deleted` also deleted ones; with `since` only those stamped from then on."""
        table, now = self._tables[object_name], self.clock.stamp()
        found = table.rows(now) if since is None else table.stamped_since(since, now)
        return found if deleted else (row for row in found if row.deleted is None)

    def is_indexed(self, object_name: str, field: str) -> bool:
        return self._tables[object_name].is_indexed(field)

    def rows_with(self, object_name: str, field: str, value: Value, *, deleted: bool = False) -> list[Row]:
        """Rows whose unique, external-id or reference field has a value; text is compared without case."""
        table, now = self._tables[object_name], self.clock.stamp()
        stored = (table.get(row_id) for row_id in table.ids_with(field, value))
        seen = [table.seen(row, now) for row in stored if row is not None]
        return [row for row in seen if row is not None and (deleted or row.deleted is None)]

    def count(self, object_name: str) -> int:
        return sum(1 for _ in self.rows(object_name))

    def resolve(self, object_name: str, row_id: str) -> Row | None:
        """The row, or the one it was merged into."""
        row = self.find(object_name, row_id)
        while row is not None and row.merged_into is not None:
            row = self.find(object_name, row.merged_into)
        return row

    def locate(self, row_id: str, objects: Sequence[str]) -> RowKey | None:
        """The address of a row whose object is one of several; None when none of them has it."""
        return next(
            (RowKey(name, row_id) for name in objects if name in self._tables and self._tables[name].get(row_id)), None
        )

    def oldest_open_write(self, object_name: str) -> int | None:
        """Stamp of the longest write of an object that readers cannot see yet."""
        return self._tables[object_name].oldest_unseen(self.clock.stamp())

    def agent_read(self, rows: Sequence[Row]) -> None:
        """Tell the hooks that these rows have gone out to the agent."""
        for hook in self.after_agent_read:
            hook(rows)

    def add_object(self, definition: ObjectDefinition) -> None:
        self.schema = self.schema.with_object(definition)
        self._add_table(definition)
        self._metadata_changed()

    def add_field(self, object_name: str, definition: FieldDefinition) -> None:
        """Add a field, or replace its definition."""
        self.schema = self.schema.with_field(object_name, definition)
        if _is_index(definition) and not self._tables[object_name].is_indexed(definition.name):
            self._tables[object_name].add_index(definition.name)
        self._metadata_changed()

    def remove_field(self, object_name: str, field_name: str) -> None:
        self.schema = self.schema.without_field(object_name, field_name)
        self._metadata_changed()

    def set_options(self, object_name: str, field_name: str, options: Sequence[Option | str]) -> None:
        """Define the option list of a picklist."""
        field = self.schema.objects[object_name].fields[field_name]
        listed = tuple(each if isinstance(each, Option) else Option(value=each, label=each) for each in options)
        self.add_field(object_name, replace(field, options=listed))

    def _metadata_changed(self) -> None:
        self.metadata_stamp = max(self.clock.stamp(), self.metadata_stamp + 1)

    def _add_table(self, definition: ObjectDefinition) -> None:
        indexed = [field.name for field in definition.fields.values() if _is_index(field)]
        self._tables.add(Table(definition.name, indexed))


def stored_row(row: Row | None, key: RowKey) -> Row:
    """The row if there is one; raises RowMissingError."""
    if row is None:
        raise RowMissingError(key)
    return row


def alive(row: Row | None, key: RowKey) -> Row:
    """The row if it exists and is not deleted; raises RowMissingError or RowDeletedError."""
    found = stored_row(row, key)
    if found.deleted is not None:
        raise RowDeletedError(found)
    return found


def _is_index(field: FieldDefinition) -> bool:
    return field.unique or field.external_id or bool(field.references)
