"""What every test may ask for: a fresh state database with the whole product's tables, and a clock that stands still."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.memory_disk import memory_disk

# The shipped conformance cases explain their failed assertions as tests do; before anything imports them.
pytest.register_assert_rewrite("adapters.conformance")

# A slow machine is no defect of the product: how long an example takes is never judged.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# What a test writes need not survive a power cut, and thousands of commits that wait for a disk are minutes.
if (quick := memory_disk()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick))

from connector.clock import HeldClock
from connector.journal import Journal
from connector.store import SqliteStore
from tests.support.databases import sqlite
from tests.support.given import NOW


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Everything that is imported and collected stays to the end: to look through it for cycles finds nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


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
