"""How much of a CRM's call allowance the adapters use, and how often they are refused, when the server enforces its limits.

Time is held and moves by the length of each call and by every wait, so minutes of calls take seconds. Prints one document.

    python -m benchmarks.limits
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.conformance.bridge import FaceTransport
from adapters.hubspot.adapter import LANES as HUBSPOT_LANES
from adapters.registry import factory
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.hubspot.limits import Allowance
from adapters.sandbox.salesforce.build import build_salesforce
from adapters.sandbox.wire import Face
from connector.adapter import Adapter, Environment, HttpRequest, HttpResponse, RateBudget
from connector.clock import HeldClock
from connector.errors import ConnectorError, RateLimitedError
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.simulation.crm import KeptToken

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
CRM = ConnectionName("crm")
QUICKEST, SLOWEST = 10.0, 60.0  # milliseconds a call takes on its way
MINUTES = 5


class Quiet:
    def info(self, event: str, **fields: Any) -> None: ...

    def warning(self, event: str, **fields: Any) -> None: ...


class StepClock(HeldClock):
    """A held clock whose shortest wait is a microsecond, less would not move it; others act at their own moments."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._every, self._they_act, self._next = timedelta.max, (lambda at: None), datetime.max.replace(tzinfo=UTC)

    def beside(self, a_second: float, they_act: Callable[[datetime], object]) -> None:
        self._every, self._they_act = timedelta(seconds=1 / a_second), they_act
        self._next = self.now() + self._every

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=max(seconds, 1e-6)))

    def advance(self, by: timedelta) -> None:
        while self._next <= self.now() + by:
            passed = self._next - self.now()
            super().advance(passed)
            by -= passed
            self._they_act(self._next)
            self._next += self._every
        super().advance(by)


@dataclass
class Secrets:
    kept: Mapping[str, str]

    def get(self, name: str) -> str:
        return self.kept[name]

    def find(self, name: str) -> str | None:
        return self.kept.get(name)


@dataclass
class Counted:
    """A way to the CRM that takes time and counts what the server said."""

    inner: FaceTransport
    clock: HeldClock
    uncounted: str = "."  # calls whose address ends so
    chance: random.Random = field(default_factory=lambda: random.Random(2))
    statuses: Counter[int] = field(default_factory=Counter)
    admitted: list[datetime] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.clock.advance(timedelta(milliseconds=self.chance.uniform(QUICKEST, SLOWEST)))
        answer = self.inner.send(request)
        if request.url.endswith(self.uncounted):
            return answer
        refused = answer.status == 429 or (answer.status == 403 and b"REQUEST_LIMIT_EXCEEDED" in answer.body)
        self.statuses[429 if refused else 200] += 1
        if not refused:
            self.admitted.append(self.clock.now())
        return answer


def hubspot(
    lanes: Mapping[str, int], others: float, *, they_search: bool = False
) -> tuple[Adapter, Counted, HeldClock, str]:
    """A portal that enforces 100 calls in ten seconds and five searches a second; `others` calls a second are not ours."""
    clock = StepClock(START)
    built = build_hubspot(clock=OrgClock.following(clock.now), allowance=Allowance(enforced=True))
    ticket = built.org.create("tickets", {"subject": "one", "hs_pipeline": "0", "hs_pipeline_stage": "1"}, actor=built.rep)
    meter = built.face.meter
    if others:
        clock.beside(others, lambda at: meter.admit(int(at.timestamp() * 1000), search=they_search))
    fixed = {name: replace(HUBSPOT_LANES[name], calls=calls, fixed=True) for name, calls in lanes.items()}
    budget = RateBudget(clock, {**HUBSPOT_LANES, **fixed})
    adapter, way = _connected("hubspot", built.face, "https://api.hubapi.com", clock, budget, {
        "access_token": built.token
    })
    return adapter, way, clock, ticket.id


def salesforce(daily: int, reserve: float) -> tuple[Adapter, Counted, HeldClock, str]:
    """An org that enforces its daily calls."""
    clock, address = StepClock(START), "https://org.my.salesforce.com"
    built = build_salesforce(
        clock=OrgClock.following(clock.now), daily_calls=daily, enforce_limits=True, instance_url=address
    )
    case = built.org.create("Case", {"Subject": "one", "Status": "New"}, actor=built.reps[0])
    budget = RateBudget(clock, {}, reserve=reserve)
    adapter, way = _connected("salesforce", built.face, address, clock, budget, {
        "client_secret": built.app.client_secret
    }, {"auth": "client_credentials", "client_id": built.app.client_id, "login_url": address})
    return adapter, way, clock, case.id


def _connected(
    system: str, face: Face, address: str, clock: HeldClock, budget: RateBudget,
    secrets: Mapping[str, str], options: Mapping[str, Any] | None = None,
) -> tuple[Adapter, Counted]:  # fmt: skip
    way = Counted(FaceTransport(face, address, clock), clock)
    return factory(system)(Environment(
        connection=CRM, settings={"system": system, **(options or {})}, clock=clock, random=random.Random(1), transport=way,
        secrets=Secrets(secrets), tokens=KeptToken(), budget=budget, log=Quiet(),
    )), way  # fmt: skip


def storm(call: Callable[[], object], way: Counted, clock: HeldClock, allowed_per_second: float) -> dict[str, Any]:
    """Call as fast as the adapter's own budget lets us for five minutes."""
    call()
    way.statuses.clear()
    way.admitted.clear()
    began, given_up = clock.now(), 0
    while clock.now() < began + timedelta(minutes=MINUTES):
        try:
            call()
        except RateLimitedError:
            given_up += 1
            clock.advance(timedelta(seconds=1))
    seconds = (clock.now() - began).total_seconds()
    calls = way.statuses.total()
    return {
        "calls": calls, "refused": way.statuses[429], "share_refused": round(way.statuses[429] / calls, 4),
        "given_up": given_up, "share_of_allowed": round(len(way.admitted) / (allowed_per_second * seconds), 4),
    }  # fmt: skip


def reads(lanes: Mapping[str, int], others: float = 0.0) -> dict[str, Any]:
    adapter, way, clock, ticket = hubspot(lanes, others)
    ref = RecordRef(CRM, ObjectType.TICKET, ticket)
    return storm(lambda: adapter.records.read([ref], ["subject"]), way, clock, 10 - others)  # type: ignore[list-item]


def searches(others: float = 0.0) -> dict[str, Any]:
    """Counting is one search and nothing else; a poll also lists, and so meets the other limit first."""
    adapter, way, clock, _ = hubspot({}, others, they_search=True)
    return storm(lambda: adapter.changes.count(ObjectType.TICKET), way, clock, 5 - others)


def polls() -> dict[str, Any]:
    """Of all calls of a poll, against the ten-second limit, which they meet first."""
    adapter, way, clock, _ = hubspot({}, 0.0)
    cursor, _ = adapter.changes.cursor_now(ObjectType.TICKET)
    way.uncounted = "/search"
    return storm(
        lambda: adapter.changes.poll(ObjectType.TICKET, cursor, ["subject"]), way, clock, 10  # type: ignore[list-item]
    )


def whole_day(daily: int, reserve: float) -> dict[str, Any]:
    """Read until the day's allowance is used up."""
    adapter, way, clock, case = salesforce(daily, reserve)
    ref, stopped = RecordRef(CRM, ObjectType.TICKET, case), None
    while stopped is None and way.statuses.total() < 2 * daily:
        try:
            adapter.records.read([ref], ["subject"])  # type: ignore[list-item]
        except ConnectorError as error:
            stopped = error.message
    return {
        "daily": daily, "reserve": reserve, "calls": way.statuses.total(), "refused": way.statuses[429],
        "share_of_allowed": round(len(way.admitted) / (daily * (1 - reserve)), 4), "stopped": stopped,
        "hours": round((clock.now() - START).total_seconds() / 3600, 2),
    }  # fmt: skip


def main() -> None:
    print(json.dumps({
        "hubspot_reads": reads({}), "hubspot_reads_fixed_at_60": reads({"burst": 60}),
        "hubspot_reads_beside_3_a_second": reads({}, 3.0), "hubspot_reads_beside_6_a_second": reads({}, 6.0),
        "hubspot_searches": searches(), "hubspot_searches_beside_1_a_second": searches(1.0), "hubspot_polls": polls(),
        "salesforce_day": whole_day(1_500, 0.2), "salesforce_day_without_reserve": whole_day(1_500, 0.0),
        "load_average": os.getloadavg()[0],
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
