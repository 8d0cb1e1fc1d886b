"""Bulks: many questions that are alike, judged in one action after a few of them, drawn by chance, were looked at singly.

The members and the sample are fixed when the bulk is opened: nothing that was not alike then can slip in.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.clock import from_micros, micros
from connector.gate import queue
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.journal import canonical
from connector.record import DELIVERY, Delivery
from connector.store import Row, Transaction

FEWEST, MOST = 10, 500  # fewer are quicker singly; more would be one very long transaction
_SAMPLE_FEWEST, _SAMPLE_MOST, _SAMPLE_SHARE = 5, 20, 0.05


class BulkStage(StrEnum):
    """Where a bulk stands, by what was said of its sample."""

    LOOKING = "looking"  # some of the sample wait to be looked at
    AGREED = "agreed"  # all of the sample were approved as they were
    REFUSED = "refused"  # all of the sample were rejected
    SPLIT = "split"  # people found the sample mixed: the rest has to be looked at singly
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One bulk of one person. `members` are ids with the seal of what each asked when the bulk was opened."""

    id: str
    person: str
    pattern: str
    members: tuple[tuple[str, str], ...]
    sample: tuple[str, ...]
    opened_at: datetime
    verdict: str | None

    @property
    def rest(self) -> tuple[tuple[str, str], ...]:
        """Those nobody has to look at singly."""
        return tuple(member for member in self.members if member[0] not in set(self.sample))


def sample_size(members: int) -> int:
    return min(members, _SAMPLE_MOST, max(_SAMPLE_FEWEST, round(members * _SAMPLE_SHARE)))


def open_bulk(
    tx: Transaction, alike: Sequence[Approval], *, person: str, chance: random.Random, at: datetime
) -> Bulk:
    """Fix what is judged together and draw the sample; the same open bulk is given back when it is asked for again."""
    if len(alike) < FEWEST:
        raise ApprovalError(f"{len(alike)} alike are too few for a bulk; look at them singly")
    if len({one.pattern for one in alike}) != 1:
        raise ApprovalError("only questions that are alike can be judged together")
    if DELIVERY[alike[0].action.kind] is Delivery.AT_MOST_ONCE:
        raise ApprovalError("what cannot be taken back is looked at singly")
    if alike[0].is_blind:
        raise ApprovalError("what is asked blind is looked at singly")
    for earlier in _open(tx, person, alike[0].pattern):
        if stage_of(tx, earlier) is BulkStage.LOOKING:
            return earlier
    ids = sorted(one.id for one in alike)
    made = Bulk(
        id=f"{chance.getrandbits(64):016x}", person=person, pattern=alike[0].pattern,
        members=tuple((one.id, one.seal) for one in alike),
        sample=tuple(sorted(chance.sample(ids, sample_size(len(ids))))), opened_at=at, verdict=None,
    )
    tx.run(
        "INSERT INTO people_bulks (bulk, person, pattern, members, sample, opened_at) "
        "VALUES (:bulk, :person, :pattern, :members, :sample, :at)",
        bulk=made.id, person=person, pattern=made.pattern, members=canonical([list(one) for one in made.members]),
        sample=canonical(list(made.sample)), at=micros(at),
    )
    return made


def find(tx: Transaction, bulk: str, person: str) -> Bulk:
    row = tx.one("SELECT * FROM people_bulks WHERE bulk = :bulk AND person = :person", bulk=bulk, person=person)
    if row is None:
        raise ApprovalError(f"there is no bulk {bulk!r} of yours")
    return _bulk(row)


def stage_of(tx: Transaction, bulk: Bulk) -> BulkStage:
    """What the person's own single verdicts on the sample say. One that somebody else settled proves nothing."""
    if bulk.verdict is not None:
        return BulkStage.DONE
    found = queue.of_ids(tx, bulk.sample)
    if any(one.state is ApprovalState.PENDING for one in found.values()):
        return BulkStage.LOOKING
    said = {_said(found.get(id), dict(bulk.members)[id], bulk.person) for id in bulk.sample}
    if said == {ApprovalState.APPROVED}:
        return BulkStage.AGREED
    return BulkStage.REFUSED if said == {ApprovalState.REJECTED} else BulkStage.SPLIT


def _said(sampled: Approval | None, seal: str, person: str) -> ApprovalState | None:
    """How this person judged one of the sample; an edited one has another seal and is no agreement."""
    if sampled is None or sampled.settled_by != person or sampled.seal != seal:
        return None
    return sampled.state


def settle(tx: Transaction, bulk: Bulk, verdict: str, at: datetime) -> None:
    settled = tx.run(
        "UPDATE people_bulks SET verdict = :verdict, settled_at = :at WHERE bulk = :bulk AND verdict IS NULL",
        verdict=verdict, at=micros(at), bulk=bulk.id,
    )
    if settled != 1:
        raise ApprovalError("this bulk is judged already")


def _open(tx: Transaction, person: str, pattern: str) -> list[Bulk]:
    rows = tx.rows(
        "SELECT * FROM people_bulks WHERE person = :person AND pattern = :pattern AND settled_at IS NULL ORDER BY opened_at",
        person=person, pattern=pattern,
    )
    return [_bulk(row) for row in rows]


def _bulk(row: Row) -> Bulk:
    return Bulk(
        id=row["bulk"], person=row["person"], pattern=row["pattern"],
        members=tuple((id, seal) for id, seal in json.loads(row["members"])), sample=tuple(json.loads(row["sample"])),
        opened_at=from_micros(row["opened_at"]), verdict=row["verdict"],
    )
