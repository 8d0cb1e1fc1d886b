"""What happens in an org while a client looks away: touches, deletes, merges, metadata changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adapters.sandbox.refusals import RowDeletedError
from adapters.sandbox.rows import Row
from adapters.sandbox.salesforce.people import active_users
from adapters.sandbox.salesforce.state import FaceState
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition

_BUSY = ("Case", "Lead", "Contact", "Account", "Opportunity")


def disturb(state: FaceState) -> None:
    """Let due background events happen before a call is served."""
    faults = state.org.faults
    if faults.quiet():
        return
    for name, happen in _EVENTS.items():
        if faults.due(name) and _happens(state, happen):
            faults.took_effect(name)


def _pick(state: FaceState, names: tuple[str, ...] = _BUSY, *, most: int = 1) -> list[Row]:
    """Random rows of one random object that has enough of them."""
    by_object = [rows for name in names if len(rows := list(state.org.rows(name))) >= most]
    if not by_object:
        return []
    return state.org.faults.rng.sample(state.org.faults.rng.choice(by_object), most)


def _happens(state: FaceState, happen: Callable[[FaceState], bool]) -> bool:
    """Let it happen; a row whose deletion has committed but is not visible yet is left alone."""
    try:
        return happen(state)
    except RowDeletedError:
        return False


def _touch_one(state: FaceState) -> bool:
    for row in _pick(state):
        state.org.touch(row.object, row.id)
        return True
    return False


def _touch_all(state: FaceState) -> bool:
    picked = _pick(state, most=2)
    for row in list(state.org.rows(picked[0].object)) if picked else []:
        state.org.touch(row.object, row.id)
    return bool(picked)


def _delete_and_bring_back(state: FaceState) -> bool:
    users = active_users(state.org)
    for row in _pick(state) if users else []:
        rep = state.org.faults.rng.choice(users)
        state.org.delete(row.object, row.id, actor=rep)
        state.org.undelete(row.object, row.id, actor=rep)
        return True
    return False


def _merge_two(state: FaceState) -> bool:
    users = active_users(state.org)
    picked = _pick(state, ("Case", "Lead", "Contact", "Account"), most=2) if users else []
    if len(picked) < 2:
        return False
    rep = state.org.faults.rng.choice(users)
    state.org.merge(picked[0].object, picked[0].id, [picked[1].id], actor=rep)
    return True


def _remove_field(state: FaceState) -> bool:
    found = _pick_field(state, lambda field: field.name.endswith("__c") and not field.external_id)
    if found is None:
        return False
    definition, field = found
    state.org.remove_field(definition.name, field.name)
    state.org.faults.on_heal(lambda: state.org.add_field(definition.name, field))
    return True


def _hide_field(state: FaceState) -> bool:
    found = _pick_field(state, lambda field: not field.required and not field.traits.get("system"))
    return found is not None and _redefine(state, *found, replace(found[1], hidden=True))


def _deactivate_option(state: FaceState) -> bool:
    found = _pick_field(state, lambda field: sum(option.active for option in field.options) > 1)
    if found is None:
        return False
    definition, field = found
    active = [option for option in field.options if option.active and option.value != field.default]
    gone = state.org.faults.rng.choice(active)
    options = tuple(replace(each, active=False) if each is gone else each for each in field.options)
    return _redefine(state, definition, field, replace(field, options=options))


def _redefine(state: FaceState, definition: ObjectDefinition, old: FieldDefinition, new: FieldDefinition) -> bool:
    state.org.add_field(definition.name, new)
    state.org.faults.on_heal(lambda: state.org.add_field(definition.name, old))
    return True


def _pick_field(
    state: FaceState, wanted: Callable[[FieldDefinition], bool]
) -> tuple[ObjectDefinition, FieldDefinition] | None:
    found = [
        (definition, field)
        for name in _BUSY
        for definition in (state.org.schema.objects[name],)
        for field in definition.fields.values()
        if not field.hidden and wanted(field)
    ]
    return state.org.faults.rng.choice(found) if found else None


_EVENTS = {
    "stamp_only_bump": _touch_one,
    "same_second_ties": _touch_all,
    "delete_undelete": _delete_and_bring_back,
    "merge": _merge_two,
    "describe_field_removed": _remove_field,
    "describe_option_deactivated": _deactivate_option,
    "field_hidden": _hide_field,
}
