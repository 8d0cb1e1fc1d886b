"""Small records, policies, approvals and cleared actions for tests of the stages between change and write-back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from connector.action import Action, UpdateField
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin, Cursor
from connector.decision.agents import AGENTS
from connector.gate import Bases, FieldBase
from connector.gate.approval import Approval, ApprovalState
from connector.policy import OnOverwrite, Policy, parse_policy
from connector.record import (
    ConflictRule,
    ConnectionName,
    FieldName,
    FieldStamp,
    FieldValue,
    ObjectType,
    Record,
    RecordRef,
    Version,
)

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
CRM = ConnectionName("crm")
TICKET = RecordRef(CRM, ObjectType.TICKET, "7")
SUBJECT, CATEGORY, PRIORITY, STATUS = (FieldName(name) for name in ("subject", "category", "priority", "status"))

POLICY = """
schema: 1
policy: triage
goal: Every new ticket gets a category.
when: {object: ticket, events: [created, changed], fields: [subject, description], where: status == 'new'}
agent: ticket_triage
reason: {tier: offline}
may:
  update:
    category: {}
    priority: {options: [low, normal, high]}
  create_task: {subject: Look at this ticket, due: 2 business days}
gate: {supervised: until_earned, target: 98%}
limits: {writes_per_record_per_day: 3, records_per_hour: 100, share_of_object: 50%}
handoff: {to: leads, due: 4h, then: boss, default: deny}
"""


def policy(**sections: str) -> Policy:
    """The small policy with some top-level sections written differently, such as `gate="{supervised: never}"`."""
    kept, skipping = [], False
    for line in POLICY.strip().splitlines():
        if not line.startswith(" "):
            skipping = line.partition(":")[0] in sections
        if not skipping:
            kept.append(line)
    kept += [f"{name}: {text}" for name, text in sections.items() if text]
    return parsed("\n".join(kept) + "\n")


@cache
def parsed(text: str) -> Policy:
    """One reading of one text is enough for all tests of a process: a policy is a frozen value."""
    return parse_policy(text, agents=AGENTS)


def ref(id: str = "7", object: ObjectType = ObjectType.TICKET, connection: str = "crm") -> RecordRef:
    return RecordRef(ConnectionName(connection), object, id)


def record(
    ref: RecordRef = TICKET,
    *,
    version: str = "1",
    at: datetime = NOW,
    created: datetime | None = None,
    stamps: dict[FieldName, FieldStamp] | None = None,
    **fields: FieldValue,
) -> Record:
    return Record(
        ref=ref,
        version=Version(version),
        fields={FieldName(name): value for name, value in fields.items()},
        created_at=created or at,
        modified_at=at,
        read_at=at,
        stamps=stamps or {},
    )


def event(
    ref: RecordRef = TICKET, kind: ChangeKind = ChangeKind.CHANGED, *, version: str | None = "1", **more: Any
) -> ChangeEvent:
    defaults: dict[str, Any] = {"origin": ChangeOrigin.POLL, "occurred_at": NOW}
    return ChangeEvent(ref=ref, kind=kind, version=Version(version) if version else None, **defaults | more)


def update(value: FieldValue = "billing", *, field: FieldName = CATEGORY, ref: RecordRef = TICKET) -> UpdateField:
    return UpdateField(ref=ref, field=field, value=value)


def approval(
    id: str = "a1",
    *,
    action: Action | None = None,
    state: ApprovalState = ApprovalState.PENDING,
    bases: Bases | None = None,
    rule: ConflictRule = ConflictRule.HUMAN_WINS,
    on_overwrite: OnOverwrite = OnOverwrite.ASK,
    expires: timedelta = timedelta(hours=4),
    **more: Any,
) -> Approval:
    action = action or update()
    made = Approval(
        id=id,
        intent=f"ace{id}",
        decision=f"decision-{id}",
        policy="triage",
        cell="crm/triage/ticket/update/category",
        pins="offline:x",
        content=f"content-{id}",
        ref=action.ref,
        action=action,
        bases=bases if bases is not None else {CATEGORY: FieldBase(value=None), SUBJECT: FieldBase(value="Charged twice")},
        rule=rule,
        on_overwrite=on_overwrite,
        confidence=0.9,
        rationale="because",
        reasons=(),
        citations=({"quote": "Charged twice", "source": "ticket.subject", "origin": "outsider"},),
        after=None,
        run=None,
        state=state,
        owner="leads",
        asked_at=NOW,
        expires_at=NOW + expires,
    )
    return replace(made, **more)


def cursor(text: str = "c1") -> Cursor:
    return Cursor(text)
