"""People at work during a rehearsal: a rep edits the field in the moment between our last read and our write."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.sandbox import Row
from connector.evaluation.rehearse.crm import RehearsalCrm


@dataclass(slots=True, kw_only=True)
class RepEdits:
    """At most `wanted` edits, one per record, each landing just before the agent's update of that record is checked."""

    crm: RehearsalCrm
    records: frozenset[str]
    options: Sequence[str]
    wanted: int
    chance: random.Random
    made: dict[str, str] = field(default_factory=dict)
    _writes_left: int = 0

    def start(self, expected_writes: int) -> None:
        """Begin; edits are spread over the writes that are expected."""
        self._writes_left = max(1, expected_writes)
        self.crm.org.before_agent_write.append(self._before_write)

    def finish(self) -> None:
        """Spend what is left on records that wait for people: an edit between our read and a later write as well."""
        left = sorted(self.records - self.made.keys())
        self.chance.shuffle(left)
        for record in left[: max(0, self.wanted - len(self.made))]:
            self._edit(record)

    def _before_write(self, row: Row, values: Mapping[str, object]) -> None:
        record = row.id
        if record not in self.records or record in self.made or self.crm.field not in values:
            return
        open_edits = self.wanted - len(self.made)
        if open_edits > 0 and self.chance.random() < open_edits / self._writes_left:
            self._edit(record)
        self._writes_left = max(1, self._writes_left - 1)

    def _edit(self, record: str) -> None:
        now = self.crm.value(record)
        value = self.chance.choice([option for option in self.options if option != now] or list(self.options))
        rep = self.chance.choice(list(self.crm.reps))
        self.crm.org.update(self.crm.names.object, record, {self.crm.field: value}, actor=rep)
        self.made[record] = value
