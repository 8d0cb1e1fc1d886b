"""The whole state of one daemon: every stage's tables in the order the road needs them."""

from __future__ import annotations

from connector.change import tables as change
from connector.context import memory
from connector.decision import decisions, kept
from connector.decision import tables as decision
from connector.gate import asking_tables as asking
from connector.gate import people_tables as people
from connector.gate import tables as gate
from connector.journal import MIGRATIONS as JOURNAL
from connector.journal import egress
from connector.store import Migration, Store, migrate
from connector.writeback import MIGRATIONS as WRITEBACK

MIGRATIONS: tuple[Migration, ...] = (
    *JOURNAL, *change.MIGRATIONS, *memory.MIGRATIONS, *decision.MIGRATIONS,
    *decisions.MIGRATIONS, kept.MIGRATION, *gate.MIGRATIONS, *people.MIGRATIONS, *WRITEBACK, egress.MIGRATION,
    *asking.MIGRATIONS,
)


def prepare(store: Store) -> tuple[Migration, ...]:
    """Bring the state database to this version; what was applied."""
    return migrate(store, MIGRATIONS)
