"""Cases of a bad day: tokens, limits, broken answers and hostile ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapters.conformance.capture import CONTACT, contact
from adapters.conformance.stream import drain, start
from adapters.conformance.world import Mishap, World
from adapters.conformance.writes import TITLE, given, read, write
from connector.adapter import Created, FieldName, GuardedWrite, ObjectType, Postponed, Unknown, Written
from connector.errors import ConnectorError, CredentialsError, PermanentError, RetryableError

LAST_NAME = FieldName("last_name")
_HOSTILE = (
    "http://evil.example/x", "//evil.example/x", "../companies/1", "/services/data/v62.0/sobjects/User/005",
    "1' OR '1'='1", "1;2", "%2e%2e%2f1", "1\r\nHost: evil.example", "1?x=1", "1#x", "", " ", "١٢٣",
    "0" * 400, "{id}", "null",
)  # fmt: skip


def a_refused_token_is_renewed_and_the_call_repeated(world: World) -> None:
    ref = contact(world, "Ray")
    world.arm(Mishap.TOKEN_REFUSED)
    assert read(world.adapter(), ref).fields[LAST_NAME] == "Ray"


def a_token_that_stays_refused_ends_in_an_error_and_not_in_a_loop(world: World) -> None:
    ref = contact(world, "Ray")
    adapter = world.adapter()
    world.arm(Mishap.TOKEN_REFUSED, times=1_000)
    before = world.calls()
    for _ in range(3):
        try:
            adapter.records.read([ref], [LAST_NAME])
        except CredentialsError:
            continue
        raise AssertionError("a refused token was taken for an answer")
    assert world.calls() - before < 30


def a_broken_answer_is_read_again(world: World) -> None:
    ref = contact(world, "Ray")
    for mishap in (Mishap.HTML, Mishap.CUT_JSON, Mishap.UNAVAILABLE, Mishap.RATE_LIMITED, Mishap.LOST_BEFORE):
        adapter = world.adapter()
        adapter.records.schema(CONTACT)
        world.arm(mishap)
        assert read(adapter, ref).fields[LAST_NAME] == "Ray", mishap
        assert world.happened(mishap)
        world.heal()


def answers_that_stay_broken_end_in_an_error_to_retry(world: World) -> None:
    ref = contact(world, "Ray")
    for mishap in (Mishap.HTML, Mishap.CUT_JSON, Mishap.UNAVAILABLE):
        adapter = world.adapter()
        world.arm(mishap, times=1_000)
        try:
            adapter.records.read([ref], [LAST_NAME])
        except RetryableError:
            pass
        else:
            raise AssertionError(f"{mishap.value}: taken for an answer")
        world.heal()


def a_rate_limited_update_is_repeated_or_postponed_and_applied_once(world: World) -> None:
    adapter, live = given(world, title="CFO")
    before = world.agent_writes()
    world.arm_write(Mishap.RATE_LIMITED)
    result = write(adapter, live, {TITLE: "CEO"})
    assert world.happened(Mishap.RATE_LIMITED)
    world.heal()
    assert isinstance(result, Written | Postponed)
    assert world.agent_writes() == before + (1 if isinstance(result, Written) else 0)


def a_broken_answer_to_an_update_does_not_write_it_twice(world: World) -> None:
    for mishap in (Mishap.HTML, Mishap.CUT_JSON):
        adapter, live = given(world, title="CFO")
        before = world.agent_writes()
        world.arm_write(mishap)
        result = write(adapter, live, {TITLE: "CEO"})
        assert world.happened(mishap)
        world.heal()
        assert isinstance(result, Written | Unknown | Postponed)
        assert world.agent_writes() <= before + 1
        if isinstance(result, Written):
            assert world.look(live.ref)["title"] == "CEO"


def polling_goes_on_after_a_bad_moment(world: World) -> None:
    adapter = world.adapter()
    stream = start(adapter, CONTACT)
    world.advance(timedelta(seconds=5))
    ref = contact(world, "Ray")
    world.advance(world.lag)
    for mishap in (Mishap.HTML, Mishap.CUT_JSON, Mishap.UNAVAILABLE, Mishap.RATE_LIMITED):
        world.arm(mishap)
        drain(adapter, CONTACT, stream, [LAST_NAME])
        world.heal()
    assert ref.id in stream.ids()


def hostile_ids_never_leave_the_machine(world: World) -> None:
    adapter = world.adapter()
    live = read(adapter, contact(world, "Ray"))
    for each in _HOSTILE:
        ref = replace(live.ref, id=each)
        before = world.calls()
        try:
            adapter.records.read([ref], [LAST_NAME])
        except PermanentError:
            pass
        else:
            raise AssertionError(f"{each!r} was taken for a record id")
        outcome = _attempt(
            adapter.writes.update, GuardedWrite(intent="x", values={TITLE: "x"}, live=replace(live, ref=ref))
        )
        assert not isinstance(outcome, Written | Created)
        assert world.calls() == before, f"{each!r} reached the CRM"


def hostile_parents_never_leave_the_machine(world: World) -> None:
    from adapters.conformance.creates import marked

    adapter = world.adapter()
    parent = contact(world, "Ray")
    adapter.records.schema(ObjectType.TASK)
    for each in _HOSTILE:
        before = world.agent_writes()
        outcome = _attempt(adapter.writes.create, marked(replace(parent, id=each), "hostile0"))
        assert not isinstance(outcome, Created)
        assert world.agent_writes() == before, f"{each!r} reached the CRM"


def _attempt(act: object, wanted: object) -> object:
    assert callable(act)
    try:
        [outcome] = act([wanted])
    except ConnectorError as error:
        return error
    return outcome


TROUBLE = (
    a_refused_token_is_renewed_and_the_call_repeated,
    a_token_that_stays_refused_ends_in_an_error_and_not_in_a_loop,
    a_broken_answer_is_read_again,
    answers_that_stay_broken_end_in_an_error_to_retry,
    a_rate_limited_update_is_repeated_or_postponed_and_applied_once,
    a_broken_answer_to_an_update_does_not_write_it_twice,
    polling_goes_on_after_a_bad_moment,
    hostile_ids_never_leave_the_machine,
    hostile_parents_never_leave_the_machine,
)
