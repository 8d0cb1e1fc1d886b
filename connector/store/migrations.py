"""Numbered migrations: each stage lists its own, the store applies the missing ones in order, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import StateError
from connector.store.store import Store, Sync, Transaction, run_script

_TABLE = """
CREATE TABLE IF NOT EXISTS store_migrations (
    stage TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (stage, number)
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of a stage's tables, in the portable SQL subset; never edited after a release."""

    stage: str
    number: int
    name: str
    script: str


def migrate(store: Store, migrations: Sequence[Migration]) -> tuple[Migration, ...]:
    """Apply what is missing in one transaction each; returns what was applied.

    A migration that the power takes is applied at the next start, so none waits for the disk: the first commit that must
    be kept makes all of them durable.
    Raises StateError when the state was written by a newer version of the product.
    """
    with store.transaction("store: migrations table", Sync.NORMAL) as tx:
        run_script(tx, _TABLE, store.dialect)
        applied = _applied(tx)
    known = {(migration.stage, migration.number) for migration in migrations}
    if unknown := sorted(applied - known):
        raise StateError(
            f"the state was written by a newer version (migrations {unknown[:3]} are not known here)",
            hint="install the newer version again, or restore the state folder's backup",
        )
    missing = [migration for migration in migrations if (migration.stage, migration.number) not in applied]
    for migration in missing:
        with store.transaction(f"store: migrate {migration.stage} {migration.number}", Sync.NORMAL) as tx:
            run_script(tx, migration.script, store.dialect)
            tx.run(
                "INSERT INTO store_migrations (stage, number, name) VALUES (:stage, :number, :name)",
                stage=migration.stage, number=migration.number, name=migration.name,
            )
    return tuple(missing)


def _applied(tx: Transaction) -> set[tuple[str, int]]:
    return {(row["stage"], row["number"]) for row in tx.rows("SELECT stage, number FROM store_migrations")}
