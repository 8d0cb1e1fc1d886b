"""The report: figures that add up to what happened, and a page that needs nothing from elsewhere."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.pipeline.autonomy import Autonomy
from connector.record import ObjectType
from connector.report.charts import Point, Series, line_of_days, reliability, stacked_days
from connector.report.performance import performance
from connector.report.period import Period
from connector.report.sheet import headline, page, tables
from tests.support.given import policy
from tests.support.road import Road

ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")


def seen(road, days=1):
    now = road.clock.now() + timedelta(seconds=1)
    with road.store.snapshot() as tx:
        return performance(tx, Period(since=now - timedelta(days=days), until=now))


@pytest.fixture
def judged(build):
    """Four tickets: approved, edited, rejected, not judged; and one the agent cannot place."""
    road = build(under=ASK)
    tickets = [road.ticket(f"Charged twice, bill {place}") for place in range(4)]
    road.rounds()
    people = road.pipeline.people
    people.approve(road.approvals(tickets[0])[0].id, by="ada")
    people.edit(road.approvals(tickets[1])[0].id, "repair", by="ada")
    people.reject(road.approvals(tickets[2])[0].id, by="ada")
    road.rounds()
    return road, tickets


def test_the_figures_are_what_happened(judged):
    road, _ = judged
    found = seen(road)
    [one] = found.policies
    assert (one.policy, one.decisions, one.alone, one.asked) == ("triage", 4, 0, 4)
    assert (one.judged, one.agreed, one.task_success) == (3, 1, pytest.approx(1 / 3))
    assert (one.applied, one.accepted, one.corrected) == (2, 2, 0)
    assert one.usd == Decimal(0)
    assert one.seconds_to_write > 0
    assert sum(day.asked for day in found.days) == 4
    assert found.integrity.writes == len(road.agent_lines(judged[1][0])) + len(road.agent_lines(judged[1][1])) == 2


def test_a_corrected_write_is_not_accepted(build):
    road = build(under=policy(gate="{supervised: never, target: 90%}", may="{update: {category: {}}}"))
    tickets = [road.ticket(f"Charged twice, bill {place}") for place in range(2)]
    road.rounds()
    road.desk.edit(tickets[0], {"category": "other"})
    road.rounds()
    [one] = seen(road).policies
    assert (one.applied, one.accepted, one.corrected) == (2, 1, 1)


def test_nothing_happened_is_told_without_dividing(build):
    road = build(under=ASK)
    found = seen(road)
    assert found.policies == ()
    assert [number.value for number in headline(found)][1] == "–"
    assert "<h1>" in page(found, title="Quiet", made=road.clock.now())


def test_what_happened_outside_the_period_is_left_out(judged):
    road, _ = judged
    road.clock.advance(timedelta(days=40))
    assert seen(road, days=1).policies == ()


def test_a_blind_audit_counts_and_shows_drift(build):
    road = build(under=policy(gate="{supervised: never, target: 90%, audit: 100%}", may="{update: {category: {}}}"))
    ticket = road.ticket("Charged twice")
    road.rounds()
    autonomy = Autonomy(store=road.store, journal=road.pipeline.journal, clock=road.clock)
    autonomy.judge_audit(road.approvals(ticket)[0].id, "repair", by="ada")
    [one] = seen(road).policies
    assert (one.alone, one.coverage, one.judged, one.agreed) == (1, 1.0, 1, 0)
    assert one.drift < 0


def test_the_page_asks_for_nothing_from_elsewhere_and_escapes(judged):
    road, _ = judged
    made = page(seen(road), title="<script>alert(1)</script>", made=road.clock.now())
    assert "<script" not in made
    assert not re.search(r"(?:src|href|url\()\s*=?\s*['\"]?https?:", made.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert made.count("<svg") == 3
    assert all(one.title in made for one in tables(seen(road)))


def test_charts_hold_their_values_and_no_style_of_their_own():
    days = ["2026-09-01", "2026-09-02"]
    bars = stacked_days(days, [Series(name="a<b", tone="alone", values=[3, 0])], title="Days & more")
    assert "2026-09-01: 3 a&lt;b" in bars
    assert "Days &amp; more" in bars
    assert bars.count("<rect") == 1
    line = line_of_days(days, [0.5, None], title="Agreed", target=0.98)
    assert line.count("<circle") == 1
    assert "50.0%" in line
    dots = reliability([Point(sure=0.9, right=0.8, count=40)], title="Sure")
    assert "90% sure, 80% right, 40 judged" in dots
    assert all("style=" not in chart and "<script" not in chart for chart in (bars, line, dots))


def test_a_value_that_came_with_its_record_tells_nothing_of_how_long_people_took(desk, tmp_path):
    for place in range(3):
        desk.create(ObjectType.TICKET, {"subject": f"Charged {place}", "status": "new", "category": "billing"})
    late = desk.create(ObjectType.TICKET, {"subject": "Charged late", "status": "new"})
    desk.clock.advance(timedelta(hours=2))
    desk.edit(late, {"category": "billing"})
    desk.clock.advance(timedelta(hours=1))
    road = Road(desk, tmp_path, under=policy(may="{update: {category: {}}}"))
    road.activate()
    baseline = seen(road).baseline
    road.store.close()
    assert baseline.values == 1
    assert baseline.hours_before == pytest.approx(2, abs=0.01)
