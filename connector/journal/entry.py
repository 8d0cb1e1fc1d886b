"""A journal entry: what happened at one step of the road, to which record, with the whole evidence in its body."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.record import RecordRef


class EntryKind(StrEnum):
    """The steps of the road that leave an entry."""

    ACTIVATED = "activated"
    CAPTURED = "captured"
    GONE = "gone"
    DECIDED = "decided"
    NOT_ENOUGH = "not_enough"
    ALLOWED = "allowed"
    DENIED = "denied"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_CHANGED = "approval_changed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STALE = "stale"
    HANDED_OFF = "handed_off"
    HANDOFF_CHANGED = "handoff_changed"
    BRAKED = "braked"
    SENDING = "sending"
    APPLIED = "applied"
    CONFLICTED = "conflicted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RESTORED = "restored"
    REVERTED = "reverted"
    CORRECTED = "corrected"
    BURIED = "buried"
    REQUEUED = "requeued"
    AUDITED = "audited"
    PROMOTED = "promoted"
    DEMOTED = "demoted"
    LEARNED = "learned"
    POLICY_LOADED = "policy_loaded"
    RECONCILED = "reconciled"
    ERASED = "erased"
    PERSON_CHANGED = "person_changed"
    SIGNED_IN = "signed_in"
    EXPORTED = "exported"
    STARTED = "started"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step. `body` is JSON-shaped and may be erased later; everything else stays for ever."""

    kind: EntryKind
    at: datetime
    ref: RecordRef | None = None
    policy: str | None = None
    decision: str | None = None
    intent: str | None = None
    run: str | None = None
    actor: str = "service"
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as the journal keeps it. `body` is None after erasure."""

    seq: int
    entry: Entry
    body: Mapping[str, Any] | None
    body_digest: str
    digest: str


# Built once: json.dumps makes a new encoder for every call with these options, a tenth of the road's time.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(content: Any) -> str:
    """One spelling for one content: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(content)


def digest_of_body(salt: str, body: str) -> str:
    """Salted, so that a digest cannot be guessed back to a short erased text."""
    return hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()


def digest_of_entry(columns: Mapping[str, Any], body_digest: str) -> str:
    return hashlib.sha256(canonical([columns, body_digest]).encode()).hexdigest()
