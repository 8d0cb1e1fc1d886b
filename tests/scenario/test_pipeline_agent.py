"""Open deals are judged green, amber or red on both CRMs, with reasons; a red one is escalated once."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connector.cli.pipeline import standings
from connector.clock import EPOCH
from connector.decision import decisions
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.journal import EntryKind
from connector.policy import Tier, parse_policy
from connector.record import ObjectType
from tests.support.deals import SALES
from tests.support.messages_server import FakeMessages, message
from tests.support.road import Road

POLICY = """
schema: 1
policy: pipeline
goal: No deal slips unseen.
when:
  object: opportunity
  events: [changed]
  fields: [close_date]
  related: {{email: [created]}}
  every: 1 day
  at: "07:00"
  where: closed == false
agent: {{use: pipeline, silent_for: 14 days, competitors: [Initech], flag: health, stages: {{{stage}: 20 days}}{outcome}}}
reason: {reason}
context: {{related: [contacts, emails, calls, notes]}}
may: {{update: {{health: {{options: [green, amber, red], conflict: agent_owned}}}}, create_task: {{subject: Deal at risk, due: 1 day}}}}
gate: {{supervised: never, target: 80%}}
limits: {{writes_per_record_per_day: 20, records_per_hour: 2000, share_of_object: 100%}}
handoff: {{to: sales-leads, due: 4h, then: boss, default: deny}}
"""  # noqa: E501
SETTINGS = ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=price_of("claude-haiku-5-5"), parallel=1)


@pytest.fixture(params=SALES)
def desk(request):
    return SALES[request.param]()


@pytest.fixture
def build(desk, tmp_path):
    made: list[Road] = []

    def road(reason="{tier: offline}", outcome="", **more):
        text = POLICY.format(stage=f'"{desk.STAGES[0]}"', reason=reason, outcome=outcome)
        made.append(Road(desk, tmp_path, under=parse_policy(text, agents=AGENTS), scores=True, **more))
        made[0].activate()
        made[0].pipeline.learning.step(made[0].policies)
        return made[0]

    yield road
    for one in made:
        one.store.close()


def deal(desk, **values):
    ref = desk.create(ObjectType.OPPORTUNITY, {"name": "Big deal", "close_date": date(2026, 12, 1), **values})
    desk.advance(desk.lag)
    return ref


def morning(road, days=1):
    road.wait(timedelta(days=days))
    road.rounds(most=60)


def findings(road, ref):
    with road.store.snapshot() as tx:
        return decisions.of_record(tx, ref)[-1].detail["findings"]


def test_a_fresh_deal_is_green_and_says_that_history_says_nothing(desk, build):
    there = deal(desk)
    road = build()
    morning(road)
    assert desk.look(there)["health"] == "green"
    assert findings(road, there)["reasons"] == []
    [decided] = road.entries(there, EntryKind.DECIDED)
    assert "no statistics" in decided.body["rationale"]
    assert desk.hanging(there, ObjectType.TASK) == ()


def test_an_overdue_deal_turns_red_and_is_escalated_once(desk, build):
    there = deal(desk, close_date=date(2026, 9, 3))
    road = build()
    morning(road)
    assert desk.look(there)["health"] == "green"
    morning(road, 4)
    assert desk.look(there)["health"] == "red"
    [reason] = findings(road, there)["reasons"]
    assert reason.startswith("overdue: the close date 2026-09-03 passed")
    for _ in range(3):
        morning(road)
    [task] = desk.hanging(there, ObjectType.TASK)
    assert "overdue" in str(task["description"])
    flags = [(field, after) for field, after in road.agent_lines(there) if after in ("green", "amber", "red")]
    assert [after for _, after in flags] == ["green", "red"]
    assert road.verified() == ()


def test_silence_and_a_long_stage_are_told_with_their_numbers(desk, build):
    there = deal(desk)
    road = build()
    morning(road, 16)
    assert desk.look(there)["health"] == "amber"
    [silence] = findings(road, there)["reasons"]
    assert silence.startswith("silence: no activity at all in the 16 days")
    morning(road, 7)
    assert [reason.partition(":")[0] for reason in findings(road, there)["reasons"]] == ["time in stage", "silence"]


def test_a_competitor_in_a_new_mail_is_quoted(desk, build):
    there = deal(desk)
    road = build()
    desk.hang(ObjectType.EMAIL, there, subject="Offer", body="Thanks. Initech offers the same for less. Can you match it?")
    road.rounds(most=60)
    assert desk.look(there)["health"] == "amber"
    [reason] = [one for one in findings(road, there)["reasons"] if one.startswith("competitor")]
    assert "“Initech offers the same for less.”" in reason
    [allowed] = [one for one in road.entries(there, EntryKind.ALLOWED) if "health" in str(one.body["cell"])]
    assert "Initech offers the same for less." in {cited["quote"] for cited in allowed.body["citations"]}


def test_a_close_date_that_is_put_off_is_told(desk, build):
    there = deal(desk)
    road = build()
    desk.edit(there, {"close_date": date(2027, 2, 1)})
    road.rounds(most=60)
    [reason] = findings(road, there)["reasons"]
    assert reason == "close date moved: the close date moved by 62 days, from 2026-12-01 to 2027-02-01"


def closed_deals(desk, count=240, *, signal=True):
    """Deals that ended: large ones mostly lost, small ones mostly won, or a coin's toss."""
    chance = random.Random(3)
    for place in range(count):
        large = chance.random() < 0.5
        won = chance.random() < ((0.1 if large else 0.9) if signal else 0.5)
        yield {
            "name": f"Deal {place}", "close_date": date(2026, 8, 1), "stage": desk.STAGES[2 if won else 3],
            "amount": Decimal(90_000 if large else 900),
        }  # fmt: skip


@pytest.mark.parametrize(("signal", "told"), [(True, "history: deals like it"), (False, "no statistics: how 240 earlier")])
def test_closed_deals_speak_only_where_they_carry_a_signal(desk, build, signal, told):
    desk.create_many(ObjectType.OPPORTUNITY, list(closed_deals(desk, signal=signal)))
    there = deal(desk, amount=Decimal(90_000))
    road = build()
    morning(road)
    [decided] = road.entries(there, EntryKind.DECIDED)
    assert told in decided.body["rationale"]
    assert desk.look(there)["health"] == ("amber" if signal else "green")


ANSWER = {
    "rationale": "They compare us.", "health": "red", "reasons": ["they have a cheaper offer"], "enough": True,
    "next_step": "Call them today.", "confidence": 0.95, "citations": [{"passage": 0, "quote": "They compare us"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "health"), [(ANSWER, "red"), (ANSWER | {"citations": [{"passage": 0, "quote": "invented"}]}, None)]
)
def test_a_model_may_find_a_deal_worse_and_an_invented_quote_voids_it(desk, build, answer, health):
    server = FakeMessages(*[message(answer)] * 9)

    def models(store, clock):
        made = reasoner(
            SETTINGS, AGENTS, transport=server, key="sk-test", clock=clock, chance=random.Random(1),
            budget=SpendingLedger(store, clock),
        )  # fmt: skip
        return {Tier.FAST: made}

    there = deal(desk, next_step="They compare us with others.")
    road = build(reason="{tier: fast, usd_per_day: 5}", models=models)
    morning(road)
    assert desk.look(there)["health"] == health
    assert len(desk.hanging(there, ObjectType.TASK)) == (1 if health else 0)
    assert len(road.handoffs(there)) == (0 if health else 1)


def test_the_view_shows_the_newest_word_on_each_deal_the_worst_first(desk, build):
    late, fine = deal(desk, close_date=date(2026, 9, 2)), deal(desk)
    road = build()
    morning(road, 3)
    with road.store.snapshot() as tx:
        shown = standings(decisions.since(tx, EPOCH))
    assert [(one.record, one.health) for one in shown] == [(str(late), "red"), (str(fine), "green")]
    assert shown[0].next_step
