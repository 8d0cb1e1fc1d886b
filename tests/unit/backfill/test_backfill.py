"""A backfill is named and resumable: whatever page it dies at, every record is decided once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.backfill import BackfillError, carry_on, estimate, find, start, stop, sweep
from connector.record import ObjectType
from connector.store import CommitPoint
from tests.support.given import CRM, policy
from tests.support.road import DESKS, FREE, Road


@pytest.fixture(params=DESKS)
def road(request, tmp_path):
    desk = DESKS[request.param]()
    road = Road(desk, tmp_path, under=policy(gate=FREE, may="{update: {category: {}}}", limits="{share_of_object: 100%}"))
    for place in range(7):
        road.ticket(f"Charged twice {place}")
    road.wait(desk.lag)
    small_pages(road)
    road.activate()
    yield road
    road.store.close()


def small_pages(road) -> None:
    """Three records a page, so that there is somewhere to die between two."""
    changes = road.adapter.changes
    whole = changes.sweep

    def cut(object, place, fields):
        from dataclasses import replace

        page = whole(object, None, fields)
        after = place or ""
        left = sorted((one for one in page.records if one.ref.id > after), key=lambda one: one.ref.id)
        cursor = left[:3][-1].ref.id if left else after
        return replace(page, records=tuple(left[:3]), cursor=cursor, more=len(left) > 3)

    road.pipeline.adapters[CRM].changes.sweep = cut


def the_policy(road):
    [one] = road.policies
    return one


def begin(road, name="march", **bounds):
    return start(road.store, road.clock, the_policy(road), CRM, name=name, **({"since": None, "limit": None} | bounds))


def run(road, **how):
    for _ in sweep(road.pipeline, the_policy(road), begin(road, **how)):
        pass
    road.rounds()


def classified(road):
    rows = road.desk.org.rows(road.desk.objects[ObjectType.TICKET])
    return sum(row.get(type(road.desk).natives["category"]) == "billing" for row in rows)


def test_older_records_are_decided_once(road):
    assert classified(road) == 0
    run(road)
    assert classified(road) == 7
    with road.store.snapshot() as tx:
        done = find(tx, "march")
    assert (done.queued, done.done) == (7, True)
    lines = len(road.desk.org.log.entries())
    run(road)
    writes = [line for line in road.desk.org.log.entries()[lines:] if (line.kind, line.actor) == ("write", "agent")]
    assert writes == []


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_it_is_taken_up_where_it_died(road, pages):
    class Died(BaseException):
        pass

    seen = 0

    def watch(name, point):
        nonlocal seen
        if name == "backfill: queued a page" and point is CommitPoint.BEFORE:
            seen += 1
            if seen == pages:
                raise Died

    road.store._watch = watch
    with pytest.raises(Died):
        for _ in sweep(road.pipeline, the_policy(road), begin(road)):
            pass
    road.store._watch = None
    with road.store.snapshot() as tx:
        assert find(tx, "march").queued == 3 * (pages - 1)
    road.restart()
    small_pages(road)
    run(road)
    assert classified(road) == 7
    assert all(len(road.writes(ref)) == 1 for ref in tickets(road))


def tickets(road):
    from connector.record import RecordRef

    return [RecordRef(CRM, ObjectType.TICKET, row.id) for row in road.desk.org.rows(road.desk.objects[ObjectType.TICKET])]


def test_a_limit_is_a_limit(road):
    run(road, limit=4)
    assert classified(road) == 4


def test_only_records_changed_since_then(road):
    newest = tickets(road)[0]
    road.wait(timedelta(days=1))
    since = road.clock.now()
    road.desk.edit(newest, {"priority": "high"})
    road.wait(road.desk.lag)
    run(road, since=since)
    assert classified(road) == 1


def carried(road):
    """The pages a service goes on by, until nothing moves."""
    pages = []
    while (moved := carry_on(road.pipeline, batch=200)) is not None:
        pages.append(moved.queued)
        road.rounds()
    return pages


def test_a_service_goes_on_with_what_was_started(road):
    begin(road)
    assert carried(road) == [3, 6, 7]
    assert classified(road) == 7
    assert carried(road) == []


def test_a_stopped_one_rests_until_it_is_started_again(road):
    begin(road)
    assert carry_on(road.pipeline, batch=200).queued == 3
    assert stop(road.store, "march")
    assert not stop(road.store, "april")
    assert carried(road) == []
    begin(road)
    assert carried(road) == [6, 7]
    road.rounds()
    assert all(len(road.writes(ref)) == 1 for ref in tickets(road))


def test_one_whose_policy_is_gone_waits_and_lets_others_pass(road):
    begin(road)
    with road.store.transaction("test") as tx:
        tx.run("UPDATE change_backfills SET policy = 'gone' WHERE name = 'march'")
    assert carried(road) == []
    begin(road, "april")
    assert carried(road) == [3, 6, 7]


def test_a_full_inbox_is_not_filled_further(road):
    begin(road)
    assert carry_on(road.pipeline, batch=0).queued == 3
    assert carry_on(road.pipeline, batch=0) is None


def test_the_same_name_with_other_bounds_is_refused(road):
    begin(road, limit=4)
    assert begin(road, limit=4).limit == 4
    for other in ({"limit": 5}, {"limit": None}, {"limit": 4, "since": road.clock.now()}):
        with pytest.raises(BackfillError, match="other bounds"):
            begin(road, **other)


def test_the_estimate_counts_records_and_calls_before_anything_starts(road):
    whole = estimate(road.adapter, the_policy(road), None)
    assert whole.records == 7
    assert estimate(road.adapter, the_policy(road), 2).records == 2
    assert whole.calls > 0
    assert whole.usd_at_most == "0"
