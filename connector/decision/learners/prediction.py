"""What a route learner answers, and the answer when there is nothing to learn."""

from __future__ import annotations

from dataclasses import dataclass

from connector.decision.learner import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePrediction(Prediction):
    """The value a text calls for.

    `probability` is the blend's own; `confidence` is the learned chance that the answer is right, the number that gates
    use; `novelty` rises with the chance that the text belongs to no known value, and `novel` says it passed the limit.
    """

    probability: float
    novelty: float

    @property
    def value_text(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToLearn:
    """The examples do not tell values apart: there are too few of them, or they all say the same.

    `alike` says that it is their texts that are all one and the same.
    """

    examples: int
    values: tuple[str, ...]
    alike: bool = False

    def __str__(self) -> str:
        if not self.examples:
            return "no example has both a text and a value: there is nothing to learn from"
        if self.alike:
            return f"the texts of all {self.examples} examples are the same: at least two different ones are needed"
        return f"{self.examples} examples all say {self.values[0]!r}: at least two different values are needed"
