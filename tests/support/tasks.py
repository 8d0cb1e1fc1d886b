"""People at their CRM tasks: what hangs on a record, and the hands that may touch it, in either CRM's own names."""

from __future__ import annotations

from dataclasses import replace

from adapters.sandbox.rows import Actor, Row
from connector.clock import secret_random
from connector.gate.persons import Role
from connector.pipeline import Access
from connector.record import RecordRef
from tests.support.road import Road

NAMES = {
    "HubSpot": {
        "object": "tasks", "status": "hs_task_status", "text": "hs_task_body", "subject": "hs_task_subject",
        "done": "COMPLETED", "deferred": "DEFERRED",
    },
    "Salesforce": {
        "object": "Task", "status": "Status", "text": "Description", "subject": "Subject", "done": "Completed",
        "deferred": "Deferred",
    },
}  # fmt: skip


class Tasks:
    """The tasks of one road's CRM as its people see them."""

    def __init__(self, road: Road) -> None:
        self.road, self.org = road, road.desk.org
        self.names = NAMES[road.adapter.capabilities.system]
        self.access = Access(
            store=road.store, journal=road.pipeline.journal, clock=road.clock, chance=secret_random()
        )

    def staff(self, name: str, role: Role = Role.APPROVER, account: str | None = None) -> None:
        """Somebody of ours, by default known in the CRM as its rep."""
        self.access.add(name, role, by="test")
        self.access.link(name, self.road.desk.connection, account or self.road.desk.rep.user, by="test")

    def all(self) -> list[Row]:
        return [row for row in self.org.rows(self.names["object"]) if row.deleted is None]

    def text(self, row: Row) -> str:
        found = self.org.find(self.names["object"], row.id)
        assert found is not None
        return str(found.get(self.names["text"]))

    def status(self, row: Row) -> str:
        found = self.org.find(self.names["object"], row.id)
        assert found is not None
        return str(found.get(self.names["status"]))

    def finish(self, row: Row, *, how: str = "done", value: str | None = None, by: Actor | None = None) -> None:
        """Set the task to completed or deferred; `value` is written on its line first."""
        if value is not None:
            self.write(row, value, by=by)
        self.set(row, {self.names["status"]: self.names[how]}, by=by)

    def write(self, row: Row, value: str, *, by: Actor | None = None) -> None:
        lines = [f"Value: {value}" if line.startswith("Value:") else line for line in self.text(row).split("\n")]
        self.set(row, {self.names["text"]: "\n".join(lines)}, by=by)

    def set(self, row: Row, values: dict[str, object], *, by: Actor | None = None) -> None:
        self.org.update(self.names["object"], row.id, values, actor=by or self.road.desk.rep)

    def ref(self, row: Row) -> RecordRef:
        from connector.record import ObjectType

        return RecordRef(self.road.desk.connection, ObjectType.TASK, row.id)

    @property
    def rep(self) -> Actor:
        return self.road.desk.rep

    @property
    def agent(self) -> Actor:
        return self.road.desk.sandbox.agent

    @property
    def flow(self) -> Actor:
        """An automation; in Salesforce it runs under a user of its own."""
        return Actor(kind="automation", user="0055g00000FLOWxAAG", name="flow", source="AUTOMATION_PLATFORM")

    def somebody_else(self) -> Actor:
        return replace(self.rep, user="9999999", source_id="userId:9999999")
