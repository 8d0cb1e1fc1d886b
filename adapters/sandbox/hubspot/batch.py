"""Batch calls: up to a hundred inputs, answers in any order, and 207 when some of them failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.sandbox.clock import OrgClock

from .definition import ObjectDefinition as Table
from .errors import RefusedError, bad_request, not_found, some_not_found
from .objects import HISTORY_LIMIT
from .past import depth_now
from .portal import Answer, Call, names_in
from .stamps import iso
from .view import echoed, shown
from .writes import Stored, bare_or_full, check_create, create, properties_of, update

Input = Mapping[str, object]
Result = dict[str, object]


@dataclass(slots=True)
class Outcome:
    """What a batch has achieved so far."""

    results: list[Result] = field(default_factory=list)
    errors: list[Result] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def batch(call: Call) -> Answer:
    """Any of the five batch calls of an object."""
    word = call.route.path["batch"]
    found = _CALLS.get(word)
    if found is None:
        raise not_found()
    run, status = found
    table, inputs, started = call.table, call.inputs(), call.portal.org.clock.stamp()
    inputs, failed = _without_one(call, word, inputs)
    outcome = run(call, table, inputs)
    if failed is not None:
        outcome.errors.append(failed)
    if word == "archive":
        return Answer(status=204)
    return _answer(call, table, outcome, status, started)


def _answer(call: Call, table: Table, outcome: Outcome, status: int, started: int) -> Answer:
    errors = list(outcome.errors)
    if outcome.missing:
        errors.append(some_not_found(table.singular.upper(), outcome.missing))
    body: Result = {"status": "COMPLETE", "results": in_any_order(call, outcome.results)}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer(status=207 if errors else status, body=body | times(call.portal.org.clock, started))


def times(clock: OrgClock, started: int) -> Result:
    """The two stamps every batch answer carries."""
    return {"startedAt": iso(started), "completedAt": iso(clock.stamp())}


def in_any_order(call: Call, results: Sequence[Result]) -> list[Result]:
    """Results come back reversed (recorded on create), or in a random order under the fault."""
    ordered = list(reversed(results))
    faults = call.portal.faults
    if len(ordered) > 1 and faults.fire("batch_shuffled"):
        faults.rng.shuffle(ordered)
    return ordered


def _without_one(call: Call, word: str, inputs: Sequence[Input]) -> tuple[Sequence[Input], Result | None]:
    """Under the fault one input of a batch fails for no reason of its own."""
    faults = call.portal.faults
    if word == "archive" or len(inputs) < 2 or not faults.fire("batch_partial"):
        return inputs, None
    unlucky = faults.rng.randrange(len(inputs))
    named = inputs[unlucky]
    context = {"objectWriteTraceId": [_trace(named)]} if _trace(named) else {"ids": [str(named.get("id", unlucky))]}
    failed = RefusedError(500, "Internal error while writing this object", "INTERNAL_ERROR").in_batch(context)
    return [each for position, each in enumerate(inputs) if position != unlucky], failed


def _trace(source: Input) -> str:
    return str(source.get("objectWriteTraceId") or "")


def _read(call: Call, table: Table, inputs: Sequence[Input]) -> Outcome:
    body, outcome = call.body(), Outcome()
    history = names_in(body, "propertiesWithHistory")
    if history and len(inputs) > HISTORY_LIMIT:
        raise bad_request(f"inputs: at most {HISTORY_LIMIT} are allowed with propertiesWithHistory")
    id_property = str(body.get("idProperty") or "") or None
    ids = list(dict.fromkeys(str(each.get("id")) for each in inputs))
    rows = {each: call.portal.row(table, each, id_property, archived=call.query.flag("archived")) for each in ids}
    outcome.missing = [each for each, row in rows.items() if row is None]
    found = list({row.key: row for row in rows.values() if row is not None}.values())
    call.portal.org.agent_read(found)
    names, depth = (*names_in(body, "properties"), *history), depth_now(call.portal, history)
    outcome.results = [shown(call.portal.org, table, row, names, history=history, depth=depth) for row in found]
    return outcome


def _echo(call: Call, table: Table, stored: Stored, source: Input) -> Result:
    result = echoed(call.portal.org, table, stored.row, bare_or_full(call, table, stored))
    return result | {"objectWriteTraceId": _trace(source)} if _trace(source) else result


def _one_by_one(call: Call, table: Table, inputs: Sequence[Input], write: Callable[[Input], Result]) -> Outcome:
    """With unique trace ids each input stands alone; without them one bad input fails the whole batch (facts §3)."""
    traces = [_trace(each) for each in inputs]
    apart = all(traces) and len(set(traces)) == len(traces)
    outcome = Outcome()
    for source in inputs:
        try:
            outcome.results.append(write(source))
        except RefusedError as refused:
            if not apart:
                raise
            outcome.errors.append(refused.in_batch({"objectWriteTraceId": [_trace(source)]}))
    return outcome


def _create(call: Call, table: Table, inputs: Sequence[Input]) -> Outcome:
    def write(source: Input) -> Result:
        return _echo(call, table, create(call, table, source), source)

    if all(_trace(each) for each in inputs):
        return _one_by_one(call, table, inputs, write)
    with call.portal.org.transaction():
        return _one_by_one(call, table, inputs, write)


def _update(call: Call, table: Table, inputs: Sequence[Input]) -> Outcome:
    missing: list[str] = []
    known: list[Input] = []
    for each in inputs:
        found = call.portal.row(table, str(each.get("id")), str(each.get("idProperty") or "") or None)
        known.append(each) if found is not None else missing.append(str(each.get("id")))

    def write(source: Input) -> Result:
        row = call.portal.row(table, str(source["id"]), str(source.get("idProperty") or "") or None)
        if row is None:
            raise not_found()
        return _echo(call, table, update(call, table, row, properties_of(source)), source)

    outcome = _all_or_each(call, table, known, write)
    outcome.missing = missing
    return outcome


def _all_or_each(call: Call, table: Table, inputs: Sequence[Input], write: Callable[[Input], Result]) -> Outcome:
    """Updates announce themselves before the transaction, so that a rep may still come in between."""
    org = call.portal.org
    if all(_trace(each) for each in inputs):
        return _one_by_one(call, table, inputs, write)
    for each in inputs:
        row = call.portal.row(table, str(each.get("id")), str(each.get("idProperty") or "") or None)
        if row is not None and call.actor.kind == "agent":
            org.announce_agent_write(row.key, properties_of(each))
    with org.transaction():
        return _one_by_one(call, table, inputs, write)


def _upsert(call: Call, table: Table, inputs: Sequence[Input]) -> Outcome:
    def write(source: Input) -> Result:
        name, value = str(source.get("idProperty") or ""), str(source.get("id") or "")
        if not name or not value:
            raise bad_request("upsert needs an id and an idProperty")
        row = call.portal.row(table, value, name)
        if row is not None:
            stored = update(call, table, row, properties_of(source))
        elif name == "hs_object_id":
            raise not_found()
        else:
            given = {**properties_of(source), name: value}
            check_create(call, table, given)
            stored = create(call, table, {**source, "properties": given})
        return _echo(call, table, stored, source) | {"new": row is None}

    return _all_or_each(call, table, inputs, write)


def _archive(call: Call, table: Table, inputs: Sequence[Input]) -> Outcome:
    for each in inputs:
        row = call.portal.row(table, str(each.get("id")))
        if row is not None:
            call.portal.org.delete(table.name, row.id, actor=call.actor, request=call.request)
    return Outcome()


_CALLS: Mapping[str, tuple[Callable[[Call, Table, Sequence[Input]], Outcome], int]] = {
    "read": (_read, 200),
    "create": (_create, 201),
    "update": (_update, 200),
    "upsert": (_upsert, 200),
    "archive": (_archive, 204),
}
