"""Thousands of webhook deliveries over a bad line: some lost, some told twice, all in another order, and polling last.

Tickets are opened and reworded; HubSpot tells of that and of our own writes. What came of it is counted from the CRM's
log alone. `python -m tests.sweeps.deliveries --deliveries 10000` plays one long run and prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from adapters.sandbox.hubspot.webhooks import WebhookSender
from connector.record import RecordRef
from connector.web.hooks.app import hooks_app
from tests.support.door import FREE, ORIGIN, SECRET, URL, door_of, signed
from tests.support.road import DESKS, Road

LOST, AGAIN = 0.1, 0.3
TELLINGS = 4  # a ticket is opened, written by us, reworded, written by us: each is told
OPENED, REWORDED = ("Charged twice", "billing"), ("Broken again", "repair")
BETWEEN = 40
"""About so many deliveries come between two turns of the service."""


@dataclass
class Played:
    """One run: what was told, and what the CRM's log then shows. A change is handled by one write of the right value."""

    told: int = 0
    lost: int = 0
    again: int = 0
    posted: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    changes: int = 0
    handled_by_hint: int = 0
    repaired_by_polling: int = 0
    missed: int = 0
    doubled: int = 0
    strange: int = 0
    seconds: float = 0.0


class Line:
    """Carries what the CRM tells to the door: loses some, repeats some, keeps no order; late copies come much later."""

    def __init__(self, road: Road, client: TestClient, chance: random.Random, brought: Played) -> None:
        self._road, self._client, self._chance, self._brought = road, client, chance, brought
        self._sender = WebhookSender.from_now(road.desk.sandbox.portal, URL, SECRET)
        self._late: list[Sequence[object]] = []

    def carry(self) -> None:
        """Deliver all that happened since, while the service works between deliveries."""
        for told in self._disturbed(self._tellings()):
            answer = self._client.post("/hooks/crm", **signed(self._road, told))
            self._brought.answers[answer.status_code] += 1
            self._brought.posted += 1
            if self._chance.random() < 1 / BETWEEN:
                self._road.wait(timedelta(seconds=self._chance.random()))
                self._road.pipeline.work()

    def _tellings(self) -> Iterator[Sequence[object]]:
        """One delivery for each record that changed, so that a lost one loses the change."""
        of_record: dict[object, list[object]] = {}
        for delivery in self._sender.collect():
            for event in json.loads(delivery.body):
                of_record.setdefault(event["objectId"], []).append(event)
        yield from of_record.values()

    def _disturbed(self, tellings: Iterator[Sequence[object]]) -> Sequence[Sequence[object]]:
        kept, self._late = self._late, []
        for told in tellings:
            self._brought.told += 1
            if self._chance.random() < LOST:
                self._brought.lost += 1
                continue
            kept.append(told)
            if self._chance.random() < AGAIN:
                self._brought.again += 1
                # A retry may come within moments, or after the record has long changed again.
                (kept if self._chance.random() < 0.5 else self._late).append(told)
        self._chance.shuffle(kept)
        return kept


def play(deliveries: int, seed: int, folder: Path) -> Played:
    """One run of about so many deliveries told; every answer, and every write that came of them, counted."""
    begun, chance, brought = time.monotonic(), random.Random(seed), Played()
    road = Road(DESKS["hubspot"](), folder, under=FREE)
    road.activate()
    with closing(road.store), TestClient(hooks_app(door_of(road)), base_url=ORIGIN) as client:
        line = Line(road, client, chance, brought)
        tickets = [road.ticket(f"{OPENED[0]}, bill {place}") for place in range(deliveries // TELLINGS)]
        _settle(road, line, brought, tickets, (OPENED[1],))
        for ticket in chance.sample(tickets, len(tickets)):
            road.desk.edit(ticket, {"subject": f"{REWORDED[0]}, {ticket.id}"})
        _settle(road, line, brought, tickets, (OPENED[1], REWORDED[1]))
        _judge(road, brought, tickets)
    brought.seconds = round(time.monotonic() - begun, 1)
    return brought


def _settle(road: Road, line: Line, brought: Played, tickets: Sequence[RecordRef], wanted: tuple[str, ...]) -> None:
    """Deliver what happened, let the service work on hints alone, let polling find the rest, and tell of our writes."""
    brought.changes += len(tickets)
    line.carry()
    while not road.pipeline.work().quiet:
        road.wait(timedelta(seconds=1))
    by_hint = _holding(road, wanted)
    road.rounds(most=1000)
    brought.handled_by_hint += by_hint
    brought.repaired_by_polling += _holding(road, wanted) - by_hint
    line.carry()
    road.rounds(most=1000)


def _judge(road: Road, brought: Played, tickets: Sequence[RecordRef]) -> None:
    """Hold every write of ours in the CRM's log against the changes that people made."""
    written = _written(road)
    for ticket in tickets:
        times = Counter(written.pop(ticket.id, []))
        brought.missed += sum(times[value] == 0 for _, value in (OPENED, REWORDED))
        brought.doubled += sum(count - 1 for count in times.values() if count > 1)
        brought.strange += sum(count for value, count in times.items() if value not in (OPENED[1], REWORDED[1]))
    brought.strange += sum(map(len, written.values()))


def _written(road: Road) -> dict[str, list[object]]:
    """Every value we wrote on each record, in order, from the CRM's own log."""
    found: dict[str, list[object]] = {}
    for line in road.desk.org.log.entries():
        if (line.kind, line.actor) == ("write", "agent") and line.record is not None:
            found.setdefault(line.record.partition("/")[2], []).append(line.after)
    return found


def _holding(road: Road, wanted: Sequence[object]) -> int:
    """On how many records we wrote just these values."""
    return sum(values == [*wanted] for values in _written(road).values())


def told(brought: Played) -> dict[str, Any]:
    return {**asdict(brought), "answers": {str(status): count for status, count in sorted(brought.answers.items())}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        brought = play(asked.deliveries, asked.seed, Path(name))
    sys.stdout.write(json.dumps(told(brought)) + "\n")
    return 1 if brought.missed or brought.doubled or brought.strange else 0


if __name__ == "__main__":
    sys.exit(main())
