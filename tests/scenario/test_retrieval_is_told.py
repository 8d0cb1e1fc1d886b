"""How well retrieval served a decision stands in the journal, and a drift of it shows in the standing."""

from __future__ import annotations

from datetime import timedelta

from connector.context.context import Audience
from connector.context.index import IndexEntry, IndexKey, knowledge_scope
from connector.journal import EntryKind
from connector.policy import Tier
from connector.record import Origin
from connector.report.retrieval import retrieval_of
from tests.support.given import policy
from tests.support.outside import Saying
from tests.support.road import FREE


def rule(key, body):
    return IndexEntry(
        key=IndexKey(key), scope=knowledge_scope("rules"), title="Refunds", body=body, source=f"rules.md#{key}",
        origin=Origin.FILE, audience=Audience.CUSTOMER,
    )  # fmt: skip


def test_what_was_found_is_told_with_every_decision_and_drift_shows(build):
    quiet = Saying(lambda question: [])
    road = build(
        under=policy(gate=FREE, reason="{tier: fast, usd_per_day: 1}", context="{knowledge: [rules]}"),
        models=lambda store, clock: {Tier.FAST: quiet},
    )
    road.index.upsert([rule("a", "Who was charged twice gets the money back."), rule("b", "Charged once is fine.")])
    first = road.ticket("Charged twice")
    road.rounds()
    [decided] = road.entries(first, EntryKind.DECIDED)
    told = decided.body["detail"]["retrieval"]
    assert (told["found"], told["cited"], told["searched"]) == (2, 0, 0)
    assert told["best"] > 0
    assert told["lead"] > 0
    road.wait(timedelta(days=10))
    road.index.clear()
    road.ticket("Charged twice, again")
    road.rounds()
    with road.store.snapshot() as tx:
        [report] = retrieval_of(tx, road.clock.now())
    assert (report.before.empty, report.lately.empty) == (0.0, 1.0)
    assert report.before.best == told["best"]
    assert report.lately.best is None
