"""What one answer over a set leaves to each of its records."""

from __future__ import annotations

from dataclasses import replace

from connector.decision.decision import Decision, HandoffReason, NotEnough, Pins
from connector.decision.together import shares
from connector.policy import Tier
from tests.support.questions import question


def test_what_a_set_left_undecided_goes_to_a_person_once():
    asked = question()
    together = replace(asked, members=(asked.context, asked.context, asked.context))
    failed = NotEnough(reason=HandoffReason.FAILED, missing=(), rationale="no answer", pins=Pins(tier=Tier.FAST))
    said = Decision(actions=(), rationale="", pins=Pins(tier=Tier.OFFLINE), undecided=("queue: no learner",))
    told = shares(together, failed.beside(said))
    assert [one.left is not None for one in told] == [True, False, False]
