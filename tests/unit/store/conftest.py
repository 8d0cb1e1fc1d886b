"""One store fixture that is each database in turn: whatever is true of one must be true of the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.pipeline.state import prepare
from connector.store import Store
from connector.store.postgres import PostgresStore
from tests.support.databases import empty, postgres_server, sqlite


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresStore]:
    with postgres_server() as uri:
        store = PostgresStore(uri)
        prepare(store)
        yield store
        store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request, tmp_path) -> Iterator[Store]:
    if request.param == "sqlite":
        made = sqlite(tmp_path)
        yield made
        made.close()
    else:
        shared = request.getfixturevalue("postgres")
        empty(shared)
        yield shared
