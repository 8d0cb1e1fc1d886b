"""Creating and changing records: checks in HubSpot's words first, then the org."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.sandbox.associations import LinkKind
from adapters.sandbox.refusals import Cause, RowDeletedError, RowMissingError, WriteRefusedError
from adapters.sandbox.rows import Row, RowKey

from .definition import ObjectDefinition as Table
from .definition import PropertyDefinition
from .errors import (
    RefusedError,
    bad_request,
    duplicate,
    id_in,
    invalid_properties,
    missing_required,
    not_found,
    objects_in,
    value_in_use,
)
from .links import default_kind, inverse_kind, kind_named
from .owners import owner_ids
from .portal import Call, Portal
from .routing import Family
from .validations import broken_rules
from .values import Problem, Rejected, read_only_problem, stored_value, unknown_problem

_STAMPS = ("hs_object_id", "hs_object_source", "hs_object_source_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A row after a write, and the properties its answer shows."""

    row: Row
    names: frozenset[str]


def properties_of(source: Mapping[str, object]) -> Mapping[str, object]:
    """The `properties` of a body or batch input."""
    given = source.get("properties", {})
    if not isinstance(given, dict):
        raise bad_request("Invalid input JSON: properties must be an object")
    return given


def _allowed(portal: Portal, table: Table, found: PropertyDefinition, values: Mapping[str, object]) -> Sequence[str]:
    """What an enumeration takes: owners, stages of the record's pipeline, or the listed options."""
    if found.external_options:
        return owner_ids(portal.org)
    if table.stage is not None and found.name in ("pipeline", "hs_pipeline"):
        return [pipeline.id for pipeline in table.pipelines]
    if found.name == table.stage:
        chosen = values.get("pipeline") or values.get("hs_pipeline")
        pipelines = [each for each in table.pipelines if chosen in (None, "", each.id)] or table.pipelines
        return [stage.id for pipeline in pipelines for stage in pipeline.stages]
    return [option.value for option in found.options]


def _checked(
    portal: Portal, table: Table, given: Mapping[str, object], before: Row | None
) -> tuple[dict[str, str], list[Problem]]:
    current = {**(before.values if before else {}), **given}
    accepted: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        found = portal.property(table, name)
        problem = unknown_problem(name) if found is None else read_only_problem(found)
        if found is None or problem is not None:
            problems.append(problem or unknown_problem(name))
            continue
        held = before.get(name) if before else None
        stored = stored_value(
            found,
            value,
            allowed=_allowed(portal, table, found, current),
            stored=None if held is None else str(held),
            where=portal.where(table),
        )
        if isinstance(stored, Rejected):
            problems.append(stored.problem)
            continue
        accepted[name] = stored
        problems.extend(broken_rules(name, stored, portal.validations.get((table.name, name), ())))
    return accepted, problems


def _missing(table: Table, values: Mapping[str, object]) -> list[str]:
    return [names[0] for names in table.required if not any(values.get(name) for name in names)]


def _enforce_rules(call: Call, table: Table, values: Mapping[str, object]) -> None:
    """Rules of administrators hold on 2026-09 paths only; v3 lets the write through (facts §1.6)."""
    if call.route.family is not Family.DATED:
        return
    known = {name: value for name, value in values.items() if isinstance(value, str | int | float | None)}
    for rule in call.portal.rules:
        if rule.object == table.name and rule.broken(known):
            raise bad_request(
                rule.message, errors=[{"message": rule.message, "context": {"properties": [*rule.properties]}}]
            )


def _refusal(table: Table, problem: WriteRefusedError, *, creating: bool) -> RefusedError:
    first = problem.problems[0]
    if first.cause is Cause.DUPLICATE:
        if creating:
            return duplicate(table.singular.capitalize(), first.conflict or "")
        return value_in_use(first.field, str(first.value), first.conflict or "")
    return bad_request("; ".join(each.message for each in problem.problems))


def check_create(call: Call, table: Table, given: Mapping[str, object]) -> dict[str, str]:
    """The values a create would store; raises the refusal HubSpot would give."""
    accepted, problems = _checked(call.portal, table, given, None)
    if problems:
        raise invalid_properties(problems)
    if missing := _missing(table, accepted):
        raise missing_required(missing, table.singular.upper())
    if table.pipelines and "pipeline" in call.portal.org.definition(table.name).fields:
        accepted.setdefault("pipeline", table.pipelines[0].id)
    elif table.pipelines:
        accepted.setdefault("hs_pipeline", table.pipelines[0].id)
    _enforce_rules(call, table, accepted)
    return {name: value for name, value in accepted.items() if value != ""}


def _links(call: Call, table: Table, raw: object) -> Iterator[tuple[RowKey, LinkKind, LinkKind | None]]:
    """Inline associations of a create (recorded for tasks)."""
    for each in objects_in(raw, "associations"):
        target, types = id_in(each.get("to")), objects_in(each.get("types"), "types")
        for kind in types:
            found = kind_named(call.portal, table.name, kind.get("associationTypeId"))
            if found is None:
                raise bad_request(f"No association type with id {kind.get('associationTypeId')} from {table.singular}")
            other, link = found
            row = call.portal.row(call.portal.table(other), target)
            if row is None:
                raise bad_request(f"{call.portal.table(other).singular.upper()}={target} is not valid")
            yield row.key, link, inverse_kind(call.portal, other, table.name, link)


def create(call: Call, table: Table, source: Mapping[str, object]) -> Stored:
    """Store a new record with its inline associations."""
    portal = call.portal
    values = check_create(call, table, properties_of(source))
    links = tuple(_links(call, table, source.get("associations")))
    try:
        row = portal.org.create(table.name, values, actor=call.actor, request=call.request, links=links)
    except WriteRefusedError as problem:
        raise _refusal(table, problem, creating=True) from problem
    if table.bumps:
        portal.bumps.schedule(row)
    return Stored(row=row, names=frozenset({*row.values, table.created, table.modified, *_STAMPS}))


def _without_backward_stage(portal: Portal, table: Table, row: Row, values: dict[str, str]) -> dict[str, str]:
    """A lifecycle stage never moves backwards: the write is ignored without a word [mem] (facts §7)."""
    wanted, held = values.get("lifecyclestage"), str(row.get("lifecyclestage") or "")
    if not wanted or wanted == held:
        return values
    found = portal.property(table, "lifecyclestage")
    order = [option.value for option in found.options] if found else []
    backward = held in order and wanted in order and order.index(wanted) < order.index(held)
    if backward or portal.faults.fire("lifecycle_ignored"):
        return {name: value for name, value in values.items() if name != "lifecyclestage"}
    return values


def update(call: Call, table: Table, row: Row, given: Mapping[str, object]) -> Stored:
    """Change a record, all or nothing; the answer shows what was asked to be written and what follows from it."""
    portal = call.portal
    values, problems = _checked(portal, table, given, row)
    if problems:
        raise invalid_properties(problems)
    _enforce_rules(call, table, {**row.values, **values})
    asked = frozenset(values)
    values = _without_backward_stage(portal, table, row, values)
    if values and portal.faults.fire("write_ignored"):
        values = {}
    before = row
    if values:
        try:
            row = portal.org.update(table.name, row.id, values, actor=call.actor, request=call.request)
        except WriteRefusedError as problem:
            raise _refusal(table, problem, creating=False) from problem
        except (RowDeletedError, RowMissingError) as gone:  # archived or merged between our look and the write
            raise not_found() from gone
        if row.revision != before.revision and portal.faults.fire("self_bump"):
            portal.bumps.schedule(row)
    changed = {name for name, value in row.values.items() if value != before.values.get(name)}
    return Stored(row=row, names=asked | changed | {table.modified})


def bare_or_full(call: Call, table: Table, stored: Stored) -> frozenset[str]:
    """The properties a write answers with; under the fault the stamp only."""
    if len(stored.names) > 1 and call.portal.faults.fire("bare_echo"):
        return frozenset({table.modified})
    return stored.names


def associate_default(call: Call, origin: RowKey, target: RowKey) -> LinkKind:
    """Link two records in the unlabelled way."""
    kind = default_kind(call.portal, origin.object, target.object)
    inverse = inverse_kind(call.portal, target.object, origin.object, kind)
    call.portal.org.associate(origin, target, kind, inverse=inverse, actor=call.actor, request=call.request)
    return kind
