"""The state database: open it, run named transactions, apply migrations. Holds no business SQL."""

from connector.store.complaints import damage
from connector.store.migrations import Migration, migrate
from connector.store.sql import Dialect, Parameters, Row, any_of, batches, holding
from connector.store.store import CommitPoint, CommitWatcher, SqliteStore, Store, Sync, Transaction
from connector.store.words import word

__all__ = [
    "CommitPoint", "CommitWatcher", "Dialect", "Migration", "Parameters", "Row", "SqliteStore", "Store", "Sync",
    "Transaction", "any_of", "batches", "damage", "holding", "migrate", "word",
]
