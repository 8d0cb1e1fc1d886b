"""Every answer a CRM can give to a write becomes exactly one outcome, with its journal entry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.action import CreateNote
from connector.adapter import Created, GuardFailed, Missed, Overwritten, Postponed, Refused, Unknown, Unsettled, Written
from connector.gate import approvals, handoffs
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind, of_intent
from connector.policy import OnOverwrite
from connector.record import FieldStamp, Version
from connector.report.outcomes import outcomes_of
from connector.report.sentences import headline
from connector.writeback import UNFINISHED, OutboxState, outbox
from connector.writeback.plan import AskAgain, Conflict, Outdated, Settled, ToSend, Unfit
from connector.writeback.settle import RETRIES, Settler
from connector.writeback.tally import Tally
from tests.support.given import CATEGORY, NOW, SUBJECT, approval, record, ref, update

LIVE = record(category=None, subject="Charged twice")
WRITTEN = Written(version=Version("2"), before={CATEGORY: None}, after={CATEGORY: "billing"})
THEIRS = Overwritten(field=CATEGORY, value="other", stamp=FieldStamp(at=NOW, source="CRM_UI", by="rep"))
OVERRAN = Written(version=Version("2"), before={CATEGORY: "other"}, after={CATEGORY: "billing"}, overwritten=(THEIRS,))


class Bench:
    """One action under way, and what becomes of it."""

    def __init__(self, state, journal) -> None:
        self.state, self.journal, self.tally = state, journal, Tally()
        self.told: list[OutboxState] = []

    def sending(self, action=None, **how):
        asked = approval(state=ApprovalState.ALLOWED, action=action or update(), **how)
        with self.state.transaction("test") as tx:
            approvals.ask(tx, [asked])
            outbox.enqueue(tx, [approvals.clear_allowed(asked, "sure")], NOW)
            outbox.mark_sending(tx, {asked.intent: LIVE}, NOW)
            row = outbox.find(tx, asked.intent)
        assert row is not None
        return row

    def settle(self, act):
        with self.state.transaction("test") as tx:
            settler = Settler(
                tx=tx, journal=self.journal, at=NOW, tally=self.tally, tell=lambda tx, row, state: self.told.append(state)
            )
            act(settler)
            settler.flush()

    def row(self, intent="acea1"):
        with self.state.snapshot() as tx:
            return outbox.find(tx, intent)

    def story(self, intent="acea1"):
        with self.state.snapshot() as tx:
            return [stored.entry.kind for stored in of_intent(tx, intent)]


@pytest.fixture
def bench(state, journal):
    return Bench(state, journal)


ANSWERS = [
    (WRITTEN, OutboxState.APPLIED, EntryKind.APPLIED, "applied"),
    (OVERRAN, OutboxState.CONFLICTED, EntryKind.CONFLICTED, "conflicted"),
    (Written(version=Version("2"), before={}, after={}, ignored=(CATEGORY,)), OutboxState.CONFLICTED, EntryKind.CONFLICTED,
     "conflicted"),
    (Refused(code="X", reason="no"), OutboxState.REFUSED, EntryKind.REFUSED, "refused"),
    (Missed(), OutboxState.STALE, EntryKind.STALE, "outdated"),
    (Missed(into=ref("9")), OutboxState.STALE, EntryKind.STALE, "outdated"),
    (Unknown(reason="silence"), OutboxState.UNKNOWN, EntryKind.UNKNOWN, "unknown"),
    (GuardFailed(), OutboxState.READY, None, "postponed"),
    (Unsettled(wait=timedelta(seconds=2)), OutboxState.READY, None, "postponed"),
    (Postponed(reason="locked"), OutboxState.READY, None, "postponed"),
    (Postponed(reason="limit", wait=timedelta(seconds=30)), OutboxState.READY, None, "postponed"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "state_after", "entry", "counted"), ANSWERS)
def test_an_answer_to_an_update_is_one_outcome(bench, answer, state_after, entry, counted):
    row = bench.sending()
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), answer))
    assert bench.row().state is state_after
    assert bench.story() == ([entry] if entry else [])
    assert bench.tally == Tally(**{counted: 1})
    final = state_after not in UNFINISHED
    assert bench.told == ([state_after] if final else [])


def test_the_wait_the_crm_asks_for_is_kept(bench):
    row = bench.sending()
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), Unsettled(wait=timedelta(seconds=2))))
    assert bench.row().not_before == NOW + timedelta(seconds=2)


def test_a_record_that_never_stands_still_is_given_up(bench):
    row = bench.sending()
    from dataclasses import replace

    tired = replace(row, attempts=RETRIES)
    bench.settle(lambda settler: settler.updated(ToSend(tired, LIVE), GuardFailed()))
    assert bench.row().state is OutboxState.CONFLICTED
    assert "kept changing" in bench.row().outcome["why"]


def test_an_edit_that_is_owed_back_is_put_back_however_often_the_record_changes(bench):
    row = bench.sending()
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), OVERRAN))
    for _ in range(RETRIES + 1):
        with bench.state.transaction("test") as tx:
            outbox.mark_sending(tx, {"acea1-restore": LIVE}, NOW)
        back = bench.row("acea1-restore")
        bench.settle(lambda settler, back=back: settler.updated(ToSend(back, LIVE), GuardFailed()))
    back = bench.row("acea1-restore")
    assert (back.state, back.attempts) == (OutboxState.READY, RETRIES + 1)
    assert back.not_before > NOW  # a little later, so that a record in motion is not hammered


def test_a_person_is_told_when_an_edit_that_is_owed_back_fits_the_crm_no_more(bench):
    row = bench.sending()
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), OVERRAN))
    back = bench.row("acea1-restore")
    bench.settle(lambda settler: settler.unsent(Unfit(back, "option", "category has no option other any more")))
    assert bench.row("acea1-restore").state is OutboxState.REFUSED
    assert bench.story("acea1-restore") == [EntryKind.REFUSED, EntryKind.HANDED_OFF]
    with bench.state.snapshot() as tx:
        (told,) = handoffs.listed(tx)
    assert (told.ref, told.owner, told.reason) == (row.ref, "leads", "stakes")
    assert "has no option other any more" in told.summary


def test_a_person_is_told_when_nobody_can_tell_whether_an_edit_went_back(bench):
    row = bench.sending()
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), OVERRAN))
    back = bench.row("acea1-restore")
    bench.settle(lambda settler: settler.doubted(ToSend(back, record(category="billing", subject="Charged twice"))))
    assert bench.row("acea1-restore").state is OutboxState.CONFLICTED
    assert bench.story("acea1-restore") == [EntryKind.CONFLICTED, EntryKind.HANDED_OFF]


def test_of_a_value_that_may_be_ours_or_somebody_elses_neither_is_said(bench):
    """No answer came to our write, no history tells, and the record holds our value."""
    row = bench.sending()
    bench.settle(lambda settler: settler.doubted(Settled(row, record(category="billing", subject="Charged twice"))))
    assert (bench.row().state, bench.row().inverse) == (OutboxState.APPLIED, None)
    with bench.state.snapshot() as tx:
        [told] = of_intent(tx, "acea1")
        [outcome] = outcomes_of(tx, approvals.of_record(tx, row.ref)).values()
    assert told.body["wrote"] is None
    for sentence in (headline(told), outcome.sentence):
        assert "whether our write arrived or somebody else set it cannot be told" in sentence


@pytest.mark.parametrize("how", [OnOverwrite.RESTORE, OnOverwrite.ASK])
def test_an_edit_our_write_replaced_goes_back(bench, how):
    row = bench.sending(on_overwrite=how)
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), OVERRAN))
    back = bench.row("acea1-restore")
    assert (back.action.value, back.bases[CATEGORY].value, back.state) == ("other", "billing", OutboxState.READY)
    with bench.state.snapshot() as tx:
        asked = [one.id for one in approvals.listed(tx)]
    assert asked == (["a1x2"] if how is OnOverwrite.ASK else [])


def test_an_edit_to_the_same_value_needs_no_way_back(bench):
    from dataclasses import replace

    row = bench.sending()
    same = replace(OVERRAN, overwritten=(replace(THEIRS, value="billing"),))
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), same))
    assert bench.row("acea1-restore") is None


UNSENT = [
    (lambda row: Settled(row, LIVE), OutboxState.APPLIED, EntryKind.APPLIED),
    (lambda row: Conflict(row, LIVE, "other", "moved"), OutboxState.CONFLICTED, EntryKind.CONFLICTED),
    (lambda row: Outdated(row, "gone"), OutboxState.STALE, EntryKind.STALE),
    (lambda row: AskAgain(row, LIVE, "moved"), OutboxState.STALE, EntryKind.STALE),
    (lambda row: Unfit(row, "read_only", "no"), OutboxState.REFUSED, EntryKind.REFUSED),
]


@pytest.mark.parametrize(("plan", "state_after", "entry"), UNSENT)
def test_what_comparison_settles_needs_no_answer(bench, plan, state_after, entry):
    row = bench.sending()
    bench.settle(lambda settler: settler.unsent(plan(row)))
    assert bench.row().state is state_after
    assert bench.story() == [entry]


def test_asked_again_the_question_rests_on_the_present_values(bench):
    row = bench.sending()
    live = record(category="other", subject="Charged twice")
    bench.settle(lambda settler: settler.ask_again(row, live, "moved"))
    with bench.state.snapshot() as tx:
        [again] = approvals.listed(tx)
    assert (again.bases[CATEGORY].value, again.bases[SUBJECT].value) == ("other", "Charged twice")
    assert again.intent != row.intent


def test_a_created_note_knows_how_to_be_removed(bench):
    row = bench.sending(CreateNote(ref=ref(), body="…"))
    bench.settle(lambda settler: settler.created(row, Created(ref=ref("n1"), existed=True)))
    assert bench.row().inverse == {"remove": "crm:ticket/n1"}
    assert bench.row().outcome["existed"] is True


def test_an_applied_update_knows_what_it_replaced(bench):
    row = bench.sending()
    bench.settle(lambda settler: settler.updated(ToSend(row, LIVE), WRITTEN))
    assert bench.row().inverse == {"restore": "crm:ticket/7", "field": "category", "before": None, "ours": "billing"}
