"""Ready-made tickets, schemas and policies for tests of deciding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from textwrap import dedent

from connector.context.context import Audience, Context, Passage
from connector.decision.decision import Question
from connector.decision.learner import Learner, LearnerKey, NotLearned, OutcomeLearner, Prediction
from connector.policy import Policy, parse_policy
from connector.record import (
    ConnectionName,
    FieldKind,
    FieldName,
    FieldSchema,
    FieldValue,
    ObjectSchema,
    ObjectType,
    Option,
    Origin,
    Record,
    RecordRef,
    User,
    Version,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
CRM = ConnectionName("crm")
TICKET = RecordRef(CRM, ObjectType.TICKET, "500A")
CONTACT = RecordRef(CRM, ObjectType.CONTACT, "003A")

MAY = """
  update:
    category: {}
    priority: {options: [low, normal, high]}
    queue: {}
  create_task: {subject: Look at this ticket, due: 2 business days}
"""

PEOPLE = (
    User(owner_id="q1", user_id=None, name="Billing queue", email=None, is_queue=True),
    User(owner_id="q2", user_id=None, name="Repairs queue", email=None, is_queue=True),
    User(owner_id="u1", user_id="u1", name="Ada Keller", email="ada@example.com"),
    User(owner_id="u2", user_id="u2", name="Gone Person", email="gone@example.com", active=False),
)


@cache  # one reading of one text is enough for all tests of a process: a policy is a frozen value
def policy(may: str = MAY, *, reason: str = "{tier: offline}", name: str = "triage", gate: str = "{target: 98%}") -> Policy:
    head = dedent(f"""
        schema: 1
        policy: {name}
        goal: Tickets reach the right people.
        when: {{object: ticket, events: [created]}}
        agent: ticket_triage
        reason: {reason}
        context: {{related: [contact]}}
        gate: {gate}
        handoff: {{to: leads}}
        may:""")
    return parse_policy(head + may)


def options(*keys: str, inactive: Sequence[str] = ()) -> tuple[Option, ...]:
    return tuple(Option(key=key, native=key.title(), label=key.title(), active=key not in inactive) for key in keys)


def ticket_schema(**changed: FieldSchema) -> ObjectSchema:
    fields = [
        FieldSchema(name=FieldName("subject"), native="Subject", label="Subject", kind=FieldKind.TEXT, max_length=255),
        FieldSchema(name=FieldName("description"), native="Description", label="Text", kind=FieldKind.LONG_TEXT),
        FieldSchema(
            name=FieldName("category"),
            native="Type",
            label="Category",
            kind=FieldKind.OPTION,
            options=options("billing", "repair", "other", "retired", inactive=("retired",)),
        ),
        FieldSchema(
            name=FieldName("priority"),
            native="Priority",
            label="Priority",
            kind=FieldKind.OPTION,
            options=options("low", "normal", "high", "urgent"),
        ),
        FieldSchema(name=FieldName("queue"), native="OwnerId", label="Queue", kind=FieldKind.USER),
        FieldSchema(name=FieldName("amount"), native="Amount", label="Amount", kind=FieldKind.MONEY),
        FieldSchema(
            name=FieldName("contact"),
            native="ContactId",
            label="Contact",
            kind=FieldKind.REFERENCE,
            references=(ObjectType.CONTACT,),
        ),
    ]
    known = {known.name: known for known in fields} | {FieldName(name): schema for name, schema in changed.items()}
    return ObjectSchema(object=ObjectType.TICKET, native="Case", fields=known, fingerprint="f1")


def ticket(
    subject: str | None = "Charged twice", description: str | None = "My card was charged twice.", **more: FieldValue
) -> Record:
    fields: dict[FieldName, FieldValue] = {FieldName("subject"): subject, FieldName("description"): description}
    fields |= {FieldName(name): value for name, value in more.items()}
    return Record(ref=TICKET, version=Version("v1"), fields=fields, created_at=NOW, modified_at=NOW, read_at=NOW)


def contact(email: str = "eve@example.com") -> Record:
    fields: dict[FieldName, FieldValue] = {FieldName("first_name"): "Eve", FieldName("email"): email}
    return Record(ref=CONTACT, version=Version("v1"), fields=fields, created_at=NOW, modified_at=NOW, read_at=NOW)


def knowledge(text: str, *, audience: Audience = Audience.CUSTOMER) -> Passage:
    return Passage(text=text, source="knowledge/refunds.md", origin=Origin.FILE, audience=audience)


def question(
    record: Record | None = None,
    under: Policy | None = None,
    *,
    passages: Sequence[Passage] = (),
    schema: ObjectSchema | None = None,
    owners: Sequence[User] = PEOPLE,
    key: str = "case-1",
) -> Question:
    own = record if record is not None else ticket()
    texts = [
        Passage(text=value, source=f"ticket.{name}", origin=Origin.OUTSIDER, audience=Audience.CUSTOMER, ref=own.ref)
        for name, value in own.fields.items()
        if isinstance(value, str) and value and name in ("subject", "description")
    ]
    context = Context(
        records=(own, contact()),
        schema=schema or ticket_schema(),
        passages=(*texts, *passages),
        past=(),
        origins={},
        now=NOW,
        related={ObjectType.CONTACT: (1,)},
    )
    return Question(key=key, policy=under or policy(), context=context, owners=tuple(owners))


@dataclass
class WordLearner:
    """Predicts by the first known word it finds; anything else is novel."""

    words: Mapping[str, FieldValue]
    confidence: float = 0.97
    version: str = "words@1"

    def predict(self, texts: Sequence[str]) -> Sequence[Prediction]:
        return [self._one(text.lower()) for text in texts]

    def _one(self, text: str) -> Prediction:
        for word, value in self.words.items():
            if word in text:
                others = tuple(other for other in dict.fromkeys(self.words.values()) if other != value)
                return Prediction(value=value, confidence=self.confidence, alternatives=others)
        return Prediction(value=next(iter(self.words.values())), confidence=0.2, novel=True)


@dataclass
class Shelf:
    """Learners by field name; every other field has too few examples."""

    learners: Mapping[str, Learner] = field(default_factory=dict)
    scores: Mapping[str, OutcomeLearner] = field(default_factory=dict)
    missing: NotLearned = field(default_factory=lambda: NotLearned(examples=3, needed=40))

    def learner(self, key: LearnerKey) -> Learner | NotLearned:
        return self.learners.get(key.field, self.missing)

    def outcomes(self, key: LearnerKey) -> OutcomeLearner | NotLearned:
        return self.scores.get(key.field, self.missing)
