"""One record's story: what its fields hold and whose values they are, and every step that led there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.gate import approvals, handoffs, hands_off, queue
from connector.gate.approval import ApprovalState
from connector.gate.handoffs import Handoff, HandoffState
from connector.policy import PolicySet
from connector.record import RecordRef
from connector.report.names import names_of
from connector.report.story import Evidence, FieldStory, Step, kept_back, story_of
from connector.store import Transaction
from connector.web.cards import BY, in_words
from connector.web.house import House
from connector.web.page import Answer, Asked, NotThereError, Page, Shown, Way
from connector.web.pages.history import QUIET
from connector.web.pages.wording import record_named
from connector.writeback import OutboxState, WritePurpose, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One step of the story. `evidence` is told once, where it first stands."""

    step: Step
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record with what stands on it and what waits for people."""

    ref: RecordRef
    name: str
    fields: tuple[FieldStory, ...]
    chapters: tuple[Chapter, ...]
    questions: tuple[tuple[str, str], ...]
    cases: tuple[Handoff, ...]
    can_be_taken_back: bool
    left_to_people: Mapping[str, datetime]
    told_at: datetime


def show(house: House, asked: Asked) -> Answer:
    ref = record_named(asked.named["ref"])
    with house.store.snapshot() as tx:
        view = _view(tx, ref, asked.person.name, house.policies(), house.clock.now())
    if not view.chapters:
        raise NotThereError(f"The journal holds nothing about {ref}.")
    return Shown(template="record.html", values={"record": view, "by": BY})


def _view(tx: Transaction, ref: RecordRef, person: str, policies: PolicySet, now: datetime) -> RecordView:
    story = story_of(tx, ref)
    questions = approvals.of_record(tx, ref)
    hidden = queue.hidden_from(tx, person, questions)
    bases = questions[-1].bases if questions else {}
    return RecordView(
        ref=ref, name=names_of(tx, [(ref, bases)])[ref], fields=story.fields,
        chapters=_chapters(story.steps, frozenset(one.decision for one in questions if one.id in hidden)),
        questions=tuple(
            (one.id, in_words(one, hides=one.id in hidden)) for one in questions if one.state is ApprovalState.PENDING
        ),
        cases=tuple(
            one for one in handoffs.of_record(tx, ref) if one.state in (HandoffState.OPEN, HandoffState.CLAIMED)
        ),
        can_be_taken_back=any(
            row.state is OutboxState.APPLIED and row.purpose is WritePurpose.ACT for row in outbox.of_record(tx, ref)
        ),
        left_to_people=_left_to_people(tx, ref, policies, now), told_at=now,
    )


def _left_to_people(tx: Transaction, ref: RecordRef, policies: PolicySet, now: datetime) -> dict[str, datetime]:
    """The fields of the record that a person corrected, and until when every policy that writes them asks first."""
    found: dict[str, datetime] = {}
    for (_, name), at in hands_off.corrected(tx, [ref]).items():
        writing = [policy for policy in policies if policy.when.object is ref.object and name in policy.may.update]
        ends = [policy.gate.hands_off.after(at, policy.zone) for policy in writing]
        if ends and max(ends) > now:
            found[name] = max(ends)
    return found


def _chapters(steps: tuple[Step, ...], hidden: Collection[str]) -> tuple[Chapter, ...]:
    """The steps a person wants to read, the newest first, each piece of evidence told with the first step it stands in.

    The steps of a decision that this person is still to judge blind are not told.
    """
    told: set[Evidence] = set()
    chapters = []
    for whole in steps:
        if whole.kind in QUIET:
            continue
        step = kept_back(whole) if whole.decision in hidden else whole
        new = tuple(one for one in dict.fromkeys(step.evidence) if one not in told)
        told.update(new)
        chapters.append(Chapter(step=step, evidence=new))
    return tuple(reversed(chapters))


PAGE = Page(home="/history", ways=(Way(path="/records/{ref:path}", answer=show),))
