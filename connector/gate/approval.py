"""An approval: one proposed action with its verdict, bound to the exact action and to its field bases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.action import Action, UpdateField, action_hash, describe
from connector.errors import PermanentError
from connector.gate.audits import is_blind
from connector.gate.verdict import Bases, Reason, encode_held
from connector.journal import canonical
from connector.policy import OnOverwrite
from connector.record import ConflictRule, RecordRef


class ApprovalState(StrEnum):
    """Where an approval stands. A settled one never changes again, except that stale ones are asked again as new."""

    ALLOWED = "allowed"
    DENIED = "denied"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STALE = "stale"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One question to a person. `bases` are what the target and evidence fields held when it was asked.

    `beside_blind` says that the same decision asks another question blind: the rationale they share would tell its value.
    """

    id: str
    intent: str
    decision: str
    policy: str
    cell: str
    pins: str
    content: str
    ref: RecordRef
    action: Action
    bases: Bases
    rule: ConflictRule
    on_overwrite: OnOverwrite
    confidence: float
    rationale: str
    reasons: tuple[Reason, ...]
    citations: tuple[Mapping[str, str], ...]
    after: str | None
    run: str | None
    state: ApprovalState
    owner: str
    asked_at: datetime
    expires_at: datetime
    settled_by: str | None = None
    remark: str | None = None
    beside_blind: bool = False

    @property
    def hash(self) -> str:
        return action_hash(self.action)

    @property
    def pattern(self) -> str:
        """What questions that are alike share: the cell, and the step in one line. A hash: it tells nobody's words.

        Those asked blind share only the cell: to stand among others of one value would tell theirs.
        """
        what = "asked blind" if self.is_blind else describe(self.action)
        return hashlib.sha256(f"{self.cell}\n{what}".encode()).hexdigest()[:16]

    @property
    def is_blind(self) -> bool:
        """Whether people are asked what they would write, without being shown what we would."""
        return isinstance(self.action, UpdateField) and is_blind(self.id)

    @property
    def seal(self) -> str:
        """What a person was shown: the exact action on the exact values it was judged on."""
        return hashlib.sha256(canonical(encode_held(self.action, self.bases)).encode()).hexdigest()[:32]


class ApprovalError(PermanentError):
    """The approval cannot be settled like this; says what it is now."""

    hint = "crm-connector approvals list"
