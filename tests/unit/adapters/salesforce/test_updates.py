"""Guarded updates of Salesforce records: every answer the CRM can give, and nothing overwritten in silence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.adapter import (
    FieldName,
    FieldValue,
    GuardedWrite,
    GuardFailed,
    HttpRequest,
    HttpResponse,
    Missed,
    NotSentError,
    ObjectType,
    Postponed,
    Record,
    RecordRef,
    Refused,
    Unknown,
    UnknownWrite,
    Unsettled,
    WriteResult,
    Written,
)
from connector.errors import CredentialsError
from tests.unit.adapters.salesforce.world import ACCOUNT, CONTACT, TICKET, World, names, ref

FIELDS = ("subject", "status", "priority", "category", "queue", "owner")


def settled(world: World, case: RecordRef) -> Record:
    world.wait()
    return world.read(case, *FIELDS)


def update(world: World, live: Record, **values: FieldValue) -> WriteResult:
    named = {FieldName(name): value for name, value in values.items()}
    [result] = world.adapter.writes.update([GuardedWrite(intent="i", values=named, live=live)])
    return result


def native(world: World, case: RecordRef, field: str) -> object:
    return world.org.get("Case", case.id).get(field)


def test_an_update_is_written_read_back_and_told_with_what_it_replaced() -> None:
    world = World()
    case = world.case(Priority="High")
    result = update(world, settled(world, case), status="open", priority="low")
    assert isinstance(result, Written)
    assert result.before == {"status": "new", "priority": "high"}
    assert result.after == {"status": "open", "priority": "low"}
    assert (native(world, case, "Status"), native(world, case, "Priority")) == ("Working", "Low")
    assert result.version == world.read(case, "status").version
    assert (result.changed_by_crm, result.ignored) == ((), ())


def test_a_person_who_was_faster_is_not_overwritten() -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    world.edit(case, Subject="the rep's words", Status="On Hold")
    assert update(world, live, status="closed") == GuardFailed()
    assert native(world, case, "Status") == "On Hold"


def test_a_person_who_edits_between_our_reading_and_our_write_is_not_overwritten() -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    world.wait(1)
    world.faults.arm("write_between_read_and_patch")
    assert update(world, live, subject="ours") == GuardFailed()
    assert native(world, case, "Subject") != "ours"
    assert world.faults.counts["write_between_read_and_patch"] == 1


def test_a_record_that_changed_a_moment_ago_cannot_be_guarded_yet() -> None:
    world = World()
    case = world.case()
    live = world.read(case, *FIELDS)
    before = len(world.transport.seen)
    assert update(world, live, status="open") == Unsettled(wait=timedelta(seconds=2))
    assert len(world.transport.seen) == before
    world.wait(2)
    assert isinstance(update(world, world.read(case, *FIELDS), status="open"), Written)


def test_an_edit_in_the_same_second_as_ours_cannot_slip_past_the_guard() -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    first = update(world, live, status="open")
    assert isinstance(first, Written)
    world.edit(case, Status="On Hold")
    stale = replace(live, version=first.version, read_at=world.clock.now())
    assert isinstance(update(world, stale, status="closed"), Unsettled)
    assert native(world, case, "Status") == "On Hold"


def test_updates_go_twelve_to_a_call_and_each_is_answered_for_itself() -> None:
    world = World()
    cases = [world.case(Subject=str(number)) for number in range(30)]
    world.wait()
    found = world.adapter.records.read(cases, names(*FIELDS))
    lives = [record for record in found.values() if isinstance(record, Record)]
    world.wait(1)
    world.edit(cases[3], Subject="rep")
    world.org.delete("Case", cases[20].id, actor=world.rep)
    before = world.calls("/composite")
    writes = [GuardedWrite(intent=str(n), values={FieldName("status"): "open"}, live=live) for n, live in enumerate(lives)]
    results = world.adapter.writes.update(writes)
    assert world.calls("/composite") - before == 3
    assert results[3] == GuardFailed()
    assert results[20] == Missed()
    assert sum(isinstance(result, Written) for result in results) == 28


def test_a_merged_record_is_missed_and_its_survivor_named() -> None:
    world = World()
    kept, lost = (world.org.create("Account", {"Name": name}, actor=world.rep).id for name in ("Acme", "ACME"))
    world.wait()
    live = world.read(ref(ACCOUNT, lost), "name", "phone")
    world.org.merge("Account", kept, [lost], actor=world.rep)
    assert update(world, live, phone="1") == Missed(into=ref(ACCOUNT, kept))


@pytest.mark.parametrize("fault", ["lock_row_400", "lock_row_500"])
def test_a_locked_row_is_postponed(fault: str) -> None:
    world = World()
    live = settled(world, world.case())
    world.faults.arm(fault)
    assert isinstance(update(world, live, status="open"), Postponed)


def test_a_used_up_allowance_postpones_and_is_not_hammered() -> None:
    world = World()
    live = settled(world, world.case())
    world.adapter.records.schema(TICKET)
    world.faults.set("request_limit_daily", 1.0)
    before = len(world.transport.seen)
    assert isinstance(update(world, live, status="open"), Postponed)
    assert len(world.transport.seen) - before == 1


def test_too_many_long_calls_are_waited_out() -> None:
    world = World()
    live = settled(world, world.case())
    world.faults.arm("request_limit_concurrent")
    start = world.clock.now()
    assert isinstance(update(world, live, status="open"), Written)
    assert world.clock.now() - start >= timedelta(seconds=20)


def test_a_validation_rule_refuses_with_its_code_and_our_names_for_the_fields() -> None:
    world = World()
    case = world.case(Subject=None)
    result = update(world, settled(world, case), status="closed")
    assert isinstance(result, Refused)
    assert (result.code, result.fields) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", ("subject",))
    assert "subject" in result.reason


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"colour": "red"}, "INVALID_FIELD"),
        ({"priority": "whatever"}, "INVALID_OPTION"),
        ({"subject": Decimal(1)}, "WRONG_TYPE"),
        ({"CaseNumber": "1"}, "FIELD_NOT_WRITEABLE"),
        ({"owner": "005000000000001AAA", "queue": "00G000000000001AAA"}, "FIELD_NAMED_TWICE"),
    ],
)
def test_values_that_do_not_fit_the_live_schema_are_refused_without_a_call(values: dict[str, FieldValue], code: str) -> None:
    world = World()
    live = settled(world, world.case())
    before = len(world.transport.seen)
    result = update(world, live, **values)
    assert isinstance(result, Refused)
    assert result.code == code
    assert len(world.transport.seen) == before


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [("reset_after_apply", True), ("timeout_after_apply", True), ("reset_before_apply", False),
     ("timeout_before_apply", False), ("truncated_json", True), ("html_body", False), ("http_502", False)],
)  # fmt: skip
def test_an_update_without_an_answer_is_unknown_and_never_sent_again(fault: str, arrived: bool) -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    world.faults.arm(fault)
    before = world.calls("/composite")
    assert isinstance(update(world, live, status="open"), Unknown)
    assert world.calls("/composite") - before == 1
    assert (native(world, case, "Status") == "Working") is arrived


def test_a_connection_that_was_never_made_postpones() -> None:
    world = World()
    live = settled(world, world.case())

    def refuse(request: HttpRequest) -> None:
        raise NotSentError("refused")

    world.transport.before = refuse
    assert isinstance(update(world, live, status="open"), Postponed)


def test_credentials_that_fail_before_anything_was_sent_are_an_error() -> None:
    world = World()
    live = settled(world, world.case())

    def forget_sessions(request: HttpRequest) -> None:
        world.built.face.sessions.expire_all()

    world.transport.before = forget_sessions
    with pytest.raises(CredentialsError):
        update(world, live, status="open")


def test_results_of_a_first_call_are_not_lost_when_the_second_finds_no_credentials() -> None:
    world = World()
    cases = [world.case() for _ in range(15)]
    world.wait()
    lives = [world.read(case, *FIELDS) for case in cases]
    composites = 0

    def forget_later(request: HttpRequest) -> None:
        nonlocal composites
        composites += "/composite" in request.url
        if composites > 1:
            world.built.face.sessions.expire_all()

    world.transport.before = forget_later
    writes = [GuardedWrite(intent="i", values={FieldName("status"): "open"}, live=live) for live in lives]
    results = world.adapter.writes.update(writes)
    assert [type(result) for result in results] == [Written] * 12 + [Postponed] * 3


def test_a_session_that_ends_mid_write_keeps_the_guard() -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    world.faults.set("refuse_unguarded_patch", 1.0)
    world.faults.arm("session_expired_mid_write")
    assert isinstance(update(world, live, status="open"), Written)
    assert world.faults.counts["session_expired_mid_write"] == 1


def test_assignment_rules_do_not_run_over_our_updates() -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    world.faults.set("assignment_rule_owner_change", 1.0)
    result = update(world, live, status="open")
    assert isinstance(result, Written)
    assert native(world, case, "OwnerId") == live.fields[FieldName("owner")]


def test_a_trigger_that_rewrites_our_value_is_named() -> None:
    world = World()
    live = settled(world, world.case())
    world.faults.arm("trigger_rewrites_field")
    result = update(world, live, subject="ours")
    assert isinstance(result, Written)
    assert result.changed_by_crm == ("subject",)
    assert result.after["subject"] != "ours"


def test_a_value_the_crm_takes_and_ignores_is_named() -> None:
    world = World()
    live = settled(world, world.case(Subject="old"))

    def put_back(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        body = answer.body.replace(b'"Subject":"new"', b'"Subject":"old"').replace(b'"Subject": "new"', b'"Subject": "old"')
        return replace(answer, body=body)

    world.transport.after = put_back
    result = update(world, live, subject="new")
    assert isinstance(result, Written)
    assert (result.ignored, result.changed_by_crm) == (("subject",), ())


def test_a_ticket_is_routed_to_a_queue_and_then_has_no_person_as_owner() -> None:
    world = World()
    case = world.case()
    queue = world.built.queues["Billing Desk"]
    result = update(world, settled(world, case), queue=queue)
    assert isinstance(result, Written)
    assert result.after == {"queue": queue}
    now = world.read(case, "queue", "owner")
    assert (now.fields["queue"], now.fields["owner"]) == (queue, None)


def test_numbers_dates_and_empty_values_arrive_as_meant() -> None:
    world = World()
    values = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-04-01", "NextStep": "call"}
    deal = ref(ObjectType.OPPORTUNITY, world.org.create("Opportunity", values, actor=world.rep).id)
    world.wait()
    live = world.read(deal, "amount", "close_date", "next_step", "stage")
    close = live.fields[FieldName("close_date")]
    result = update(world, live, amount=Decimal("1234.50"), close_date=close.replace(day=30), next_step=None)
    assert isinstance(result, Written)
    assert result.after == {"amount": Decimal("1234.50"), "close_date": close.replace(day=30), "next_step": None}
    row = world.org.get("Opportunity", deal.id)
    assert (row.get("Amount"), row.get("CloseDate"), row.get("NextStep")) == (1234.5, "2026-04-30", None)


def test_a_lookup_can_be_written() -> None:
    world = World()
    account = world.org.create("Account", {"Name": "Acme"}, actor=world.rep).id
    contact = ref(CONTACT, world.org.create("Contact", {"LastName": "Roe"}, actor=world.rep).id)
    world.wait()
    result = update(world, world.read(contact, "account"), account=account)
    assert isinstance(result, Written)
    assert world.org.get("Contact", contact.id).get("AccountId") == account


def test_an_edit_of_the_base_s_own_second_that_committed_late_is_told_by_the_history() -> None:
    """It bears the stamp that we had read, so the guard lets our write go over it."""
    world = World()
    live = twice_in_a_second(world, Priority="Low")
    result = update(world, live, priority="high")
    assert isinstance(result, Written)
    assert (result.before, result.after) == ({"priority": "low"}, {"priority": "high"})
    [lost] = result.overwritten
    assert (lost.field, lost.value, lost.stamp.by) == ("priority", "low", world.rep.user)


def test_our_very_value_in_the_base_s_own_second_is_nothing_that_we_replaced() -> None:
    world = World()
    live = twice_in_a_second(world, Priority="High")
    result = update(world, live, priority="high")
    assert isinstance(result, Written)
    assert (result.before, result.overwritten, result.ignored) == ({"priority": "high"}, (), ())


def test_the_history_comes_with_the_write_and_only_where_the_stamp_leaves_it_open() -> None:
    world = World()
    case = world.case()
    live = settled(world, case)
    before = len(world.transport.seen)
    assert isinstance(update(world, live, priority="high"), Written)
    assert len(world.transport.seen) - before == 1
    assert b"CaseHistory" in world.transport.seen[-1].body
    world.wait(301)
    assert isinstance(update(world, world.read(case, *FIELDS), priority="low"), Written)
    assert b"CaseHistory" not in world.transport.seen[-1].body


def test_writes_to_two_objects_and_their_histories_fit_into_calls_of_twenty_five() -> None:
    world = World()
    refs = [world.case() for _ in range(13)]
    refs.append(ref(ACCOUNT, world.org.create("Account", {"Name": "Acme"}, actor=world.rep).id))
    world.wait()
    lives = [world.read(one, "subject" if one.object is TICKET else "name") for one in refs]
    writes = [
        GuardedWrite(intent="i", live=live, values={FieldName("subject" if live.ref.object is TICKET else "name"): "ours"})
        for live in [lives[-1], *lives[:-1]]
    ]
    before = world.calls("/composite")
    assert all(isinstance(result, Written) for result in world.adapter.writes.update(writes))
    assert world.calls("/composite") - before == 2


@pytest.mark.parametrize("fault", ["reset_after_apply", "truncated_json"])
def test_after_a_lost_answer_the_history_tells_what_was_replaced(fault: str) -> None:
    world = World()
    live = twice_in_a_second(world, Priority="Low")
    world.faults.arm(fault)
    assert isinstance(update(world, live, priority="high"), Unknown)
    assert [lost.value for lost in resolved(world, live, priority="high").overwritten] == ["low"]


def test_a_write_whose_history_cannot_be_read_is_unknown_until_it_can() -> None:
    world = World()
    live = twice_in_a_second(world, Priority="Low")
    world.faults.arm("wide_row_short_pages")  # the rows that came with the write are not all
    written_once = 0

    def unavailable(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        nonlocal written_once
        written_once += "/composite" in request.url
        return replace(answer, status=503) if "CaseHistory" in request.url else answer

    world.transport.after = unavailable
    result = update(world, live, priority="high")
    assert isinstance(result, Unknown)
    assert "history" in result.reason
    world.transport.after = None
    assert [lost.value for lost in resolved(world, live, priority="high").overwritten] == ["low"]
    assert written_once == 1


def test_a_history_that_comes_in_pages_is_read_to_its_end() -> None:
    world = World()
    live = twice_in_a_second(world, Priority="Low")
    world.faults.arm("wide_row_short_pages")
    result = update(world, live, priority="high")
    assert isinstance(result, Written)
    assert [lost.value for lost in result.overwritten] == ["low"]


def test_a_flow_that_rewrites_our_value_does_not_hide_whose_edit_we_ran_over() -> None:
    world = World()
    live = twice_in_a_second(world, Subject="theirs")
    world.faults.arm("trigger_rewrites_field")
    result = update(world, live, subject="ours")
    assert isinstance(result, Written)
    assert (result.before, result.changed_by_crm) == ({"subject": "theirs"}, ("subject",))
    assert [lost.value for lost in result.overwritten] == ["theirs"]


def test_a_field_without_history_is_written_as_before() -> None:
    """The limit that stays: nothing tells of an edit that committed late under the stamp we had read."""
    world = World()
    live = twice_in_a_second(world, Description="theirs")
    result = update(world, live, description="ours")
    assert isinstance(result, Written)
    assert (result.before, result.overwritten) == ({"description": None}, ())


def test_a_history_in_words_of_another_language_puts_nothing_back() -> None:
    """Where options come as translated labels, nobody can tell what stood there."""
    world = World()
    live = twice_in_a_second(world, Priority="Low")

    def translated(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        return replace(answer, body=re.sub(rb'(Value": ?)"Low"', rb'\1"Niedrig"', answer.body))

    world.transport.after = translated
    result = update(world, live, priority="high")
    assert isinstance(result, Written)
    assert (result.before, result.overwritten) == ({"priority": "normal"}, ())


def twice_in_a_second(world: World, **second: str) -> Record:
    """A case edited twice within a second, read while only the first of the edits has committed."""
    case = world.case()
    world.wait()
    world.edit(case, Priority="Medium")
    world.wait(0.4)
    world.faults.arm("late_commit")
    world.edit(case, **second)
    world.wait(3)
    live = world.read(case, *FIELDS, "description")
    assert live.fields[FieldName("priority")] == "normal"
    return live


def resolved(world: World, live: Record, **values: FieldValue) -> Written:
    world.wait()
    write = GuardedWrite(intent="i", values={FieldName(name): value for name, value in values.items()}, live=live)
    [found] = world.adapter.writes.resolve([UnknownWrite(write=write, sent_at=live.read_at)])
    assert isinstance(found, Written)
    return found
