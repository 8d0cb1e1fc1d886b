"""An approval as a person decides on it: the three values, the evidence, the confidence and how it was earned."""

from __future__ import annotations

from typing import Any

from connector.action import CreateNote, CreateTask, UpdateField
from connector.calibration import as_percent
from connector.cli.output import away, heading, instant, moment, pairs, say
from connector.gate.approval import ApprovalState
from connector.record import display, encode_value
from connector.report.card import ORIGINS, Card, earned, moved, on_expiry, target_of, what


def document_of(card: Card) -> dict[str, Any]:
    """A card as JSON."""
    asked, target = card.approval, target_of(card.approval)
    return {
        "id": asked.id, "state": asked.state.value, "record": str(asked.ref), "policy": asked.policy,
        "action": what(card), "kind": asked.action.kind.value, "field": target, "blind": card.hides,
        "ours": encode_value(asked.action.value) if isinstance(asked.action, UpdateField) and not card.hides else None,
        "base": encode_value(asked.bases[target].value) if target and target in asked.bases else None,
        "live": encode_value(card.live.fields.get(target)) if card.live is not None and target else None,
        "moved": moved(card), "live_trouble": card.trouble,
        "confidence": None if card.hides else round(asked.confidence, 6), "earned": earned(card),
        "rationale": None if card.keeps_why else asked.rationale,
        "reasons": [{"code": reason.code.value, "text": reason.text} for reason in asked.reasons],
        "evidence": [dict(citation) for citation in asked.citations],
        "owner": asked.owner, "asked_at": instant(asked.asked_at), "expires_at": instant(asked.expires_at),
        "on_expiry": on_expiry(asked), "conflict_rule": asked.rule.value, "decision": asked.decision,
        "settled_by": asked.settled_by, "remark": asked.remark,
    }  # fmt: skip


def show(card: Card) -> None:
    """The card on a terminal."""
    asked = card.approval
    say(f"{asked.id}  {what(card)}", style="bold")
    pairs([
        ("record", str(asked.ref)),
        ("policy", asked.policy),
        ("stands", asked.state.value + (f" (by {asked.settled_by})" if asked.settled_by else "")),
        ("owner", asked.owner),
        ("asked", f"{moment(asked.asked_at)} ({away(asked.asked_at, card.now)})"),
        ("lapses", f"{moment(asked.expires_at)} ({away(asked.expires_at, card.now)}): {on_expiry(asked)}"),
    ])  # fmt: skip
    _show_action(card)
    heading("Why")
    if card.hides:
        say("  one in five is asked blind: say what you would write before you see what the agent proposed")
    pairs([
        *(() if card.hides else _reasoned(card)),
        ("asks you because", "; ".join(reason.text for reason in asked.reasons) or "the policy asks for a person"),
    ])  # fmt: skip
    for citation in asked.citations:
        say(f"  “{citation['quote']}”")
        say(f"    — {citation['source']}, written by {ORIGINS.get(citation['origin'], citation['origin'])}", style="dim")
    if card.hides:
        say()
        say(f"next: crm-connector approvals judge {asked.id} VALUE   (or see it first: show --reveal)", style="green")
    elif asked.state is ApprovalState.PENDING:
        say()
        say(f"next: crm-connector approvals approve {asked.id}   (or: edit, reject)", style="green")


def _reasoned(card: Card) -> tuple[tuple[str, str], ...]:
    asked = card.approval
    later = "told once the question beside this one, which is asked blind, is answered"
    why = later if card.keeps_why else asked.rationale
    return ("rationale", why), ("confidence", f"{as_percent(asked.confidence)} — {earned(card)}")


def _show_action(card: Card) -> None:
    action = card.approval.action
    match action:
        case UpdateField():
            heading(f"The field {action.field}")
            base = card.approval.bases.get(action.field)
            live = display(card.live.fields.get(action.field)) if card.live is not None else f"not read: {card.trouble}"
            pairs([
                ("when decided", display(base.value) if base is not None else "(not known)"),
                ("in the CRM now", live + ("  ← changed since" if moved(card) else "")),
                ("we would write", "(asked blind)" if card.hides else display(action.value)),
            ])  # fmt: skip
        case CreateTask():
            heading("The task")
            due = moment(action.due) if action.due else "none"
            pairs([("subject", action.subject), ("due", due), ("text", action.description)])
        case CreateNote():
            heading("The note")
            say(action.body)
        case _:
            heading("The message")
            pairs([("to", ", ".join(action.to)), ("subject", action.subject), ("text", action.body)])
