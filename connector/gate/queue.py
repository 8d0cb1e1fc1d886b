"""The queue of questions as people work through it: grouped by what is alike, page by page, with what they put off left out.

Every read is bounded, so that ten thousand waiting questions cost a page no more than ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.clock import from_micros, micros
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.gate.approvals import approval_of
from connector.store import Row, Transaction, any_of, batches

_WAITS = (
    "state = 'pending' AND approval NOT IN "
    "(SELECT approval FROM people_snoozes WHERE person = :person AND until_at > :now)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Questions of one policy that propose the same value for the same field, or the same kind of step."""

    pattern: str
    example: Approval
    count: int
    next_expiry: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one person looks at: everything that waits, or only one pattern, policy or owner."""

    person: str
    now: datetime
    pattern: str | None = None
    policy: str | None = None
    owner: str | None = None

    @property
    def _parameters(self) -> dict[str, object]:
        narrowing = {"pattern": self.pattern, "policy": self.policy, "owner": self.owner}
        return {name: value for name, value in narrowing.items() if value is not None}

    @property
    def where(self) -> str:
        return " AND ".join([_WAITS, *(f"{name} = :{name}" for name in self._parameters)])

    @property
    def parameters(self) -> dict[str, object]:
        return self._parameters | {"person": self.person, "now": micros(self.now)}


def groups(tx: Transaction, view: View, *, limit: int) -> list[Alike]:
    """What waits by pattern, the largest first; each with one example of it."""
    rows = tx.rows(
        f"SELECT pattern, COUNT(*) AS n, MIN(approval) AS example, MIN(expires_at) AS expires FROM gate_approvals "
        f"WHERE {view.where} GROUP BY pattern ORDER BY n DESC, pattern LIMIT :limit",
        limit=limit, **view.parameters,
    )
    examples = {row["approval"]: approval_of(row) for row in _by_ids(tx, [row["example"] for row in rows])}
    return [
        Alike(
            pattern=row["pattern"] or "", example=examples[row["example"]], count=row["n"],
            next_expiry=from_micros(row["expires"]),
        )
        for row in rows
    ]


def page(tx: Transaction, view: View, *, limit: int, offset: int = 0) -> list[Approval]:
    """One page of questions, the longest waiting first, those of one record together."""
    rows = tx.rows(
        f"SELECT * FROM gate_approvals WHERE {view.where} ORDER BY asked_at, record, approval "
        "LIMIT :limit OFFSET :offset",
        limit=limit, offset=offset, **view.parameters,
    )
    return [approval_of(row) for row in rows]


def count(tx: Transaction, view: View) -> int:
    row = tx.one(f"SELECT COUNT(*) AS n FROM gate_approvals WHERE {view.where}", **view.parameters)
    return int(row["n"]) if row else 0


def waiting(tx: Transaction) -> int:
    """How many questions wait at all."""
    row = tx.one("SELECT COUNT(*) AS n FROM gate_approvals WHERE state = 'pending'")
    return int(row["n"]) if row else 0


def judged_by(tx: Transaction, person: str, *, since: datetime, limit: int) -> list[Approval]:
    """What somebody judged lately, the newest first."""
    rows = tx.rows(
        "SELECT * FROM gate_approvals WHERE settled_by = :person AND settled_at >= :since "
        "ORDER BY settled_at DESC, approval LIMIT :limit",
        person=person, since=micros(since), limit=limit,
    )
    return [approval_of(row) for row in rows]


def of_ids(tx: Transaction, ids: Sequence[str]) -> dict[str, Approval]:
    return {row["approval"]: approval_of(row) for row in _by_ids(tx, ids)}


def owners(tx: Transaction) -> list[str]:
    """Everybody whom a question waits for now."""
    rows = tx.rows("SELECT DISTINCT owner FROM gate_approvals WHERE state = 'pending' ORDER BY owner")
    return [row["owner"] for row in rows]


def snooze(tx: Transaction, approval: Approval, *, person: str, until: datetime) -> None:
    """Put a question off for one person; it still expires in its time, and others still see it."""
    tx.run(
        "INSERT INTO people_snoozes (approval, person, until_at) VALUES (:approval, :person, :until) "
        "ON CONFLICT (approval, person) DO UPDATE SET until_at = excluded.until_at",
        approval=approval.id, person=person, until=micros(until),
    )


def reveal(tx: Transaction, approval: Approval, *, person: str, at: datetime) -> bool:
    """Note that somebody looked at what a blind question proposes; False when that is noted already."""
    noted = tx.run(
        "INSERT INTO people_reveals (approval, person, at) VALUES (:approval, :person, :at) "
        "ON CONFLICT (approval, person) DO NOTHING",
        approval=approval.id, person=person, at=micros(at),
    )
    return noted == 1


def hidden_from(tx: Transaction, person: str, asked: Sequence[Approval]) -> frozenset[str]:
    """Those of these questions that wait, are asked blind, and that this person has not looked at first."""
    blind = [one.id for one in asked if one.state is ApprovalState.PENDING and one.is_blind]
    looked: set[str] = set()
    for some in batches(blind):
        names, parameters = any_of("id", some)
        rows = tx.rows(
            f"SELECT approval FROM people_reveals WHERE person = :person AND approval IN ({names})",
            person=person, **parameters,
        )
        looked.update(row["approval"] for row in rows)
    return frozenset(blind) - looked


def hidden_decisions(tx: Transaction, person: str, decisions: Sequence[str]) -> frozenset[str]:
    """Those of these decisions whose story would tell this person what is still asked blind."""
    waiting = _of_decisions(tx, decisions)
    hidden = hidden_from(tx, person, waiting)
    return frozenset(one.decision for one in waiting if one.id in hidden)


def still_blind(tx: Transaction, decisions: Sequence[str]) -> frozenset[str]:
    """Those of these decisions that ask something blind which nobody has answered."""
    return frozenset(one.decision for one in _of_decisions(tx, decisions) if one.is_blind)


def _of_decisions(tx: Transaction, decisions: Sequence[str]) -> list[Approval]:
    found: list[Row] = []
    for some in batches(list(dict.fromkeys(decisions))):
        names, parameters = any_of("id", some)
        found += tx.rows(
            f"SELECT * FROM gate_approvals WHERE state = 'pending' AND decision IN ({names})", **parameters
        )
    return [approval_of(row) for row in found]


def hand_to(tx: Transaction, approval: Approval, owner: str) -> None:
    """Somebody else has the question now; its expiry stays."""
    moved = tx.run(
        "UPDATE gate_approvals SET owner = :owner WHERE approval = :approval AND state = 'pending'",
        owner=owner, approval=approval.id,
    )
    if moved != 1:
        raise ApprovalError(f"approval {approval.id} is settled already")


def _by_ids(tx: Transaction, ids: Sequence[str]) -> list[Row]:
    found: list[Row] = []
    for some in batches(list(dict.fromkeys(ids))):
        names, parameters = any_of("id", some)
        found += tx.rows(f"SELECT * FROM gate_approvals WHERE approval IN ({names})", **parameters)
    return found
