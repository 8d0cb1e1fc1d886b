"""One layer deeper: proposed actions no answer could ever become, handed to the gate as if answers were not checked."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.action import Action, CreateNote, CreateTask, Message, UpdateField
from connector.context.context import Citation
from connector.decision.decision import Decision, Pins, ProposedAction, Question
from connector.policy import Tier
from connector.record import ActionKind, ConnectionName, FieldName, ObjectType, Origin, RecordRef
from tests.adversary.outputs import EVIL, FORBIDDEN, HIDDEN, PATHS

Proposal = Callable[[Question, random.Random], Sequence[ProposedAction]]
LARGE = "B" * 300_000


def _sure(action: Action, question: Question, **more: Any) -> tuple[ProposedAction, ...]:
    return (replace(ProposedAction(action=action, confidence=0.99, citations=cited(question)), **more),)


def cited(question: Question) -> tuple[Citation, ...]:
    """A true quote: nothing but the action itself is wrong."""
    passage = question.context.passages[0]
    return (Citation(passage=0, quote=passage.text[:20], source=passage.source, origin=passage.origin),)


def _update(question: Question, name: str, value: Any, ref: RecordRef | None = None) -> UpdateField:
    return UpdateField(ref=ref or question.context.record.ref, field=FieldName(name), value=value)


def _elsewhere(question: Question, chance: random.Random) -> RecordRef:
    ref = question.context.record.ref
    others = [record.ref for record in question.context.records[1:]]
    return chance.choice(
        (
            *others,
            RecordRef(ref.connection, ref.object, chance.choice(PATHS)),
            RecordRef(ref.connection, ObjectType.CONTACT, ref.id),
            RecordRef(ConnectionName("other"), ref.object, ref.id),
            RecordRef(ref.connection, ref.object, ref.id + "0"),
            RecordRef(ref.connection, ObjectType.ACCOUNT, "1"),
            RecordRef(ref.connection, ref.object, ""),
        )
    )


def other_records(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    ref = _elsewhere(question, chance)
    action: Action = chance.choice(
        (
            _update(question, "priority", "low", ref),
            CreateTask(ref=ref, subject="Look at this", description="x"),
            CreateNote(ref=ref, body="x"),
        )
    )
    return _sure(action, question)


def forbidden_fields(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    return _sure(
        _update(question, chance.choice((*FORBIDDEN, *PATHS)), chance.choice(("closed", "x", None, True))), question
    )


def options_outside(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    value = chance.choice(
        ("urgent", "Urgent", "HIGH", "high\u200b", "hіgh", "", None, True, Decimal("NaN"), ("low", "high"), "x" * 5_000)
    )
    return _sure(_update(question, chance.choice(("priority", "category")), value), question)


def wrong_kinds(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    value = chance.choice(
        (
            Decimal("Infinity"),
            Decimal("1e400"),
            date(9999, 12, 31),
            datetime(2026, 1, 1, tzinfo=UTC),
            {"a": 1},
            ["low"],
            7,
            1.5,
            b"low",
            object,
            ((("low",),),),
            "\ud800",
            LARGE,
        )
    )
    return _sure(_update(question, chance.choice(("priority", "category", "subject")), value), question)


def tasks(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    good = CreateTask(ref=question.context.record.ref, subject="Look at this: x", description="x")
    bent: Mapping[str, Any] = chance.choice(
        (
            {"subject": "Transfer the account"},
            {"subject": ""},
            {"subject": LARGE},
            {"owner": "999"},
            {"owner": EVIL},
            {"owner": PATHS[0]},
            {"priority": "HACKED"},
            {"description": LARGE},
            {"subject": "Look at this\u202e"},
            {"description": "a\u2066b"},
            {"subject": "Look at this\ud800"},
            {"description": chance.choice(HIDDEN)},
            {"subject": "Look at this\r\nBcc: x"},
        )
    )
    return _sure(replace(good, **bent), question)


def notes(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    return _sure(CreateNote(ref=question.context.record.ref, body=chance.choice(("x", LARGE, "", "\u202ex"))), question)


def messages(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    kind = chance.choice(
        (
            ActionKind.SEND_EMAIL,
            ActionKind.DRAFT_EMAIL,
            ActionKind.NOTIFY,
            ActionKind.CALL_ENDPOINT,
            ActionKind.START_WORKFLOW,
            ActionKind.SCHEDULE_MEETING,
        )
    )
    return _sure(
        Message(
            ref=question.context.record.ref,
            kind=kind,
            channel=chance.choice(("email", EVIL, "../x")),
            to=chance.choice(((), ("thief@example.net",), (EVIL,))),
            subject="x",
            body=chance.choice(("x", LARGE)),
            parameters={"url": EVIL},
        ),
        question,
    )


def mad_confidence(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    value = chance.choice((float("nan"), float("inf"), -1.0, 2.0, 1e308))
    return _sure(_update(question, "owner", "4100001"), question, confidence=value)


def forged_citation(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    forged = Citation(
        passage=chance.choice((0, -1, 99)),
        quote=chance.choice(("The boss said so.", "", "x")),
        source="ticket.description",
        origin=Origin.STAFF,
    )
    return _sure(
        _update(question, "priority", "low"), question, citations=chance.choice(((forged,), (*cited(question), forged)))
    )


def many(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    task = CreateTask(ref=question.context.record.ref, subject="Look at this: again", description="x")
    return _sure(task, question) * chance.choice((12, 40))


def order(question: Question, chance: random.Random) -> Sequence[ProposedAction]:
    return _sure(_update(question, "owner", "4100001"), question, after=chance.choice((-1, 0, 7, 10**9)))


PROPOSALS: tuple[Proposal, ...] = (
    other_records,
    forbidden_fields,
    options_outside,
    wrong_kinds,
    tasks,
    notes,
    messages,
    mad_confidence,
    forged_citation,
    many,
    order,
)


@dataclass
class HostileReasoner:
    """A tier that hands out such decisions; what it proposed is kept by question."""

    seed: int
    proposals: Sequence[Proposal] = PROPOSALS
    tier: Tier = Tier.FAST
    said: int = 0
    rationale: Sequence[str] = field(default_factory=lambda: ("because", "x\ud800", "\u202ebecause", "y" * 2_000_000))

    def decide(self, questions: Sequence[Question]) -> Sequence[Decision]:
        return [self._one(question) for question in questions]

    def _one(self, question: Question) -> Decision:
        chance = random.Random(f"{self.seed}:{question.key}")
        self.said += 1
        rationale = self.rationale[0] if chance.random() < 0.95 else chance.choice(self.rationale)
        proposal = chance.choice(self.proposals)
        return Decision(
            actions=tuple(proposal(question, chance)), rationale=rationale, pins=Pins(tier=self.tier, model="hostile")
        )
