"""Under random faults, every effective write of ours is known to us, once, and replaced only what we had seen."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from connector.adapter import (
    Created,
    FieldName,
    GuardedWrite,
    MarkedCreate,
    NotApplied,
    Record,
    RecordRef,
    Unknown,
    UnknownWrite,
    Written,
)
from connector.errors import ConnectorError, PermanentError, RetryableError
from tests.unit.adapters.salesforce.world import TASK, World, names

WEATHER = {
    "reset_before_apply": 0.04, "reset_after_apply": 0.05, "timeout_before_apply": 0.02, "timeout_after_apply": 0.03,
    "truncated_json": 0.04, "html_body": 0.03, "http_404": 0.01, "http_409": 0.01, "http_412": 0.02, "http_429": 0.03,
    "http_500": 0.03, "http_502": 0.03, "http_503": 0.03, "session_expired_mid_write": 0.01, "lock_row_400": 0.04,
    "lock_row_500": 0.04, "request_limit_concurrent": 0.02, "limit_counter_backwards": 0.2, "stamp_only_bump": 0.02,
    "write_between_read_and_patch": 0.05, "wide_row_short_pages": 0.2, "assignment_rule_owner_change": 1.0,
}  # fmt: skip
STATUSES = ("new", "open", "waiting")
NATIVE = {"new": "New", "open": "Working", "waiting": "On Hold", "closed": "Closed"}


class Storm:
    """One seed's worth of work by an outbox that follows the contract to the letter."""

    def __init__(self, seed: int, *, marker_field: bool) -> None:
        self.chance = random.Random(seed)
        self.world = World(seed=seed, faults=WEATHER)
        if not marker_field:
            self.world.org.remove_field("Task", "Connector_Marker__c")
        self.cases = [self.world.case(Subject=str(number), Status="New") for number in range(4)]
        self.claimed: Counter[tuple[str, object, object]] = Counter()
        self.markers = self.refusals = 0
        self.tasks: Counter[str] = Counter()

    def step(self) -> None:
        case = self.chance.choice(self.cases)
        self.world.wait(self.chance.choice([1, 3, 20]))
        try:
            if self.chance.random() < 0.3:
                self.hang_a_task(case)
            else:
                self.move(case)
        except RetryableError:
            return
        except PermanentError:
            self.refusals += 1  # a 403 or 404 in the middle of a read; nothing was written

    def move(self, case: RecordRef) -> None:
        live = self.world.adapter.records.read([case], names("status"))[case]
        assert isinstance(live, Record)
        was = live.fields[FieldName("status")]
        value = self.chance.choice([one for one in STATUSES if one != was])
        if self.chance.random() < 0.2:
            self.world.wait(1)
            self.world.edit(case, Status=NATIVE[self.chance.choice(STATUSES)], Subject=str(self.chance.random()))
        write = GuardedWrite(intent="i", values={FieldName("status"): value}, live=live)
        sent_at = self.world.clock.now()
        [result] = self.world.adapter.writes.update([write])
        outcome = self.settle(UnknownWrite(write=write, sent_at=sent_at)) if isinstance(result, Unknown) else result
        if isinstance(outcome, Written):
            self.claimed[case.id, NATIVE.get(str(was), str(was)), NATIVE[value]] += 1

    def hang_a_task(self, case: RecordRef) -> None:
        self.markers += 1
        values = {FieldName("subject"): "Call"}
        create = MarkedCreate(intent="i", marker=f"m-{self.markers}", object=TASK, values=values, parents=(case,))
        for _ in range(20):
            sent_at = self.world.clock.now()
            [result] = self.world.adapter.writes.create([create])
            outcome = self.settle(UnknownWrite(write=create, sent_at=sent_at)) if isinstance(result, Unknown) else result
            if isinstance(outcome, Created):
                self.tasks[create.marker] += 1
                return
            self.world.wait(5)
        raise AssertionError("a task cannot be created at all")

    def settle(self, unknown: UnknownWrite) -> object:
        for _ in range(100):
            self.world.wait(10)
            try:
                [found] = self.world.adapter.writes.resolve([unknown])
            except ConnectorError:
                continue
            if not isinstance(found, Unknown):
                assert isinstance(found, Written | Created | NotApplied)
                return found
        raise AssertionError("an unknown write never becomes known")


@pytest.mark.parametrize("marker_field", [True, False], ids=["marker field", "marker in the text"])
@pytest.mark.parametrize("seed", range(int(os.environ.get("CRM_STORMS", "6"))))
def test_no_write_is_lost_doubled_or_blind(seed: int, marker_field: bool) -> None:
    storm = Storm(seed, marker_field=marker_field)
    for _ in range(80):
        storm.step()
    lines = [line for line in storm.world.org.log.entries() if (line.kind, line.actor) == ("write", "agent")]
    effective = Counter(
        (str(line.record).rsplit("/", 1)[-1], line.before, line.after) for line in lines if line.field == "Status"
    )
    moves = Counter({key: count for key, count in effective.items() if key[0] in {case.id for case in storm.cases}})
    assert moves == storm.claimed
    assert sum(moves.values()) > 5
    assert storm.refusals < 10
    assert storm.tasks
    assert len(list(storm.world.org.rows("Task"))) == len(storm.tasks)
    assert not [line for line in lines if line.field == "OwnerId" and line.before is not None]
