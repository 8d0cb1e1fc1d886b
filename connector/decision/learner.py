"""What the offline tier asks of its learners: values of a field from text, chances of an outcome from a row of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connector.record import ConnectionName, FieldName, FieldValue, ObjectType, Record


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class LearnerKey:
    """What a learner predicts: one field of one object of one connection, learned for one policy."""

    connection: ConnectionName
    policy: str
    object: ObjectType
    field: FieldName

    def __str__(self) -> str:
        """As people type it: `crm/ticket-triage/ticket/category`."""
        return f"{self.connection}/{self.policy}/{self.object}/{self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One predicted value. `novel` says that the text is unlike anything the learner was taught."""

    value: FieldValue
    confidence: float
    alternatives: tuple[FieldValue, ...] = ()
    novel: bool = False


@runtime_checkable
class Learner(Protocol):
    """A fitted learner. MUST answer every text, in order."""

    @property
    def version(self) -> str:
        """Names this fit by what it was taught and how; pinned with the evidence that its decisions earn."""
        ...

    def predict(self, texts: Sequence[str]) -> Sequence[Prediction]: ...


Cells = Mapping[str, Sequence[str]]
"""Columns by name, one text cell per row; an empty cell is missing."""


@runtime_checkable
class OutcomeLearner(Protocol):
    """A fitted score: how likely an outcome is for a record, from what was known when it came in."""

    @property
    def version(self) -> str:
        """Names this fit by what it was taught and how."""
        ...

    @property
    def settled(self) -> int:
        """How many records with an outcome taught it."""
        ...

    @property
    def usual(self) -> float:
        """How often the outcome happened among them."""
        ...

    @property
    def abstains(self) -> bool:
        """Whether it cannot surely rank later records better than chance: then nothing may be scored by it."""
        ...

    @property
    def stale(self) -> bool:
        """Whether outcomes had moved away within the rows that taught."""
        ...

    @property
    def refused(self) -> tuple[str, ...]:
        """The columns that knew the outcome and did not teach, each with how it gave itself away."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at."""
        ...

    def chances(self, cells: Cells, count: int) -> Sequence[float]:
        """The chance of the outcome for each of `count` rows; a column that is absent counts as empty."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLearned:
    """There is no learner for this field yet: `examples` of the `needed` different ones are known, or `why` not.

    `awaited` says that its first fit is on its way: whoever can wait should.
    """

    examples: int = 0
    needed: int = 0
    why: str = ""
    awaited: bool = False

    def __str__(self) -> str:
        if self.why:
            return self.why
        if not self.needed:
            return "nothing has been learned from your history yet"
        return f"{self.examples} examples so far, {self.needed} needed"


class LearnerShelf(Protocol):
    """Where the offline tier finds the learner in force for a field, or for how records end."""

    def learner(self, key: LearnerKey) -> Learner | NotLearned: ...

    def outcomes(self, key: LearnerKey) -> OutcomeLearner | NotLearned: ...


SUBJECT, DESCRIPTION = FieldName("subject"), FieldName("description")
TEXT_LIMIT = 20_000


def learning_text(record: Record) -> str:
    """The text of a record as learners read it, when taught and when asked: subject, then description."""
    parts = (record.value(name) for name in (SUBJECT, DESCRIPTION))
    return "\n".join(part.strip() for part in parts if isinstance(part, str) and part.strip())[:TEXT_LIMIT]
