"""What a property's history proves about a write: that it landed, what it replaced, and who was in between. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.hubspot.values import NativeField, parse_instant
from connector.adapter import FieldName, FieldStamp, FieldValue, Overwritten, same_value

OUR_SOURCE = "INTEGRATION"  # the source type of writes through the API (recorded)
_AUTOMATED = frozenset({
    "AUTOMATION_PLATFORM", "WORKFLOWS", "CALCULATED", "ROLLUP", "DEAL_SYNC", "COMPANY_SYNC", "PROPERTY_SETTINGS",
    "INTERNAL_PROCESSING", "BATCH_UPDATE", "TASK_QUEUE", "ASSOCIATIONS", "SALESFORCE_SYNC",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One value a property had, with who set it and when."""

    value: FieldValue
    stamp: FieldStamp


def read_entries(field: NativeField, listed: object) -> tuple[Entry, ...]:
    """The history of one property, newest first; entries without a time cannot be placed and are left out."""
    entries = [_entry(field, each) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return tuple(entry for entry in entries if entry is not None)


def _entry(field: NativeField, each: Mapping[str, Any]) -> Entry | None:
    at = parse_instant(str(each.get("timestamp") or ""))
    if at is None:
        return None
    by = str(each.get("sourceId") or each.get("updatedByUserId") or "").removeprefix("userId:")
    value = each.get("value")
    stamp = FieldStamp(at=at, source=str(each.get("sourceType") or "UNKNOWN"), by=by or None)
    return Entry(field.read(None if value is None else str(value)), stamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class OurMark:
    """How our own entry is told from others: our app's id once it is known, and not before the write was sent."""

    app_id: str | None = None
    not_before: datetime | None = None

    def fits(self, entry: Entry, value: FieldValue) -> bool:
        if entry.stamp.source != OUR_SOURCE or not same_value(entry.value, value):
            return False
        if self.app_id is not None and entry.stamp.by != self.app_id:
            return False
        return self.not_before is None or entry.stamp.at >= self.not_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """Our value is or was in the field. `overwritten` is what somebody wrote between our reading and our writing."""

    before: FieldValue
    after: FieldValue
    app_id: str | None
    overwritten: Overwritten | None = None
    changed_by_crm: bool = False


@dataclass(frozen=True, slots=True)
class NotThere:
    """No entry of ours since the baseline; `current` is the field's value now."""

    current: FieldValue


@dataclass(frozen=True, slots=True)
class TooShort:
    """The baseline has fallen off the end of the history (HubSpot keeps some twenty entries): nothing is proved."""


def newer_than(history: Sequence[Entry], baseline: Entry | None) -> tuple[Entry, ...] | None:
    """The entries above the baseline; None when the list does not reach down to it."""
    if baseline is None:
        return tuple(history)
    for position, entry in enumerate(history):
        if entry.stamp == baseline.stamp and same_value(entry.value, baseline.value):
            return tuple(history[:position])
    return None


def judge(
    name: FieldName, wanted: FieldValue, baseline: Entry | None, history: Sequence[Entry], mark: OurMark
) -> Landed | NotThere | TooShort:
    """Find our entry above the baseline and say what it replaced: [later..., ours, foreign..., baseline, ...]."""
    new = newer_than(history, baseline)
    if new is None:
        return TooShort()
    current = history[0].value if history else None
    ours = next((at for at in range(len(new) - 1, -1, -1) if mark.fits(new[at], wanted)), None)
    if ours is None:
        return NotThere(current)
    below = new[ours + 1 :]
    top = new[0]
    replaced = below[0] if below else baseline
    foreign = replaced if below and not same_value(below[0].value, wanted) else None
    return Landed(
        before=replaced.value if replaced is not None else None,
        after=top.value,
        app_id=new[ours].stamp.by,
        overwritten=None if foreign is None else Overwritten(field=name, value=foreign.value, stamp=foreign.stamp),
        changed_by_crm=ours > 0 and top.stamp.source in _AUTOMATED and not same_value(top.value, wanted),
    )
