"""Cases of the change source: every change is seen, whatever ties, delays, deletes and restarts there are."""

from __future__ import annotations

from datetime import date, timedelta

from adapters.conformance.stream import Stream, drain, follow, identities, start, sweep
from adapters.conformance.world import Mishap, World
from connector.adapter import ChangeKind, FieldName, ObjectType, RecordRef

CONTACT, ACCOUNT, DEAL = ObjectType.CONTACT, ObjectType.ACCOUNT, ObjectType.OPPORTUNITY
FIELDS = (FieldName("last_name"), FieldName("title"))
TITLE, LINK = FieldName("title"), FieldName("account")


def contact(world: World, name: str) -> RecordRef:
    return world.create(CONTACT, {"last_name": name})


def a_created_and_an_edited_record_are_seen(world: World) -> None:
    adapter = world.adapter()
    old = contact(world, "Old")
    world.advance(world.lag)
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    new = contact(world, "New")
    world.edit(old, {"title": "CFO"})
    follow(world, adapter, CONTACT, stream, FIELDS)
    assert {old.id, new.id} <= stream.ids()
    assert stream.latest[old.id].fields[TITLE] == "CFO"
    assert stream.latest[new.id].created_at > stream.latest[old.id].created_at


def an_edit_gives_another_version_and_a_second_look_does_not(world: World) -> None:
    adapter = world.adapter()
    ref = contact(world, "Ray")
    world.advance(timedelta(minutes=1))
    first = adapter.records.read([ref], FIELDS)[ref]
    again = world.adapter().records.read([ref], FIELDS)[ref]
    world.advance(timedelta(seconds=2))
    world.edit(ref, {"title": "CFO"})
    edited = adapter.records.read([ref], FIELDS)[ref]
    assert getattr(first, "version", None) == getattr(again, "version", "")
    assert getattr(first, "version", None) != getattr(edited, "version", None)


def more_equal_stamps_than_a_page_holds_are_all_seen(world: World) -> None:
    adapter = world.adapter()
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    refs = world.create_many(CONTACT, [{"last_name": f"Tie {place}"} for place in range(2 * world.page + 7)])
    follow(world, adapter, CONTACT, stream, FIELDS, rounds=3)
    assert {ref.id for ref in refs} == stream.ids()


def every_version_is_seen_while_a_record_keeps_changing(world: World) -> None:
    adapter = world.adapter()
    ref = contact(world, "Busy")
    stream = start(adapter, CONTACT)
    for turn in range(5):
        world.advance(timedelta(seconds=3))
        world.edit(ref, {"title": f"Title {turn}"})
        follow(world, adapter, CONTACT, stream, FIELDS)
        assert stream.latest[ref.id].fields[TITLE] == f"Title {turn}"


def a_change_committed_late_is_seen(world: World) -> None:
    adapter = world.adapter()
    refs = [contact(world, f"Late {place}") for place in range(3)]
    world.advance(world.lag)
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    world.arm(Mishap.LATE_COMMIT)
    world.edit(refs[0], {"title": "late"})
    world.edit(refs[1], {"title": "at once"})
    for _ in range(20):
        drain(adapter, CONTACT, stream, FIELDS)
        world.advance(timedelta(seconds=7))
        world.edit(refs[2], {"title": str(len(stream.cursors))})
    follow(world, adapter, CONTACT, stream, FIELDS)
    assert world.happened(Mishap.LATE_COMMIT)
    assert stream.latest[refs[0].id].fields[TITLE] == "late"
    assert stream.latest[refs[1].id].fields[TITLE] == "at once"


def a_lagging_index_loses_nothing(world: World) -> None:
    adapter = world.adapter()
    stream = start(adapter, CONTACT)
    wanted: dict[str, str] = {}
    for turn in range(6):
        world.advance(timedelta(seconds=4))
        world.arm(Mishap.STALE_INDEX)
        wanted[contact(world, f"Turn {turn}").id] = f"Turn {turn}"
        drain(adapter, CONTACT, stream, FIELDS)
    assert world.happened(Mishap.STALE_INDEX)
    world.heal()
    follow(world, adapter, CONTACT, stream, FIELDS)
    assert set(wanted) <= stream.ids()


def an_empty_page_is_not_the_end(world: World) -> None:
    adapter = world.adapter()
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    ref = contact(world, "Hidden")
    world.advance(timedelta(minutes=20))  # longer than any overlap that is read again anyway
    world.arm(Mishap.EMPTY_PAGE)
    drain(adapter, CONTACT, stream, FIELDS)
    assert world.happened(Mishap.EMPTY_PAGE)
    follow(world, adapter, CONTACT, stream, FIELDS)
    assert ref.id in stream.ids()


def a_page_whose_cursor_was_not_stored_is_shown_again(world: World) -> None:
    adapter = world.adapter()
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    ref = contact(world, "Again")
    world.advance(timedelta(seconds=20))
    for _ in range(3):  # the caller failed to store what it got and comes back with the cursor it has
        page = adapter.changes.poll(CONTACT, stream.cursor, FIELDS)
        assert [record.ref for record in page.records] == [ref]


def a_deleted_record_leaves_a_tombstone(world: World) -> None:
    adapter = world.adapter()
    kept, lost = contact(world, "Kept"), contact(world, "Lost")
    world.advance(world.lag)
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    world.delete(lost)
    follow(world, adapter, CONTACT, stream, FIELDS)
    assert lost.id in stream.gone_ids()
    assert kept.id not in stream.gone_ids()
    assert {event.kind for event in stream.gone if event.ref.id == lost.id} == {ChangeKind.DELETED}


def a_merge_names_the_survivor(world: World) -> None:
    adapter = world.adapter()
    winner, loser = contact(world, "Winner"), contact(world, "Loser")
    world.advance(world.lag)
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    survivor = world.merge(winner, loser)
    follow(world, adapter, CONTACT, stream, FIELDS)
    merges = {event.ref.id: event.into for event in stream.gone if event.kind is ChangeKind.MERGED}
    assert merges.get(loser.id) == survivor
    assert survivor.id not in merges


def a_change_of_associations_alone_is_seen(world: World) -> None:
    adapter = world.adapter()
    ref, company = contact(world, "Linked"), world.create(ACCOUNT, {"name": "Acme"})
    world.advance(world.lag)
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    world.associate(ref, company)
    follow(world, adapter, CONTACT, stream, (*FIELDS, LINK))
    assert ref.id in stream.ids()
    assert stream.latest[ref.id].fields[LINK] == company.id


def a_deal_shows_who_it_is_about(world: World) -> None:
    """Whether the CRM's poll shows it or it has to be asked: the contact of a deal is among what hangs on it."""
    adapter = world.adapter()
    deal, other = (world.create(DEAL, {"name": name, "close_date": date(2026, 12, 1)}) for name in ("Sought", "Other"))
    jo = contact(world, "Jo")
    world.advance(world.lag)
    stream = start(adapter, DEAL)
    world.advance(timedelta(seconds=5))
    world.associate(deal, jo)
    follow(world, adapter, DEAL, stream, ())
    links = adapter.changes.links(DEAL, [deal.id, other.id])
    assert links[deal.id].get(CONTACT) == (jo.id,)
    assert links[other.id].get(CONTACT, ()) == ()
    if adapter.capabilities.links_stamped:
        assert stream.latest[deal.id].related[CONTACT] == (jo.id,)
        assert other.id not in stream.ids()
    swept = {record.ref.id: record for record in sweep(adapter, DEAL, ())}
    assert swept[deal.id].related[CONTACT] == (jo.id,)
    [found] = adapter.records.related([deal], CONTACT, (), limit=5)[deal]
    assert found.ref == jo


def a_sweep_shows_associations(world: World) -> None:
    adapter = world.adapter()
    ref, company = contact(world, "Linked"), world.create(ACCOUNT, {"name": "Acme"})
    world.associate(ref, company)
    world.advance(world.lag)
    found = {record.ref.id: record for record in sweep(adapter, CONTACT, (*FIELDS, LINK))}
    assert found[ref.id].fields[LINK] == company.id


def polling_resumes_from_every_cursor_without_loss(world: World) -> None:
    adapter = world.adapter()
    stream = start(adapter, CONTACT)
    before: list[set[tuple[str, str]]] = [set()]
    for turn in range(4):
        world.advance(timedelta(seconds=9))
        several = world.page + 3 if turn == 1 else 4
        refs = world.create_many(CONTACT, [{"last_name": f"{turn}/{place}"} for place in range(several)])
        world.edit(refs[0], {"title": "again"})
        while len(before) < len(stream.cursors):
            before.append({(each, str(version)) for each, version in stream.versions})
        drain(adapter, CONTACT, stream, FIELDS)
    follow(world, adapter, CONTACT, stream, FIELDS)
    final = {each: record.version for each, record in stream.latest.items()}
    for position in range(len(stream.cursors)):
        resumed = Stream(cursor=stream.cursors[position])
        restarted = world.adapter()
        for _ in range(2):  # the round it was stopped in, and the next one
            drain(restarted, CONTACT, resumed, FIELDS)
        known = before[position] if position < len(before) else {(e, str(v)) for e, v in stream.versions}
        missing = {
            each
            for each, version in final.items()
            if (each, version) not in resumed.versions and (each, str(version)) not in known
        }
        assert not missing, f"resuming from cursor {position} loses {len(missing)} changes"


def a_cursor_from_the_future_loses_nothing_that_comes(world: World) -> None:
    adapter = world.adapter()
    world.advance(timedelta(days=2))
    future = start(adapter, CONTACT).cursor
    world.advance(timedelta(days=-2))
    stream = Stream(cursor=future)
    drain(world.adapter(), CONTACT, stream, FIELDS)
    world.advance(timedelta(seconds=5))
    ref, lost = contact(world, "Now"), contact(world, "Lost")
    follow(world, adapter, CONTACT, stream, FIELDS)
    world.delete(lost)
    follow(world, adapter, CONTACT, stream, FIELDS)
    assert ref.id in stream.ids()
    assert lost.id in stream.gone_ids()


def a_sweep_shows_every_live_record_once(world: World) -> None:
    refs = world.create_many(CONTACT, [{"last_name": f"Row {place}"} for place in range(world.page + 9)])
    world.delete(refs[3])
    world.advance(world.lag)
    found = [record.ref.id for record in sweep(world.adapter(), CONTACT, FIELDS)]
    assert sorted(found) == sorted(ref.id for ref in refs if ref != refs[3])


def identities_agree_with_the_records(world: World) -> None:
    world.create_many(CONTACT, [{"last_name": f"Row {place}"} for place in range(world.page + 5)])
    world.advance(world.lag)
    adapter = world.adapter()
    versions = {record.ref.id: record.version for record in sweep(adapter, CONTACT, FIELDS)}
    assert dict(identities(adapter, CONTACT)) == versions
    assert adapter.changes.count(CONTACT) == len(versions)


def a_row_shown_twice_does_not_disturb_a_sweep(world: World) -> None:
    refs = world.create_many(CONTACT, [{"last_name": f"Row {place}"} for place in range(world.page + 2)])
    world.advance(world.lag)
    world.arm(Mishap.REPEATED_ROW)
    found = [record.ref.id for record in sweep(world.adapter(), CONTACT, FIELDS)]
    assert world.happened(Mishap.REPEATED_ROW)
    assert sorted(set(found)) == sorted(ref.id for ref in refs)


def a_list_that_starts_over_does_not_cut_a_sweep_short(world: World) -> None:
    refs = world.create_many(CONTACT, [{"last_name": f"Row {place}"} for place in range(2 * world.page + 2)])
    world.advance(world.lag)
    world.arm(Mishap.LIST_RESTART)
    found = {record.ref.id for record in sweep(world.adapter(), CONTACT, FIELDS)}
    assert world.happened(Mishap.LIST_RESTART)
    assert found == {ref.id for ref in refs}


CAPTURE = (
    a_created_and_an_edited_record_are_seen,
    an_edit_gives_another_version_and_a_second_look_does_not,
    more_equal_stamps_than_a_page_holds_are_all_seen,
    every_version_is_seen_while_a_record_keeps_changing,
    a_change_committed_late_is_seen,
    a_lagging_index_loses_nothing,
    an_empty_page_is_not_the_end,
    a_page_whose_cursor_was_not_stored_is_shown_again,
    a_deleted_record_leaves_a_tombstone,
    a_merge_names_the_survivor,
    a_change_of_associations_alone_is_seen,
    a_deal_shows_who_it_is_about,
    a_sweep_shows_associations,
    polling_resumes_from_every_cursor_without_loss,
    a_cursor_from_the_future_loses_nothing_that_comes,
    a_sweep_shows_every_live_record_once,
    identities_agree_with_the_records,
    a_row_shown_twice_does_not_disturb_a_sweep,
    a_list_that_starts_over_does_not_cut_a_sweep_short,
)
