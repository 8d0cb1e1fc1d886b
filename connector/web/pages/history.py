"""History: what happened last, over all records, and the way from there to each record's own story."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.gate import queue
from connector.journal import EntryKind, StoredEntry, before, newest_seq
from connector.record import RecordRef
from connector.report.names import names_of
from connector.report.sentences import WITHHELD, headline
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Page, SeeOther, Shown, Way
from connector.web.pages.wording import record_named

_PER_PAGE = 60
QUIET = frozenset({EntryKind.CAPTURED, EntryKind.SENDING, EntryKind.RECONCILED})
"""Steps that tell a person nothing: they are in the journal, and left out here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step as a line."""

    seq: int
    at: datetime
    kind: EntryKind
    actor: str
    sentence: str
    ref: RecordRef | None
    name: str


def show(house: House, asked: Asked) -> Answer:
    """The newest steps; a record that is typed in is gone to."""
    if wanted := asked.query.get("record", "").strip():
        return SeeOther(path=f"/records/{record_named(wanted)}")
    with house.store.snapshot() as tx:
        start = _start(asked, newest_seq(tx) + 1)
        found = before(tx, start, limit=_PER_PAGE)
        names = names_of(tx, [(one.entry.ref, {}) for one in found if one.entry.ref is not None])
        hidden = queue.hidden_decisions(tx, asked.person.name, decisions_of(found))
    values = {
        "lines": _lines(found, names, hidden), "earlier": found[-1].seq if len(found) == _PER_PAGE else None,
        "is_newest": "before" not in asked.query,
    }
    return Shown(template="history.html", values=values)


def _start(asked: Asked, newest: int) -> int:
    text = asked.query.get("before", str(newest))
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise BadRequestError("there is no such entry")
    return int(text)


def decisions_of(found: Sequence[StoredEntry]) -> list[str]:
    return [one.entry.decision for one in found if one.entry.decision is not None]


def _lines(
    found: Sequence[StoredEntry], names: Mapping[RecordRef, str], hidden: Collection[str]
) -> list[Line]:
    """The steps as lines; those of a decision that somebody is still to judge blind say only that, and once."""
    newest = {one.entry.decision: one.seq for one in reversed(found) if one.entry.decision in hidden}
    return [
        Line(
            seq=one.seq, at=one.entry.at, kind=one.entry.kind, actor=one.entry.actor,
            sentence=WITHHELD if one.entry.decision in hidden else headline(one),
            ref=one.entry.ref, name=names[one.entry.ref] if one.entry.ref is not None else "",
        )
        for one in found
        if one.entry.kind not in QUIET and newest.get(one.entry.decision, one.seq) == one.seq
    ]


PAGE = Page(label="History", home="/history", ways=(Way(path="/history", answer=show),))
