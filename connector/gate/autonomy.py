"""Promotion and demotion: autonomy is earned by verdicts at fixed looks, and lost by itself when it goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.calibration import (
    Agreement,
    Judged,
    Threshold,
    Unearned,
    clearly_below,
    confidence_for,
    find_threshold,
    upper_bound,
)
from connector.calibration.bounds import CONFIDENCE
from connector.decision.learner import LearnerKey
from connector.decision.versions import examples_behind
from connector.errors import PermanentError
from connector.gate import cells, labels
from connector.gate.cells import Cell, CellState, Standing
from connector.gate.labels import Label, LabelSource
from connector.journal import Entry, EntryKind, Journal
from connector.policy import PolicyName
from connector.store import Transaction

LOOKS = (200, 400, 800, 1600)
"""How many labels there must be before autonomy is tested; testing after every verdict nearly doubles false promotions."""

VALUE_LABELS = 30  # fewer say little about one value on its own


class Look(StrEnum):
    """When to test."""

    SCHEDULED = "scheduled"  # only when the next fixed number of labels is reached
    BULK = "bulk"  # verdicts came in one piece: one look at all of them


class AutonomyError(PermanentError):
    """A cell cannot be promoted like this; says why."""

    hint = "crm-connector autonomy list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a review found; `changed` says that the cell stands differently now."""

    standing: Standing | None
    changed: bool
    labels: int


def review(
    tx: Transaction, journal: Journal, cell: Cell, pins: str, *, target: float, now: datetime, look: Look = Look.SCHEDULED,
    not_before: datetime | None = None, examples: int | None = None,
) -> Reviewed:
    """Test whether a cell has earned autonomy under these pins, if it is time to look.

    `not_before` is the earliest promotion a policy's calendar allows; no look is used up before it. `examples` is how many
    taught the learner behind the pins, where one is: one that saw few of each value must prove more. Each pins have
    their own looks. Pins that have earned nothing leave others that act alone as they are.
    """
    judged = labels.of_cell(tx, cell, pins, now)
    before = cells.standing(tx, cell)
    if not_before is not None and now < not_before:
        return Reviewed(standing=before, changed=False, labels=len(judged))
    looks = sum(len(judged) >= wanted for wanted in LOOKS)
    if look is Look.SCHEDULED and looks <= cells.looks(tx, cell, pins):
        return Reviewed(standing=before, changed=False, labels=len(judged))
    cells.note_looks(tx, cell, pins, looks)
    found = _tested(judged, target, examples)
    others_act = before is not None and before.state is CellState.AUTONOMOUS and before.pins != pins
    if others_act and not isinstance(found, Threshold):
        return Reviewed(standing=before, changed=False, labels=len(judged))
    after = _standing(found, pins, looks, judged, target, now)
    cells.settle(tx, cell, after)
    changed = before is None or (before.state, before.threshold, before.pins) != (after.state, after.threshold, pins)
    if changed:
        kind = EntryKind.PROMOTED if after.state is CellState.AUTONOMOUS else EntryKind.DEMOTED
        if before is not None or after.state is CellState.AUTONOMOUS:
            body = {"cell": str(cell), "pins": pins, "threshold": after.threshold, "evidence": dict(after.evidence)}
            journal.append(tx, Entry(kind=kind, at=now, policy=cell.policy, body=body))
    return Reviewed(standing=after, changed=changed, labels=len(judged))


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """The labels would do, but blind verdicts agree clearly less often than those that saw the proposal."""

    blind: Agreement
    shown: Agreement
    judged: int

    def __str__(self) -> str:
        return (
            f"people who judge blind agree in {self.blind.agreed} of {self.blind.total}, people who see the proposal in "
            f"{self.shown.agreed} of {self.shown.total}: what is shown leads the verdicts"
        )


def _tested(judged: Sequence[Label], target: float, examples: int | None) -> Threshold | Unearned | Led:
    sure = sureness(judged, examples)
    rows = [Judged(confidence=label.confidence, right=label.agreed) for label in judged]
    found = find_threshold(rows, target=target, confidence=sure)
    blind, shown = agreement(judged, blind=True), agreement(judged, blind=False)
    if isinstance(found, Threshold) and clearly_below(blind=blind, shown=shown):
        return Led(blind=blind, shown=shown, judged=len(judged))
    return found


def sureness(judged: Sequence[Label], examples: int | None) -> float:
    """How sure the bound must be that a promise is kept: surer for a learner that saw few examples of each value."""
    values = len({label.proposed for label in judged})
    return CONFIDENCE if examples is None else confidence_for(examples=examples, values=values)


def taught(tx: Transaction, cell: Cell) -> int | None:
    """How many examples taught the learner of a cell's field; None where nothing is learned."""
    if cell.field is None:
        return None
    key = LearnerKey(connection=cell.connection, policy=PolicyName(cell.policy), object=cell.object, field=cell.field)
    return examples_behind(tx, key)


def agreement(judged: Sequence[Label], *, blind: bool) -> Agreement:
    """How often supervised verdicts of one way of asking agreed with the agent."""
    asked = [label.agreed for label in judged if label.source is LabelSource.VERDICT and label.blind is blind]
    return Agreement(agreed=sum(asked), total=len(asked))


def _standing(
    found: Threshold | Unearned | Led, pins: str, looks: int, judged: Sequence[Label], target: float, now: datetime
) -> Standing:
    match found:
        case Threshold(value=value):
            step = found.evidence
            evidence = {
                "target": target, "labels": found.judged, "rows": step.rows, "right": step.right,
                "low": round(step.low, 6),
            }
            return Standing(
                state=CellState.AUTONOMOUS, pins=pins, threshold=value, looks=looks, evidence=evidence,
                held_values=_held_values(judged, value, target), changed_at=now,
            )
        case Unearned():
            why: dict[str, object] = {"target": target, "labels": found.judged, "needed": found.needed, "why": str(found)}
            return Standing(
                state=CellState.SUPERVISED, pins=pins, threshold=None, looks=looks, evidence=why, changed_at=now
            )
        case Led():
            led = {"target": target, "labels": found.judged, "why": str(found)}
            return Standing(
                state=CellState.SUPERVISED, pins=pins, threshold=None, looks=looks, evidence=led, changed_at=now
            )


def _held_values(judged: Sequence[Label], threshold: float, target: float) -> frozenset[str]:
    """Values that do clearly badly among the sure ones stay supervised on their own."""
    tally: dict[str, list[bool]] = {}
    for label in judged:
        if label.confidence >= threshold:
            tally.setdefault(label.proposed, []).append(label.agreed)
    return frozenset(
        value
        for value, agreed in tally.items()
        if len(agreed) >= VALUE_LABELS and upper_bound(sum(agreed), len(agreed)) < target
    )


def demote(tx: Transaction, journal: Journal, cell: Cell, why: str, now: datetime, *, by: str = "service") -> bool:
    """Back to supervision; the labels stay, the next look may promote again. False when it was supervised already."""
    before = cells.standing(tx, cell)
    if before is None or before.state is CellState.SUPERVISED:
        return False
    after = Standing(
        state=CellState.SUPERVISED, pins=before.pins, threshold=None, looks=before.looks,
        evidence=dict(before.evidence) | {"why": why}, changed_at=now,
    )
    cells.settle(tx, cell, after)
    body = {"cell": str(cell), "why": why}
    journal.append(tx, Entry(kind=EntryKind.DEMOTED, at=now, policy=cell.policy, actor=by, body=body))
    return True


def promote(
    tx: Transaction, journal: Journal, cell: Cell, *, target: float, now: datetime, by: str, examples: int | None = None
) -> Standing:
    """Undo a demotion by hand, where the labels of today still carry it. Raises AutonomyError where they do not.

    It tests what a scheduled look has tested before and is no way around the looks: without one there is nothing to undo.
    """
    before = cells.standing(tx, cell)
    if before is None or cells.looks(tx, cell, before.pins) == 0:
        raise AutonomyError(f"{cell} has not been tested yet: autonomy is tested at {LOOKS[0]} labels first")
    if before.state is CellState.AUTONOMOUS:
        raise AutonomyError(f"{cell} acts alone already")
    judged = labels.of_cell(tx, cell, before.pins, now)
    found = _tested(judged, target, examples)
    if not isinstance(found, Threshold):
        raise AutonomyError(f"{cell} stays supervised: {found}")
    after = _standing(found, before.pins, before.looks, judged, target, now)
    cells.settle(tx, cell, after)
    body = {"cell": str(cell), "pins": before.pins, "threshold": after.threshold, "evidence": dict(after.evidence)}
    journal.append(tx, Entry(kind=EntryKind.PROMOTED, at=now, policy=cell.policy, actor=by, body=body))
    return after
