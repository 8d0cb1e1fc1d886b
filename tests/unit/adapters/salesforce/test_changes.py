"""Capture from Salesforce is complete: ties, late commits, short pages, deletes, merges, pauses and wrong clocks."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.sandbox.clock import milliseconds
from connector.adapter import ChangeKind, Cursor, HttpRequest, HttpResponse
from connector.clock import HeldClock
from connector.errors import StateError, UnknownFieldError
from tests.unit.adapters.salesforce import scripted
from tests.unit.adapters.salesforce.world import ACCOUNT, CONTACT, TICKET, World, ids, names, ref


def started(**options: object) -> tuple[World, Cursor]:
    world = World(**options)  # type: ignore[arg-type]
    cursor, _ = world.adapter.changes.cursor_now(TICKET)
    return world, cursor


def test_what_changes_after_the_cursor_is_read_once_it_has_settled() -> None:
    world, cursor = started()
    case = world.case()
    assert world.poll(cursor).records == ()
    world.wait(2)
    page = world.poll(cursor)
    assert ids(page.records) == [case.id]
    assert not page.more
    world.wait()
    assert world.poll(page.cursor).records == ()


def test_an_edit_in_the_second_of_the_reading_is_not_hidden_by_an_equal_stamp() -> None:
    world, cursor = started()
    case = world.case(Subject="first")
    world.wait(1)
    cursor = world.poll(cursor).cursor
    world.edit(case, Subject="second")
    world.edit(case, Subject="third")
    world.wait(2)
    records, _, _ = world.drain(cursor)
    assert [record.fields["subject"] for record in records] == ["third"]


def test_more_rows_of_one_second_than_a_page_holds_are_all_read() -> None:
    world, cursor = started()
    world.built.face.state.page_size = 7
    made = {world.case(Subject=str(number)).id for number in range(50)}
    world.wait()
    records, _, _ = world.drain(cursor)
    assert len(records) == 50
    assert set(ids(records)) == made


def test_pages_cut_short_by_wide_rows_lose_nothing() -> None:
    world, cursor = started(faults={"wide_row_short_pages": 1.0})
    made = {world.case(Subject=str(number)).id for number in range(300)}
    world.wait()
    records, _, _ = world.drain(cursor)
    assert set(ids(records)) == made
    assert world.faults.counts["wide_row_short_pages"] > 0


def test_a_row_that_becomes_visible_late_is_still_read() -> None:
    world, cursor = started()
    slow = world.case(Subject="slow")
    world.wait(200)
    _, _, cursor = world.drain(cursor)
    world.case(Subject="quick")
    world.wait(5)
    _, _, cursor = world.drain(cursor)
    # The slow transaction stamped its row 150 seconds ago and commits only now.
    world.edit(slow, Subject="slow, edited")
    world.org.touch("Case", slow.id, at=milliseconds(world.clock.now() - timedelta(seconds=150)))
    seen: list[object] = []
    for _ in range(20):
        world.wait(5)
        records, _, cursor = world.drain(cursor)
        seen += [record.fields["subject"] for record in records]
    assert "slow, edited" in seen


def test_a_hot_poll_does_not_read_the_overlap_every_time() -> None:
    world, cursor = started()
    for number in range(40):
        world.case(Subject=str(number))
    read = 0
    for _ in range(120):
        world.wait(5)
        records, _, cursor = world.drain(cursor)
        read += len(records)
    # Ten minutes of polls every five seconds: the 40 rows are read again about once a minute while they may move.
    assert 40 < read <= 40 * 8


def test_a_poll_costs_one_call_when_little_happens() -> None:
    world, cursor = started()
    world.case()
    world.wait()
    before = len(world.transport.seen)
    for _ in range(10):
        world.wait(20)
        _, _, cursor = world.drain(cursor)
    listed = world.calls("/deleted/")
    assert len(world.transport.seen) - before - listed <= 10
    assert listed <= 1


def test_a_backlog_after_a_pause_is_read_once() -> None:
    world, cursor = started()
    world.built.face.state.page_size = 10
    world.wait(3600)
    made = []
    for number in range(100):
        made.append(world.case(Subject=str(number)).id)
        world.wait(10)
    records, _, cursor = world.drain(cursor)
    assert ids(records) == made
    world.wait(70)
    again, _, _ = world.drain(world.drain(cursor)[2])
    assert len(again) <= 40  # only what lies within the overlap


def test_reading_a_long_backlog_never_starts_over() -> None:
    world, cursor = started()
    world.built.face.state.page_size = 5
    made = [world.case(Subject=str(number)).id for number in range(60)]
    world.wait(400)
    read = []
    for _ in range(40):
        page = world.poll(cursor)
        cursor = page.cursor
        read += ids(page.records)
        world.wait(90)  # every page takes longer than the time between two looks back
        if not page.more:
            break
    assert sorted(read) == sorted(made)


def test_deleted_records_come_as_tombstones() -> None:
    world, cursor = started()
    case = world.case()
    world.wait()
    _, _, cursor = world.drain(cursor)
    world.org.delete("Case", case.id, actor=world.rep)
    world.wait()
    records, [gone], cursor = world.drain(cursor)
    assert records == []
    assert (gone.ref, gone.kind) == (case, ChangeKind.DELETED)
    world.org.undelete("Case", case.id, actor=world.rep)
    world.wait()
    records, gone_now, _ = world.drain(cursor)
    assert ids(records) == [case.id]
    assert gone_now == []


def test_a_merge_names_the_survivor() -> None:
    world = World()
    cursor = world.adapter.changes.cursor_now(ACCOUNT)[0]
    kept, lost = (world.org.create("Account", {"Name": name}, actor=world.rep).id for name in ("Acme", "ACME"))
    world.wait()
    world.org.merge("Account", kept, [lost], actor=world.rep)
    world.wait()
    page = world.poll(cursor, ACCOUNT, ("name",))
    [gone] = page.gone
    assert (gone.kind, gone.ref, gone.into) == (ChangeKind.MERGED, ref(ACCOUNT, lost), ref(ACCOUNT, kept))
    assert ids(page.records) == [kept]


def test_a_record_erased_from_the_recycle_bin_is_still_reported() -> None:
    erased, binned = "500000000000001AAA", "500000000000002AAA"
    clock = HeldClock(scripted.NOW)

    def script(request: HttpRequest) -> HttpResponse | None:
        at = clock.now()
        if scripted.path(request).endswith("/describe"):
            return scripted.description(scripted.field("Subject"))
        if "/deleted/" in scripted.path(request):
            listed = [{"id": one, "deletedDate": "2026-03-01T12:01:00.000+0000"} for one in (erased, binned)]
            return scripted.answer({"deletedRecords": listed, "latestDateCovered": "2026-03-01T12:09:00.000+0000"}, at=at)
        if "queryAll" in scripted.path(request) and " IN " in scripted.soql(request):
            return scripted.rows({"Id": binned}, at=at)
        return scripted.rows(at=at) if "query" in scripted.path(request) else None

    org = scripted.ScriptedOrg(script)
    source = SalesforceAdapter(scripted.environment(org, clock=clock)).changes
    cursor = source.cursor_now(TICKET)[0]
    gone = []
    for _ in range(2):
        clock.advance(timedelta(minutes=10))
        page = source.poll(TICKET, cursor, ())
        cursor, gone = page.cursor, [*gone, *page.gone]
    assert [(event.ref.id, event.kind) for event in gone][:1] == [(erased, ChangeKind.DELETED)]
    assert binned not in {event.ref.id for event in gone}
    assert json.loads(cursor)["deleted_until"] == "2026-03-01T12:09:00Z"


def test_an_org_that_does_not_list_deletes_does_not_stop_capture() -> None:
    clock = HeldClock(scripted.NOW)

    def script(request: HttpRequest) -> HttpResponse | None:
        if scripted.path(request).endswith("/describe"):
            return scripted.description(scripted.field("Subject"))
        if "/deleted/" in scripted.path(request):
            return scripted.refusal(400, "INVALID_REPLICATION_DATE", "too old")
        return scripted.rows(at=clock.now()) if "query" in scripted.path(request) else None

    source = SalesforceAdapter(scripted.environment(scripted.ScriptedOrg(script), clock=clock)).changes
    cursor = source.cursor_now(TICKET)[0]
    clock.advance(timedelta(minutes=10))
    page = source.poll(TICKET, cursor, ())
    assert page.gone == ()
    assert json.loads(page.cursor)["deleted_until"] == "2026-03-01T12:10:00Z"


def test_a_server_clock_that_ran_ahead_for_one_answer_skips_nothing() -> None:
    world, cursor = started()
    world.case()
    world.wait()
    _, _, cursor = world.drain(cursor)
    ahead = json.loads(cursor) | {"seen_at": "2027-01-01T00:00:00Z", "proved_at": "2026-03-01T12:00:00Z"}
    _, _, cursor = world.drain(Cursor(json.dumps(ahead)))
    late = world.case(Subject="after the jump")
    world.wait()
    records, _, cursor = world.drain(cursor)
    assert late.id in ids(records)
    for _ in range(5):
        world.wait(70)
        _, _, cursor = world.drain(cursor)
    assert json.loads(cursor)["proven"] < "2026-04"


def test_a_cursor_of_somebody_else_is_refused_by_name() -> None:
    world, _ = started()
    for text in ("", "{}", "[1]", '{"stamp":"x"}'):
        with pytest.raises(StateError, match="cursor"):
            world.poll(Cursor(text))


def test_a_field_that_does_not_exist_is_named() -> None:
    world, cursor = started()
    with pytest.raises(UnknownFieldError, match=r"ticket\.colour"):
        world.poll(cursor, TICKET, ("subject", "colour"))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_every_version_that_settles_is_seen(seed: int) -> None:
    chance = random.Random(seed)
    world, cursor = started(seed=seed, faults={"wide_row_short_pages": 0.3, "stamp_only_bump": 0.1, "duplicated_page": 0.2})
    world.built.face.state.page_size = chance.choice([2, 5, 50])
    live = [world.case(Subject="0") for _ in range(8)]
    seen: set[tuple[str, str]] = set()
    gone: set[str] = set()
    for step in range(60):
        for _ in range(chance.randrange(4)):
            _something_happens(world, chance, live, step)
        world.wait(chance.choice([0.2, 1, 3, 10, 40]))
        if chance.random() < 0.7:
            page = world.poll(cursor)
            cursor = page.cursor
            seen |= {(record.ref.id, record.version) for record in page.records}
            gone |= {event.ref.id for event in page.gone}
    world.faults.heal()
    for _ in range(8):
        world.wait(65)
        records, events, cursor = world.drain(cursor)
        seen |= {(record.ref.id, record.version) for record in records}
        gone |= {event.ref.id for event in events}
    identities = world.adapter.changes.identities(TICKET, None).identities
    assert identities
    assert set(identities) <= seen
    assert {row.id for row in world.org.rows("Case", deleted=True) if row.deleted} <= gone


def _something_happens(world: World, chance: random.Random, live: list, step: int) -> None:
    case = chance.choice(live)
    match chance.randrange(6):
        case 0:
            live.append(world.case(Subject=str(step)))
        case 1 if len(live) > 3:
            live.remove(case)
            world.org.delete("Case", case.id, actor=world.rep)
        case 2:
            world.edit(case, Subject=f"late {step}")
            stamp = world.clock.now() - timedelta(seconds=chance.randrange(200))
            world.org.touch("Case", case.id, at=milliseconds(stamp))
        case _:
            world.edit(case, Subject=f"{step} {chance.random()}")


def test_a_sweep_reads_every_live_record_once_and_no_deleted_one() -> None:
    world, _ = started()
    world.built.face.state.page_size = 6
    made = sorted(world.case(Subject=str(number)).id for number in range(20))
    world.org.delete("Case", made.pop(), actor=world.rep)
    read, cursor, more = [], None, True
    while more:
        page = world.adapter.changes.sweep(TICKET, cursor, names("subject"))
        read += ids(page.records)
        cursor, more = page.cursor, page.more
    assert read == made
    assert world.adapter.changes.count(TICKET) == 19


def test_a_large_sweep_goes_through_one_bulk_job_and_reads_the_same() -> None:
    world, _ = started(bulk_above=5)
    case = world.case(Subject='a "quoted", comma\nand line', Priority="High", Description=None)
    for number in range(9):
        world.case(Subject=str(number))
    page = world.adapter.changes.sweep(TICKET, None, names("subject", "priority", "description", "owner", "IsClosed"))
    assert not page.more
    assert world.calls("jobs/query") == 3
    assert len(page.records) == 10
    by_id = {record.ref.id: record for record in page.records}
    plain = world.read(case, "subject", "priority", "description", "owner", "IsClosed")
    assert by_id[case.id].fields == plain.fields
    assert by_id[case.id].version == plain.version


def test_a_bulk_job_that_ends_short_is_read_again_page_by_page() -> None:
    world, _ = started(bulk_above=5, bulk_page=5)
    made = {world.case(Subject=str(number)).id for number in range(12)}

    def lose_the_locator(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        kept = tuple((name, "null" if name == "Sforce-Locator" else value) for name, value in answer.headers)
        return replace(answer, headers=kept)

    world.transport.after = lose_the_locator
    read, cursor, more = set(), None, True
    while more:
        page = world.adapter.changes.sweep(TICKET, cursor, names("subject"))
        read |= set(ids(page.records))
        cursor, more = page.cursor, page.more
    assert read == made


def test_a_bulk_job_that_is_gone_is_continued_after_the_last_id() -> None:
    world, _ = started(bulk_above=5)
    made = sorted(world.case(Subject=str(number)).id for number in range(12))
    lost = Cursor(json.dumps({"after": made[3], "job": "750000000000001AAA", "locator": "x", "rows": 4, "v": 1}))
    read, cursor, more = [], lost, True
    while more:
        page = world.adapter.changes.sweep(TICKET, cursor, names("subject"))
        read += ids(page.records)
        cursor, more = page.cursor, page.more
    assert read == made[4:]


def test_identities_list_every_live_id_with_its_version() -> None:
    world, _ = started()
    world.built.face.state.page_size = 4
    made = sorted(world.case(Subject=str(number)).id for number in range(10))
    found, after = [], None
    while True:
        page = world.adapter.changes.identities(TICKET, after)
        found += page.identities
        after = page.after
        if after is None:
            break
    assert [record_id for record_id, _ in found] == made
    assert {version for _, version in found} == {world.read(ref(TICKET, made[0]), "subject").version}


def test_contacts_and_accounts_are_polled_apart() -> None:
    world = World()
    cursor = world.adapter.changes.cursor_now(CONTACT)[0]
    world.org.create("Account", {"Name": "Acme"}, actor=world.rep)
    contact = world.org.create("Contact", {"LastName": "Roe"}, actor=world.rep).id
    world.wait()
    assert ids(world.poll(cursor, CONTACT, ("last_name",)).records) == [contact]
