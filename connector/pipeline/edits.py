"""What a person writes instead of what was proposed: another value, or other words. Record, field and kind stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connector.action import Action, UpdateField, describe, reworded, words_of
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.record import FieldValue, display


def edited_to(found: Approval, value: FieldValue) -> UpdateField:
    if not isinstance(found.action, UpdateField):
        hint = f"crm-connector approvals reword {found.id}" if words_of(found.action) else "reject it and do it by hand"
        raise ApprovalError(f"approval {found.id} is not a field update: {hint}")
    _refuse_settled(found)
    return replace(found.action, value=value)


def reworded_to(found: Approval, words: Mapping[str, str]) -> Action:
    """A task, note or message in other words; those not named stay."""
    known = words_of(found.action)
    if not known:
        raise ApprovalError(f"approval {found.id} has no words to change: reject it and do it by hand")
    if unknown := sorted({*words} - {*known}):
        raise ApprovalError(f"approval {found.id} has no {', '.join(unknown)}; it has {', '.join(known)}")
    _refuse_settled(found)
    edited, problems = reworded(found.action, words)
    if problems:
        raise ApprovalError("; ".join(problem.text for problem in problems))
    return edited


def in_words(action: Action) -> str:
    """An action as a label keeps it: its value, or its one line."""
    return display(action.value) if isinstance(action, UpdateField) else describe(action)


def _refuse_settled(found: Approval) -> None:
    if found.state is not ApprovalState.PENDING:
        raise ApprovalError(f"approval {found.id} is {found.state} already (by {found.settled_by or 'nobody'})")
