"""Open deals are judged green, amber or red on both CRMs, with reasons; a red one is escalated once."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connector.cli.fitting import problems_of
from connector.clock import EPOCH
from connector.decision import decisions
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.journal import EntryKind
from connector.pipeline.erase import erase
from connector.policy import Tier
from connector.record import ObjectType
from connector.report.deals import standings
from tests.support.deals import SALES
from tests.support.given import parsed
from tests.support.messages_server import FakeMessages, QuotingMessages, message

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
def build(desk, activated):
    def road(reason="{tier: offline}", outcome="", **more):
        text = POLICY.format(stage=f'"{desk.STAGES[0]}"', reason=reason, outcome=outcome)
        made = activated(under=parsed(text), scores=True, **more)
        made.pipeline.learning.step(made.policies)
        return made

    return road


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
    assert [(one.ref, one.health) for one in shown] == [(late, "red"), (fine, "green")]
    assert shown[0].next_step


TOGETHER = POLICY.replace(
    '  events: [changed]\n  fields: [close_date]\n  related: {{email: [created]}}\n', "  scope: set\n"
).replace("subject: Deal at risk", "assign: [{boss}], subject: Deals at risk")  # fmt: skip


@pytest.fixture
def build_set(desk, activated):
    def road(reason="{tier: offline}", gate=None, **more):
        boss = desk.adapter().records.users()[0]
        text = TOGETHER.format(stage=f'"{desk.STAGES[0]}"', reason=reason, outcome="", boss=f'"{boss.name}"')
        text = text.replace("{supervised: never, target: 80%}", gate) if gate else text
        made = activated(under=parsed(text), scores=True, **more)
        made.boss = boss
        made.pipeline.learning.step(made.policies)
        return made

    return road


def tasks_of(desk, *refs):
    return [task for ref in refs for task in desk.hanging(ref, ObjectType.TASK)]


def test_the_whole_pipeline_is_one_look_with_one_summary_for_the_manager(desk, build_set):
    late = [deal(desk, name=f"Late {place}", close_date=date(2026, 9, 1)) for place in range(2)]
    fine = deal(desk, name="Fine one")
    road = build_set()
    morning(road, 3)
    assert [desk.look(ref)["health"] for ref in (*late, fine)] == ["red", "red", "green"]
    [task] = tasks_of(desk, *late, fine)
    assert "2 of 3 open deals are red." in str(task["description"])
    assert "Late 0" in str(task["description"])
    assert "Late 1" in str(task["description"])
    assert "Fine one" not in str(task["description"])
    for _ in range(3):
        morning(road)
    assert len(tasks_of(desk, *late, fine)) == 1
    assert road.verified() == ()


def test_a_deal_that_turns_red_later_is_summed_up_again(desk, build_set):
    early = deal(desk, name="Early", close_date=date(2026, 9, 1))
    later = deal(desk, name="Later", close_date=date(2026, 9, 5))
    road = build_set()
    morning(road, 2)
    assert len(tasks_of(desk, early, later)) == 1
    morning(road, 5)
    summaries = [str(task["description"]) for task in tasks_of(desk, early, later)]
    assert sorted(text.partition(" open")[0] for text in summaries) == ["1 of 2", "2 of 2"]


def test_a_summary_nobody_agreed_to_yet_is_asked_again_with_the_next_look(desk, build_set):
    there = deal(desk, close_date=date(2026, 9, 1))
    road = build_set(gate="{supervised: always}")
    morning(road, 3)
    morning(road)
    waiting = [one for one in road.approvals(there) if one.state.value == "pending"]
    assert sorted(one.action.kind.value for one in waiting) == ["create_task", "update"]


def test_a_deal_is_compared_with_the_other_open_ones_in_its_stage(desk, build_set):
    slow = deal(desk, stage=desk.STAGES[1], next_step="Send the offer.")
    road = build_set()
    road.wait(timedelta(days=40))
    road.rounds(most=60)
    others = [deal(desk, stage=desk.STAGES[1]) for _ in range(4)]
    road.rounds(most=60)
    morning(road)
    reasons = findings(road, slow)["reasons"]
    [compared] = [one for one in reasons if one.startswith("beside the others")]
    assert "days in" in compared
    assert "half of the 4 other open deals there stand at most" in compared
    assert all("beside" not in one for ref in others for one in findings(road, ref)["reasons"])


def said(**more):
    return {"deal": 0, "health": "red", "reasons": ["they have a cheaper offer"], "next_step": "Call them.",
            "confidence": 0.95, "citations": [], **more}  # fmt: skip


def test_a_model_picks_the_deals_of_a_set_by_number_and_quotes_each_for_itself(desk, build_set):
    deals = sorted(
        (deal(desk, name=f"Deal {place}", next_step=f"They compare us, case {place}.") for place in range(2)),
        key=lambda ref: ref.id,
    )
    own, other = (str(desk.look(ref)["next_step"]) for ref in reversed(deals))
    quotes = [{"passage": 0, "quote": own}, {"passage": 0, "quote": other}]
    server = QuotingMessages({"rationale": "One is in danger.", "deals": [said(deal=1, citations=quotes)]})
    road = build_set(reason="{tier: fast, usd_per_day: 5}", models=scripted(server))
    morning(road)
    assert [desk.look(ref)["health"] for ref in deals] == ["green", "red"]
    [allowed] = [one for one in road.entries(deals[1], EntryKind.ALLOWED) if "health" in str(one.body["cell"])]
    assert [cited["quote"] for cited in allowed.body["citations"]] == [own]
    assert len(server.requests) == 1


def scripted(server):
    def models(store, clock):
        made = reasoner(
            SETTINGS, AGENTS, transport=server, key="sk-test", clock=clock, chance=random.Random(1),
            budget=SpendingLedger(store, clock),
        )  # fmt: skip
        return {Tier.FAST: made}

    return models


@pytest.mark.parametrize(
    "deals", [[said(deal=7)], [said(citations=[{"passage": 0, "quote": "invented"}])], [said(deal=-1)]]
)  # fmt: skip
def test_an_answer_that_points_outside_the_set_or_invents_a_quote_is_one_handoff(desk, build_set, deals):
    there = [deal(desk, next_step="They compare us."), deal(desk)]
    server = FakeMessages(*[message({"rationale": "Mine now.", "deals": deals})] * 9)
    road = build_set(reason="{tier: fast, usd_per_day: 5}", models=scripted(server))
    morning(road)
    assert [desk.look(ref)["health"] for ref in there] == [None, None]
    assert sum(len(road.handoffs(ref)) for ref in there) == 1


def test_erasing_one_deal_takes_it_out_of_the_summary_on_another(desk, build_set):
    late = [deal(desk, name=f"Late {place}", close_date=date(2026, 9, 1)) for place in range(2)]
    road = build_set()
    morning(road, 3)
    [bearer] = [ref for ref in late if desk.hanging(ref, ObjectType.TASK)]
    [other] = [ref for ref in late if ref != bearer]
    name = str(desk.look(other)["name"])
    erase(road.store, road.pipeline.journal, road.index, [other], by="ann", at=road.clock.now())
    kept = [str(entry.body) for entry in road.entries(bearer)]
    kept += [str(row.action) for row in road.writes(bearer)] + [str(one.action) for one in road.approvals(bearer)]
    assert all(name not in text for text in kept)
    assert road.verified() == ()


def test_check_takes_a_set_for_the_pipeline(desk):
    text = TOGETHER.format(stage=f'"{desk.STAGES[0]}"', reason="{tier: offline}", outcome="", boss="boss")
    lines = problems_of(parsed(text), desk.connection, desk.adapter())
    assert [line for line in lines if "when.scope" in line] == []
