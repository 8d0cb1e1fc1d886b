"""The index fills itself: from knowledge files as they change, and from the records after it was lost."""

from __future__ import annotations

import pytest

from connector.context.index import IndexState, Reach, knowledge_scope
from connector.pipeline.index_keeper import IndexKeeper
from connector.policy import PolicySet
from tests.conformance.kept import Quiet
from tests.support.given import policy
from tests.support.road import FREE, HubSpotDesk, Road

SEARCHING = {
    "gate": FREE, "may": "{update: {category: {}}}", "reason": "{cascade: [{tier: offline}], searches: 2}",
    "context": "{knowledge: [rules]}",
}  # fmt: skip


@pytest.fixture
def road(tmp_path):
    road = Road(HubSpotDesk(), tmp_path, under=policy(**SEARCHING))
    yield road
    road.store.close()


@pytest.fixture
def rules(tmp_path):
    folder = tmp_path / "knowledge"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "returns.md").write_text("# Returns\n\nOpened goods come back within a fortnight.\n")
    return folder


@pytest.fixture
def keeper(road, rules):
    return IndexKeeper(store=road.store, index=road.index, folder=rules, log=Quiet())


def found(road, words):
    reach = Reach(scopes=frozenset({knowledge_scope("rules")}))
    bodies = [hit.entry.body for hit in road.index.search(words, reach)]
    return {body.split(" come")[0].split("\n")[-1] for body in bodies if words in body}


def keep(road, keeper):
    keeper.step(road.policies, {road.desk.connection})


def test_an_edited_file_is_taken_up_and_a_deleted_one_is_let_go(road, rules, keeper):
    keep(road, keeper)
    assert found(road, "fortnight") == {"Opened goods"}
    (rules / "rules" / "returns.md").write_text("# Returns\n\nUnopened goods come back within a month, no more.\n")
    keep(road, keeper)
    assert (found(road, "fortnight"), found(road, "month")) == (set(), {"Unopened goods"})
    (rules / "rules" / "returns.md").unlink()
    keep(road, keeper)
    assert found(road, "month") == set()


def test_a_file_that_did_not_change_is_not_read_again(road, rules, keeper):
    keep(road, keeper)
    place = rules / "rules" / "returns.md"
    before = place.stat()
    road.index.delete(road.index.keys(knowledge_scope("rules")))
    keep(road, keeper)
    assert found(road, "fortnight") == set()
    place.touch()
    assert place.stat().st_mtime_ns != before.st_mtime_ns
    keep(road, keeper)
    assert found(road, "fortnight") == {"Opened goods"}


def test_knowledge_that_no_policy_names_any_more_is_let_go(road, keeper):
    keep(road, keeper)
    keeper.step(PolicySet([policy(**SEARCHING | {"context": "{knowledge: []}"})]), {road.desk.connection})
    assert found(road, "fortnight") == set()


def test_a_lost_index_is_filled_from_files_and_records_and_nobody_acts(road, keeper):
    road.activate()
    ticket = road.ticket("Charged twice")
    road.rounds()
    keep(road, keeper)
    written = road.agent_lines(ticket)
    road.index.clear()
    keep(road, keeper)
    assert road.index.stats().state is IndexState.REBUILD
    road.rounds()
    keep(road, keeper)
    assert road.index.stats().state is IndexState.READY
    assert any("Charged twice" in hit.entry.body for hit in road.index.search("charged", None))
    assert road.agent_lines(ticket) == written
