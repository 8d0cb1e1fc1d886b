"""Capture: cursor and rows in one commit, a baseline that acts on nothing, and a gate on content."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.adapter import ChangeKind, ChangePage
from connector.change import cursors, inbox
from connector.change.capture import capture_page
from connector.change.inbox import Burial
from connector.change.seen import look_up, note_own_write, note_snapshots
from connector.journal import Journal
from connector.record import ObjectType
from connector.store import CommitPoint
from tests.support.databases import sqlite
from tests.support.given import CATEGORY, CRM, NOW, SUBJECT, TICKET, cursor, event, record, ref

OLD = NOW - timedelta(days=1)


class Source:
    """A CRM that shows pages from a script: sweeps first, then polls."""

    def __init__(self) -> None:
        self.sweeps: list[ChangePage] = []
        self.polls: list[ChangePage] = []
        self.asked_from: list[object] = []

    def cursor_now(self, object):
        return cursor("now"), NOW

    def sweep(self, object, start, fields):
        self.asked_from.append(start)
        return self.sweeps.pop(0)

    def poll(self, object, start, fields):
        self.asked_from.append(start)
        return self.polls.pop(0)


def page(*records, gone=(), to="c1", more=False):
    return ChangePage(records=records, gone=tuple(gone), cursor=cursor(to), more=more)


class Bench:
    def __init__(self, folder, journal: Journal, clock) -> None:
        self.source, self.journal, self.clock = Source(), journal, clock
        self.crash = False
        self.store = sqlite(folder, watch=self._watch)

    def _watch(self, name, point):
        if self.crash and name.startswith("change: captured") and point is CommitPoint.BEFORE:
            raise KeyboardInterrupt

    def capture(self, watched=(SUBJECT,)):
        return capture_page(
            self.store, self.journal, self.clock, self.source, CRM, ObjectType.TICKET, watched=watched, fields=watched,
            learn=lambda tx, records: None, index=lambda records, gone: None,
        )  # fmt: skip

    def baseline(self, *records):
        self.source.sweeps.append(page(*records))
        assert self.capture().baselining is False

    def poll(self, *records, watched=(SUBJECT,), **how):
        self.source.polls.append(page(*records, **how))
        return self.capture(watched)

    def queued(self):
        with self.store.snapshot() as tx:
            return [(one.event.ref.id, one.event.kind) for one in inbox.due(tx, NOW, 100, [CRM])]

    def work_off(self, *records):
        """The queue is decided on these records as they are."""
        with self.store.transaction("test") as tx:
            inbox.finish(tx, [one.seq for one in inbox.due(tx, NOW, 100, [CRM])])
            note_snapshots(tx, records, [SUBJECT])

    @property
    def place(self):
        with self.store.snapshot() as tx:
            return cursors.position(tx, CRM, ObjectType.TICKET)


@pytest.fixture
def bench(tmp_path, journal, clock):
    made = Bench(tmp_path, journal, clock)
    yield made
    made.store.close()


A = record(version="1", at=OLD, subject="A")


def test_the_baseline_remembers_and_queues_nothing(bench):
    bench.source.sweeps = [page(A, to="s1", more=True), page(record(ref("8"), at=OLD, subject="B"), to="s2")]
    assert bench.capture().baselining
    assert not bench.capture().baselining
    assert bench.source.asked_from == [None, "s1"]
    assert bench.queued() == []
    assert (bench.place.cursor, bench.place.baselined) == ("now", True)


def test_a_change_after_the_baseline_is_queued_with_its_kind(bench):
    bench.baseline(A)
    bench.poll(replace(A, version="2", fields={SUBJECT: "B"}), record(ref("8"), at=NOW, subject="new"))
    assert bench.queued() == [("7", ChangeKind.CHANGED), ("8", ChangeKind.CREATED)]
    assert bench.place.cursor == "c1"


def test_a_record_created_while_the_baseline_ran_is_not_swallowed_by_it(bench):
    late = record(ref("8"), at=NOW + timedelta(seconds=1), subject="new")
    bench.baseline(A, late)
    bench.poll(late)
    assert bench.queued() == [("8", ChangeKind.CREATED)]


def test_a_crash_between_reading_and_committing_keeps_nothing_half(bench):
    bench.baseline(A)
    changed = replace(A, version="2", fields={SUBJECT: "B"})
    bench.crash = True
    with pytest.raises(KeyboardInterrupt):
        bench.poll(changed)
    assert bench.queued() == []
    assert bench.place.cursor == "now"
    bench.crash = False
    bench.poll(changed)
    assert bench.queued() == [("7", ChangeKind.CHANGED)]
    assert bench.source.asked_from[-2:] == ["now", "now"]


def test_a_row_of_the_overlap_is_seen_twice_and_queued_once(bench):
    bench.baseline(A)
    changed = replace(A, version="2", fields={SUBJECT: "B"})
    assert [bench.poll(changed).queued for _ in range(3)] == [1, 0, 0]


def test_a_look_back_over_a_change_that_was_set_aside_does_not_queue_it_again(bench):
    bench.baseline(A)
    changed = replace(A, version="2", fields={SUBJECT: "B"})
    bench.poll(changed)
    with bench.store.transaction("test") as tx:
        (waiting,) = inbox.due(tx, NOW + timedelta(days=1), 10, {TICKET.connection})
        inbox.bury(tx, waiting.seq, "nobody can decide this")
    assert bench.poll(changed).queued == 0
    assert bench.poll(replace(changed, version="3")).queued == 1


def test_a_new_stamp_over_the_same_content_wakes_nobody(bench):
    bench.baseline(A)
    assert bench.poll(replace(A, version="2")).queued == 0
    assert bench.poll(replace(A, version="3", fields={SUBJECT: "A", CATEGORY: "unwatched"})).queued == 0


def test_our_own_write_is_no_change_and_a_persons_later_edit_is(bench):
    bench.baseline(A)
    with bench.store.transaction("test") as tx:
        note_own_write(tx, TICKET, {SUBJECT: "ours"}, {SUBJECT: "A"})
    assert bench.poll(replace(A, version="2", fields={SUBJECT: "ours"})).queued == 0
    assert bench.poll(replace(A, version="3", fields={SUBJECT: "theirs"})).queued == 1


def test_our_own_write_over_an_edit_that_nobody_had_looked_at_leaves_a_change_to_look_at(bench):
    bench.baseline(A)
    with bench.store.transaction("test") as tx:
        note_own_write(tx, TICKET, {SUBJECT: "ours"}, {SUBJECT: "theirs"})
    assert bench.poll(replace(A, version="2", fields={SUBJECT: "ours"})).queued == 1


def test_there_and_back_between_two_decisions_is_no_change_and_after_one_it_is(bench):
    bench.baseline(A)
    b = replace(A, version="2", fields={SUBJECT: "B"})
    bench.poll(b)
    bench.work_off(b)
    assert bench.poll(replace(A, version="3")).queued == 1


def test_a_tombstone_of_a_known_record_is_queued_and_of_a_stranger_not(bench):
    bench.baseline(A)
    gone = [event(TICKET, ChangeKind.DELETED, version=None), event(ref("99"), ChangeKind.DELETED, version=None)]
    bench.poll(gone=gone)
    bench.poll(gone=gone)
    assert bench.queued() == [("7", ChangeKind.DELETED)]


def test_fields_watched_later_are_read_before_their_changes_count(bench):
    first = replace(A, fields={SUBJECT: "A", CATEGORY: "x"})
    bench.baseline(first)
    bench.source.sweeps.append(page(first, to="s9"))
    bench.capture(watched=(SUBJECT, CATEGORY))
    changed = replace(first, version="2", fields={SUBJECT: "A", CATEGORY: "y"})
    assert bench.poll(changed, watched=(SUBJECT, CATEGORY)).queued == 1
    with bench.store.snapshot() as tx:
        assert look_up(tx, [TICKET])[TICKET].changed(changed) == {CATEGORY: "x"}


def test_what_was_set_aside_does_not_block_the_next_change(bench):
    bench.baseline(A)
    bench.poll(replace(A, version="2", fields={SUBJECT: "B"}))
    with bench.store.transaction("test") as tx:
        [one] = inbox.due(tx, NOW, 10, [CRM])
        inbox.bury(tx, one.seq, "poison")
    bench.poll(replace(A, version="3", fields={SUBJECT: "C"}))
    with bench.store.snapshot() as tx:
        assert inbox.depth(tx) == {Burial.WAITING: 1, Burial.BURIED: 1}
