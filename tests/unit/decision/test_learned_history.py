"""A category learned from an organisation's own tickets, kept on disk, and asked after a restart."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

from connector.decision.agent import learner_key
from connector.decision.agents import AGENTS
from connector.decision.decision import Decision
from connector.decision.learners import Effort, RouteLearner, fit
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.shelf import DiskShelf
from connector.decision.tables import MIGRATIONS
from connector.record import FieldName
from connector.store import SqliteStore, migrate
from tests.support.questions import policy, question, ticket

AT = datetime(2026, 11, 20, tzinfo=UTC)
BILLING = [f"I was charged twice on invoice {number}, please refund the payment" for number in range(20)]
REPAIR = [f"The pump number {number} is broken and leaks, send a technician" for number in range(20)]


class PickleFormat:
    def store(self, learner):
        return pickle.dumps(learner)

    def restore(self, content, version):
        return pickle.loads(content)


def test_the_offline_tier_decides_by_a_learner_from_the_shelf_after_a_restart(tmp_path):
    learner = fit(BILLING + REPAIR, ["billing"] * 20 + ["repair"] * 20, seed=1, effort=Effort.QUICK)
    assert isinstance(learner, RouteLearner)
    record = ticket("Refund", "I was charged twice, please refund the payment")
    asked = question(record, policy("\n  update: {category: {}}\n"))
    for restarted in (False, True):
        store = SqliteStore(tmp_path / "state.db")
        migrate(store, MIGRATIONS)
        shelf = DiskShelf(store, tmp_path / "learners", PickleFormat())
        if not restarted:
            shelf.shelve(learner_key(asked, FieldName("category")), learner, examples=40, at=AT)
        [result] = OfflineReasoner(AGENTS, shelf).decide([asked])
        store.close()
        steps = result.actions if isinstance(result, Decision) else result.guesses
        assert [step.action.value for step in steps] == ["billing"]
        assert result.pins.learner == learner.version
