"""What a journal entry says, in one sentence a colleague would use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.action import decode_action, describe
from connector.calibration import as_percent
from connector.gate import Cell, ReasonCode
from connector.journal import EntryKind, StoredEntry
from connector.record import decode_value, display

Body = Mapping[str, Any]
ERASED = "(its content was erased)"
WITHHELD = "told once you have answered its question, which is asked blind"


def headline(stored: StoredEntry) -> str:
    """One entry in one sentence; the values are foreign text."""
    if stored.body is None:
        return ERASED
    return _SENTENCES.get(stored.entry.kind, _otherwise)(stored.body)


def shown(encoded: Any) -> str:
    """An encoded field value as people read it."""
    try:
        value = decode_value(encoded)
        return "empty" if value is None else f"“{display(value)}”"
    except (ValueError, TypeError):
        return "(unreadable)"


def _decided(body: Body) -> str:
    actions = [f"{one['text']} ({as_percent(one['confidence'])})" for one in body.get("detail", {}).get("actions", ())]
    return "; ".join(actions) or "nothing is to be done"


def _not_enough(body: Body) -> str:
    return str(body.get("rationale") or body.get("why") or "not enough to decide")


def _verdict(prefix: str) -> Callable[[Body], str]:
    def sentence(body: Body) -> str:
        reasons = "; ".join(_in_words(str(reason)) for reason in body.get("reasons", ()))
        told = " — ".join(part for part in (body.get("text"), reasons, body.get("why")) if part)
        return f"{prefix}: {told}" if told else prefix

    return sentence


def _in_words(reason: str) -> str:
    """A reason without the code before it."""
    code, colon, text = reason.partition(": ")
    return text if colon and code in set(ReasonCode) else reason


def _applied(body: Body) -> str:
    text = str(body.get("text", "written"))
    if body.get("wrote") is False:
        return f"{text}: the record held it already"
    if "wrote" in body and body["wrote"] is None:
        return f"{text}: {body['why']}"
    if "created" in body:
        return f"{text}: {body['created']}"
    return f"{text} (was {shown(body['before'])})" if "before" in body else text


def _put_back(body: Body) -> str:
    """The undo of one of our writes, or somebody's value restored."""
    if "removed" in body:
        return f"{body['removed']} was deleted again"
    if "actions" in body:
        return f"{len(body['actions'])} writes are taken back, {len(body.get('stays', {}))} stay"
    action = body.get("action") or {}
    return f"put back: {action.get('field', 'the record')} is {shown(action.get('value'))} again"


def _conflicted(body: Body) -> str:
    theirs = f"; theirs {shown(body['theirs'])} stays" if "theirs" in body else ""
    return f"not written: {body.get('text', '')} — {body.get('why', '')}{theirs}"


def _refused(body: Body) -> str:
    return f"refused ({body.get('code', '?')}): {body.get('text', '')} — {body.get('why', '')}"


def _person(prefix: str) -> Callable[[Body], str]:
    def sentence(body: Body) -> str:
        remark = body.get("remark")
        action = body.get("action") or {}
        what = f"set {action['field']} to {shown(action.get('value'))}" if "field" in action else _step(action)
        return f"{prefix}: {what}" + (f" — {remark}" if remark else "")

    return sentence


def _step(action: Mapping[str, Any]) -> str:
    """A step in one line; of one that cannot be read any more, its kind."""
    try:
        return describe(decode_action(action))
    except (KeyError, ValueError):
        return str(action.get("kind", ""))


def _handed_off(body: Body) -> str:
    return f"given to {body.get('owner', '?')}: {body.get('summary', '')}"


def _handoff_changed(body: Body) -> str:
    return str(body.get("change") or body.get("why") or "")


def _person_changed(body: Body) -> str:
    """Who may come in is said with the name; a door that was shut belongs to nobody."""
    return " ".join(str(part) for part in (body.get("person"), body.get("change")) if part)


def _cell(body: Body) -> str:
    threshold = body.get("threshold")
    return _acting(body) + (f" acts alone where it is at least {threshold:.0%} sure" if threshold is not None else "")


def _demoted(body: Body) -> str:
    return f"{_acting(body)} is supervised again: {_why_not(body)}"


def _acting(body: Body) -> str:
    if "cell" not in body:
        return "an agent"
    cell = Cell.parse(str(body["cell"]))
    return f"{cell.does} ({cell.policy})"


def _why_not(body: Body) -> str:
    """A person's word or misconduct is said outright; a test that was not passed keeps its reason with the evidence."""
    return str(body.get("why") or (body.get("evidence") or {}).get("why", ""))


def _corrected(body: Body) -> str:
    what = body.get("field", "a field")
    return f"somebody changed {what} after an agent had written it: the agent asks before it writes there again"


def _audited(body: Body) -> str:
    agreed = "as we wrote" if body.get("given") == body.get("proposed") else f"where we wrote {body.get('proposed')}"
    return f"judged blind: {body.get('given')}, {agreed}"


def _why(body: Body) -> str:
    return str(body.get("why") or body.get("reason") or "")


def _stale(body: Body) -> str:
    """What was sent may have arrived, where its answer was lost: that it was not written is more than anybody knows."""
    again = f"; asked again as {body['asked_again']}" if "asked_again" in body else ""
    outcome = "sent, no answer said that it was written, given up" if body.get("attempts") else "not written"
    return f"{outcome}: {_why(body)}{again}"


def _otherwise(body: Body) -> str:
    return ", ".join(f"{name} {value}" for name, value in body.items() if isinstance(value, str | int | float))


_SENTENCES: Mapping[EntryKind, Callable[[Body], str]] = {
    EntryKind.DECIDED: _decided,
    EntryKind.NOT_ENOUGH: _not_enough,
    EntryKind.ALLOWED: _verdict("allowed"),
    EntryKind.DENIED: _verdict("denied"),
    EntryKind.APPROVAL_REQUESTED: _verdict("asked a person"),
    EntryKind.BRAKED: _verdict("held back"),
    EntryKind.APPROVAL_CHANGED: _handoff_changed,
    EntryKind.APPROVED: _person("approved"),
    EntryKind.REJECTED: _person("rejected"),
    EntryKind.EXPIRED: _person("nobody answered"),
    EntryKind.HANDED_OFF: _handed_off,
    EntryKind.HANDOFF_CHANGED: _handoff_changed,
    EntryKind.APPLIED: _applied,
    EntryKind.RESTORED: _put_back,
    EntryKind.REVERTED: _put_back,
    EntryKind.CONFLICTED: _conflicted,
    EntryKind.REFUSED: _refused,
    EntryKind.UNKNOWN: _why,
    EntryKind.STALE: _stale,
    EntryKind.GONE: _why,
    EntryKind.PERSON_CHANGED: _person_changed,
    EntryKind.SIGNED_IN: _handoff_changed,
    EntryKind.PROMOTED: _cell,
    EntryKind.DEMOTED: _demoted,
    EntryKind.AUDITED: _audited,
    EntryKind.CORRECTED: _corrected,
}
