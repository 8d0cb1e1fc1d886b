"""What people did lately, read from the activities and e-mails around a record: how many of each kind, and when last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.context.relations import RELATIONS
from connector.decision.decision import Question
from connector.record import FieldName, ObjectType, Record

LATELY = timedelta(days=30)
# A policy's condition on one of these looks at what somebody did, not at who they are.
ENGAGEMENT = frozenset(
    name for name, relation in RELATIONS.items()
    if relation.object in (ObjectType.ACTIVITY, ObjectType.EMAIL, ObjectType.MEETING, ObjectType.CALL)
)  # fmt: skip
_AT, _KIND, _INCOMING = FieldName("at"), FieldName("kind"), FieldName("incoming")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """Activities by kind (page views, downloads, opens as the CRM calls them) and e-mails that came in."""

    counts: Mapping[str, int]
    last: datetime | None

    def __str__(self) -> str:
        if not self.counts or self.last is None:
            return f"absent: no activity and no incoming e-mail in the last {LATELY.days} days"
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        return f"in the last {LATELY.days} days: {told}; the last one on {self.last.date().isoformat()}"


def engagement(question: Question) -> Engagement:
    """As far as the context holds such records; nothing that lies in the future counts."""
    context = question.context
    counts: Counter[str] = Counter()
    last: datetime | None = None
    for record in context.records[1:]:
        kind, at = _kind(record), _moment(record)
        if kind is not None and context.now - LATELY <= at <= context.now:
            counts[kind] += 1
            last = max(last, at) if last is not None else at
    return Engagement(counts=counts, last=last)


def _kind(record: Record) -> str | None:
    match record.ref.object:
        case ObjectType.ACTIVITY:
            kind = record.value(_KIND)
            return f"activity {kind}" if isinstance(kind, str) and kind else "activity"
        case ObjectType.EMAIL:
            return "incoming e-mail" if record.value(_INCOMING) is True else None
        case _:
            return None


def _moment(record: Record) -> datetime:
    at = record.value(_AT)
    return at if isinstance(at, datetime) else record.created_at
