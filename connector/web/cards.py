"""Questions as the page shows them, with everything a person needs to judge them; read for a whole page at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.action import CreateNote, CreateTask, Message, UpdateField, describe, words_of
from connector.decision import decisions
from connector.decision.decisions import RecordedDecision
from connector.gate import queue
from connector.gate.approval import Approval, ApprovalState
from connector.record import DELIVERY, Delivery, display
from connector.report.card import ORIGINS, on_expiry
from connector.report.earning import CellReport, earned_by
from connector.report.names import names_of
from connector.report.outcomes import Outcome, outcomes_of
from connector.report.story import Evidence, cited
from connector.report.times import moment
from connector.store import Transaction
from connector.web.security.forms import LONGEST

BY = {**ORIGINS, "outsider": "an outsider"}
HIDDEN = "(hidden by the policy)"
BLIND = "asked blind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A verbatim quote of the evidence, where it stands, and who can have written it."""

    text: str
    source: str
    by: str
    is_trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A proposed step in the words of the page: what it is about, the value before and ours, further facts."""

    about: str
    base: str | None
    ours: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One question. `outcome` is None while it waits."""

    asked: Approval
    name: str
    shape: Shape
    quotes: tuple[Quote, ...]
    earned: CellReport | None
    usd: str
    tier: str
    outcome: Outcome | None
    hides: bool = False  # asked blind: what is proposed, how sure and why are kept from the person
    keeps_why: bool = False  # another question of the same decision is: the rationale would tell its value

    @property
    def is_open(self) -> bool:
        return self.asked.state is ApprovalState.PENDING

    @property
    def is_update(self) -> bool:
        return isinstance(self.asked.action, UpdateField)

    @property
    def words(self) -> Mapping[str, str]:
        """What of a task, note or message a person may put differently here."""
        return {} if self.is_too_long else words_of(self.asked.action)

    @property
    def is_too_long(self) -> bool:
        """Whether the text is longer than a form takes: it is approved as it is, or not at all."""
        action = self.asked.action
        value = action.value if isinstance(action, UpdateField) and not self.hides else None
        return any(len(text) > LONGEST for text in (*words_of(action).values(), value) if isinstance(text, str))

    @property
    def is_final(self) -> bool:
        """Whether what is proposed cannot be taken back."""
        return DELIVERY[self.asked.action.kind] is Delivery.AT_MOST_ONCE

    @property
    def on_expiry(self) -> str:
        return on_expiry(self.asked)

    @property
    def says(self) -> str:
        return in_words(self.asked, hides=self.hides)


def cards_of(
    tx: Transaction, asked: Sequence[Approval], *, person: str, targets: Mapping[str, float], now: datetime
) -> tuple[CardView, ...]:
    """The cards of these questions for one person, in their order."""
    hidden = queue.hidden_from(tx, person, asked)
    quiet = keeping_why(tx, asked, person=person)
    names = names_of(tx, [(one.ref, one.bases) for one in asked])
    cells = earned_by(tx, [(one.cell, one.pins) for one in asked], targets=targets, now=now)
    outcomes = outcomes_of(tx, [one for one in asked if one.state is not ApprovalState.PENDING])
    decided = decisions.of_ids(tx, [one.decision for one in asked])
    return tuple(
        _card(
            one, names[one.ref], decided.get(one.decision), cells.get((one.cell, one.pins)), outcomes.get(one.id),
            hides=one.id in hidden, keeps_why=one.id in quiet,
        )
        for one in asked
    )


def keeping_why(tx: Transaction, asked: Sequence[Approval], *, person: str) -> frozenset[str]:
    """Those of these questions whose rationale would tell this person what another one asks blind."""
    decisions = [one.decision for one in asked if one.beside_blind]
    hidden = queue.hidden_decisions(tx, person, decisions)
    return frozenset(one.id for one in asked if one.decision in hidden)


def _card(
    asked: Approval, name: str, decision: RecordedDecision | None, earned: CellReport | None, outcome: Outcome | None,
    *, hides: bool, keeps_why: bool,
) -> CardView:
    return CardView(
        asked=asked, name=name, shape=shape_of(asked, hides=hides), quotes=quotes_of(asked),
        earned=earned, usd=decision.usd if decision is not None else "0",
        tier=decision.tier if decision is not None else "", outcome=outcome, hides=hides,
        keeps_why=keeps_why,
    )


def in_words(asked: Approval, *, hides: bool) -> str:
    """The step in one line, without its value where that is asked blind."""
    if hides and isinstance(asked.action, UpdateField):
        return f"set {asked.action.field} ({BLIND})"
    return describe(asked.action)


def shape_of(asked: Approval, *, hides: bool = False) -> Shape:
    match asked.action:
        case UpdateField(field=field, value=value):
            base = asked.bases.get(field)
            was = None if base is None else HIDDEN if base.private else display(base.value)
            return Shape(about=field, base=was, ours=BLIND if hides else display(value))
        case CreateTask(subject=subject, description=text, due=due):
            facts = (("due", moment(due) if due else "no date"), ("text", text))
            return Shape(about="new task", base=None, ours=subject, facts=facts)
        case CreateNote(body=body):
            return Shape(about="new note", base=None, ours=body)
        case Message(kind=kind, to=to, subject=subject, body=body, channel=channel):
            facts = (("to", ", ".join(to) or channel), ("text", body))
            return Shape(about=kind.value.replace("_", " "), base=None, ours=subject, facts=facts)


def quotes_of(asked: Approval) -> tuple[Quote, ...]:
    return tuple(map(quote_of, cited(asked.citations)))


def quote_of(one: Evidence) -> Quote:
    return Quote(text=one.quote, source=one.source, by=BY.get(one.origin, one.origin), is_trusted=one.origin != "outsider")
