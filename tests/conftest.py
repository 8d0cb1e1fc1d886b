"""What every test may ask for: a fresh state database with the whole product's tables, and a clock that stands still."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The shipped conformance cases explain their failed assertions as tests do; before anything imports them.
pytest.register_assert_rewrite("adapters.conformance")

# A slow machine is no defect of the product: how long an example takes is never judged.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

from connector.clock import HeldClock
from connector.journal import Journal
from connector.store import SqliteStore
from tests.support.databases import sqlite
from tests.support.given import NOW


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteStore]:
    """A state database with every stage's tables."""
    store = sqlite(tmp_path)
    yield store
    store.close()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(NOW)


@pytest.fixture
def journal() -> Journal:
    return Journal(random.Random(1))
