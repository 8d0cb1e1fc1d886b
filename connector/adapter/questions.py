"""A question as it is put to people outside the page, and what one of them said to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from connector.adapter.channels import DeliveryResult


class Said(StrEnum):
    """What a person may say to a question."""

    APPROVE = "approve"
    WRITE = "write"  # another value, or the value that a blind question asks for
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutQuestion:
    """One question. `shown` is the seal of it: an answer counts for exactly that."""

    id: str
    shown: str
    title: str
    lines: tuple[str, ...]
    takes_value: bool
    hidden: bool
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSaid:
    """What somebody said, by the account the other side proved. Whether it counts is ours to know."""

    account: str
    question: str
    shown: str
    said: Said
    text: str = ""


class QuestionBoard(Protocol):
    """Where questions are put up for several people. At most once, like any channel."""

    def put(self, question: PutQuestion) -> DeliveryResult:
        """Put it up; the reference of what was delivered names it for `settle`."""
        ...

    def change(self, reference: str, question: PutQuestion) -> DeliveryResult:
        """Put the question as it is now in the place of what was put up. MAY be called again for the same."""
        ...

    def settle(self, reference: str, question: PutQuestion, outcome: str) -> DeliveryResult:
        """Say there what became of it, and take its buttons away."""
        ...
