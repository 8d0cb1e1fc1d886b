"""The contract of a reasoner: prepared questions in, one answer each out, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connector.decision.decision import Answer, Question
from connector.policy import Tier


class Reasoner(Protocol):
    """One tier. MUST answer every question in order and MUST NOT raise for a single question's sake."""

    @property
    def tier(self) -> Tier: ...

    def decide(self, questions: Sequence[Question]) -> Sequence[Answer]: ...
