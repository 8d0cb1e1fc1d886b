"""Edits that our write ran over although its guard held: they bear the very stamp we had read, and committed later. Pure.

Where a field's history is tracked, the entry of our own write says what it really replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.salesforce.field_history import FieldEdit
from adapters.salesforce.payloads import Payload
from adapters.salesforce.rows import stamp_of
from adapters.salesforce.schema import Column
from connector.adapter import FieldKind, FieldName, FieldStamp, FieldValue, GuardedWrite, Overwritten, same_value

Unseen = Mapping[FieldName, FieldEdit]
"""By field, the edit whose value stood there just before our write, where our reading showed another value."""


def unseen_edits(
    write: GuardedWrite, sent: Payload, after: Mapping[FieldName, FieldValue], edits: Sequence[FieldEdit], us: str
) -> Unseen:
    """What the history of its fields proves about a write that took effect; `after` is what was read back."""
    stamp, record = stamp_of(write.live.version), write.ref.id[:15]
    since = sorted((one for one in edits if one.record == record and one.at >= stamp), key=lambda one: one.at)
    found: dict[FieldName, FieldEdit] = {}
    for name, column in sent.columns.items():
        told = [one for one in since if one.is_of(column.native) and _is_told(column, one)]
        # `live` had settled: an entry of ours in its second is of an earlier write.
        own = [one for one in told if one.by == us and one.at > stamp]
        others = [one for one in told if one not in own]
        edit = _stood_before(column, own, others, expected=sent.expected[name], after=after[name])
        if edit is not None and not same_value(column.value(edit.after), write.live.fields.get(name)):
            found[name] = edit
    return found


def before_write(write: GuardedWrite, sent: Payload, unseen: Unseen) -> dict[FieldName, FieldValue]:
    """What each field held just before our write."""
    return {
        name: column.value(unseen[name].after) if name in unseen else write.live.fields.get(name)
        for name, column in sent.columns.items()
    }


def overwritten(sent: Payload, before: Mapping[FieldName, FieldValue], unseen: Unseen) -> tuple[Overwritten, ...]:
    """The edits that are lost by it; where somebody set our very value, nothing is."""
    return tuple(
        Overwritten(field=name, value=before[name], stamp=FieldStamp(at=edit.at, source="FIELD_HISTORY", by=edit.by))
        for name, edit in unseen.items()
        if not same_value(before[name], sent.expected[name])
    )


def _stood_before(
    column: Column, own: Sequence[FieldEdit], others: Sequence[FieldEdit], *, expected: FieldValue, after: FieldValue
) -> FieldEdit | None:
    """The edit whose value our write met: by our own entry, or, since equal values leave none, by what stands."""
    if not own:
        return next((one for one in reversed(others) if same_value(column.value(one.after), after)), None)
    replaced = _first(column, own, expected, after)
    return next((one for one in reversed(others) if replaced is not None and one.after == replaced.before), None)


def _first(column: Column, own: Sequence[FieldEdit], expected: FieldValue, after: FieldValue) -> FieldEdit | None:
    """The entry of our write among those of our user; the org's flows run as that user, too."""
    followed = [one.after for one in own]
    written = [one for one in own if same_value(column.value(one.after), expected)]
    written = written or [one for one in own if same_value(column.value(one.after), after)]
    return next((one for one in written if one.before not in followed), written[0] if written else None)


def _is_told(column: Column, edit: FieldEdit) -> bool:
    """Whether an entry has values that can be read: long text has none, and options may come as translated labels."""
    if edit.before is None and edit.after is None:
        return False
    return all(_is_legible(column, value) for value in (edit.before, edit.after))


def _is_legible(column: Column, raw: Any) -> bool:
    known = {*column.keys, *column.schema.unmapped_options}
    match column.schema.kind:
        case FieldKind.OPTION if known and raw is not None:
            return str(raw) in known
        case FieldKind.OPTIONS if known and raw is not None:
            return known.issuperset(str(raw).split(";"))
        case _:
            return True
