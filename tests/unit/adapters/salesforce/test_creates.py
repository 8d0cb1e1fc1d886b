"""New tasks, notes and drafts in Salesforce: once, found again, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.adapter import (
    Created,
    CreateResult,
    FieldName,
    FieldValue,
    GuardedWrite,
    MarkedCreate,
    Missed,
    NotApplied,
    ObjectType,
    Record,
    RecordRef,
    Refused,
    Resolution,
    Unknown,
    UnknownWrite,
    Unprovable,
    Written,
)
from tests.unit.adapters.salesforce.world import CONTACT, START, TASK, World, names, ref

NOTE, EMAIL, MEETING = ObjectType.NOTE, ObjectType.EMAIL, ObjectType.MEETING


def task(*parents: RecordRef, marker: str = "m-1", kind: ObjectType = TASK, **values: FieldValue) -> MarkedCreate:
    named = {FieldName(name): value for name, value in (values or {"subject": "Call back"}).items()}
    return MarkedCreate(intent="i", marker=marker, object=kind, values=named, parents=parents)


def create(world: World, one: MarkedCreate) -> CreateResult:
    [result] = world.adapter.writes.create([one])
    return result


def resolve(world: World, one: MarkedCreate | GuardedWrite) -> Resolution:
    [result] = world.adapter.writes.resolve([UnknownWrite(write=one, sent_at=world.clock.now())])
    return result


def rows(world: World, native: str) -> list:
    return list(world.org.rows(native))


def without_marker_field(world: World) -> World:
    for native in ("Task", "Event"):
        world.org.remove_field(native, "Connector_Marker__c")
    return world


def test_a_task_hangs_on_its_record_and_carries_its_marker() -> None:
    world = World()
    case = world.case()
    person = ref(CONTACT, world.org.create("Contact", {"LastName": "Roe"}, actor=world.rep).id)
    result = create(world, task(case, person, subject="Call", description="now", due=START, priority="high"))
    assert isinstance(result, Created)
    assert not result.existed
    [row] = rows(world, "Task")
    assert (row.get("WhatId"), row.get("WhoId"), row.get("Connector_Marker__c")) == (case.id, person.id, "m-1")
    assert (row.get("ActivityDate"), row.get("Priority"), row.get("Description")) == ("2026-03-01", "High", "now")


def test_the_same_marker_twice_is_one_task() -> None:
    world = World()
    case = world.case()
    first, second = create(world, task(case)), create(world, task(case))
    assert isinstance(first, Created)
    assert second == Created(ref=first.ref, existed=True)
    assert len(rows(world, "Task")) == 1


def test_a_lead_takes_a_task_without_any_other_record() -> None:
    world = World()
    lead = world.org.create("Lead", {"LastName": "Roe", "Company": "Acme"}, actor=world.rep).id
    assert isinstance(create(world, task(ref(ObjectType.LEAD, lead), world.case())), Created)
    [row] = rows(world, "Task")
    assert (row.get("WhoId"), row.get("WhatId")) == (lead, None)


@pytest.mark.parametrize("fault", ["reset_after_apply", "timeout_after_apply", "truncated_json"])
def test_a_create_without_an_answer_is_sent_once_and_found_again(fault: str) -> None:
    world = World()
    case = world.case()
    world.adapter.records.schema(TASK)
    world.faults.arm(fault)
    before = world.calls("/composite")
    assert isinstance(create(world, task(case)), Unknown)
    assert world.calls("/composite") - before == 1
    [row] = rows(world, "Task")
    assert resolve(world, task(case)) == Created(ref=ref(TASK, row.id), existed=True)


def test_a_create_that_never_arrived_is_proven_absent_and_can_be_sent_again() -> None:
    world = World()
    case = world.case()
    world.adapter.records.schema(TASK)
    world.faults.arm("reset_before_apply")
    assert isinstance(create(world, task(case)), Unknown)
    assert resolve(world, task(case)) == NotApplied()
    assert isinstance(create(world, task(case)), Created)
    assert len(rows(world, "Task")) == 1


def test_a_created_task_that_somebody_deleted_still_counts_as_created() -> None:
    world = World()
    case = world.case()
    made = create(world, task(case))
    assert isinstance(made, Created)
    world.org.delete("Task", made.ref.id, actor=world.rep)
    assert resolve(world, task(case)) == Created(ref=made.ref, existed=True)


def test_without_a_marker_field_the_marker_stands_in_the_text_and_is_found_through_the_record() -> None:
    world = without_marker_field(World())
    case = world.case()
    assert not world.adapter.capabilities.marker_field
    world.faults.arm("reset_after_apply")
    assert isinstance(create(world, task(case, description="Please call")), Unknown)
    [row] = rows(world, "Task")
    assert row.get("Description") == "Please call\n\n[crm-connector m-1]"
    assert resolve(world, task(case)) == Created(ref=ref(TASK, row.id), existed=True)


@pytest.mark.parametrize("theirs", [False, True])
def test_a_task_whose_text_a_flow_rewrote_at_once_is_known_by_its_author_and_title(theirs: bool) -> None:
    world = without_marker_field(World())
    case, tidied = world.case(), {"Description": "tidied by a flow"}
    made = create(world, task(case, marker="m-0"))  # ours as well, and for another decision
    world.org.create("Task", {"Subject": "Call back", "WhatId": case.id} | tidied, actor=world.rep)
    world.org.automations.append(lambda written: tidied if "Description" in written.changed else {})
    world.faults.arm("reset_before_apply" if theirs else "reset_after_apply")
    assert isinstance(create(world, task(case)), Unknown)
    found = world.adapter.writes.resolve([UnknownWrite(write=task(case), sent_at=world.clock.now() - timedelta(minutes=3))])
    if theirs:
        assert found == (NotApplied(),)
    else:
        assert isinstance(made, Created)
        assert found == (Created(ref=ref(TASK, rows(world, "Task")[-1].id), existed=True),)
        assert len(rows(world, "Task")) == 3


def test_a_plain_create_that_may_still_be_under_way_is_not_declared_absent() -> None:
    world = without_marker_field(World())
    case = world.case()
    world.adapter.records.schema(TASK)
    world.faults.arm("timeout_before_apply")
    sent = UnknownWrite(write=task(case), sent_at=world.clock.now())
    assert isinstance(create(world, task(case)), Unknown)
    assert isinstance(world.adapter.writes.resolve([sent])[0], Unknown)
    world.wait(180)
    assert world.adapter.writes.resolve([sent]) == (NotApplied(),)


def test_a_marker_is_found_behind_many_other_tasks() -> None:
    world = without_marker_field(World())
    case = world.case()
    for number in range(450):
        world.org.create("Task", {"Subject": str(number), "WhatId": case.id}, actor=world.rep)
    made = create(world, task(case))
    assert isinstance(made, Created)
    assert resolve(world, task(case)) == Created(ref=made.ref, existed=True)


def test_a_note_is_a_post_on_the_record() -> None:
    world = World()
    case = world.case()
    made = create(world, task(case, kind=NOTE, body="What we found"))
    assert isinstance(made, Created)
    [row] = rows(world, "FeedItem")
    assert (row.get("ParentId"), row.get("Body")) == (case.id, "What we found\n\n[crm-connector m-1]")
    assert resolve(world, task(case, kind=NOTE, body="What we found")) == Created(ref=made.ref, existed=True)


def test_a_draft_to_a_customer_carries_its_marker_as_message_id_and_not_in_the_text() -> None:
    world = World()
    case = world.case()
    draft = task(case, kind=EMAIL, subject="Re: Help", body="Dear customer", recipients="a@example.com")
    made = create(world, draft)
    assert isinstance(made, Created)
    [row] = rows(world, "EmailMessage")
    assert (row.get("Status"), row.get("TextBody"), row.get("ParentId")) == ("5", "Dear customer", case.id)
    assert row.get("MessageIdentifier") == "<m-1@crm-connector>"
    assert resolve(world, draft) == Created(ref=made.ref, existed=True)


def test_a_meeting_has_its_times() -> None:
    world = World()
    case = world.case()
    made = create(world, task(case, kind=MEETING, subject="Demo", start_time=START, end_time=START + timedelta(hours=1)))
    assert isinstance(made, Created)
    shown = world.adapter.records.read([made.ref], names("start_time", "end_time"))[made.ref]
    assert isinstance(shown, Record)
    assert tuple(shown.fields.values()) == (START, START + timedelta(hours=1))


def test_a_task_on_a_record_that_is_gone_is_missed() -> None:
    world = World()
    case = world.case()
    world.org.delete("Case", case.id, actor=world.rep)
    assert isinstance(create(world, task(case)), Missed | Refused)
    assert rows(world, "Task") == []


@pytest.mark.parametrize(
    ("kind", "values", "code"),
    [
        (ObjectType.ACCOUNT, {"name": "Acme"}, "NOT_CREATABLE"),
        (TASK, {"colour": "red"}, "INVALID_FIELD"),
        (TASK, {"priority": "urgent"}, "INVALID_OPTION"),
        (EMAIL, {"IsClientManaged": "x"}, "WRONG_TYPE"),
    ],
)
def test_what_may_not_be_created_is_refused_without_a_write(
    kind: ObjectType, values: dict[str, FieldValue], code: str
) -> None:
    world = World()
    result = create(world, task(world.case(), kind=kind, **values))
    assert isinstance(result, Refused)
    assert result.code == code
    assert world.calls("/composite") == 0


@pytest.mark.parametrize("marker", ["a/b", "..", "", "x" * 65, "a?b", "ä"])
def test_a_marker_that_would_leave_its_path_is_refused(marker: str) -> None:
    world = World()
    result = create(world, task(world.case(), marker=marker))
    assert isinstance(result, Refused)
    assert world.calls("/composite") == 0


def test_what_we_created_can_be_taken_back_and_nothing_else() -> None:
    world = World()
    case = world.case()
    made = create(world, task(case))
    assert isinstance(made, Created)
    theirs = world.org.create("Task", {"Subject": "mine", "WhatId": case.id}, actor=world.rep).id
    assert isinstance(world.adapter.writes.delete_created(ref(TASK, theirs)), Refused)
    assert isinstance(world.adapter.writes.delete_created(case), Refused)
    assert isinstance(world.adapter.writes.delete_created(made.ref), Written)
    assert isinstance(world.adapter.writes.delete_created(made.ref), Missed)
    assert [row.id for row in rows(world, "Task")] == [theirs]


class TestLostUpdates:
    """Updates whose answer was lost."""

    def lost(self, world: World, case: RecordRef, fault: str, **values: FieldValue) -> GuardedWrite:
        world.wait()
        live = world.read(case, "subject", "status", "priority")
        named = {FieldName(name): value for name, value in values.items()}
        write = GuardedWrite(intent="i", values=named, live=live)
        world.faults.arm(fault)
        assert isinstance(world.adapter.writes.update([write])[0], Unknown)
        return write

    def test_one_that_arrived_is_found_by_its_values(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_after_apply", status="open")
        result = resolve(world, write)
        assert isinstance(result, Written)
        assert (result.before, result.after) == ({"status": "new"}, {"status": "open"})

    def test_one_that_never_arrived_is_proven_by_the_unmoved_stamp(self) -> None:
        world = World()
        write = self.lost(world, world.case(), "reset_before_apply", status="open")
        assert resolve(world, write) == NotApplied()

    def test_one_that_never_arrived_is_not_claimed_because_a_person_edited_something_else(self) -> None:
        world = World()
        world.edit(world.case(), Status="On Hold")  # the history of any record shows that this field is tracked
        case = world.case()
        write = self.lost(world, case, "reset_before_apply", status="open")
        world.edit(case, Subject="the rep")
        assert resolve(world, write) == NotApplied()

    @pytest.mark.parametrize("fault", ["reset_before_apply", "reset_after_apply"])
    def test_one_that_may_have_been_undone_is_never_called_not_applied_without_a_history(self, fault: str) -> None:
        world = World()
        case = world.case(Description="theirs")
        write = self.lost(world, case, fault, description="ours")
        world.wait(3)
        world.edit(case, Description="theirs", Subject="the rep")
        assert isinstance(resolve(world, write), Unprovable)

    def test_one_that_arrived_and_was_undone_by_a_person_is_found_in_the_field_history(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_after_apply", status="open")
        world.wait(3)
        world.edit(case, Status="New")
        result = resolve(world, write)
        assert isinstance(result, Written)
        assert (result.before, result.after, result.changed_by_crm) == ({"status": "new"}, {"status": "open"}, ())

    def test_one_that_never_arrived_is_proven_although_the_org_moved_the_version_by_itself(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_before_apply", description="ours")
        world.wait(3)
        world.faults.arm("stamp_only_bump")
        world.read(case, "description")
        assert world.read(case, "description").version != write.live.version
        assert resolve(world, write) == NotApplied()

    def test_one_that_arrived_is_found_although_a_person_changed_one_of_its_fields_since(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_after_apply", status="open", priority="low")
        world.edit(case, Status="On Hold")
        result = resolve(world, write)
        assert isinstance(result, Written)
        assert result.changed_by_crm == ("status",)

    def test_one_that_arrived_and_was_replaced_is_found_in_the_field_history(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_after_apply", status="open")
        world.wait(3)
        world.edit(case, Status="On Hold")
        result = resolve(world, write)
        assert isinstance(result, Written)
        assert result.after == {"status": "waiting"}

    def test_one_that_never_arrived_is_not_claimed_when_a_person_set_another_value(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_before_apply", status="open")
        world.edit(case, Status="On Hold")
        assert resolve(world, write) == NotApplied()

    def test_a_record_deleted_meanwhile_is_missed(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_before_apply", status="open")
        world.org.delete("Case", case.id, actor=world.rep)
        assert resolve(world, write) == Missed()

    def test_while_the_crm_is_away_nothing_is_decided(self) -> None:
        world = World()
        write = self.lost(world, world.case(), "reset_after_apply", status="open")
        world.faults.set("http_503", 1.0)
        assert isinstance(resolve(world, write), Unknown)

    def test_a_restarted_process_still_knows_which_user_it_is(self) -> None:
        world = World()
        case = world.case()
        write = self.lost(world, case, "reset_after_apply", subject="ours")
        world.edit(case, Priority="Low")
        world.adapter = type(world.adapter)(replace(world.environment))
        assert isinstance(resolve(world, write), Written)
