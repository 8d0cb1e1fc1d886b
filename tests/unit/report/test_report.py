"""The read side: what an entry says, whose value stands, and how many verdicts are still needed."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.calibration.bounds import fewest_trials, lower_bound
from connector.decision.learner import LearnerKey
from connector.decision.versions import Shelved, add_version
from connector.gate import labels
from connector.gate.cells import Cell
from connector.gate.labels import Label, LabelSource
from connector.journal import Entry, EntryKind, Journal, erase_bodies, of_record
from connector.policy import PolicyName
from connector.record import FieldName, RecordRef
from connector.report.earning import earned_so_far, labels_needed
from connector.report.persons import records_mentioning
from connector.report.sentences import ERASED, headline
from connector.report.standing import report
from connector.report.story import story_of
from connector.store import SqliteStore
from tests.support.databases import sqlite

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
REF = RecordRef.parse("crm:ticket/7")
CELL = "crm/triage/ticket/update/category"
UPDATE = {"kind": "update", "ref": str(REF), "field": "category", "value": "Refund"}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = sqlite(tmp_path)
    yield opened
    opened.close()


def tell(store: SqliteStore, *steps: tuple[EntryKind, dict[str, Any]], ref: RecordRef = REF) -> None:
    with store.transaction("test") as tx:
        entries = [Entry(kind=kind, at=NOW, ref=ref, policy="p", body=body) for kind, body in steps]
        Journal(random.Random(1)).append(tx, *entries)


def test_the_last_word_on_a_field_is_what_stands(store: SqliteStore) -> None:
    tell(
        store,
        (EntryKind.APPLIED, {"action": UPDATE, "text": "set category to Refund", "before": None, "wrote": True}),
        (EntryKind.CONFLICTED, {"action": UPDATE, "text": "set it", "why": "human_wins", "theirs": "Billing"}),
    )
    with store.snapshot() as tx:
        story = story_of(tx, REF)
    [field] = story.fields
    assert (field.value, field.whose, field.ours) == ("Billing", "somebody else's", "Refund")
    assert "theirs “Billing” stays" in story.steps[-1].sentence
    assert story.steps[0].sentence == "set category to Refund (was empty)"


def test_a_story_of_one_field_leaves_the_others_out(store: SqliteStore) -> None:
    other = UPDATE | {"field": "priority", "value": "high"}
    tell(store, (EntryKind.APPLIED, {"action": UPDATE, "text": "a"}), (EntryKind.APPLIED, {"action": other, "text": "b"}))
    with store.snapshot() as tx:
        story = story_of(tx, REF, "priority")
    assert [step.sentence for step in story.steps] == ["b"]
    assert [field.field for field in story.fields] == ["priority"]


def test_an_erased_entry_says_only_that_it_was(store: SqliteStore) -> None:
    tell(store, (EntryKind.APPLIED, {"action": UPDATE, "text": "set category to Refund"}))
    with store.transaction("erase") as tx:
        erase_bodies(tx, [entry.seq for entry in of_record(tx, REF)])
    with store.snapshot() as tx:
        [step] = story_of(tx, REF).steps
    assert (step.sentence, step.erased) == (ERASED, True)


@pytest.mark.parametrize(("attempts", "said"), [(0, "not written"), (1, "sent, no answer said that it was written")])
def test_a_write_that_was_given_up_is_said_to_be_unwritten_only_if_it_was_never_sent(
    store: SqliteStore, attempts: int, said: str
) -> None:
    tell(store, (EntryKind.STALE, {"action": UPDATE, "why": "the record was deleted", "attempts": attempts}))
    with store.snapshot() as tx:
        [step] = story_of(tx, REF).steps
    assert step.sentence.startswith(said)
    assert step.sentence.endswith("the record was deleted")


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (EntryKind.APPROVAL_REQUESTED, {"why": "paused: ada said so"}, "asked a person: paused: ada said so"),
        (EntryKind.DEMOTED, {"cell": CELL, "why": "ada said so"}, "ticket category (triage) is supervised again: ada"),
        (EntryKind.DEMOTED, {"cell": CELL, "evidence": {"why": "too few"}}, "is supervised again: too few"),
        (EntryKind.PROMOTED, {"cell": CELL, "threshold": 0.97}, "(triage) acts alone where it is at least 97% sure"),
        (EntryKind.CORRECTED, {"field": "category"}, "somebody changed category after an agent had written it"),
    ],
)
def test_what_autonomy_did_is_told_in_words(store: SqliteStore, kind: EntryKind, body: dict[str, object], said: str) -> None:
    tell(store, (kind, body))
    with store.snapshot() as tx:
        [entry] = of_record(tx, REF)
    assert said in headline(entry)


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_of_entry_has_a_sentence_even_without_details(store: SqliteStore, kind: EntryKind) -> None:
    tell(store, (kind, {}))
    with store.snapshot() as tx:
        [entry] = of_record(tx, REF)
    assert isinstance(headline(entry), str)


@pytest.mark.parametrize("target", [0.9, 0.95, 0.98, 0.99])
@pytest.mark.parametrize("have", [0, 150, 200, 399, 1700])
def test_a_test_is_waited_for_only_where_it_can_succeed(have: int, target: float) -> None:
    needed = labels_needed(have, fewest_trials(target))
    assert needed == 0 or have + needed in (200, 400, 800, 1600)
    if needed:
        assert lower_bound(have + needed, have + needed) >= target


@pytest.mark.parametrize(("target", "examples", "fewest", "needed"), [
    (0.98, None, 149, 160), (0.99, None, 299, 360), (0.98, 400, 149, 160), (0.98, 30, 228, 360), (0.99, 30, 459, 760),
])  # fmt: skip
def test_so_many_verdicts_as_the_next_test_takes_are_still_needed(
    store: SqliteStore, target: float, examples: int | None, fewest: int, needed: int
) -> None:
    """A learner that saw few examples of each value has to prove more, and the test before that is waited for in vain."""
    cell = Cell.parse(CELL)
    made = [
        Label(
            content=f"{place}", proposed=("Refund", "Billing")[place % 2], actual=None, agreed=True, confidence=0.9,
            source=LabelSource.VERDICT, at=NOW,
        )
        for place in range(40)
    ]  # fmt: skip
    named = {"connection": cell.connection, "policy": PolicyName("triage"), "object": cell.object}
    key = LearnerKey(**named, field=FieldName("category"))
    with store.transaction("test") as tx:
        labels.add(tx, cell, "offline:x", made)
        if examples is not None:
            add_version(tx, Shelved(key=key, version=1, name="a", path="a", sha256="a", examples=examples, fitted_at=NOW))
    with store.snapshot() as tx:
        [found] = earned_so_far(tx, targets={"triage": target}, now=NOW)
    assert (found.fewest, found.needed) == (fewest, needed)


def test_records_that_mention_an_address_are_found_whatever_its_case(store: SqliteStore) -> None:
    tell(store, (EntryKind.APPLIED, {"text": "wrote to Jo_B@Example.com"}))
    tell(store, (EntryKind.APPLIED, {"text": "joxb@example.com"}), ref=RecordRef.parse("crm:ticket/8"))
    with store.snapshot() as tx:
        assert records_mentioning(tx, "jo_b@example.com") == (REF,)
        assert records_mentioning(tx, "%") == ()


def test_a_fresh_state_has_a_report_with_nothing_in_it(store: SqliteStore) -> None:
    with store.snapshot() as tx:
        stands = report(tx, targets={}, now=NOW)
    assert (stands.positions, stands.cells, stands.buried, stands.reconciled) == ((), (), (), None)
    assert stands.approvals.count == stands.handoffs.count == 0
