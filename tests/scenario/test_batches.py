"""A backfill asked in Message Batches, through the real client: half the price, taken up after a crash, budgets kept."""

from __future__ import annotations

import json
import random
import re
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.adapter import HttpResponse, NoAnswerError
from connector.backfill import start
from connector.backfill.sweep import queue_page
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import ObjectType
from tests.support.given import policy
from tests.support.messages_server import JSON, message
from tests.support.road import FREE, Road

BASE = "https://api.anthropic.com"
SETTINGS = ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=price_of("claude-haiku-5-5"), parallel=1)
ANSWER = {
    "rationale": "A double charge.", "enough": True, "out_of_scope": False, "missing": [],
    "values": {"category": {"value": "billing", "confidence": 0.95, "citations": [{"passage": 0, "quote": "Charged"}]}},
}  # fmt: skip


class BatchService:
    """The batches of the Messages protocol: it keeps what it was sent and ends a batch when told to."""

    def __init__(self) -> None:
        self.batches: dict[str, list[dict]] = {}
        self.ended = False
        self.live = 0
        self.lose_answers = 0
        self.outcome = "succeeded"

    def send(self, request):
        path = request.url.removeprefix(BASE).partition("?")[0]
        if path == "/v1/messages":
            self.live += 1
            return message(ANSWER)
        if request.method == "POST":
            return self._taken(json.loads(request.body)["requests"])
        [batch] = re.findall(r"/batches/(\w+)", path)
        return self._results(batch) if path.endswith("/results") else self._told(batch)

    def _taken(self, requests):
        batch = f"msgbatch_{len(self.batches)}"
        self.batches[batch] = requests
        if self.lose_answers:
            self.lose_answers -= 1
            raise NoAnswerError("silence")
        return self._told(batch)

    def _told(self, batch):
        status = "ended" if self.ended else "in_progress"
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        body = {
            "id": batch, "type": "message_batch", "processing_status": status, "request_counts": counts,
            "created_at": "2026-09-01T08:00:00Z", "expires_at": "2026-09-02T08:00:00Z", "ended_at": None,
            "archived_at": None, "cancel_initiated_at": None,
            "results_url": f"{BASE}/v1/messages/batches/{batch}/results" if self.ended else None,
        }  # fmt: skip
        return HttpResponse(status=200, headers=JSON, body=json.dumps(body).encode())

    def _results(self, batch):
        lines = []
        for one in reversed(self.batches[batch]):  # in any order
            result = {"type": self.outcome}
            if self.outcome == "succeeded":
                result["message"] = json.loads(message(ANSWER).body)
            lines.append(json.dumps({"custom_id": one["custom_id"], "result": result}))
        return HttpResponse(status=200, headers=(("content-type", "application/binary"),), body="\n".join(lines).encode())


@pytest.fixture
def play(desk, tmp_path):
    made: list[Road] = []

    def played(tickets: int = 3, usd: str = "5") -> tuple[Road, BatchService, list]:
        service = BatchService()
        old = [desk.create(ObjectType.TICKET, {"subject": f"Charged twice {n}", "status": "new"}) for n in range(tickets)]
        desk.advance(desk.lag)

        def models(store, clock):
            ledger = SpendingLedger(store, clock)
            asked = reasoner(
                SETTINGS, AGENTS, transport=service, key="k", clock=clock, chance=random.Random(1), budget=ledger,
                batches_in=store,
            )  # fmt: skip
            return {Tier.FAST: asked}

        under = policy(
            gate=FREE, may="{update: {category: {}}}", reason=f"{{tier: fast, usd_per_day: {usd}}}",
            limits="{share_of_object: 100%}",
        )  # fmt: skip
        road = Road(desk, tmp_path, under=under, models=models)
        made.append(road)
        road.activate()
        [triage] = road.policies
        backfill = start(road.store, road.clock, triage, desk.connection, name="old", since=None, limit=None)
        queue_page(road.pipeline, triage, backfill)
        return road, service, old

    yield played
    for road in made:
        road.store.close()


def spent(road) -> Decimal:
    [triage] = road.policies
    return SpendingLedger(road.store, road.clock).spent(triage)


def test_a_backfill_is_asked_together_and_costs_half(play):
    road, service, old = play()
    road.decide()
    assert [len(requests) for requests in service.batches.values()] == [3]
    road.wait(timedelta(hours=3))
    for _ in range(12):  # more looks than a failing case is given
        road.decide()
        road.wait(timedelta(minutes=5))
    assert (len(service.batches), service.live) == (1, 0)
    service.ended = True
    road.rounds()
    assert [road.category(ticket) for ticket in old] == ["billing"] * 3
    assert (len(service.batches), service.live) == (1, 0)
    [decided] = road.entries(old[0], EntryKind.DECIDED)
    whole = Decimal("1000") * Decimal("0.10") / 1_000_000 + Decimal("100") * Decimal("0.50") / 1_000_000
    assert Decimal(decided.body["usage"]["usd"]) == whole / 2
    assert spent(road) == 3 * whole / 2
    assert road.verified() == ()


def test_a_batch_is_taken_up_after_a_crash(play):
    road, service, old = play()
    road.decide()
    road.restart()
    service.ended = True
    road.wait(timedelta(minutes=5))
    road.rounds()
    assert [road.category(ticket) for ticket in old] == ["billing"] * 3
    assert (len(service.batches), service.live) == (1, 0)
    with road.store.snapshot() as tx:
        assert tx.rows("SELECT * FROM decision_batches") == []


def test_what_a_batch_could_not_answer_is_asked_at_once(play):
    road, service, old = play(tickets=2)
    service.outcome = "expired"
    road.decide()
    service.ended = True
    road.wait(timedelta(minutes=5))
    road.rounds()
    assert [road.category(ticket) for ticket in old] == ["billing"] * 2
    assert service.live == 2


def test_a_batch_whose_answer_was_lost_stays_counted(play):
    road, service, old = play(tickets=1)
    service.lose_answers = 1
    road.decide()
    assert spent(road) > 0
    lost = spent(road)
    service.ended = True
    road.wait(timedelta(minutes=5))
    road.rounds()
    assert road.category(old[0]) == "billing"
    assert spent(road) > lost


def test_what_the_budget_does_not_cover_is_not_put_into_a_batch(play):
    road, service, old = play(tickets=2, usd="0.000001")
    road.rounds()
    assert service.batches == {}
    assert [len(road.handoffs(ticket)) for ticket in old] == [1, 1]


def test_a_new_ticket_does_not_wait_for_a_batch(play):
    road, service, _ = play(tickets=1)
    fresh = road.ticket("Charged twice, now")
    road.capture()
    road.decide()
    road.write()
    assert road.category(fresh) == "billing"
    assert service.live == 1
