"""The tickets of an org as its own log tells them: every value each field had, who set it, and what merged into what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.simulation.natives import HUBSPOT, SALESFORCE, Natives

Plain = Mapping[str, Any]
# After so many seconds every ordinary change shows to polling: an index that lags, a transaction that commits late.
LAG: Mapping[str, int] = {"hubspot": 180, "salesforce": 360}
NATIVES: Mapping[str, Natives] = {"hubspot": HUBSPOT, "salesforce": SALESFORCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One effective change of a field under its shared name; `line` is its place in the CRM's log, `ticket` its id there."""

    line: int
    ticket: str
    time: int
    actor: str
    field: str
    before: str | None
    after: str | None


def is_put_back(change: Change, other: Change) -> bool:
    """Whether a flow of the org took a change back in the same breath: nobody could have seen it."""
    return (
        other.actor == "automation" and change.line < other.line and other.time - change.time < 1000
        and (other.field, other.after) == (change.field, change.before)
    )  # fmt: skip


@dataclass(slots=True)
class Ticket:
    """One ticket over its whole life. `id` is the one it bears at the end of all merges."""

    id: str
    changes: list[Change] = field(default_factory=list)

    def states(self) -> Iterator[tuple[Change, dict[str, str | None]]]:
        """Every change with the values that stood after it."""
        state: dict[str, str | None] = {}
        for change in self.changes:
            state[change.field] = change.after
            yield change, dict(state)

    def before_line(self, line: int) -> dict[str, str | None]:
        state: dict[str, str | None] = {}
        for change in self.changes:
            if change.line >= line:
                break
            state[change.field] = change.after
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmHistory:
    """One org, read from its log and its final rows."""

    connection: str
    system: str
    natives: Natives
    rows: Mapping[str, Plain]
    own: Mapping[str, Ticket]  # by the id a line was written under
    creates: tuple[Plain, ...]  # lines of tasks made by us
    strange: tuple[Plain, ...]  # other lines of ours on tickets
    moved_on: tuple[Plain, ...]  # owners that a rule of the org changed because of a write of ours
    gone: frozenset[str]  # tickets that were deleted or merged away at some time
    returns: Mapping[str, int]  # how often a ticket came back from the recycle bin

    @property
    def lag(self) -> int:
        return LAG[self.system]

    def survivor(self, ticket: str) -> str:
        seen = {ticket}
        while (row := self.rows.get(ticket)) is not None and row["merged_into"] and row["merged_into"] not in seen:
            ticket = str(row["merged_into"])
            seen.add(ticket)
        return ticket

    def family(self, ticket: str) -> list[str]:
        """Every id that ended in the same ticket."""
        last = self.survivor(ticket)
        return sorted(each for each in {*self.rows, ticket} if self.survivor(each) == last)

    def final(self, ticket: str) -> dict[str, str | None]:
        return {name: self.natives.shared(name, self.rows[ticket][name]) for name in self.natives.fields}


def read_history(connection: str, system: str, log: tuple[Plain, ...], rows: Mapping[str, Plain]) -> CrmHistory:
    natives = NATIVES[system]
    names = {native: name for name, native in natives.fields.items()}
    tickets: dict[str, Ticket] = {}
    creates, strange = [], []
    gone: set[str] = set()
    returns: Counter[str] = Counter()
    for line in log:
        if line["kind"] != "write":
            continue
        kind, _, ticket = str(line["record"]).partition("/")
        if kind == natives.ticket and line["field"] in ("deleted", "merged_into"):
            gone.add(ticket)
            returns[ticket] += line["field"] == "deleted" and not line["after"]
        if line["field"] == natives.task and line["actor"] == "agent":
            creates.append(line)
        elif kind == natives.ticket and line["field"] in names:
            tickets.setdefault(ticket, Ticket(ticket)).changes.append(_change(natives, ticket, names[line["field"]], line))
        elif kind == natives.ticket and line["actor"] == "agent":
            strange.append(line)
    own = {line["request"] for line in log if line["kind"] == "write" and line["actor"] == "agent"}
    moved_on = [
        line for line in log
        if line["actor"] == "automation" and line["field"] == "OwnerId" and line["request"] and line["request"] in own
    ]  # fmt: skip
    return CrmHistory(
        connection=connection, system=system, natives=natives, rows=rows, own=tickets, creates=tuple(creates),
        strange=tuple(strange), moved_on=tuple(moved_on), gone=frozenset(gone), returns=returns,
    )


def _change(natives: Natives, ticket: str, name: str, line: Plain) -> Change:
    return Change(
        line=line["line"], ticket=ticket, time=line["time"], actor=line["actor"], field=name,
        before=natives.shared(name, line["before"]), after=natives.shared(name, line["after"]),
    )
