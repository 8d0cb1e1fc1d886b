"""A question as a task in the CRM: what it says, and what a person's finishing it means. Pure.

Whatever was cited is put on one line, so that no text of a customer can look like the line that is read back.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from connector.action import Action, CreateNote, CreateTask, UpdateField, describe
from connector.calibration import as_percent
from connector.gate.approval import Approval
from connector.gate.audits import is_blind
from connector.gate.persons import Person, Role
from connector.record import ASKS, FieldKind, FieldName, ObjectSchema, Record, display

SUBJECT, DESCRIPTION, STATUS = FieldName("subject"), FieldName("description"), FieldName("status")
_MONEY = frozenset({"amount", "unit_price", "annual_revenue"})
_LONGEST = 200  # characters of a value that may be replaced on its line
_TURNED_DOWN = frozenset({"deferred", "rejected"})
_TAG, _BREAK = re.compile(r"<[a-zA-Z/][^<>]{0,400}>"), re.compile(r"<(?:br|/p|/div|/li)\b[^<>]{0,100}>", re.IGNORECASE)
_VALUE = "Value:"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nobody has finished the task."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """It was finished, and that is no verdict."""

    why: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """An approver completed it as it was."""

    by: str


@dataclass(frozen=True, slots=True)
class Gave:
    """An approver wrote another value, or the value that a blind question asks for."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class TurnedDown:
    """An approver said no."""

    by: str


Answer: TypeAlias = Waiting | Uncounted | Agreed | Gave | TurnedDown


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose hand counts in one CRM: our people by user id, and what the CRM calls its user interface.

    Without field stamps there is only the last modifier, and `own_user` is never a person.
    """

    people: Mapping[str, Person]
    stamped: bool
    interface: frozenset[str] = frozenset()
    own_user: str | None = None


def may_be_asked(action: Action, schema: ObjectSchema) -> bool:
    """Whether a task may carry the verdict: never over money, and never over what cannot be taken back."""
    match action:
        case UpdateField(field=field):
            known = schema.fields.get(field)
            return known is not None and known.kind is not FieldKind.MONEY and field not in _MONEY
        case CreateTask() | CreateNote():
            return True
        case _:
            return False


def task_for(asked: Approval, *, owner: str | None) -> CreateTask:
    """The task that asks. Two calls for the same question make the same task."""
    lines = [*_what(asked), "", *_how(asked), ""]
    if _has_line(asked):
        lines += [f"{_VALUE} {'' if is_hidden(asked) else _shown(asked)}".rstrip(), ""]
    lines.append(f"{ASKS}{asked.id}]")
    return CreateTask(
        ref=asked.ref, subject=_subject(asked), description="\n".join(lines), due=asked.expires_at, owner=owner,
        priority="normal",
    )


def is_hidden(asked: Approval) -> bool:
    """Whether the question is put without the proposed value."""
    return isinstance(asked.action, UpdateField) and is_blind(asked.id)


def read_answer(asked: Approval, made: CreateTask, task: Record, trust: Trust) -> Answer:
    """What the task says now. A verdict is only what an approver of ours did with a hand of their own."""
    if not is_finished(task):
        return Waiting()
    texts = {SUBJECT: made.subject, DESCRIPTION: made.description}
    changed = [name for name, text in texts.items() if _plain(task.fields.get(name)) != _plain(text)]
    by: str | None = None
    for name in (*changed, STATUS):
        person = _hand(task, name, trust)
        if isinstance(person, Uncounted):
            return person
        by = person.name
    assert by is not None
    return TurnedDown(by) if _status(task) in _TURNED_DOWN else _completed(asked, task, by)


def is_finished(task: Record) -> bool:
    """Whether somebody has set it to completed or turned it down."""
    return _status(task) == "done" or _status(task) in _TURNED_DOWN


def _status(task: Record) -> str:
    return str(task.fields.get(STATUS) or "").casefold()


def _completed(asked: Approval, task: Record, by: str) -> Answer:
    if not _has_line(asked):
        return Agreed(by)
    lines = [line for line in _plain(task.fields.get(DESCRIPTION)) if line.startswith(_VALUE)]
    if not lines:
        return Uncounted(f"the line “{_VALUE}” is gone")
    given = lines[-1].removeprefix(_VALUE).strip()
    if given.casefold() == "reject":
        return TurnedDown(by)
    if not given:
        return Uncounted("no value was written")
    return Agreed(by) if given == _shown(asked) and not is_hidden(asked) else Gave(by, given)


def _hand(task: Record, name: FieldName, trust: Trust) -> Person | Uncounted:
    """The approver who last touched a field (where the CRM stamps fields) or the task."""
    if trust.stamped:
        stamp = task.stamps.get(name)
        if stamp is None or stamp.source not in trust.interface:
            return Uncounted(f"{name} was changed by {stamp.source if stamp else 'nobody known'}, not in the user interface")
        account = stamp.by
    else:
        account = task.modified_by
        if trust.own_user is None or account == trust.own_user:
            return Uncounted("our own user changed it last")
    person = trust.people.get(account or "")
    if person is None:
        link = f"crm-connector users link NAME {task.ref.connection} {account}"
        return Uncounted(f"CRM user {account} is nobody's account; link it with: {link}")
    if not person.role.covers(Role.APPROVER):
        return Uncounted(f"{person.name} is {person.role} and may not approve")
    return person


def told(asked: Approval) -> tuple[str, ...]:
    """What a question tells wherever it is put: each thing on a line of its own."""
    return tuple(_what(asked))


def title_of(asked: Approval) -> str:
    return _subject(asked)


def _subject(asked: Approval) -> str:
    if is_hidden(asked) and isinstance(asked.action, UpdateField):
        return f"What should {asked.action.field} be?"
    return f"Approve? {_line(describe(asked.action), 200)}"


def _what(asked: Approval) -> list[str]:
    lines = ["Before anything is written to this record, you are asked."]
    if not is_hidden(asked):
        lines.append(f"Would be written: {_line(describe(asked.action), 500)}")
        match asked.action:
            case CreateTask(description=text) | CreateNote(body=text):
                lines.append(f"Its text: {_line(text, 1_000)}")
    if isinstance(asked.action, UpdateField):
        base = asked.bases.get(asked.action.field)
        if base is not None and not base.private:
            lines.append(f"It holds now: {_line(display(base.value), 200) or '(nothing)'}")
    if not is_hidden(asked):  # the reasons would tell the value, here and of a question beside this one
        why = "" if asked.beside_blind else f" Why: {_line(asked.rationale, 500)}"
        lines.append(f"Confidence: {as_percent(asked.confidence)}.{why}")
    lines += [f"Evidence: “{_line(one['quote'], 300)}” ({_line(one['source'], 100)})" for one in asked.citations[:3]]
    return [*lines, f"Policy: {asked.policy}"]


def _how(asked: Approval) -> list[str]:
    if is_hidden(asked):
        how = [f"Write what you would put there after “{_VALUE}” and complete the task; ours is hidden on purpose."]
    else:
        how = ["To approve, complete this task."]
        if _has_line(asked):
            how.append(f"To write something else, change it after “{_VALUE}” below, then complete the task.")
    how.append("To reject, set the task to deferred.")
    return [*how, f"Unanswered by {asked.expires_at:%Y-%m-%d %H:%M} UTC, nothing is written."]


def _has_line(asked: Approval) -> bool:
    return isinstance(asked.action, UpdateField) and (is_hidden(asked) or _shown(asked) != "")


def _shown(asked: Approval) -> str:
    """The value as it stands on its line; empty where it does not fit on one."""
    text = display(asked.action.value) if isinstance(asked.action, UpdateField) and asked.action.value is not None else ""
    return text if len(text) <= _LONGEST and _line(text, _LONGEST) == text else ""


def _line(text: str, limit: int) -> str:
    line = " ".join(text.replace(ASKS, "").split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _plain(text: object) -> list[str]:
    """The lines a person reads, however the CRM's editor dressed them; markers of ours are left out."""
    told = _TAG.sub("", _BREAK.sub("\n", text)) if isinstance(text, str) else ""
    lines = (" ".join(line.split()) for line in html.unescape(told).splitlines())
    return [line for line in lines if line and not line.startswith((ASKS, "[crm-connector"))]
