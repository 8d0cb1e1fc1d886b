"""Every stage's tables behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.action import CreateNote, inverse_of
from connector.action.inverse import encode_inverse
from connector.adapter import ChangeKind, ChangeOrigin, Stay, ToldActivity
from connector.change import cursors, inbox
from connector.change.aliases import note_merge, survivor_of
from connector.change.inbox import Burial
from connector.change.seen import forget, look_up, note_own_write, note_snapshots, note_versions
from connector.change.trigger import Visit, last_visit, record_visits
from connector.context import activities, memory, past
from connector.context.activities import Activity, activities_of, remember_activities
from connector.context.agent_values import AgentValue, agent_values, confirm, remember_values, value_digest
from connector.context.context import PastDecision
from connector.context.examples import Example, ExampleSource, count_since, remember_examples, training_examples
from connector.context.intake import (
    Intake,
    note_outcomes,
    remember_intake,
    settled_since,
    training_rows,
    with_intake,
)
from connector.context.stays import EndedDeal, ended_deals, remember_stays, unread
from connector.decision import decisions
from connector.decision.budget import Exhausted, Reserved, SpendingLedger
from connector.decision.decisions import RecordedDecision
from connector.gate import (
    LimitBook,
    accounts,
    approval_tasks,
    approvals,
    audits,
    bulks,
    cells,
    feedback,
    handoffs,
    labels,
    letters,
    persons,
    queue,
    sessions,
)
from connector.gate.approval import ApprovalError, ApprovalState
from connector.gate.approval_tasks import TaskState
from connector.gate.bulks import BulkStage
from connector.gate.cells import CellState, Standing
from connector.gate.feedback import EscalationQuality, Feedback
from connector.gate.handoffs import Handoff, HandoffState
from connector.gate.labels import Label, LabelSource
from connector.gate.persons import Role
from connector.gate.queue import View
from connector.gate.verdict import FieldBase
from connector.journal import (
    Entry,
    EntryKind,
    Journal,
    erase_bodies,
    newest,
    of_decision,
    of_intent,
    of_record,
    seal,
    verify,
    walk,
)
from connector.pipeline.state import MIGRATIONS, prepare
from connector.policy import Unanswered
from connector.record import ActionKind, ConnectionName, ObjectType, Origin
from connector.store import Sync
from connector.writeback import OutboxState, WritePurpose, outbox
from tests.support.given import CATEGORY, CRM, NOW, SUBJECT, TICKET, approval, cursor, event, policy, record, ref, update

KEY = b"k" * 32
LATER = NOW + timedelta(hours=1)
CASE = Handoff(
    id="h1", decision="d1", policy="triage", ref=TICKET, reason="unsure", summary="s", tried=("a",), missing=("b",),
    owner="leads", ladder=("leads", "boss"), step=0, fallback=Unanswered.DENY, state=HandoffState.OPEN, opened_at=NOW,
    due_at=LATER,
)  # fmt: skip


def test_all_migrations_apply_once(store):
    assert prepare(store) == ()
    with store.snapshot() as tx:
        rows = tx.rows("SELECT stage, number FROM store_migrations")
    assert {(row["stage"], row["number"]) for row in rows} == {(one.stage, one.number) for one in MIGRATIONS}


def test_a_failed_transaction_keeps_nothing(store):
    def fail_late() -> None:
        with store.transaction("test") as tx:
            inbox.put(tx, [event()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    with store.snapshot() as tx:
        assert inbox.depth(tx)[Burial.WAITING] == 0


def test_a_snapshot_refuses_writes(store):
    with pytest.raises(Exception, match=r"(?i)read-?only"), store.snapshot() as tx:
        inbox.put(tx, [event()])


def test_a_transaction_may_commit_lazily(store):
    with store.transaction("test", Sync.NORMAL) as tx:
        inbox.put(tx, [event()])
    with store.snapshot() as tx:
        assert inbox.depth(tx)[Burial.WAITING] == 1


def test_an_event_queued_twice_is_one(store):
    with store.transaction("test") as tx:
        inbox.put(tx, [event(), event(), event(version="2"), event(ref("8"), ChangeKind.DELETED, version=None)])
        inbox.put(tx, [event()], run="march")
    with store.snapshot() as tx:
        due = inbox.due(tx, NOW, 10, [CRM])
        assert [(one.event.ref.id, one.event.version, one.run) for one in due] == [
            ("7", "1", None),
            ("7", "2", None),
            ("8", None, None),
            ("7", "1", "march"),
        ]
        assert due[0].event == event()


def test_an_event_waits_is_set_aside_and_comes_back(store):
    with store.transaction("test") as tx:
        merged = event(ref("8"), ChangeKind.MERGED, version=None, into=ref("7"), origin=ChangeOrigin.POLL)
        inbox.put(tx, [event(), merged])
        one, two = inbox.due(tx, NOW, 10, [CRM])
        assert two.event == merged
        inbox.release(tx, [one.seq], reason="busy", retry_at=LATER)
        inbox.postpone(tx, [two.seq], LATER, reason="an answer is on its way")
        assert inbox.reasons_to_wait(tx, NOW) == {"an answer is on its way": 1, "busy": 1}
        assert inbox.reasons_to_wait(tx, LATER) == {}
        assert inbox.due(tx, NOW, 10, [CRM]) == []
        assert inbox.next_due(tx, [CRM]) == LATER
        assert inbox.next_due(tx, [ConnectionName("removed")]) is None
        assert [(each.attempts, each.seq) for each in inbox.due(tx, LATER, 10, [CRM])] == [(1, one.seq), (0, two.seq)]
        inbox.bury(tx, one.seq, "poison")
        assert [each.reason for each in inbox.buried(tx)] == ["poison"]
        assert inbox.depth(tx) == {Burial.WAITING: 1, Burial.BURIED: 1}
        assert inbox.requeue(tx, ref("9")) == 0
        assert inbox.requeue(tx, TICKET) == 1
        assert inbox.requeue(tx) == 0
        inbox.finish(tx, [two.seq])
        assert inbox.drop_record(tx, TICKET) == 1
        assert inbox.next_due(tx, [CRM]) is None


def test_reading_positions_are_kept_per_object(store):
    with store.transaction("test") as tx:
        cursors.activate(tx, CRM, ObjectType.TICKET, cursor=cursor(), now=NOW, fields=[SUBJECT])
        cursors.activate(tx, CRM, ObjectType.TICKET, cursor=cursor("other"), now=LATER, fields=[])
        cursors.advance(tx, CRM, ObjectType.TICKET, cursor("c2"))
        begun = cursors.position(tx, CRM, ObjectType.TICKET)
        assert begun is not None
        cursors.advance_sweep(tx, begun, cursor("s1"), done=False)
        cursors.advance_sweep(tx, begun, cursor("late"), done=True)
        place = cursors.position(tx, CRM, ObjectType.TICKET)
        assert place is not None
        assert (place.cursor, place.sweep, place.baselined, place.activated_at) == ("c2", "s1", False, NOW)
        cursors.advance_sweep(tx, place, cursor("s2"), done=True)
        [place] = cursors.positions(tx)
        assert (place.sweep, place.baselined, place.fields) == (None, True, {SUBJECT})
        cursors.rebaseline(tx, CRM, ObjectType.TICKET, [SUBJECT, CATEGORY])
        [place] = cursors.positions(tx)
        assert (place.baselined, place.fields) == (False, {SUBJECT, CATEGORY})


def test_what_was_seen_of_a_record_is_kept(store):
    first = record(subject="A", amount=Decimal("1.50"))
    with store.transaction("test") as tx:
        note_versions(tx, [first])
        assert look_up(tx, [TICKET])[TICKET].snapshot is None
        note_snapshots(tx, [first], [SUBJECT])
        note_versions(tx, [replace(first, version="2")])
        seen = look_up(tx, [TICKET, ref("8")])
        assert (seen[TICKET].version, seen[TICKET].snapshot) == ("2", {SUBJECT: "A"})
        note_own_write(tx, TICKET, {SUBJECT: "B", CATEGORY: "unwatched"}, {SUBJECT: "A", CATEGORY: None})
        assert look_up(tx, [TICKET])[TICKET].snapshot == {SUBJECT: "B"}
        for number, print_of in enumerate("fg", start=1):
            record_visits(tx, [(TICKET, "triage", Visit(fingerprint=print_of, number=number))])
        assert last_visit(tx, TICKET, "triage") == Visit(fingerprint="g", number=2)
        forget(tx, [TICKET])
        assert look_up(tx, [TICKET]) == {}
        assert last_visit(tx, TICKET, "triage") is None


def test_thousands_of_records_are_looked_up_at_once(store):
    many = [record(ref(str(place)), subject="x") for place in range(1203)]
    with store.transaction("test") as tx:
        note_versions(tx, many)
        assert len(look_up(tx, [one.ref for one in many])) == 1203


def test_merges_are_followed_to_the_survivor(store):
    with store.transaction("test") as tx:
        note_merge(tx, ref("1"), ref("2"))
        note_merge(tx, ref("2"), ref("3"))
        note_merge(tx, ref("3"), ref("1"))  # a circle ends where it began
        assert survivor_of(tx, ref("9")) == ref("9")
        assert survivor_of(tx, ref("1")) in {ref("2"), ref("3"), ref("1")}


def test_an_outbox_row_walks_from_ready_to_its_outcome(store):
    live = record(category=None, subject="Charged twice")
    allowed = approval(state=ApprovalState.ALLOWED)
    with store.transaction("test") as tx:
        outbox.enqueue(tx, [approvals.clear_allowed(allowed, "sure")], NOW)
        outbox.enqueue(tx, [approvals.clear_allowed(allowed, "sure")], LATER)
        [row] = outbox.due(tx, NOW, 10, [CRM])
        assert (row.state, row.action, row.bases, row.cleared_at) == (OutboxState.READY, update(), allowed.bases, NOW)
        outbox.mark_sending(tx, {row.intent: live}, NOW)
        [sending] = outbox.in_state(tx, OutboxState.SENDING)
        assert (sending.live, sending.sent_at, sending.attempts) == (live, NOW, 1)
        assert outbox.unfinished_refs(tx) == {TICKET}
        assert outbox.due(tx, LATER, 10, [CRM]) == []
        outbox.mark_unknown(tx, [row.intent], look_at=LATER)
        assert outbox.next_due(tx, [CRM]) == LATER
        outbox.send_again(tx, row.intent, not_before=LATER)
        assert outbox.due(tx, NOW, 10, [CRM]) == []
        inverse = encode_inverse(inverse_of(row.action, before=None))
        outbox.settle(tx, row.intent, OutboxState.APPLIED, at=LATER, outcome={"wrote": True}, inverse=inverse)
        outbox.mark_reverted(tx, row.intent)
        found = outbox.find(tx, row.intent)
        assert found is not None
        assert (found.state, found.outcome, found.inverse) == (OutboxState.REVERTED, {"wrote": True}, inverse)
        assert outbox.counts(tx) == {"reverted": 1}
        assert [one.intent for one in outbox.of_record(tx, TICKET)] == [row.intent]
        assert outbox.next_due(tx, [CRM]) is None


def test_an_action_waits_for_the_one_before_it(store):
    first = approval("a1", state=ApprovalState.ALLOWED)
    note = approval("a2", action=CreateNote(ref=TICKET, body="…"), state=ApprovalState.ALLOWED, after=first.intent)
    with store.transaction("test") as tx:
        outbox.enqueue(tx, [approvals.clear_allowed(note, "sure")], NOW)
        assert outbox.due(tx, NOW, 10, [CRM]) == []
        assert outbox.next_due(tx, [CRM]) is None  # nobody has said yet whether the first one may happen
        outbox.enqueue(tx, [approvals.clear_allowed(first, "sure")], NOW)
        assert outbox.next_due(tx, [CRM]) is not None
        assert outbox.next_due(tx, [ConnectionName("removed")]) is None
        assert [row.intent for row in outbox.due(tx, NOW, 10, [CRM])] == [first.intent]
        outbox.settle(tx, first.intent, OutboxState.APPLIED, at=NOW, outcome={})
        assert [row.intent for row in outbox.due(tx, NOW, 10, [CRM])] == [note.intent]


def test_an_edit_we_overran_goes_back_before_anything_else_is_written(store):
    later = approval("a2", state=ApprovalState.ALLOWED)
    note = approval("a3", action=CreateNote(ref=TICKET, body="…"), state=ApprovalState.ALLOWED)
    with store.transaction("test") as tx:
        outbox.enqueue(tx, [approvals.clear_allowed(approval(state=ApprovalState.ALLOWED), "sure")], NOW)
        [row] = outbox.due(tx, NOW, 10, [CRM])
        outbox.settle(tx, row.intent, OutboxState.CONFLICTED, at=NOW, outcome={})
        outbox.enqueue_undo(
            tx, row, intent="back", action=update("other"), bases=row.bases, purpose=WritePurpose.RESTORE, by="us", at=NOW
        )
        outbox.enqueue(tx, [approvals.clear_allowed(one, "sure") for one in (later, note)], NOW)
        outbox.send_again(tx, "back", not_before=LATER)  # the CRM refuses it for a while
        assert [one.intent for one in outbox.due(tx, NOW, 10, [CRM])] == [note.intent]
        assert {one.intent for one in outbox.due(tx, LATER, 10, [CRM])} == {"back", note.intent}
        outbox.settle(tx, "back", OutboxState.APPLIED, at=LATER, outcome={})
        assert {one.intent for one in outbox.due(tx, LATER, 10, [CRM])} == {later.intent, note.intent}


def test_an_approval_is_kept_whole_and_settled_once(store):
    asked = approval(after="before", run="march")
    with store.transaction("test") as tx:
        approvals.ask(tx, [asked, asked])
        assert approvals.find(tx, "a") == asked
        assert approvals.listed(tx) == approvals.of_record(tx, TICKET, "triage") == [asked]
        assert approvals.overdue(tx, asked.expires_at) == [asked]
        cleared = approvals.approve(tx, asked, by="ada", at=NOW)
        assert (cleared.action, cleared.after, cleared.run) == (asked.action, "before", "march")
        with pytest.raises(ApprovalError, match="approved already"):
            approvals.approve(tx, asked, by="bob", at=NOW)
        assert approvals.vouched(tx, asked.id, asked.action)
        assert not approvals.vouched(tx, asked.id, update("other"))
        assert approvals.counts(tx) == {"approved": 1}


def test_the_gates_answers_end_in_every_way(store):
    with store.transaction("test") as tx:
        approvals.ask(tx, [approval(id) for id in ("b1", "b2", "b3", "b4")])
        approvals.reject(tx, approvals.find(tx, "b1"), by="ada", at=NOW, remark="no")
        approvals.expire(tx, approvals.find(tx, "b2"), NOW)
        approvals.supersede(tx, approvals.find(tx, "b3"), NOW, "changed")
        again = approvals.ask_again(
            tx, approvals.find(tx, "b4"), {SUBJECT: FieldBase(value="new")}, at=LATER, remark="moved"
        )
        assert again.bases == {SUBJECT: FieldBase(value="new")}
        assert approvals.counts(tx) == {"rejected": 1, "expired": 1, "superseded": 1, "stale": 1, "pending": 1}


def test_a_person_comes_in_and_a_guessed_door_shuts(store):
    with store.transaction("test") as tx:
        ada = persons.put(tx, "ada", Role.APPROVER, "token", salt="s", by="root", at=NOW)
        assert persons.listed(tx) == [ada]
        assert persons.admitted(tx, "ada", "token") == ada
        assert persons.admitted(tx, "ada", "other") is persons.admitted(tx, "eve", "token") is None
        made = sessions.open_session(tx, "secret", ada, csrf="c", at=NOW)
        assert sessions.session_of(tx, "secret", NOW) == made
        assert sessions.session_of(tx, "secret", made.ends_at) is None
        for _ in range(sessions.FREE_TRIES):
            sessions.note_failure(tx, "name:ada", NOW)
        assert sessions.wait_at(tx, "name:ada", NOW) == sessions.FIRST_WAIT
        sessions.clear_failures(tx, "name:ada")
        assert not sessions.wait_at(tx, "name:ada", NOW)
        persons.remove(tx, "ada", LATER)
        assert sessions.session_of(tx, "secret", NOW) is None
        sessions.close_session(tx, made)


def test_the_queue_groups_what_is_alike_and_leaves_out_what_was_put_off(store, monkeypatch):
    monkeypatch.setattr(audits, "BLIND_SHARE", 0.0)  # blind questions have groups of their own
    view = View(person="ada", now=NOW)
    asked = [approval(f"c{n}", action=update("other" if n else "billing", ref=ref(str(n)))) for n in range(4)]
    with store.transaction("test") as tx:
        approvals.ask(tx, asked)
        many, one = queue.groups(tx, view, limit=9)
        assert (many.count, one.count, many.pattern, one.example) == (3, 1, asked[1].pattern, asked[0])
        assert queue.page(tx, replace(view, pattern=many.pattern), limit=2, offset=1) == [asked[2], asked[3]]
        queue.snooze(tx, asked[1], person="ada", until=LATER)
        queue.hand_to(tx, asked[2], "bob")
        assert (queue.count(tx, view), queue.count(tx, replace(view, now=LATER)), queue.waiting(tx)) == (3, 4, 4)
        assert queue.count(tx, replace(view, owner="bob", policy="triage")) == 1
        assert queue.owners(tx) == ["bob", "leads"]
        approvals.reject(tx, asked[0], by="ada", at=NOW, remark=None)
        assert [one.id for one in queue.judged_by(tx, "ada", since=NOW, limit=9)] == ["c0"]


def test_a_bulk_is_fixed_sampled_and_settled_once(store, monkeypatch):
    monkeypatch.setattr(audits, "BLIND_SHARE", 0.0)  # blind questions are looked at singly
    alike = [approval(f"d{n:02}", action=update(ref=ref(str(n)))) for n in range(12)]
    with store.transaction("test") as tx:
        approvals.ask(tx, alike)
        bulk = bulks.open_bulk(tx, alike, person="ada", chance=random.Random(1), at=NOW)
        assert bulks.open_bulk(tx, alike, person="ada", chance=random.Random(2), at=NOW) == bulk
        assert bulks.find(tx, bulk.id, "ada") == bulk
        assert bulks.stage_of(tx, bulk) is BulkStage.LOOKING
        for id in bulk.sample:
            approvals.reject(tx, approvals.find(tx, id), by="ada", at=NOW, remark=None)
        assert bulks.stage_of(tx, bulk) is BulkStage.REFUSED
        bulks.settle(tx, bulk, "rejected", NOW)
        with pytest.raises(ApprovalError, match="judged already"):
            bulks.settle(tx, bulk, "rejected", NOW)


def test_feedback_on_cases_is_kept_and_counted(store):
    with store.transaction("test") as tx:
        handoffs.open_new(tx, [CASE])
        feedback.give(tx, "h1", "ada", Feedback(needed=True), NOW)
        feedback.give(tx, "h1", "ada", Feedback(enough=False), NOW)
        assert feedback.by_person(tx, ["h1"], "ada") == {"h1": Feedback(needed=True, enough=False)}
        assert feedback.quality(tx)["triage"] == EscalationQuality(needed_said=1, needed=1, enough_said=1, enough=0)


def test_a_handoff_climbs_and_settles(store):
    case = CASE
    with store.transaction("test") as tx:
        handoffs.open_new(tx, [case, case])
        assert handoffs.find(tx, "h") == case
        assert handoffs.overdue(tx, LATER) == handoffs.of_record(tx, TICKET) == handoffs.listed(tx) == [case]
        handoffs.claim(tx, case, by="ada")
        climbed = handoffs.climb(tx, case, None, LATER + timedelta(hours=1))
        assert (climbed.owner, climbed.step, climbed.state) == ("boss", 1, HandoffState.OPEN)
        assert handoffs.climb(tx, climbed, None, LATER).state is HandoffState.DENIED
        assert handoffs.counts(tx) == {"denied": 1}


def test_cells_and_labels_are_kept(store):
    cell = cells.Cell(CRM, "triage", ObjectType.TICKET, ActionKind.UPDATE, CATEGORY)
    standing = Standing(
        state=CellState.AUTONOMOUS, pins="offline:x", threshold=0.9, looks=1, evidence={"rows": 200},
        held_values=frozenset({"other"}), changed_at=NOW,
    )  # fmt: skip
    label = Label(
        content="c",
        proposed="billing",
        actual=None,
        agreed=True,
        confidence=0.9,
        source=LabelSource.VERDICT,
        at=NOW,
        ref=TICKET,
    )
    with store.transaction("test") as tx:
        cells.settle(tx, cell, replace(standing, state=CellState.SUPERVISED))
        cells.settle(tx, cell, standing)
        assert cells.standing(tx, cell) == standing
        assert cells.standings(tx) == {str(cell): standing}
        labels.add(tx, cell, "offline:x", [label, replace(label, agreed=False, at=LATER)])
        assert labels.count(tx, cell, "offline:x", LATER) == 1
        [kept] = labels.of_cell(tx, cell, "offline:x", LATER)
        assert (kept.agreed, kept.at, kept.ref) == (False, LATER, None)
        assert labels.count(tx, cell, "offline:x", LATER + labels.KEPT) == 0
        labels.erase(tx, [TICKET])
        assert labels.count(tx, cell, "offline:x", LATER) == 0


def test_limits_count_what_was_let_through(store):
    small = policy(limits="{writes_per_record_per_day: 1, records_per_hour: 1, per_day: {update: 1}, actions_per_run: 1}")
    one, two = record(TICKET), record(ref("8"))
    with store.transaction("test") as tx:
        book = LimitBook(tx)
        said = {"population": 100, "at": NOW, "run": "march"}
        assert book.braked(small, one, ActionKind.UPDATE, **said) == ()
        book.count(intent="i1", policy=small, record=one, kind=ActionKind.UPDATE, at=NOW, run="march")
    with store.transaction("test") as tx:
        book = LimitBook(tx)
        assert len(book.braked(small, one, ActionKind.UPDATE, **said)) == 3
        texts = [reason.text for reason in book.braked(small, two, ActionKind.UPDATE, **said)]
        assert [text.split(":")[0] for text in texts] == [
            "limits.records_per_hour", "limits.per_day.update", "limits.actions_per_run",
        ]  # fmt: skip


def test_a_journal_is_appended_sealed_verified_and_erased(store):
    journal = Journal(random.Random(1))
    with store.transaction("test") as tx:
        journal.append(
            tx,
            Entry(kind=EntryKind.DECIDED, at=NOW, ref=TICKET, policy="triage", decision="d", intent="i", body={"text": "ü"}),
            Entry(kind=EntryKind.STARTED, at=LATER),
        )
        first = seal(tx, KEY)
        journal.append(tx, Entry(kind=EntryKind.STOPPED, at=LATER))
        second = seal(tx, KEY)
        assert seal(tx, KEY) is None
        assert first is not None
        assert second is not None
        assert [entry.body for entry in of_record(tx, TICKET)] == [{"text": "ü"}]
        assert len(of_decision(tx, "d")) == len(of_intent(tx, "i")) == 1
        assert [one.entry.kind for one in newest(tx, 2)] == [EntryKind.STARTED, EntryKind.STOPPED]
        found = verify(tx, KEY, [first.head, second.head])
        assert (found.entries, found.seals, found.erased, found.problems) == (3, 2, 0, ())
        assert erase_bodies(tx, [one.seq for one in walk(tx) if one.entry.ref == TICKET]) == 1
        assert [entry.body for entry in of_record(tx, TICKET)] == [None]


def test_decisions_are_recorded_once_and_found_by_those_who_read_them(store):
    one = RecordedDecision(
        id="d1", ref=TICKET, policy="triage", policy_version="v", tier="offline", enough=True, disposition="auto",
        rationale="r", detail={"read": [str(ref("8"))]}, usd="0", occurred_at=NOW, decided_at=LATER, run=None,
    )  # fmt: skip
    with store.transaction("test") as tx:
        decisions.record(tx, [one, replace(one, rationale="a second answer")])
        assert decisions.find(tx, "d1") == one
        assert decisions.of_ids(tx, ["d1", "d0", "d1"]) == {"d1": one}
        assert decisions.of_record(tx, TICKET) == decisions.since(tx, NOW, policy="triage") == [one]
        assert decisions.readers_of(tx, ref("8"), after=NOW) == [one]
        assert decisions.readers_of(tx, ref("9"), after=NOW) == []
        assert decisions.dispositions(tx) == {"auto": 1}


def test_memory_keeps_examples_decisions_and_agent_values(store):
    example = Example(
        ref=TICKET, field=CATEGORY, text="Charged\0 twice", value="billing", source=ExampleSource.STAFF, stamped_at=NOW
    )
    own = AgentValue(
        ref=TICKET, field=CATEGORY, digest=value_digest("billing"), origin=Origin.OUTSIDER, decision="d", at=NOW
    )
    remembered = past.RememberedDecision(
        decision="d", ref=TICKET, past=PastDecision(at=NOW, policy="triage", summary="s", outcome="auto")
    )
    with store.transaction("test") as tx:
        remember_examples(tx, [example, replace(example, ref=ref("8"))], now=NOW)
        assert len(training_examples(tx, CRM, ObjectType.TICKET, CATEGORY)) == 1
        assert count_since(tx, CRM, ObjectType.TICKET, CATEGORY, since=NOW - timedelta(seconds=1)) == 1
        remember_values(tx, [own])
        assert agent_values(tx, [TICKET]) == {TICKET: (own,)}
        past.remember_decisions(tx, [remembered])
        past.note_outcome(tx, "d", "applied")
        past.note_verdict(tx, "d", "approved")
        [kept] = past.past_decisions(tx, [TICKET])[TICKET]
        assert (kept.outcome, kept.verdict) == ("applied", "approved")
        confirm(tx, TICKET, [CATEGORY], now=LATER)
        assert agent_values(tx, [TICKET]) == {}
        assert memory.erase(tx, [TICKET]) == 2


def test_a_record_is_kept_as_it_came_in_with_how_it_ended(store):
    lead = Intake(ref=ref("7", ObjectType.LEAD), policy="scoring", cells={"source": "web"}, late=("title",), created_at=NOW)
    with store.transaction("test") as tx:
        remember_intake(tx, [lead, replace(lead, policy="other")], now=NOW)
        remember_intake(tx, [replace(lead, cells={"source": "changed"})], now=NOW)
        note_outcomes(tx, "scoring", {lead.ref: False}, now=NOW)
        assert training_rows(tx, CRM, ObjectType.LEAD, "scoring") == (replace(lead, outcome=False),)
        assert settled_since(tx, CRM, ObjectType.LEAD, "scoring", since=NOW - timedelta(days=1)) == 1
        note_outcomes(tx, "scoring", {lead.ref: None}, now=NOW)
        assert training_rows(tx, CRM, ObjectType.LEAD, "scoring") == (lead,)
        assert with_intake(tx, "scoring", [lead.ref, ref("8", ObjectType.LEAD)]) == {lead.ref}
        assert memory.erase(tx, [lead.ref]) == 2


def test_stays_are_read_once_for_each_end_of_a_deal(store):
    deal = Intake(ref=ref("9", ObjectType.OPPORTUNITY), policy="pipeline", cells={"amount": "900"}, created_at=NOW)
    stays = (Stay(stage="Offer", entered=NOW, left=NOW + timedelta(days=3)), Stay(stage="Won", entered=NOW))
    asked = (CRM, ObjectType.OPPORTUNITY, "pipeline")
    with store.transaction("test") as tx:
        remember_intake(tx, [deal], now=NOW)
        assert unread(tx, *asked, limit=10) == ()
        note_outcomes(tx, "pipeline", {deal.ref: True}, now=NOW)
        assert unread(tx, *asked, limit=10) == ((deal.ref, NOW),)
        remember_stays(tx, {deal.ref: stays}, {deal.ref: NOW})
        assert unread(tx, *asked, limit=10) == ()
        won = EndedDeal(ref=deal.ref, won=True, days={"Offer": 3}, amount=Decimal(900))
        assert ended_deals(tx, *asked) == (won,)
        note_outcomes(tx, "pipeline", {deal.ref: False}, now=LATER)
        assert unread(tx, *asked, limit=10) == ((deal.ref, LATER),)
        assert memory.erase(tx, [deal.ref]) == 2


def test_told_activities_are_kept_once_each_and_for_a_time(store):
    told = ToldActivity(object=ObjectType.LEAD, id="7", event="a", kind="page view", at=NOW, subject="Pricing")
    viewed = Activity(ref=ref("7", ObjectType.LEAD), source="site", told=told)
    later = replace(viewed, told=replace(told, event="b", at=LATER))
    with store.transaction("test") as tx:
        assert remember_activities(tx, [viewed, later]) == (viewed, later)
        assert remember_activities(tx, [viewed]) == ()
        assert activities_of(tx, [viewed.ref]) == {viewed.ref: [later, viewed]}
        assert activities.trim(tx, NOW + activities.KEPT + timedelta(seconds=1)) == 1
        assert memory.erase(tx, [viewed.ref]) == 1


def test_spending_is_reserved_and_settled(store, clock):
    ledger, spender = SpendingLedger(store, clock), policy(reason="{tier: fast, usd_per_day: 1}")
    held = ledger.reserve(spender, TICKET, Decimal("0.60"))
    assert isinstance(held, Reserved)
    assert isinstance(ledger.reserve(spender, TICKET, Decimal("0.60")), Exhausted)
    ledger.settle(held, Decimal("0.10"))
    assert ledger.spent(spender) == Decimal("0.10")


def test_accounts_are_one_persons_and_tasks_and_letters_are_sent_once(store):
    asked = approval(state=ApprovalState.PENDING)
    with store.transaction("test") as tx:
        for name in ("ada", "bob"):
            persons.put(tx, name, Role.APPROVER, "token", salt="s", by="root", at=NOW)
        accounts.link(tx, "email", "Ada@Example.com", "ada")
        accounts.link(tx, "email", "ada@example.com", "ada")
        with pytest.raises(persons.PersonError, match="ada's account"):
            accounts.link(tx, "email", "ada@example.com", "bob")
        assert accounts.holder(tx, "email", "ADA@example.com").name == "ada"
        assert accounts.of_person(tx, "ada") == [("email", "ada@example.com")]
        approvals.ask(tx, [asked])
        assert [one.id for one in approval_tasks.unasked(tx, asked.ref.connection, {asked.policy}, limit=9)] == [asked.id]
        for _ in range(2):
            approval_tasks.note(tx, asked, TaskState.ASKED, NOW)
        [task] = approval_tasks.standing(tx, asked.ref.connection, limit=9)
        assert approval_tasks.unasked(tx, asked.ref.connection, {asked.policy}, limit=9) == []
        made = ref("77", ObjectType.TASK)
        approval_tasks.stands(tx, task, made)
        assert approval_tasks.known(tx, [made, TICKET]) == {made}
        approval_tasks.note_uncounted(tx, task, "v2")
        approval_tasks.looked_at(tx, [task], LATER)
        assert approval_tasks.of_intent(tx, task.intent).version == "v2"
        approval_tasks.end(tx, task)
        assert approval_tasks.standing(tx, asked.ref.connection, limit=9) == []
        assert [one.id for one in letters.unsent(tx, "mail", [asked.policy], limit=9)] == [asked.id]
        letters.leaves(tx, asked.id, "mail", NOW)
        assert letters.unsent(tx, "mail", [asked.policy], limit=9) == []
        letters.not_sent(tx, asked.id, "mail")
        letters.leaves(tx, asked.id, "mail", NOW)
        letters.sent(tx, replace(asked, bases={}), "mail", "ts1")
        [(found, reference)] = letters.outdated(tx, "mail", limit=9)
        assert (found.id, reference) == (asked.id, "ts1")
        letters.sent(tx, asked, "mail", "ts1")
        assert letters.outdated(tx, "mail", limit=9) == []
        letters.not_sent(tx, asked.id, "mail")
        assert letters.settled(tx, "mail", limit=9) == []
        approvals.reject(tx, asked, by="ada", at=NOW, remark=None)
        [(found, reference)] = letters.settled(tx, "mail", limit=9)
        assert (found.id, reference) == (asked.id, "ts1")
        letters.end(tx, asked.id, "mail", "ended")
        assert letters.settled(tx, "mail", limit=9) == []
        persons.remove(tx, "ada", LATER)
        assert accounts.holder(tx, "email", "ada@example.com") is None
        assert accounts.unlink(tx, "email", "ada@example.com") == 1
