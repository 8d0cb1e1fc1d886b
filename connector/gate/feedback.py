"""What people say of the cases they were given: was it needed, was the context enough; so escalation has a quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.clock import micros
from connector.store import Transaction, any_of, batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One person's word on one case; None where nothing was said."""

    needed: bool | None = None
    enough: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationQuality:
    """How the cases of a policy were found: so many said, so many of them yes."""

    needed_said: int
    needed: int
    enough_said: int
    enough: int


def give(tx: Transaction, handoff: str, person: str, said: Feedback, at: datetime) -> None:
    """Keep what was said; a question that is not answered now keeps its earlier answer."""
    tx.run(
        """
        INSERT INTO people_feedback (handoff, person, needed, enough, at) VALUES (:handoff, :person, :needed, :enough, :at)
        ON CONFLICT (handoff, person) DO UPDATE SET needed = COALESCE(excluded.needed, people_feedback.needed),
            enough = COALESCE(excluded.enough, people_feedback.enough), at = excluded.at
        """,
        handoff=handoff, person=person, needed=_bit(said.needed), enough=_bit(said.enough), at=micros(at),
    )


def by_person(tx: Transaction, handoffs: Sequence[str], person: str) -> Mapping[str, Feedback]:
    """What one person said of these cases."""
    found: dict[str, Feedback] = {}
    for some in batches(list(handoffs)):
        names, parameters = any_of("id", some)
        for row in tx.rows(
            f"SELECT * FROM people_feedback WHERE person = :person AND handoff IN ({names})", person=person, **parameters
        ):
            found[row["handoff"]] = Feedback(needed=_truth(row["needed"]), enough=_truth(row["enough"]))
    return found


def quality(tx: Transaction) -> dict[str, EscalationQuality]:
    """Escalation quality by policy."""
    rows = tx.rows(
        "SELECT h.policy, COUNT(f.needed) AS needed_said, COALESCE(SUM(f.needed), 0) AS needed, "
        "COUNT(f.enough) AS enough_said, COALESCE(SUM(f.enough), 0) AS enough "
        "FROM people_feedback f JOIN gate_handoffs h ON h.handoff = f.handoff GROUP BY h.policy ORDER BY h.policy"
    )
    return {
        row["policy"]: EscalationQuality(
            needed_said=row["needed_said"], needed=int(row["needed"]), enough_said=row["enough_said"],
            enough=int(row["enough"]),
        )
        for row in rows
    }


def _bit(said: bool | None) -> int | None:
    return None if said is None else int(said)


def _truth(kept: int | None) -> bool | None:
    return None if kept is None else bool(kept)
