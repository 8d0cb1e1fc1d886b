"""Guarded updates and marked creates against the sandbox: what goes out, and what each outcome is called."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.hubspot.adapter import HubSpotAdapter
from adapters.sandbox.automations import Written as OrgWritten
from connector.adapter import (
    Created,
    FieldName,
    FieldValue,
    GuardedWrite,
    GuardFailed,
    MarkedCreate,
    NotApplied,
    ObjectType,
    Postponed,
    Record,
    RecordRef,
    Refused,
    Unknown,
    UnknownWrite,
    Unprovable,
    WriteResult,
    Written,
)
from tests.conformance.hubspot_world import HubSpotWorld

TITLE, LAST_NAME, STATUS = FieldName("title"), FieldName("last_name"), FieldName("status")
CONTACT, TICKET, TASK = ObjectType.CONTACT, ObjectType.TICKET, ObjectType.TASK


@pytest.fixture
def world() -> HubSpotWorld:
    return HubSpotWorld()


def adapter_of(world: HubSpotWorld) -> HubSpotAdapter:
    adapter = world.adapter()
    assert isinstance(adapter, HubSpotAdapter)
    return adapter


def live(adapter: HubSpotAdapter, ref: RecordRef, *fields: FieldName) -> Record:
    found = adapter.records.read([ref], fields or (TITLE,))[ref]
    assert isinstance(found, Record)
    return found


def update(adapter: HubSpotAdapter, record: Record, values: Mapping[FieldName, FieldValue]) -> WriteResult:
    return adapter.writes.update([GuardedWrite(intent="i", values=values, live=record)])[0]


def posts(world: HubSpotWorld, part: str) -> int:
    return sum(1 for line in world.org.log.entries() if line.kind == "call" and part in str(line.field))


def test_a_value_that_is_there_already_costs_no_write_call(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray", "title": "CEO"})
    update(adapter, live(adapter, ref), {TITLE: "CEO"})
    assert posts(world, "/batch/update") == 0


def test_a_batch_costs_one_call_to_look_one_to_write_and_one_to_verify(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    refs = world.create_many(CONTACT, [{"last_name": f"Row {place}"} for place in range(50)])
    found = adapter.records.read(refs, [TITLE])
    before = world.calls()
    writes = [GuardedWrite(intent=ref.id, values={TITLE: "CEO"}, live=found[ref]) for ref in refs]  # type: ignore[arg-type]
    assert all(isinstance(result, Written) for result in adapter.writes.update(writes))
    assert world.calls() - before == 3


def test_one_bad_record_in_fifty_is_found_by_halving(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    refs = world.create_many(TICKET, [{"subject": f"Row {place}", "priority": "low"} for place in range(50)])
    priority = FieldName("priority")
    found = adapter.records.read(refs, [priority])
    writes = [
        GuardedWrite(intent=ref.id, values={priority: "bad" if place == 31 else "high"}, live=found[ref])  # type: ignore[arg-type]
        for place, ref in enumerate(refs)
    ]
    results = adapter.writes.update(writes)
    assert [place for place, result in enumerate(results) if not isinstance(result, Written)] == [31]
    assert isinstance(results[31], Refused)
    assert (results[31].code, results[31].fields) == ("INVALID_OPTION", (priority,))
    assert posts(world, "/batch/update") <= 13


def test_an_id_that_is_none_costs_only_its_own_write(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    record = live(adapter, world.create(CONTACT, {"last_name": "Ray"}))
    hostile = replace(record, ref=replace(record.ref, id="../companies/1"))
    writes = [GuardedWrite(intent=str(at), values={TITLE: "CEO"}, live=each) for at, each in enumerate((hostile, record))]
    assert [type(result) for result in adapter.writes.update(writes)] == [Refused, Written]


def test_a_hostile_parent_never_reaches_the_wire(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    parent = RecordRef(world.connection, CONTACT, "1/../2")
    create = MarkedCreate(intent="i", marker="abcdef123456", object=TASK, values={}, parents=(parent,))
    assert isinstance(adapter.writes.create([create])[0], Refused)
    assert posts(world, "/batch/create") == 0


def test_two_writes_of_one_record_go_out_one_after_the_other(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray", "title": "CFO"})
    record = live(adapter, ref, TITLE, LAST_NAME)
    writes = [GuardedWrite(intent=str(v), values={TITLE: v}, live=record) for v in ("CEO", "Chair")]
    first, second = adapter.writes.update(writes)
    assert isinstance(first, Written)
    assert isinstance(second, GuardFailed)  # the field has moved since: by us, and the caller must look again
    assert world.look(ref)["title"] == "CEO"


def test_an_automation_that_rewrites_our_value_is_named(world: HubSpotWorld) -> None:
    def shout(written: OrgWritten) -> Mapping[str, object]:
        return {"jobtitle": str(written.row.get("jobtitle")).upper()} if "jobtitle" in written.changed else {}

    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray", "title": "cfo"})
    record = live(adapter, ref)
    world.org.automations.append(shout)
    result = update(adapter, record, {TITLE: "ceo"})
    assert isinstance(result, Written)
    assert (result.after[TITLE], result.changed_by_crm, result.overwritten) == ("CEO", (TITLE,), ())


def test_a_partial_failure_without_a_cause_is_looked_into_and_postponed(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    refs = world.create_many(CONTACT, [{"last_name": f"Row {place}"} for place in range(4)])
    found = adapter.records.read(refs, [TITLE])
    writes = [GuardedWrite(intent=ref.id, values={TITLE: "CEO"}, live=found[ref]) for ref in refs]  # type: ignore[arg-type]
    world.gate.waiting.append("batch_partial")
    results = adapter.writes.update(writes)
    assert sorted(type(result).__name__ for result in results) == ["Postponed", "Written", "Written", "Written"]
    for ref, result in zip(refs, results, strict=True):
        assert (world.look(ref)["title"] == "CEO") == isinstance(result, Written)


def test_a_history_too_short_to_prove_anything_is_unknown(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray", "title": "CFO"})
    record = live(adapter, ref)
    world.org.faults.set("shallow_history", 1.0)
    assert isinstance(update(adapter, record, {TITLE: "CEO"}), Unknown)
    world.heal()
    world.advance(timedelta(seconds=10))
    unknown = UnknownWrite(write=GuardedWrite(intent="i", values={TITLE: "CEO"}, live=record), sent_at=record.read_at)
    [found] = adapter.writes.resolve([unknown])
    assert isinstance(found, Written)
    assert found.before == {TITLE: "CFO"}


def test_a_write_whose_traces_fell_off_the_history_is_not_unknown_for_ever(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray", "title": "CFO"})
    record = live(adapter, ref)
    unknown = UnknownWrite(write=GuardedWrite(intent="i", values={TITLE: "CEO"}, live=record), sent_at=record.read_at)
    world.edit(ref, {TITLE: "CTO"})
    world.org.faults.set("shallow_history", 1.0)
    assert isinstance(adapter.writes.resolve([unknown])[0], Unknown)
    world.advance(timedelta(seconds=6))
    assert isinstance(adapter.writes.resolve([unknown])[0], Unprovable)


def test_absence_proves_nothing_while_the_request_may_be_on_its_way(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray", "title": "CFO"})
    record = live(adapter, ref)
    unknown = UnknownWrite(write=GuardedWrite(intent="i", values={TITLE: "CEO"}, live=record), sent_at=record.read_at)
    assert isinstance(adapter.writes.resolve([unknown])[0], Unknown)
    world.advance(timedelta(seconds=6))
    assert isinstance(adapter.writes.resolve([unknown])[0], NotApplied)


def test_a_lifecycle_stage_that_does_not_move_back_is_reported_as_ignored(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray"})
    stage = FieldName("lifecyclestage")
    world.org.update("contacts", ref.id, {"lifecyclestage": "customer"}, actor=world.rep)
    result = update(adapter, live(adapter, ref, stage), {stage: "lead"})
    assert isinstance(result, Written)
    assert (result.ignored, result.after[stage]) == ((stage,), "customer")


def test_our_app_id_is_learnt_from_the_first_verified_write(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray"})
    assert adapter._portal.app_id is None
    update(adapter, live(adapter, ref), {TITLE: "CEO"})
    assert adapter._portal.app_id == world.sandbox.portal.app_id


def test_a_read_only_and_an_associated_field_are_refused_without_a_call(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    ref = world.create(CONTACT, {"last_name": "Ray"})
    for name in ("num_associated_deals", "account"):
        field = FieldName(name)
        result = update(adapter, live(adapter, ref, field), {field: "1"})
        assert isinstance(result, Refused)
        assert result.fields == (field,)
    assert posts(world, "/batch/update") == 0


def test_a_rich_text_field_is_not_edited_because_it_could_not_be_put_back(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    note = world.create(ObjectType.NOTE, {"body": "<b>Bold</b>", "due": datetime(2026, 9, 1, tzinfo=UTC)})
    body = FieldName("body")
    record = live(adapter, note, body)
    assert record.fields[body] == "Bold"
    assert isinstance(update(adapter, record, {body: "Plain"}), Refused)


def test_a_shared_status_becomes_the_stage_of_the_records_own_pipeline() -> None:
    options = {"new": ["1", "s-new"], "closed": ["4", "s-done"], "open": "3", "waiting": "2"}
    world = HubSpotWorld(settings={"fields": {"ticket": {"status": {"options": options}}}})
    _second_pipeline(world)
    adapter = adapter_of(world)
    row = world.org.create(
        "tickets", {"subject": "x", "hs_pipeline": "second", "hs_pipeline_stage": "s-new"}, actor=world.rep
    )
    ref = RecordRef(world.connection, TICKET, row.id)
    record = live(adapter, ref, STATUS)
    assert record.fields == {STATUS: "new"}
    assert isinstance(update(adapter, record, {STATUS: "closed"}), Written)
    found = world.org.find("tickets", row.id)
    assert found is not None
    assert found.get("hs_pipeline_stage") == "s-done"


def test_a_text_that_holds_somebody_elses_marker_does_not_confuse_a_create(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    parent = world.create(CONTACT, {"last_name": "Ray"})
    values = {FieldName("subject"): "Hi", FieldName("description"): "as said [crm-connector:00000000] <img src=x>"}
    create = MarkedCreate(intent="i", marker="abcdef123456", object=TASK, values=values, parents=(parent,))
    [created] = adapter.writes.create([create])
    assert isinstance(created, Created)
    [task] = world.hanging(parent, TASK)
    assert str(task["description"]).endswith("[crm-connector:abcdef123456]")


def test_a_task_whose_marker_a_flow_rewrote_at_once_is_found_again_and_can_be_taken_back(world: HubSpotWorld) -> None:
    def tidy(written: OrgWritten) -> Mapping[str, object]:
        return {"hs_task_body": "tidied by a flow"} if "hs_task_body" in written.changed else {}

    adapter = adapter_of(world)
    parent = world.create(CONTACT, {"last_name": "Ray"})
    create = MarkedCreate(intent="i", marker="abcdef123456", object=TASK, values={}, parents=(parent,))
    [before] = adapter.writes.create([create])  # what hangs there already is not taken for it
    world.org.automations.append(tidy)
    lost = replace(create, marker="fedcba654321")
    [made] = adapter.writes.create([lost])
    assert isinstance(before, Created)
    assert [task["description"] for task in world.hanging(parent, TASK)][-1] == "tidied by a flow"
    world.advance(timedelta(minutes=1))
    [found] = adapter.writes.resolve([UnknownWrite(write=lost, sent_at=world.org.clock.now())])
    assert isinstance(found, Created)
    assert isinstance(made, Created)
    assert found.ref == made.ref != before.ref
    assert isinstance(adapter.writes.delete_created(made.ref), Written)


def test_many_creates_in_a_random_order_with_one_bad_each_get_their_own_answer(world: HubSpotWorld) -> None:
    adapter = adapter_of(world)
    parents = [world.create(CONTACT, {"last_name": f"P{place}"}) for place in range(8)]
    world.org.faults.set("batch_shuffled", 1.0)
    creates = [
        MarkedCreate(
            intent=str(place),
            marker=f"marker{place:06d}",
            object=TASK,
            values={FieldName("subject"): f"Task {place}", FieldName("priority"): "no such" if place == 3 else "high"},
            parents=(parent,),
        )
        for place, parent in enumerate(parents)
    ]
    results = adapter.writes.create(creates)
    assert [isinstance(result, Created) for result in results] == [place != 3 for place in range(8)]
    assert isinstance(results[3], Refused)
    for place, parent in enumerate(parents):
        assert [task["subject"] for task in world.hanging(parent, TASK)] == ([f"Task {place}"] if place != 3 else [])


@pytest.mark.parametrize("seed", range(25))
def test_nothing_is_overwritten_in_silence_whatever_goes_wrong(seed: int) -> None:
    """The CRM's own log decides: what an agent's write replaced was what it had read, or it was reported."""
    world = HubSpotWorld()
    dice = random.Random(seed)
    refs = list(world.create_many(CONTACT, [{"last_name": f"R{at}", "title": "t0"} for at in range(6)]))
    for name in _BAD_DAY:
        world.org.faults.set(name, dice.choice((0.0, 0.05, 0.15)))
    reported: set[tuple[str, str]] = set()
    applied: list[tuple[str, str]] = []
    adapter = adapter_of(world)
    for turn in range(12):
        world.advance(timedelta(seconds=dice.randint(1, 30)))
        if dice.random() < 0.3:
            world.edit(dice.choice(refs), {"title": f"rep {turn}"})
        _agent_turn(world, adapter, dice, refs, turn, reported, applied)
    lines = [
        line for line in world.org.log.entries() if (line.kind, line.field, line.actor) == ("write", "jobtitle", "agent")
    ]
    assert lines
    assert sorted((str(line.record), str(line.after)) for line in lines) == sorted(applied)
    for line in lines:
        wanted = _READ.get((id(world), str(line.after)))
        assert line.before == wanted or (str(line.record), str(line.before)) in reported


_READ: dict[tuple[int, str], FieldValue] = {}
_BAD_DAY = (
    "reset_before_apply", "reset_after_apply", "timeout_after_apply", "timeout_before_apply", "http_401", "http_429",
    "burst_429", "http_503", "http_500", "html_body", "truncated_json", "cut_body", "batch_partial", "batch_shuffled",
    "write_between_read_and_patch", "write_ignored", "self_bump", "blank_for_null", "http_423", "slow_drip",
)  # fmt: skip


def _agent_turn(
    world: HubSpotWorld, adapter: HubSpotAdapter, dice: random.Random, refs: list[RecordRef], turn: int,
    reported: set[tuple[str, str]], applied: list[tuple[str, str]],
) -> None:  # fmt: skip
    from connector.errors import ConnectorError

    some = dice.sample(refs, 3)
    try:
        found = adapter.records.read(some, [TITLE])
        records = [record for record in found.values() if isinstance(record, Record)]
        writes = [
            GuardedWrite(intent=record.ref.id, values={TITLE: f"agent {turn} {record.ref.id}"}, live=record)
            for record in records
        ]
        sent_at = records[0].read_at
        results = list(adapter.writes.update(writes))
    except ConnectorError:
        return
    for write, result in zip(writes, results, strict=True):
        _READ[id(world), str(write.values[TITLE])] = write.live.fields[TITLE]
        final: object = result
        if isinstance(result, Unknown):
            profile = dict(world.org.faults._profile)
            world.heal()
            for _ in range(4):
                world.advance(timedelta(seconds=20))
                [final] = adapter.writes.resolve([UnknownWrite(write=write, sent_at=sent_at)])
                if not isinstance(final, Unknown):
                    break
            for name, chance in profile.items():
                world.org.faults.set(name, chance)
        assert isinstance(final, Written | GuardFailed | Postponed | NotApplied | Refused), final
        if isinstance(final, Written) and TITLE not in final.ignored:
            applied.append((f"contacts/{write.ref.id}", str(write.values[TITLE])))
            reported |= {(f"contacts/{write.ref.id}", str(each.value)) for each in final.overwritten}


def _second_pipeline(world: HubSpotWorld) -> None:
    from dataclasses import replace

    from adapters.sandbox.hubspot.definition import Pipeline, Stage
    from adapters.sandbox.hubspot.view import table_of

    stages = (Stage(id="s-new", label="In"), Stage(id="s-done", label="Out"))
    table = table_of(world.org, "tickets")
    wider = replace(table, pipelines=(*table.pipelines, Pipeline(id="second", label="Second", stages=stages)))
    definition = world.org.definition("tickets")
    own = replace(definition, traits={**definition.traits, "table": wider})  # other worlds share what the traits hold
    world.org.schema = world.org.schema.with_object(own)
    field = definition.fields["hs_pipeline_stage"]
    world.org.set_options("tickets", "hs_pipeline_stage", [*field.options, "s-new", "s-done"])
    pipelines = definition.fields["hs_pipeline"]
    world.org.set_options("tickets", "hs_pipeline", [*pipelines.options, "second"])
