"""A record's story: every step of the road that touched it, and for each field whose value stayed and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connector.journal import EntryKind, StoredEntry, of_record
from connector.record import RecordRef, decode_value, display
from connector.report.sentences import WITHHELD, headline
from connector.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A verbatim quote a proposal rests on, and who can have written it."""

    quote: str
    source: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One journal entry of the record. `fields` are those it is about; none means the record as a whole."""

    seq: int
    at: datetime
    kind: EntryKind
    actor: str
    policy: str | None
    sentence: str
    fields: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    policy_line: str | None
    erased: bool
    decision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStory:
    """How one field stands by our own account: what it holds, whose value that is, and which step settled it.

    `ours` is the value we last decided for; it is kept here also where somebody else's stayed or was put back.
    """

    field: str
    value: str | None
    whose: str
    ours: str | None
    settled_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything the journal knows of one record, oldest first."""

    ref: RecordRef
    steps: tuple[Step, ...]
    fields: tuple[FieldStory, ...]


def story_of(tx: Transaction, ref: RecordRef, field: str | None = None) -> Story:
    """The story of a record, or of one of its fields."""
    entries = of_record(tx, ref)
    steps = [_step(entry) for entry in entries]
    told = [step for step in steps if field is None or not step.fields or field in step.fields]
    stands = _stands(entries)
    kept = tuple(one for name, one in sorted(stands.items()) if field is None or name == field)
    return Story(ref=ref, steps=tuple(told), fields=kept)


def kept_back(step: Step) -> Step:
    """A step of a decision that still asks something blind: that it was, and no more."""
    return replace(step, sentence=WITHHELD, evidence=(), policy_line=None)


def _step(stored: StoredEntry) -> Step:
    entry, body = stored.entry, stored.body or {}
    return Step(
        seq=stored.seq, at=entry.at, kind=entry.kind, actor=entry.actor, policy=entry.policy, sentence=headline(stored),
        fields=_fields(body), evidence=cited(body.get("citations", ())), policy_line=body.get("policy_line"),
        erased=stored.body is None, decision=entry.decision,
    )


def _fields(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields an entry is about; a decision is about all it proposed."""
    actions = [body.get("action") or {}, *(one["action"] for one in body.get("detail", {}).get("actions", ()))]
    named = [str(action["field"]) for action in actions if "field" in action]
    named += [str(body["field"])] if "field" in body else []
    about_a_create = any(action and "field" not in action for action in actions)
    return tuple(dict.fromkeys(named)) or (("(task or note)",) if about_a_create else ())


def cited(citations: Sequence[Mapping[str, str]]) -> tuple[Evidence, ...]:
    """What was quoted, as approvals and the journal keep it."""
    return tuple(Evidence(quote=one["quote"], source=one["source"], origin=one["origin"]) for one in citations)


_WHOSE = {
    EntryKind.APPLIED: "ours",
    EntryKind.REVERTED: "the value from before our write, put back",
    EntryKind.RESTORED: "somebody else's, put back after our write ran over it",
    EntryKind.CONFLICTED: "somebody else's",
    EntryKind.CORRECTED: "a person's, who corrected ours",
    EntryKind.STALE: "somebody else's, set after we decided",
}


_PUT_BACK = (EntryKind.REVERTED, EntryKind.RESTORED)


def _stands(entries: Sequence[StoredEntry]) -> dict[str, FieldStory]:
    """How each field stands after all entries. What is put back is nobody's wish of ours: that is of the write before."""
    stands: dict[str, FieldStory] = {}
    for stored in entries:
        one = _settled(stored)
        if one is None:
            continue
        if stored.entry.kind in _PUT_BACK:
            before = stands.get(one.field)
            one = replace(one, ours=before.ours if before is not None else None)
        stands[one.field] = one
    return stands


def _settled(stored: StoredEntry) -> FieldStory | None:
    """What an entry says a field holds from then on; None for entries that settle nothing."""
    entry, body = stored.entry, stored.body or {}
    action = body.get("action") or {}
    name = action.get("field") or body.get("field")
    if entry.kind not in _WHOSE or name is None:
        return None
    ours = _said(action.get("value")) if "value" in action else None
    match entry.kind:
        case EntryKind.CONFLICTED:
            value = _said(body["theirs"]) if "theirs" in body else None
        case EntryKind.CORRECTED | EntryKind.STALE:
            value = None
        case _:
            value = ours
    return FieldStory(field=str(name), value=value, whose=_WHOSE[entry.kind], ours=ours, settled_by=stored.seq)


def _said(encoded: Any) -> str:
    return display(decode_value(encoded))
