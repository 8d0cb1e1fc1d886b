"""What the journal tells of a judged case: the decision with its evidence, each verdict with its policy line, a handoff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.action import describe, encode_action
from connector.change.trigger import OwnWrite
from connector.context.context import Context
from connector.context.redaction import masked
from connector.decision.decision import Decision, HandoffReason, NotEnough, Pins
from connector.gate import Deny, RequireApproval, encode_bases, told
from connector.gate.handoffs import handed_off_body
from connector.journal import Entry, EntryKind
from connector.pipeline.judge import Judged, JudgedAction
from connector.pipeline.retrieval import retrieval_quality
from connector.policy import Tier
from connector.record import FieldName, FieldValue, encode_value


def entries_of(judged: Judged, now: datetime) -> list[Entry]:
    """The decision with its evidence, then one entry per verdict, then the handoff."""
    entries = [_decision_entry(judged, now)]
    entries.extend(_verdict_entry(judged, action, now) for action in judged.actions)
    if judged.handoff is not None:
        entries.append(_entry(judged, EntryKind.HANDED_OFF, now, None, handed_off_body(judged.handoff)))
    return entries


def detail_of(judged: Judged) -> Mapping[str, Any]:
    """What was proposed and on what, as the decision's row and the journal both tell it."""
    result = judged.result
    proposed = result.actions if isinstance(result, Decision) else result.guesses
    return {
        "actions": [
            {"action": encode_action(one.action), "text": describe(one.action), "confidence": round(one.confidence, 6)}
            for one in proposed
        ],
        "alternatives": {name: list(values) for name, values in result.alternatives.items()}
        if isinstance(result, Decision)
        else {},
        "findings": {name: list(values) for name, values in result.findings.items()}
        if isinstance(result, Decision)
        else {},
        "missing": list(result.missing) if isinstance(result, NotEnough) else [],
        "asked": _asked(judged),
        "changed_from": {
            name: encode_value(value) for name, value in _tellable(judged.context, judged.case.changed_from).items()
        },
        "read": [str(record.ref) for record in judged.context.records[1:]],
        "retrieval": dict(retrieval_quality(judged.context, result)),
        "fingerprint": judged.case.visit.fingerprint,
        "visit": judged.case.visit.number,
        "hops": own.hops if (own := OwnWrite.of(judged.case.event)) is not None else 0,
    }


def _asked(judged: Judged) -> str | None:
    """The context that a model answered about; None where none was asked, or it failed to answer."""
    result = judged.result
    failed = isinstance(result, NotEnough) and result.reason is HandoffReason.FAILED
    return None if failed or result.pins.tier is Tier.OFFLINE else judged.context.digest


def _decision_entry(judged: Judged, now: datetime) -> Entry:
    case, result, context = judged.case, judged.result, judged.context
    body = {
        "rationale": result.rationale,
        "why_now": {"event": case.event.kind.value, "fields": sorted(case.changed_from), "visit": case.visit.number},
        "policy_version": case.policy.version,
        "goal": case.policy.goal,
        "context": context.digest,
        "record_version": case.record.version,
        "pins": pins_body(result.pins),
        "usage": {
            "input_tokens": result.usage.input_tokens, "cached_tokens": result.usage.cached_tokens,
            "output_tokens": result.usage.output_tokens, "usd": str(result.usage.usd),
        },
        "missing": list(context.missing),
        "detail": detail_of(judged),
    }
    kind = EntryKind.DECIDED if isinstance(result, Decision) else EntryKind.NOT_ENOUGH
    return _entry(judged, kind, now, None, body)


def _verdict_entry(judged: Judged, action: JudgedAction, now: datetime) -> Entry:
    verdict = action.verdict
    if isinstance(verdict, RequireApproval):
        kind = EntryKind.BRAKED if verdict.braked else EntryKind.APPROVAL_REQUESTED
        reasons = [f"{reason.code.value}: {reason.text}" for reason in verdict.reasons]
    elif isinstance(verdict, Deny):
        kind, reasons = EntryKind.DENIED, [f"{reason.code.value}: {reason.text}" for reason in verdict.reasons]
    else:
        kind, reasons = EntryKind.ALLOWED, [verdict.why]
    body = {
        "action": encode_action(action.proposed.action),
        "text": describe(action.proposed.action),
        "confidence": round(action.proposed.confidence, 6),
        "cell": str(action.cell),
        "reasons": reasons,
        "citations": [dict(citation) for citation in action.approval.citations],
        "bases": encode_bases(told(action.approval.bases)),
        "approval": action.approval.id,
        "owner": action.approval.owner,
        "policy_line": judged.case.policy.source.at(_policy_path(action)),
    }
    return _entry(judged, kind, now, action.approval.intent, body)


def _tellable(context: Context, values: Mapping[FieldName, FieldValue]) -> Mapping[FieldName, FieldValue]:
    """Values as the journal may tell them, which people export: hidden ones not at all, masked ones masked."""
    return {
        name: masked(value) if name in context.masked else value
        for name, value in values.items()
        if name not in context.hidden
    }


def _policy_path(action: JudgedAction) -> str:
    cell = action.cell
    return f"may.update.{cell.field}" if cell.field is not None else f"may.{cell.kind.value}"


def _entry(judged: Judged, kind: EntryKind, now: datetime, intent: str | None, body: Mapping[str, Any]) -> Entry:
    case = judged.case
    return Entry(
        kind=kind, at=now, ref=case.record.ref, policy=case.policy.name, decision=judged.key, intent=intent, run=case.run,
        body=body,
    )


def pins_body(pins: Pins) -> Mapping[str, str]:
    return {
        "tier": pins.tier.value, "model": pins.model, "prompt": pins.prompt, "schema": pins.schema,
        "learner": pins.learner, "embedder": pins.embedder,
    }
