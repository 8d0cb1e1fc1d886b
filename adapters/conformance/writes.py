"""Cases of guarded updates: nobody's value is replaced in silence, and no answer is mistaken for another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from adapters.conformance.capture import CONTACT, contact
from adapters.conformance.world import Mishap, World
from connector.adapter import (
    Adapter,
    FieldName,
    FieldValue,
    GuardedWrite,
    GuardFailed,
    Missed,
    NotApplied,
    ObjectType,
    Record,
    RecordRef,
    Refused,
    Resolution,
    Unknown,
    UnknownWrite,
    Unsettled,
    WriteResult,
    Written,
)

TITLE, LAST_NAME = FieldName("title"), FieldName("last_name")
TICKET = ObjectType.TICKET


def read(adapter: Adapter, ref: RecordRef, *fields: FieldName) -> Record:
    found = adapter.records.read([ref], fields or (TITLE, LAST_NAME))[ref]
    assert isinstance(found, Record)
    return found


def settle(world: World, adapter: Adapter) -> None:
    """Let the last edit become old enough to guard a write."""
    world.advance(adapter.capabilities.settle + timedelta(seconds=3))


def write(adapter: Adapter, live: Record, values: Mapping[FieldName, FieldValue]) -> WriteResult:
    [result] = adapter.writes.update([GuardedWrite(intent="case", values=values, live=live)])
    return result


def resolve(adapter: Adapter, live: Record, values: Mapping[FieldName, FieldValue], world: World) -> Resolution:
    """Ask until it is known, as the product does."""
    unknown = UnknownWrite(write=GuardedWrite(intent="case", values=values, live=live), sent_at=live.read_at)
    for _ in range(6):
        [found] = adapter.writes.resolve([unknown])
        if not isinstance(found, Unknown):
            return found
        world.advance(timedelta(seconds=30))
    raise AssertionError("an unknown outcome never becomes known")


def given(world: World, **values: FieldValue) -> tuple[Adapter, Record]:
    adapter = world.adapter()
    ref = world.create(CONTACT, {"last_name": "Ray", **values})
    settle(world, adapter)
    return adapter, read(adapter, ref)


def a_field_nobody_touched_is_written(world: World) -> None:
    adapter, live = given(world, title="CFO")
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, Written)
    assert (result.before[TITLE], result.after[TITLE]) == ("CFO", "CEO")
    assert not result.overwritten
    assert not result.ignored
    assert world.look(live.ref)["title"] == "CEO"
    assert world.look(live.ref)["last_name"] == "Ray"


def the_version_of_a_write_is_the_version_read_next(world: World) -> None:
    adapter, live = given(world)
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, Written)
    assert result.version != live.version
    assert read(adapter, live.ref).version == result.version


def an_empty_field_is_filled_and_a_full_one_is_cleared(world: World) -> None:
    adapter, live = given(world)
    assert isinstance(write(adapter, live, {TITLE: "CEO"}), Written)
    settle(world, adapter)
    result = write(adapter, read(adapter, live.ref), {TITLE: None})
    assert isinstance(result, Written)
    assert not world.look(live.ref).get("title")


def a_field_a_person_moved_is_not_replaced(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.edit(live.ref, {"title": "CTO"})
    settle(world, adapter)
    assert isinstance(write(adapter, live, {TITLE: "CEO"}), GuardFailed | Unsettled)
    assert world.look(live.ref)["title"] == "CTO"


def an_edit_in_the_same_second_is_not_replaced_in_silence(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.advance(timedelta(milliseconds=400))
    world.edit(live.ref, {"title": "CTO"})
    _nobody_lost(world, write(adapter, live, {TITLE: "CEO"}), live.ref)


def an_edit_there_and_back_is_noticed_or_harmless(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.edit(live.ref, {"title": "CTO"})
    world.advance(timedelta(seconds=1))
    world.edit(live.ref, {"title": "CFO"})
    settle(world, adapter)
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, GuardFailed | Unsettled | Written)


def an_edit_between_reading_and_writing_is_found(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.arm(Mishap.REP_BETWEEN)
    result = write(adapter, live, {TITLE: "CEO"})
    assert world.happened(Mishap.REP_BETWEEN)
    match result:
        case Written():
            assert [each.field for each in result.overwritten] == [TITLE]
            assert result.overwritten[0].value == result.before[TITLE] != "CFO"
        case _:
            assert isinstance(result, GuardFailed | Unsettled)
            assert world.look(live.ref)["title"] not in ("CEO", "CFO")


def a_value_that_is_there_already_is_not_written_again(world: World) -> None:
    adapter, live = given(world, title="CEO")
    before = world.agent_writes()
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, Written)
    assert world.agent_writes() == before


def an_option_the_crm_does_not_know_is_refused(world: World) -> None:
    adapter = world.adapter()
    ref = world.create(TICKET, {"subject": "Help", "priority": "low"})
    settle(world, adapter)
    priority = FieldName("priority")
    result = write(adapter, read(adapter, ref, priority), {priority: "no such priority"})
    assert isinstance(result, Refused)
    assert result.code
    assert world.look(ref)["priority"] == "low"


def a_shared_option_is_written_as_the_crm_calls_it(world: World) -> None:
    adapter = world.adapter()
    ref = world.create(TICKET, {"subject": "Help", "priority": "low", "status": "new"})
    settle(world, adapter)
    priority, status = FieldName("priority"), FieldName("status")
    live = read(adapter, ref, priority, status)
    assert isinstance(write(adapter, live, {priority: "high", status: "closed"}), Written)
    assert (world.look(ref)["priority"], world.look(ref)["status"]) == ("high", "closed")


def one_refused_write_does_not_spoil_the_others(world: World) -> None:
    adapter = world.adapter()
    refs = [world.create(TICKET, {"subject": f"Help {place}", "priority": "low"}) for place in range(5)]
    settle(world, adapter)
    priority = FieldName("priority")
    values: list[FieldValue] = ["high", "high", "no such priority", "high", "high"]
    writes = [
        GuardedWrite(intent=str(place), values={priority: value}, live=read(adapter, ref, priority))
        for place, (ref, value) in enumerate(zip(refs, values, strict=True))
    ]
    results = adapter.writes.update(writes)
    assert [isinstance(result, Written) for result in results] == [True, True, False, True, True]
    assert isinstance(results[2], Refused)
    assert [world.look(ref)["priority"] for ref in refs] == ["high", "high", "low", "high", "high"]


def an_unknown_field_is_refused(world: World) -> None:
    adapter, live = given(world)
    result = write(adapter, live, {FieldName("no_such_field"): "x"})
    assert isinstance(result, Refused)


def an_update_that_changes_nothing_is_told(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.arm(Mishap.IGNORED)
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, Written)
    assert result.ignored == (TITLE,)
    assert result.after[TITLE] == "CFO"


def a_deleted_target_is_missed(world: World) -> None:
    adapter, live = given(world)
    world.delete(live.ref)
    assert isinstance(write(adapter, live, {TITLE: "CEO"}), Missed)


def a_merged_target_is_missed_and_never_redirected(world: World) -> None:
    adapter, live = given(world)
    survivor = world.merge(contact(world, "Winner"), live.ref)
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, Missed)
    assert result.into == survivor
    assert world.look(survivor).get("title") != "CEO"


def a_lost_answer_is_unknown_and_found_applied(world: World) -> None:
    for mishap in (Mishap.LOST_AFTER, Mishap.SILENT_AFTER):
        adapter, live = given(world, title="CFO")
        before = world.agent_writes()
        world.arm_write(mishap)
        result = write(adapter, live, {TITLE: "CEO"})
        assert world.happened(mishap)
        if isinstance(result, Unknown):
            world.heal()
            result = _as_written(resolve(adapter, live, {TITLE: "CEO"}, world))
        assert isinstance(result, Written)
        assert world.look(live.ref)["title"] == "CEO"
        assert world.agent_writes() == before + 1
        world.heal()


def a_lost_request_is_found_not_applied(world: World) -> None:
    adapter, live = given(world, title="CFO")
    before = world.agent_writes()
    world.arm_write(Mishap.LOST_BEFORE)
    result = write(adapter, live, {TITLE: "CEO"})
    assert isinstance(result, Unknown)
    world.heal()
    assert isinstance(resolve(adapter, live, {TITLE: "CEO"}, world), NotApplied)
    assert world.agent_writes() == before


def an_applied_write_is_recognised_below_a_later_edit(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.arm_write(Mishap.LOST_AFTER)
    assert isinstance(write(adapter, live, {TITLE: "CEO"}), Unknown)
    world.heal()
    world.advance(timedelta(seconds=5))
    world.edit(live.ref, {"title": "Chair"})
    found = resolve(adapter, live, {TITLE: "CEO"}, world)
    # Where the CRM keeps no field history the later edit hides ours: then it must not be called applied or not.
    if adapter.capabilities.field_stamps:
        assert isinstance(found, Written)
    assert world.look(live.ref)["title"] == "Chair"


def a_refused_token_does_not_cost_the_guard(world: World) -> None:
    adapter, live = given(world, title="CFO")
    world.edit(live.ref, {"title": "CTO"})
    settle(world, adapter)
    world.arm(Mishap.TOKEN_REFUSED)
    assert isinstance(write(adapter, live, {TITLE: "CEO"}), GuardFailed | Unsettled)
    assert world.look(live.ref)["title"] == "CTO"


def _nobody_lost(world: World, result: WriteResult, ref: RecordRef) -> None:
    """Either nothing was written over the person's value, or the answer names the value that was."""
    if isinstance(result, Written) and world.look(ref)["title"] == "CEO":
        assert [each.value for each in result.overwritten] == ["CTO"]
    else:
        assert world.look(ref)["title"] == "CTO"


def _as_written(found: Resolution) -> WriteResult:
    assert isinstance(found, Written)
    return found


WRITES = (
    a_field_nobody_touched_is_written,
    the_version_of_a_write_is_the_version_read_next,
    an_empty_field_is_filled_and_a_full_one_is_cleared,
    a_field_a_person_moved_is_not_replaced,
    an_edit_in_the_same_second_is_not_replaced_in_silence,
    an_edit_there_and_back_is_noticed_or_harmless,
    an_edit_between_reading_and_writing_is_found,
    a_value_that_is_there_already_is_not_written_again,
    an_option_the_crm_does_not_know_is_refused,
    a_shared_option_is_written_as_the_crm_calls_it,
    one_refused_write_does_not_spoil_the_others,
    an_unknown_field_is_refused,
    an_update_that_changes_nothing_is_told,
    a_deleted_target_is_missed,
    a_merged_target_is_missed_and_never_redirected,
    a_lost_answer_is_unknown_and_found_applied,
    a_lost_request_is_found_not_applied,
    an_applied_write_is_recognised_below_a_later_edit,
    a_refused_token_does_not_cost_the_guard,
)
