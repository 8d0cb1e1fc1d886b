"""The gate's rule as a table: what is denied, what a person sees first, what goes through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.context.context import Citation, Passage
from connector.decision.decision import ProposedAction
from connector.gate import Allow, Deny, ReasonCode, RequireApproval, evaluate
from connector.gate.cells import CellState, Standing
from connector.gate.evaluate import Case
from connector.gate.verdict import ClearedAction, Reason
from connector.record import ConflictRule, FieldName, Origin
from tests.support.given import CATEGORY, NOW, PRIORITY, TICKET, policy, record, ref, update
from tests.support.questions import PEOPLE, ticket_schema

PINS = "offline:x"
EARNED = Standing(
    state=CellState.AUTONOMOUS, pins=PINS, threshold=0.9, looks=1, held_values=frozenset({"repair"}), changed_at=NOW
)
RECORD = record(subject="Charged twice", category=None, priority="low")
PASSAGES = (
    Passage(text="Charged twice", source="ticket.subject", origin=Origin.OUTSIDER, ref=TICKET),
    Passage(text="Refunds are billing", source="guide.md", origin=Origin.FILE),
)
QUOTES = tuple(
    Citation(passage=place, quote=one.text, source=one.source, origin=one.origin) for place, one in enumerate(PASSAGES)
)


def case(action=None, *, confidence=0.95, standing=EARNED, limits=(), citations=QUOTES[:1], **sections):
    rule = policy(**({"gate": "{supervised: until_earned, target: 90%}"} | sections))
    return Case(
        policy=rule,
        proposed=ProposedAction(action=action or update(), confidence=confidence, citations=citations),
        record=RECORD,
        schema=ticket_schema(),
        owners={user.owner_id: user for user in PEOPLE if user.active},
        standing=standing,
        pins=PINS,
        limits=limits,
        passages=PASSAGES,
    )


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


BRAKE = (Reason(ReasonCode.LIMIT, "limits.records_per_hour: 1"),)
STAFF = "{update: {category: {needs: staff}}}"
ALWAYS = "{update: {category: {approval: always}}}"

TABLE = {
    "earned and sure enough": (case(), Allow, []),
    "below the earned threshold": (case(confidence=0.89), RequireApproval, [ReasonCode.UNSURE]),
    "never earned": (case(standing=None), RequireApproval, [ReasonCode.NOT_EARNED]),
    "earned under other pins": (case(standing=replace(EARNED, pins="offline:y")), RequireApproval, [ReasonCode.NOT_EARNED]),
    "supervised again": (
        case(standing=replace(EARNED, state=CellState.SUPERVISED, threshold=None)), RequireApproval, [ReasonCode.NOT_EARNED]
    ),
    "a value held back on its own": (case(update("repair")), RequireApproval, [ReasonCode.NOT_EARNED]),
    "always asked": (case(may=ALWAYS), RequireApproval, [ReasonCode.APPROVAL_RULE]),
    "asks nobody, sure": (case(standing=None, gate="{supervised: never, target: 90%}"), Allow, []),
    "asks nobody, unsure": (
        case(standing=None, confidence=0.5, gate="{supervised: never, target: 90%}"), RequireApproval, [ReasonCode.UNSURE]
    ),
    "above a limit": (case(limits=BRAKE), RequireApproval, [ReasonCode.LIMIT]),
    "unsure and above a limit": (
        case(confidence=0.5, limits=BRAKE), RequireApproval, [ReasonCode.UNSURE, ReasonCode.LIMIT]
    ),
    "staff evidence wanted, an outsider's word": (case(may=STAFF), RequireApproval, [ReasonCode.OUTSIDER_ONLY]),
    "staff evidence wanted and cited": (case(may=STAFF, citations=QUOTES), Allow, []),
    "staff evidence wanted, nothing cited": (case(may=STAFF, citations=()), RequireApproval, [ReasonCode.OUTSIDER_ONLY]),
    "another record": (case(update(ref=ref("8"))), Deny, [ReasonCode.NOT_PERMITTED]),
    "a field the policy does not name": (
        case(update("x", field=FieldName("subject"))), Deny, [ReasonCode.NOT_PERMITTED]
    ),
    "an option the policy does not name": (case(update("urgent", field=PRIORITY)), Deny, [ReasonCode.NOT_PERMITTED]),
    "an option the CRM does not know": (case(update("weapons")), Deny, [ReasonCode.INVALID]),
    "an option that is switched off": (case(update("retired")), Deny, [ReasonCode.INVALID]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_gate_answers(name):
    given, kind, wanted = TABLE[name]
    verdict = evaluate(given)
    assert type(verdict) is kind
    assert (codes(verdict) if wanted else []) == wanted


def test_held_back_by_a_limit_alone_is_braked():
    braked, unsure = evaluate(case(limits=BRAKE)), evaluate(case(confidence=0.1, limits=BRAKE))
    assert isinstance(braked, RequireApproval)
    assert isinstance(unsure, RequireApproval)
    assert (braked.braked, unsure.braked) == (True, False)


def test_every_refusal_says_which_line_it_comes_from():
    for given, kind, _ in TABLE.values():
        if kind is not Allow:
            verdict = evaluate(given)
            assert not isinstance(verdict, Allow)
            assert all(reason.text for reason in verdict.reasons)


def test_nobody_but_the_gate_can_make_a_cleared_action():
    with pytest.raises(TypeError, match="only the gate"):
        ClearedAction(
            intent="i", decision="d", policy="p", action=update(), bases={}, rule=ConflictRule.HUMAN_WINS,
            on_overwrite=policy().may.update[CATEGORY].on_overwrite, cleared_by="me", approval="a",
        )  # fmt: skip
