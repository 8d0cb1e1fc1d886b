"""The brakes: what is above a limit is held back, counted on the rhythm of the org, alike in a plan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate import LimitBook
from connector.record import ActionKind
from tests.support.given import NOW, policy, record, ref

OLD = NOW - timedelta(days=30)
HOUR = timedelta(hours=1)


@pytest.fixture(params=[True, False], ids=["kept", "planned"])
def keep(request):
    return request.param


class Counting:
    def __init__(self, tx, rule, *, keep=True) -> None:
        self.book, self.rule, self.made = LimitBook(tx, keep=keep), policy(limits=rule), 0

    def braked(self, id="7", *, at=NOW, created=OLD, kind=ActionKind.UPDATE, run=None, population=100):
        one = record(ref(id), at=at, created=created)
        found = self.book.braked(self.rule, one, kind, population=population, at=at, run=run)
        return [reason.text.split(":")[0].removeprefix("limits.") for reason in found]

    def count(self, id="7", *, at=NOW, created=OLD, kind=ActionKind.UPDATE, run=None):
        self.made += 1
        one = record(ref(id), at=at, created=created)
        self.book.count(intent=f"i{self.made}", policy=self.rule, record=one, kind=kind, at=at, run=run)


@pytest.fixture
def counting(state):
    with state.transaction("test") as tx:
        yield lambda rule, **how: Counting(tx, rule, **how)


def test_a_record_is_written_only_so_often_a_day(counting, keep):
    book = counting("{writes_per_record_per_day: 2}", keep=keep)
    for _ in range(2):
        assert book.braked() == []
        book.count()
    assert book.braked() == ["writes_per_record_per_day"]
    assert book.braked("8") == []


def test_an_hour_holds_so_many_records(counting, keep):
    book = counting("{records_per_hour: 2, share_of_object: 100%}", keep=keep)
    book.count("1")
    book.count("2")
    assert book.braked("3") == ["records_per_hour"]
    assert book.braked("2") == []  # one that is in the hour already is no further record


def test_the_hour_moves_on(counting):
    book = counting("{records_per_hour: 1, share_of_object: 100%}")
    book.count("1")
    assert book.braked("2", at=NOW + timedelta(minutes=30)) == ["records_per_hour"]
    assert book.braked("2", at=NOW + timedelta(minutes=62)) == []


def test_only_a_share_of_older_records_is_written_in_a_day(counting, keep):
    book = counting("{share_of_object: 2%}", keep=keep)
    book.count("1")
    book.count("2")
    assert book.braked("3") == ["share_of_object"]
    assert book.braked("3", created=NOW) == []  # a new record is the job, not a mass change


def test_new_records_do_not_use_up_the_share(counting, keep):
    book = counting("{share_of_object: 1%}", keep=keep)
    for place in range(20):
        book.count(f"new{place}", created=NOW)
    assert book.braked("old") == []


def test_a_kind_has_its_own_number_a_day(counting, keep):
    book = counting("{per_day: {create_task: 1}}", keep=keep)
    assert book.braked(kind=ActionKind.CREATE_TASK) == []
    book.count(kind=ActionKind.CREATE_TASK)
    assert book.braked("8", kind=ActionKind.CREATE_TASK) == ["per_day.create_task"]
    assert book.braked("8") == []
    assert book.braked("8", kind=ActionKind.CREATE_TASK, at=NOW + timedelta(days=1, minutes=1)) == [] or not keep


def test_a_run_has_a_number_of_its_own(counting, keep):
    book = counting("{actions_per_run: 1}", keep=keep)
    book.count(run="march")
    assert book.braked("8", run="march") == ["actions_per_run"]
    assert book.braked("8", run="april") == book.braked("8") == []


def test_a_new_book_knows_what_an_earlier_one_let_through(state):
    with state.transaction("test") as tx:
        Counting(tx, "{records_per_hour: 1}").count("1")
    with state.transaction("test") as tx:
        assert Counting(tx, "{records_per_hour: 1}").braked("2") == ["records_per_hour"]
        assert Counting(tx, "{records_per_hour: 1}", keep=False).braked("2") == ["records_per_hour"]


def test_a_plan_leaves_no_trace(state):
    with state.transaction("test") as tx:
        Counting(tx, "{records_per_hour: 1}", keep=False).count("1")
        assert tx.rows("SELECT * FROM gate_passes") == []
