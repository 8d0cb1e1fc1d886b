"""A field learned from its own history, kept on disk and asked again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.decision.agent import learner_key
from connector.decision.agents import AGENTS
from connector.decision.decision import Decision
from connector.decision.field_learner import NEEDED, FieldLearner, FieldLearnerFormat, fit_field
from connector.decision.learner import NotLearned
from connector.decision.learners import Effort
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.shelf import DiskShelf
from connector.decision.tables import MIGRATIONS
from connector.record import FieldName
from connector.store import SqliteStore, migrate
from tests.support.questions import policy, question, ticket

AT = datetime(2026, 11, 20, tzinfo=UTC)
BILLING = [f"I was charged twice on invoice {number}, please refund the payment" for number in range(20)]
REPAIR = [f"The pump number {number} is broken and leaks, send a technician" for number in range(20)]


def taught(first="billing", second="repair"):
    learner = fit_field(BILLING + REPAIR, [first] * 20 + [second] * 20, seed=1, effort=Effort.QUICK)
    assert isinstance(learner, FieldLearner)
    return learner


def test_values_come_back_in_their_own_type():
    [yes, no] = taught(True, False).predict(["charged twice, refund the payment", "the pump is broken and leaks"])
    assert (yes.value, no.value) == (True, False)
    assert yes.alternatives == (False,)


@pytest.mark.parametrize("count", [0, 1, NEEDED - 1])
def test_too_few_examples_are_counted_not_learned(count):
    assert fit_field(BILLING[:count], ["billing"] * count, seed=1) == NotLearned(examples=count, needed=NEEDED)


def test_examples_that_all_say_the_same_teach_nothing():
    learned = fit_field(BILLING, ["billing"] * 20, seed=1, effort=Effort.QUICK)
    assert isinstance(learned, NotLearned)
    assert learned.why.startswith("nothing to learn")


def test_blank_texts_and_empty_values_do_not_count():
    texts, values = [*BILLING[:10], *[" "] * 20, *REPAIR], ["billing"] * 30 + [None] * 20
    assert fit_field(texts, values, seed=1) == NotLearned(examples=10, needed=NEEDED)


def test_the_offline_tier_decides_by_a_learner_from_the_shelf_after_a_restart(tmp_path):
    asked = question(
        ticket("Refund", "I was charged twice, please refund the payment"), policy("\n  update: {category: {}}\n")
    )
    key = learner_key(asked, FieldName("category"))
    for restarted in (False, True):
        store = SqliteStore(tmp_path / "state.db")
        migrate(store, MIGRATIONS)
        shelf = DiskShelf(store, tmp_path / "learners", FieldLearnerFormat())
        if not restarted:
            shelf.shelve(key, taught(), examples=40, at=AT)
        [result] = OfflineReasoner(AGENTS, shelf).decide([asked])
        store.close()
        steps = result.actions if isinstance(result, Decision) else result.guesses
        assert [step.action.value for step in steps] == ["billing"]
        assert result.pins.learner == taught().version
