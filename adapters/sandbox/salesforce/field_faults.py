"""Faults on the write path: what other people, triggers and locks do around an agent's write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.refusals import RowDeletedError
from adapters.sandbox.rows import Actor, Row, Value
from adapters.sandbox.salesforce.call import Call
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.people import active_users
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition


def before_write(
    state: FaceState,
    definition: ObjectDefinition,
    row_id: str | None,
    *,
    guarded: bool = True,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Faults that stand between a client's write and the row; raises ApiError."""
    faults = state.org.faults
    if faults.quiet():
        return
    if row_id is not None and not guarded and faults.fire("refuse_unguarded_patch"):
        raise ApiError(428, "PRECONDITION_REQUIRED", "this PATCH came without If-Unmodified-Since")
    for name, status in (("lock_row_400", 400), ("lock_row_500", 500)):
        if row_id is not None and faults.fire(name):
            said = f"unable to obtain exclusive access to this record or 1 records: {row_id[:15]}"
            raise ApiError(status, "UNABLE_TO_LOCK_ROW", said, fields=[])
    if faults.fire("duplicates_detected"):
        raise ApiError(400, "DUPLICATES_DETECTED", "Use one of these records?", fields=[])
    if row_id is None or not values or state.org.in_transaction:
        return
    if faults.due("write_between_read_and_patch"):
        _rep_edits(state, definition, row_id, values)


def _rep_edits(state: FaceState, definition: ObjectDefinition, row_id: str, values: Mapping[str, Any]) -> None:
    row = state.org.find(definition.name, row_id)
    if row is None or row.deleted is not None:
        return
    for name in sorted(values):
        field = definition.fields.get(name)
        other = None if field is None else another_value(state, field, row, avoid=values[name])
        if field is not None and other is not None:
            rep = state.org.faults.rng.choice(active_users(state.org))
            try:
                state.org.update(definition.name, row_id, {name: other}, actor=rep, request=None)
            except RowDeletedError:  # its deletion has committed and is not visible yet
                return
            state.org.faults.took_effect("write_between_read_and_patch")
            return


def another_value(state: FaceState, field: FieldDefinition, row: Row, *, avoid: object) -> Value:
    """A value somebody else could plausibly have put there; None when there is none."""
    if not field.updateable or field.calculated:
        return None
    if field.options:
        offered = [
            each.value for each in field.options if each.active and each.value not in (avoid, row.get(field.name))
        ]
        return state.org.faults.rng.choice(offered) if offered else None
    if field.kind in ("string", "textarea"):
        return f"Edited by hand ({state.org.faults.rng.randrange(1000)})"
    if field.kind in ("double", "currency", "percent", "int"):
        return state.org.faults.rng.randrange(1, 90)
    return None


def after_write(state: FaceState, call: Call, row: Row, values: Mapping[str, Any]) -> None:
    """Triggers and rules that run once a client's write is stored."""
    faults, org = state.org.faults, state.org
    if faults.quiet():
        return
    automation = Actor(kind="automation", user=call.actor.user, name="trigger", source="AUTOMATION")
    if faults.fire("stamp_bump_after_patch"):
        org.touch(row.object, row.id)
    if faults.due("trigger_rewrites_field"):
        definition = org.schema.objects[row.object]
        for name in sorted(values):
            field = definition.fields.get(name)
            if field is None or field.external_id:  # no org's flow rewrites the external ids of another product
                continue
            other = another_value(state, field, row, avoid=values[name])
            if other is not None:
                org.update(row.object, row.id, {name: other}, actor=automation, request=call.request)
                faults.took_effect("trigger_rewrites_field")
                break
    if row.object in ("Lead", "Case", "Account") and _auto_assigns(call) and faults.due("assignment_rule_owner_change"):
        others = [user.user for user in active_users(org) if user.user != row.get("OwnerId")]
        if others:
            chosen = faults.rng.choice(others)
            org.update(row.object, row.id, {"OwnerId": chosen}, actor=automation, request=call.request)
            faults.took_effect("assignment_rule_owner_change")


def _auto_assigns(call: Call) -> bool:
    """REST runs assignment rules unless told not to (headers_autoassign)."""
    return call.headers.get("Sforce-Auto-Assign", "TRUE").strip().upper() != "FALSE"
