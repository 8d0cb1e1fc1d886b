"""What the offline tier asks of a learner: values of one field predicted from text, with honest confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.record import ConnectionName, FieldName, FieldValue, ObjectType, Record


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class LearnerKey:
    """What a learner predicts: one field of one object of one connection, learned for one policy."""

    connection: ConnectionName
    policy: str
    object: ObjectType
    field: FieldName

    def __str__(self) -> str:
        return f"{self.connection}:{self.object}.{self.field} for {self.policy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One predicted value. `novel` says that the text is unlike anything the learner was taught."""

    value: FieldValue
    confidence: float
    alternatives: tuple[FieldValue, ...] = ()
    novel: bool = False


class Learner(Protocol):
    """A fitted learner. MUST answer every text, in order."""

    @property
    def version(self) -> str:
        """Names this fit by what it was taught and how; pinned with the evidence that its decisions earn."""
        ...

    def predict(self, texts: Sequence[str]) -> Sequence[Prediction]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLearned:
    """There is no learner for this field yet: `examples` of the `needed` different ones are known, or `why` not."""

    examples: int = 0
    needed: int = 0
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return self.why
        return f"{self.examples} examples so far, {self.needed} needed"


class LearnerShelf(Protocol):
    """Where the offline tier finds the learner in force for a field."""

    def learner(self, key: LearnerKey) -> Learner | NotLearned: ...


SUBJECT, DESCRIPTION = FieldName("subject"), FieldName("description")
TEXT_LIMIT = 20_000


def learning_text(record: Record) -> str:
    """The text of a record as learners read it, when taught and when asked: subject, then description."""
    parts = (record.value(name) for name in (SUBJECT, DESCRIPTION))
    return "\n".join(part.strip() for part in parts if isinstance(part, str) and part.strip())[:TEXT_LIMIT]
