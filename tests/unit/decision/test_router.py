"""How a question climbs the tiers of its policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.action import UpdateField
from connector.decision.decision import (
    Answer,
    Decision,
    Declined,
    Deferred,
    HandoffReason,
    NotEnough,
    Pins,
    ProposedAction,
    Usage,
)
from connector.decision.router import AcceptanceCell, Router
from connector.policy import Tier
from connector.record import ActionKind, FieldName
from tests.support.questions import TICKET, policy, question

CASCADE = "{cascade: [{tier: offline}, {tier: fast, accept: 90%}], usd_per_day: 5}"
BOTH = policy(reason=CASCADE)


def decided(confidence: float, tier: Tier, *, usd: str = "0", undecided: tuple[str, ...] = ()) -> Decision:
    action = UpdateField(ref=TICKET, field=FieldName("category"), value="billing")
    step = ProposedAction(action=action, confidence=confidence)
    return Decision(
        actions=(step,), rationale="", pins=Pins(tier=tier), usage=Usage(usd=Decimal(usd)), undecided=undecided
    )


def unsure(tier: Tier, reason: HandoffReason = HandoffReason.UNSURE, usd: str = "0") -> NotEnough:
    return NotEnough(reason=reason, missing=(), rationale="", pins=Pins(tier=tier), usage=Usage(usd=Decimal(usd)))


class Scripted:
    def __init__(self, tier: Tier, *answers: Answer) -> None:
        self.tier = tier
        self._answers = list(answers)
        self.asked = 0

    def decide(self, questions):
        self.asked += len(questions)
        return [self._answers.pop(0) for _ in questions]


def route(*answers_by_tier: tuple[Tier, list[Answer]], count: int = 1, under=BOTH, thresholds=None):
    tiers = {tier: Scripted(tier, *answers) for tier, answers in answers_by_tier}
    asked = [question(under=under, key=str(number)) for number in range(count)]
    return Router(tiers).decide(asked, thresholds or {}), tiers


def test_a_sure_answer_of_the_first_tier_ends_the_cascade():
    [result], tiers = route((Tier.OFFLINE, [decided(0.99, Tier.OFFLINE)]), (Tier.FAST, []))
    assert isinstance(result, Decision)
    assert result.pins.tier is Tier.OFFLINE
    assert tiers[Tier.FAST].asked == 0


def test_only_the_unsure_cases_of_a_batch_go_to_the_next_tier():
    results, tiers = route(
        (Tier.OFFLINE, [decided(0.99, Tier.OFFLINE), decided(0.5, Tier.OFFLINE), unsure(Tier.OFFLINE)]),
        (Tier.FAST, [decided(0.95, Tier.FAST), decided(0.95, Tier.FAST)]),
        count=3,
    )
    assert [result.pins.tier for result in results] == [Tier.OFFLINE, Tier.FAST, Tier.FAST]
    assert tiers[Tier.FAST].asked == 2


def test_an_answer_that_leaves_a_field_open_goes_on():
    open_answer = decided(0.99, Tier.OFFLINE, undecided=("queue: no learner",))
    [result], _ = route((Tier.OFFLINE, [open_answer]), (Tier.FAST, [decided(0.95, Tier.FAST)]))
    assert result.pins.tier is Tier.FAST


@pytest.mark.parametrize(("confidence", "tier"), [(0.979, Tier.FAST), (0.98, Tier.OFFLINE)])
def test_without_an_own_accept_a_tier_must_reach_the_gates_target(confidence, tier):
    [result], _ = route((Tier.OFFLINE, [decided(confidence, Tier.OFFLINE)]), (Tier.FAST, [decided(0.9, Tier.FAST)]))
    assert result.pins.tier is tier


def test_an_earned_threshold_of_the_cell_replaces_the_plain_comparison():
    cell = AcceptanceCell(
        connection=TICKET.connection,
        policy=BOTH.name,
        object=TICKET.object,
        kind=ActionKind.UPDATE,
        field=FieldName("category"),
        tier=Tier.OFFLINE,
    )
    [result], _ = route((Tier.OFFLINE, [decided(0.62, Tier.OFFLINE)]), (Tier.FAST, []), thresholds={cell: 0.6})
    assert result.pins.tier is Tier.OFFLINE


def test_the_cost_of_every_tier_is_added_up():
    [result], _ = route(
        (Tier.OFFLINE, [decided(0.5, Tier.OFFLINE, usd="0.01")]), (Tier.FAST, [decided(0.95, Tier.FAST, usd="0.02")])
    )
    assert isinstance(result, Decision)
    assert result.usage.usd == Decimal("0.03")


def test_a_tier_without_credentials_hands_on_and_the_best_answer_stands():
    [result], _ = route((Tier.OFFLINE, [decided(0.5, Tier.OFFLINE)]))
    assert result.pins.tier is Tier.OFFLINE


def test_when_no_tier_can_be_asked_a_person_gets_the_case():
    [result], _ = route(under=policy(reason="{cascade: [{tier: fast}], usd_per_day: 5}"))
    assert isinstance(result, NotEnough)
    assert result.reason is HandoffReason.FAILED
    assert result.missing == ("tier fast has no credentials",)


def test_a_failed_tier_does_not_take_back_what_an_earlier_one_decided():
    failed = unsure(Tier.FAST, HandoffReason.FAILED, usd="0.02")
    [result], _ = route((Tier.OFFLINE, [decided(0.5, Tier.OFFLINE)]), (Tier.FAST, [failed]))
    assert isinstance(result, Decision)
    assert result.usage.usd == Decimal("0.02")


def test_what_was_left_undecided_goes_to_a_person_when_the_next_tier_fails():
    open_answer = decided(0.99, Tier.OFFLINE, undecided=("queue: no learner",))
    failed = unsure(Tier.FAST, HandoffReason.FAILED)
    [result], _ = route((Tier.OFFLINE, [open_answer]), (Tier.FAST, [failed]))
    assert isinstance(result, Decision)
    assert [step.confidence for step in result.actions] == [0.99]
    assert result.left == replace(failed, missing=("queue: no learner",))


def test_nothing_goes_to_a_person_where_nothing_was_left_undecided():
    failed = unsure(Tier.FAST, HandoffReason.FAILED)
    [result], _ = route((Tier.OFFLINE, [decided(0.5, Tier.OFFLINE)]), (Tier.FAST, [failed]))
    assert isinstance(result, Decision)
    assert result.left is None


def test_an_abstaining_tier_keeps_the_earlier_guesses_for_the_person():
    [result], _ = route((Tier.OFFLINE, [decided(0.5, Tier.OFFLINE)]), (Tier.FAST, [unsure(Tier.FAST)]))
    assert isinstance(result, NotEnough)
    assert [step.confidence for step in result.guesses] == [0.5]


def test_a_deferred_case_waits_and_keeps_the_earlier_answer_as_a_fallback():
    later = Deferred(reason="overloaded", retry_after=timedelta(minutes=1))
    [result], _ = route((Tier.OFFLINE, [decided(0.5, Tier.OFFLINE)]), (Tier.FAST, [later]))
    assert isinstance(result, Deferred)
    assert replace(result, fallback=None) == later
    assert isinstance(result.fallback, Decision)


def test_a_tier_that_declines_for_budget_hands_on():
    under = policy(reason="{cascade: [{tier: offline}, {tier: fast}, {tier: deep}], usd_per_day: 5}")
    [result], _ = route(
        (Tier.OFFLINE, [unsure(Tier.OFFLINE)]),
        (Tier.FAST, [Declined(reason="budget")]),
        (Tier.DEEP, [decided(0.7, Tier.DEEP)]),
        under=under,
    )
    assert result.pins.tier is Tier.DEEP
