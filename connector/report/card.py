"""A question as a person decides on it: the three values, how the confidence was earned, what happens without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.action import UpdateField, describe
from connector.gate import CellState
from connector.gate.approval import Approval, ApprovalState
from connector.record import FieldName, FieldValue, Record, same_value
from connector.report.earning import CellReport
from connector.report.times import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One approval with what surrounds it. `live` is None when the CRM was not asked or could not answer."""

    approval: Approval
    cell: CellReport | None
    live: Record | None
    trouble: str | None
    now: datetime
    revealed: bool = False

    @property
    def hides(self) -> bool:
        """Whether the proposed value is kept from the person: a fifth of the open questions about fields is put blind."""
        asked = self.approval
        return asked.state is ApprovalState.PENDING and asked.is_blind and not self.revealed


    @property
    def keeps_why(self) -> bool:
        """Whether the rationale is kept from the person: it may tell the value that a blind question asks for."""
        beside = self.approval.beside_blind and self.approval.state is ApprovalState.PENDING and not self.revealed
        return self.hides or beside


ORIGINS: Mapping[str, str] = {
    "staff": "a colleague", "outsider": "an outsider: not to be trusted", "file": "a knowledge file",
    "lookup": "another system", "agent": "an agent of ours",
}


def what(card: Card) -> str:
    """The action in one line, without its value where the question is blind."""
    action = card.approval.action
    return f"set {action.field} (asked blind)" if card.hides and isinstance(action, UpdateField) else describe(action)


def target_of(asked: Approval) -> FieldName | None:
    return asked.action.field if isinstance(asked.action, UpdateField) else None


def moved(card: Card) -> bool | None:
    """Whether the target field changed since the decision; None when that is not known."""
    target = target_of(card.approval)
    if card.live is None or target is None or target not in card.approval.bases:
        return None
    live: FieldValue = card.live.fields.get(target)
    return not same_value(live, card.approval.bases[target].value)


def earned(card: Card) -> str:
    """How the confidence was earned, in words."""
    cell = card.cell
    if cell is None or not cell.labels:
        return "not judged by anybody yet"
    judged = f"{cell.right} of {cell.labels} verdicts agreed so far"
    if cell.state is CellState.AUTONOMOUS and cell.threshold is not None:
        return f"{judged}; acts alone from {cell.threshold:.1%} on"
    return f"{judged}; {cell.needed} more until autonomy is tested" if cell.needed else judged


def on_expiry(asked: Approval) -> str:
    """What happens when nobody answers."""
    if asked.state is not ApprovalState.PENDING:
        return "it is settled"
    return f"nothing is written when nobody answers within {span(asked.expires_at - asked.asked_at)}"
