"""What reasoning may cost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.clock import HeldClock
from connector.decision.budget import Exhausted, Reserved, SpendingLedger, to_micros
from connector.decision.tables import MIGRATIONS
from connector.record import RecordRef
from connector.store import SqliteStore, migrate
from tests.support.questions import NOW, TICKET, policy

PAID = policy(reason="{cascade: [{tier: fast}], usd_per_day: 1, usd_per_record: 0.4}")
OTHER = RecordRef(TICKET.connection, TICKET.object, "500B")


@pytest.fixture
def clock():
    return HeldClock(NOW)


@pytest.fixture
def ledger(tmp_path, clock):
    store = SqliteStore(tmp_path / "state.db")
    migrate(store, MIGRATIONS)
    yield SpendingLedger(store, clock)
    store.close()


def reserve(ledger, usd, ref=TICKET, under=PAID):
    return ledger.reserve(under, ref, Decimal(usd))


def test_a_record_may_not_cost_more_than_its_own_share(ledger):
    assert isinstance(reserve(ledger, "0.3"), Reserved)
    refused = reserve(ledger, "0.2")
    assert isinstance(refused, Exhausted)
    assert str(TICKET) in refused.reason


def test_a_policy_may_not_cost_more_than_its_day(ledger):
    for number in range(10):
        ref = RecordRef(TICKET.connection, TICKET.object, f"r{number}")
        assert isinstance(reserve(ledger, "0.1", ref), Reserved)
    assert isinstance(reserve(ledger, "0.000001", OTHER), Exhausted)


def test_settling_gives_back_what_a_call_did_not_cost(ledger):
    reserved = reserve(ledger, "0.4")
    assert isinstance(reserve(ledger, "0.1"), Exhausted)
    ledger.settle(reserved, Decimal("0.01"))
    assert isinstance(reserve(ledger, "0.39"), Reserved)


def test_a_call_that_was_never_settled_stays_counted(ledger):
    reserve(ledger, "0.4")
    assert ledger.spent(PAID) == Decimal("0.4")
    assert isinstance(reserve(ledger, "0.1"), Exhausted)


def test_a_new_local_day_brings_a_new_budget(ledger, clock):
    reserve(ledger, "0.4")
    clock.advance(timedelta(days=1))
    assert isinstance(reserve(ledger, "0.4"), Reserved)


def test_a_policy_without_a_budget_spends_nothing(ledger):
    assert isinstance(reserve(ledger, "0.01", under=policy()), Exhausted)


def test_many_threads_never_reserve_more_than_the_day_allows(ledger):
    refs = [RecordRef(TICKET.connection, TICKET.object, f"r{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda ref: reserve(ledger, "0.1", ref), refs))
    assert sum(isinstance(result, Reserved) for result in results) == 10


def test_fractions_of_a_millionth_are_rounded_against_us():
    assert to_micros(Decimal("0.0000001")) == 1
