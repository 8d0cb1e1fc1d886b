"""A plan cannot lie: with nothing moved in between, apply writes exactly what plan showed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.action import UpdateField
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.gate import Allow
from connector.simulation.policies import simple_policy
from connector.simulation.staff import WORDS
from tests.property.quiet_road import QuietRoad

_TICKETS = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from(("new", "open")), st.sampled_from((None, "low", "high"))),
    min_size=1, max_size=5,
)
_RULES = st.sampled_from(("human_wins", "fill_empty", "agent_owned", "newer_wins", "review"))


@given(tickets=_TICKETS, rule=_RULES, system=st.sampled_from(("hubspot", "salesforce")))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_plan_shows_is_what_is_written(
    tickets: list[tuple[str, str, str | None]], rule: str, system: str
) -> None:
    policy = simple_policy()
    policy["may"]["update"] = {
        "category": {"conflict": rule}, "priority": {"conflict": rule, "options": ["low", "normal", "high"]},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        road = QuietRoad(Path(folder), policy, system=system)
        made = [
            road.ticket(**{"subject": f"{word} case", "status": status} | ({"priority": priority} if priority else {}))
            for word, status, priority in tickets
        ]
        road._pass(200)
        planned = _planned(road, made)
        start = len(road.crm.org.log)
        road.rounds(3, seconds=30)
        lines = [line for line in road.crm.org.log.since(start) if line.actor == "agent" and line.kind == "write"]
        names = {native: name for name, native in road.crm.natives.fields.items()}
        written = {
            (str(line.record).partition("/")[2], names[line.field], road.crm.natives.shared(names[line.field], line.after))
            for line in lines if line.field in names
        }  # fmt: skip
    full = {(one, name) for one in made for name in ("category", "priority")}
    expected = {found for found in planned if rule != "fill_empty" or found[:2] not in full - _empty(planned, road)}
    assert written == expected


def _empty(planned: set[tuple[str, str, str | None]], road: QuietRoad) -> set[tuple[str, str]]:
    """The fields that were empty when we wrote: their first change in the log was ours."""
    found = set()
    for ticket, name, _ in planned:
        native = road.crm.natives.fields[name]
        where = f"{road.crm.natives.ticket}/{ticket}"
        first = next(line for line in road.crm.org.log.entries() if (line.record, line.field) == (where, native))
        if first.actor == "agent":
            found.add((ticket, name))
    return found


def _planned(road: QuietRoad, tickets: list[str]) -> set[tuple[str, str, str | None]]:
    now = road.world.now()
    events = [
        ChangeEvent(ref=road.ref(one), kind=ChangeKind.CREATED, origin=ChangeOrigin.POLL, occurred_at=now)
        for one in tickets
    ]
    judged = road.alive.road.deciding.plan(road.alive.road.policies, events)
    return {
        (action.proposed.action.ref.id, str(action.proposed.action.field), str(action.proposed.action.value))
        for one in judged for action in one.actions
        if isinstance(action.verdict, Allow) and isinstance(action.proposed.action, UpdateField)
    }  # fmt: skip
