"""One question by itself: with the record as the CRM holds it now, and a form to write another value instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.action import UpdateField, words_of
from connector.errors import ConnectorError
from connector.gate import approvals, queue
from connector.gate.approval import Approval, ApprovalState
from connector.record import FieldValue, Record, display, same_value
from connector.store import Transaction
from connector.web.cards import HIDDEN, cards_of
from connector.web.house import House
from connector.web.page import Answer, Asked, NotThereError, Page, Shown, Way
from connector.web.pages.approvals import hands
from connector.web.pages.typed import Typed, form_for
from connector.web.pages.wording import own_path, word
from connector.web.security.forms import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The target field as the CRM holds it now, or why it could not be read. What moved matters while it waits."""

    value: str | None = None
    moved: tuple[str, ...] = ()
    trouble: str | None = None
    is_settled: bool = False


def show(house: House, asked: Asked) -> Answer:
    return shown(house, asked)


def shown(house: House, asked: Asked, *, note: str | None = None, typed: str | None = None, status: int = 200) -> Shown:
    """The page of one question; `note` says why the last verdict on it was not taken."""
    with house.store.snapshot() as tx:
        found = named(tx, asked)
        values = _values(tx, house, found, asked.person.name)
    hides = values["card"].hides
    values |= {
        "now_in_crm": read_now(house, found), "typed": _typed(house, found, typed, hides=hides), "note": note,
        "reworded": worded(asked, found), "back": own_path(asked.posted("back") or asked.query.get("back", "/")),
        "is_another": asked.query.get("shown", found.seal) != found.seal, "longest": LONGEST,
    }
    return Shown(template="card.html", values=values, status=status)


def worded(asked: Asked, found: Approval) -> Mapping[str, str]:
    """The words that were posted for what of the action is text; a browser ends lines as no CRM does."""
    names = [name for name in words_of(found.action) if f"word-{name}" in asked.form]
    return {name: asked.posted(f"word-{name}").replace("\r\n", "\n") for name in names}


def now_alone(house: House, asked: Asked) -> Answer:
    """Only what the CRM holds now, for a card in the queue."""
    with house.store.snapshot() as tx:
        found = named(tx, asked)
    return Shown(template="now.html", values={"now_in_crm": read_now(house, found)})


def named(tx: Transaction, asked: Asked) -> Approval:
    found = queue.of_ids(tx, [word(asked.named["id"], "approval")])
    if not found:
        raise NotThereError("There is no such question any more.")
    [one] = found.values()
    return one


def read_now(house: House, found: Approval) -> Now:
    """Read the record. What moved since the decision is named; private values are compared, and told nowhere."""
    adapter = house.adapters.get(found.ref.connection)
    if adapter is None:
        return Now(trouble=f"no connection {found.ref.connection} any more")
    try:
        record = adapter.records.read([found.ref], list(found.bases))[found.ref]
    except ConnectorError as error:
        return Now(trouble=error.message)
    if not isinstance(record, Record):
        return Now(trouble="the record is deleted or merged")
    moved = tuple(name for name, base in found.bases.items() if not same_value(record.fields.get(name), base.value))
    return Now(
        value=_target_value(found, record.fields), moved=moved, is_settled=found.state is not ApprovalState.PENDING
    )


def _target_value(found: Approval, fields: Mapping[Any, FieldValue]) -> str | None:
    if not isinstance(found.action, UpdateField):
        return None
    base = found.bases.get(found.action.field)
    return HIDDEN if base is not None and base.private else display(fields.get(found.action.field))


def _values(tx: Transaction, house: House, found: Approval, person: str) -> dict[str, Any]:
    [card] = cards_of(tx, [found], person=person, targets=house.targets(), now=house.clock.now())
    return {"card": card, "hands": hands(tx), "again": None if card.is_open else approvals.in_its_place(tx, found)}


def _typed(house: House, found: Approval, typed: str | None, *, hides: bool) -> Typed | None:
    """The form for another value. Asked blind it begins empty, and not with what we would write."""
    if not isinstance(found.action, UpdateField):
        return None
    ours = found.action.value
    text = typed if typed is not None else None if hides else "" if ours is None else display(ours)
    return form_for(house, found.ref, found.action.field, text=text)


PAGE = Page(
    ways=(
        Way(path="/approvals/{id}", answer=show),
        Way(path="/approvals/{id}/now", answer=now_alone),
    )
)
