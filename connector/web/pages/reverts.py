"""Taking writes back: first what would go back and what stays, then, if that is still so, the doing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from connector.action import describe
from connector.gate.persons import Role
from connector.record import RecordRef, display
from connector.report.names import names_of
from connector.revert import Reversal, RevertPlan, Selection, Stays, WillRemove, WillRestore, plan_revert, revert
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Page, SeeOther, Shown, Way
from connector.web.pages.wording import record_named, word

_WIDE = frozenset({"policy", "run"})
"""What reaches beyond one record is for an admin."""
_WHOLE = 12
"""So much of an id names one action or decision, and not all that begin alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What would become of one write."""

    ref: RecordRef
    name: str
    did: str
    goes: bool
    why: str


def show(house: House, asked: Asked) -> Answer:
    """The preview: reads the records as they are now, writes nothing."""
    chosen = _chosen(asked, asked.query)
    return _preview(house, asked, chosen, note=None)


def take_back(house: House, asked: Asked) -> Answer:
    """Queue the undoing, if it would still do exactly what the preview said."""
    chosen = _chosen(asked, {name: values[0] for name, values in asked.form.items()})
    selection = _selection(chosen)
    plan = plan_revert(house.store, house.adapters, selection)
    if asked.posted("shown") != seal_of(plan):
        return _preview(house, asked, chosen, note="Something moved since you looked. This is how it is now.", status=409)
    revert(
        house.store, house.journal, house.clock, house.adapters, selection, by=asked.person.name, remark=asked.remark()
    )
    refs = {one.row.ref for one in plan.reversals}
    return SeeOther(path=f"/records/{refs.pop()}" if len(refs) == 1 else "/history")


def seal_of(plan: RevertPlan) -> str:
    """What a preview said would go back, and to what."""
    said = [f"{one.row.intent} {_does(one)}" for one in plan.reversals]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def _preview(
    house: House, asked: Asked, chosen: Mapping[str, str], *, note: str | None, status: int = 200
) -> Shown:
    plan = plan_revert(house.store, house.adapters, _selection(chosen))
    with house.store.snapshot() as tx:
        names = names_of(tx, [(one.row.ref, one.row.bases) for one in plan.reversals])
    lines = [
        Line(
            ref=one.row.ref, name=names[one.row.ref], did=describe(one.row.action), goes=not isinstance(one, Stays),
            why=_does(one),
        )
        for one in plan.reversals
    ]
    values = {
        "lines": lines, "readers": plan.readers, "chosen": chosen, "shown": seal_of(plan), "note": note,
        "goes": sum(line.goes for line in lines), "may": _may(asked, chosen),
    }
    return Shown(template="revert.html", values=values, status=status)


def _does(one: Reversal) -> str:
    match one:
        case WillRestore(before=before):
            return f"goes back to {display(before)}"
        case WillRemove(created=created):
            return f"{created} is deleted again"
        case Stays(why=why):
            return f"stays: {why}"


def _chosen(asked: Asked, given: Mapping[str, str]) -> Mapping[str, str]:
    """What to take back; each part is checked, since a part of an id chooses all that begin with it."""
    chosen = {name: given[name] for name in ("record", "action", "decision", "policy", "run") if given.get(name)}
    for name, text in chosen.items():
        if name != "record":
            word(text, name)
        if name in ("action", "decision") and len(text) < _WHOLE:
            raise BadRequestError(f"that is too little of a name for one {name}")
    if not chosen:
        raise BadRequestError("say what to take back")
    if not _may(asked, chosen):
        raise BadRequestError("taking back more than one record's writes needs the role admin")
    return chosen


def _may(asked: Asked, chosen: Mapping[str, str]) -> bool:
    return asked.person.role.covers(Role.ADMIN) or not _WIDE & chosen.keys() or "record" in chosen


def _selection(chosen: Mapping[str, str]) -> Selection:
    return Selection(
        intent=chosen.get("action"), decision=chosen.get("decision"), policy=chosen.get("policy"), run=chosen.get("run"),
        record=record_named(chosen["record"]) if "record" in chosen else None,
    )


PAGE = Page(
    home="/history",
    ways=(
        Way(path="/revert", answer=show, role=Role.APPROVER),
        Way(path="/revert", answer=take_back, method="POST", role=Role.APPROVER),
    )
)
