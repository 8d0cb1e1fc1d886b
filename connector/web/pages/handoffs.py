"""Handoffs: the cases given to people, who has each until when and who is next; claim, return, close, and say how it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.gate import feedback, handoffs
from connector.gate.feedback import Feedback
from connector.gate.handoffs import Handoff, HandoffError, HandoffState
from connector.gate.persons import Role
from connector.journal import Entry, EntryKind
from connector.policy import Unanswered
from connector.report.evidence import evidence_of
from connector.report.names import names_of
from connector.report.story import Evidence
from connector.report.times import moment
from connector.store import Transaction
from connector.web.cards import Quote, quote_of
from connector.web.csv_export import csv_of
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Download, NotThereError, Page, SeeOther, Shown, Way
from connector.web.pages.wording import own_path, word

_SHOWN = 200
_QUOTED = 20  # what was read for a case is long; of the further ones it is a click away


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case. `said` is what this person said of it already; `words` what the agent read, None where it is not told."""

    handoff: Handoff
    name: str
    said: Feedback
    words: tuple[Quote, ...] | None

    @property
    def is_open(self) -> bool:
        return self.handoff.state in (HandoffState.OPEN, HandoffState.CLAIMED)

    @property
    def climbs_to(self) -> str | None:
        """Who has it next when its time is up."""
        step = self.handoff.step + 1
        return self.handoff.ladder[step] if step < len(self.handoff.ladder) else None

    @property
    def at_the_end(self) -> str:
        return "closed without a write" if self.handoff.fallback is Unanswered.DENY else "left with its owner"


def show(house: House, asked: Asked) -> Answer:
    """The open cases, the next due first, and those settled lately for a word on how they were."""
    with house.store.snapshot() as tx:
        unsettled = handoffs.listed(tx, limit=_SHOWN)
        settled = handoffs.settled_lately(tx, limit=12)
        values = {
            "cases": [*_cases(tx, unsettled[:_QUOTED], asked), *_cases(tx, unsettled[_QUOTED:], asked, tells=False)],
            "settled": _cases(tx, settled, asked, tells=False),
            "total": handoffs.unsettled(tx), "back": "/handoffs",
        }
    return Shown(template="handoffs.html", values=values)


def show_one(house: House, asked: Asked) -> Answer:
    with house.store.snapshot() as tx:
        [case] = _cases(tx, [_named(tx, asked)], asked)
    return Shown(template="handoff.html", values={"case": case, "back": f"/handoffs/{case.handoff.id}"})


def act(house: House, asked: Asked) -> Answer:
    with house.store.snapshot() as tx:
        found = _named(tx, asked)
    wanted = _ACTS.get(asked.posted("act"))
    if wanted is None:
        raise BadRequestError(f"a case can be given {', '.join(_ACTS)}")
    try:
        wanted(house, asked, found.id)
    except HandoffError:
        if not _is_repeated(house, asked):
            raise
    return SeeOther(path=own_path(asked.posted("back"), "/handoffs"))


def _is_repeated(house: House, asked: Asked) -> bool:
    """A double click: the same person did just this already. It is taken as one, and nothing happens twice."""
    with house.store.snapshot() as tx:
        now = _named(tx, asked)
    ended = _ENDS.get(asked.posted("act"))
    if ended is None:
        return now.state is HandoffState.CLAIMED and now.owner == asked.person.name
    return (now.state, now.settled_by, now.remark) == (ended, asked.person.name, asked.remark())


def export(house: House, asked: Asked) -> Answer:
    """The open cases as a table for a spreadsheet."""
    with house.store.transaction("web: exported") as tx:
        found = handoffs.listed(tx, limit=10_000)
        body = {"what": "handoffs", "rows": len(found)}
        house.journal.append(
            tx, Entry(kind=EntryKind.EXPORTED, at=house.clock.now(), actor=asked.person.name, body=body)
        )
    heads = ("id", "record", "policy", "why", "summary", "tried", "missing", "owner", "due", "stands")
    rows = [
        (
            one.id, str(one.ref), one.policy, one.reason, one.summary, "; ".join(one.tried), "; ".join(one.missing),
            one.owner, moment(one.due_at), one.state.value,
        )
        for one in found
    ]
    return Download(name="handoffs.csv", kind="text/csv; charset=utf-8", text=csv_of(heads, rows))


def _claim(house: House, asked: Asked, handoff: str) -> None:
    house.people.claim(handoff, by=asked.person.name)


def _close(house: House, asked: Asked, handoff: str) -> None:
    house.people.close(handoff, by=asked.person.name, remark=asked.remark())


def _return(house: House, asked: Asked, handoff: str) -> None:
    house.people.give_back(handoff, by=asked.person.name, remark=asked.remark())


def _rate(house: House, asked: Asked, handoff: str) -> None:
    said = Feedback(needed=_yes(asked.posted("needed")), enough=_yes(asked.posted("enough")))
    if said == Feedback():
        raise BadRequestError("say yes or no")
    house.people.rate(handoff, said, by=asked.person.name)


def _yes(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


_ACTS: dict[str, Callable[[House, Asked, str], None]] = {
    "claim": _claim, "close": _close, "return": _return, "rate": _rate
}
_ENDS = {"close": HandoffState.CLOSED, "return": HandoffState.RETURNED}


def _named(tx: Transaction, asked: Asked) -> Handoff:
    found = handoffs.by_id(tx, word(asked.named["id"], "handoff"))
    if found is None:
        raise NotThereError("There is no such case any more.")
    return found


def _cases(tx: Transaction, found: list[Handoff], asked: Asked, *, tells: bool = True) -> list[CaseView]:
    read = evidence_of(tx, [one.decision for one in found]) if tells else {}
    names = names_of(tx, [(one.ref, {}) for one in found])
    said = feedback.by_person(tx, [one.id for one in found], asked.person.name)
    return [
        CaseView(
            handoff=one, name=names[one.ref], said=said.get(one.id, Feedback()),
            words=_words(read.get(one.decision, ()), but=names[one.ref]) if tells else None,
        )
        for one in found
    ]


def _words(read: Sequence[Evidence], *, but: str) -> tuple[Quote, ...]:
    """What was read, without what the case is called anyway."""
    return tuple(quote_of(one) for one in read if one.quote != but)


def _count(tx: Transaction, now: datetime) -> int:
    return handoffs.unsettled(tx)


PAGE = Page(
    label="Handoffs", home="/handoffs", count=_count,
    ways=(
        Way(path="/handoffs", answer=show),
        Way(path="/handoffs.csv", answer=export),
        Way(path="/handoffs/{id}", answer=show_one),
        Way(path="/handoffs/{id}", answer=act, method="POST", role=Role.APPROVER),
    ),
)  # fmt: skip
