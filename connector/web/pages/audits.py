"""Audits: a random share of what was written without asking, judged by a person who is not shown what was written."""

from __future__ import annotations

from dataclasses import dataclass

from connector.gate import approvals, audits
from connector.gate.approval import Approval
from connector.gate.audits import Audit, AuditState
from connector.gate.cells import Cell
from connector.gate.persons import Role
from connector.pipeline.autonomy import Autonomy
from connector.record import FieldName, display
from connector.report.names import names_of
from connector.store import Transaction
from connector.web.cards import HIDDEN, Quote, quotes_of
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, NotThereError, Page, SeeOther, Shown, Way
from connector.web.pages.typed import form_for, typed_in
from connector.web.pages.wording import word

_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One audit. `facts` are what the record held when the agent decided, the field in question before it wrote."""

    audit: Audit
    name: str
    field: FieldName
    facts: tuple[tuple[str, str], ...]
    quotes: tuple[Quote, ...]

    @property
    def is_open(self) -> bool:
        return self.audit.state is AuditState.OPEN

    @property
    def agreed(self) -> bool:
        return self.audit.given == self.audit.proposed


def show(house: House, asked: Asked) -> Answer:
    """What waits, the next due first."""
    with house.store.snapshot() as tx:
        found = audits.listed(tx, limit=_SHOWN)
        views = [_view(tx, one) for one in found]
        total = audits.waiting(tx)
    return Shown(template="audits.html", values={"views": views, "total": total})


def show_one(house: House, asked: Asked) -> Answer:
    return _shown(house, asked)


def judge(house: House, asked: Asked) -> Answer:
    """Take a person's word for what should have been written; the CRM is not changed by it."""
    with house.store.snapshot() as tx:
        view = _view(tx, _named(tx, asked))
    try:
        value = typed_in(house, asked, view.audit.ref, view.field)
    except BadRequestError:
        raise
    except ValueError as error:
        return _shown(house, asked, note=str(error), status=400)
    autonomy = Autonomy(store=house.store, journal=house.journal, clock=house.clock)
    autonomy.judge_audit(view.audit.id, value, by=asked.person.name)
    return SeeOther(path=f"/audits/{view.audit.id}")


def _shown(house: House, asked: Asked, *, note: str | None = None, status: int = 200) -> Shown:
    with house.store.snapshot() as tx:
        view = _view(tx, _named(tx, asked))
        further = next((one.id for one in audits.listed(tx, limit=2) if one.id != view.audit.id), None)
    typed = form_for(house, view.audit.ref, view.field, text=None) if view.is_open else None
    values = {"view": view, "typed": typed, "note": note, "further": further}
    return Shown(template="audit.html", values=values, status=status)


def _named(tx: Transaction, asked: Asked) -> Audit:
    found = audits.by_id(tx, word(asked.named["id"], "audit"))
    if found is None:
        raise NotThereError("There is no such audit any more.")
    return found


def _view(tx: Transaction, found: Audit) -> AuditView:
    behind = approvals.by_id(tx, found.id)
    field = Cell.parse(found.cell).field
    return AuditView(
        audit=found, name=names_of(tx, [(found.ref, behind.bases if behind is not None else {})])[found.ref],
        field=field or FieldName(""), facts=_facts(behind) if behind is not None else (),
        quotes=quotes_of(behind) if behind is not None else (),
    )


def _facts(behind: Approval) -> tuple[tuple[str, str], ...]:
    return tuple((name, HIDDEN if base.private else display(base.value)) for name, base in behind.bases.items())


PAGE = Page(
    home="/agents",
    ways=(
        Way(path="/audits", answer=show, role=Role.APPROVER),
        Way(path="/audits/{id}", answer=show_one, role=Role.APPROVER),
        Way(path="/audits/{id}", answer=judge, method="POST", role=Role.APPROVER),
    ),
)
