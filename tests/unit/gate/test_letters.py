"""What stands elsewhere is looked at again only where its question became another: whatever else waits costs nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from connector.gate import approvals, letters
from connector.gate.rebasing import rebase
from connector.store.store import SqliteTransaction
from tests.support.given import CATEGORY, NOW, SUBJECT, approval, ref, update


def question(number: int):
    return approval(f"a{number}", action=update(ref=ref(str(number))))


def posted(state, numbers):
    asked = [question(number) for number in numbers]
    with state.transaction("test: posted") as tx:
        approvals.ask(tx, asked)
        for one in asked:
            letters.leaves(tx, one.id, "slack", NOW)
            letters.sent(tx, one, "slack", f"ts-{one.id}")
    return asked


def ours(one, name=SUBJECT):
    return replace(one.bases[name], value="ours by now")


def renewed(tx):
    return [(one.id, reference) for one, reference in letters.outdated(tx, "slack", limit=20)]


def test_only_what_became_another_question_is_shown_anew_and_once(state):
    asked = posted(state, range(5))
    with state.transaction("test") as tx:
        assert renewed(tx) == []
        rebase(tx, asked[3].ref, SUBJECT, ours(asked[3]))
        rebase(tx, asked[1].ref, CATEGORY, ours(asked[1], CATEGORY))  # what is asked about rests on people's values alone
        assert renewed(tx) == [("a3", "ts-a3")]
        [(now, reference)] = letters.outdated(tx, "slack", limit=20)
        letters.sent(tx, now, "slack", reference)
        assert renewed(tx) == []


def test_a_question_that_became_another_while_its_message_was_on_its_way_is_shown_anew(state):
    asked = question(7)
    with state.transaction("test") as tx:
        approvals.ask(tx, [asked])
        letters.leaves(tx, asked.id, "slack", NOW)
        rebase(tx, asked.ref, SUBJECT, ours(asked))
        letters.sent(tx, asked, "slack", "ts-a7")
        assert renewed(tx) == [("a7", "ts-a7")]


def test_what_was_settled_meanwhile_is_not_shown_anew(state):
    [asked] = posted(state, [1])
    with state.transaction("test") as tx:
        rebase(tx, asked.ref, SUBJECT, ours(asked))
        approvals.reject(tx, asked, by="ada", at=NOW, remark=None)
        assert renewed(tx) == []


def work(path, read):
    """How many instructions of its machine SQLite took to answer."""
    raw, taken = sqlite3.connect(path), 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    raw.row_factory = sqlite3.Row
    raw.set_progress_handler(count, 1)
    read(SqliteTransaction(raw))
    raw.close()
    return taken


@pytest.mark.parametrize("moved", [False, True])
def test_looking_for_what_changed_costs_the_same_however_many_questions_stand_there(state, tmp_path, moved):
    [first, *_] = posted(state, range(20))
    if moved:
        with state.transaction("test") as tx:
            rebase(tx, first.ref, SUBJECT, ours(first))
    few = work(tmp_path / "state.db", renewed)
    posted(state, range(100, 700))
    assert work(tmp_path / "state.db", renewed) == few
