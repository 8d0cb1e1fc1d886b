"""Approvals: what waits for a person, grouped by what is alike, with what the person judged lately until it is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from connector.gate import queue
from connector.gate.approval import Approval
from connector.gate.bulks import FEWEST
from connector.gate.persons import Role
from connector.gate.persons import listed as persons_listed
from connector.gate.queue import Alike, View
from connector.journal import Entry, EntryKind
from connector.policy import PolicyName
from connector.report.outcomes import Proof
from connector.report.times import moment
from connector.store import Transaction
from connector.web.cards import CardView, cards_of, in_words, keeping_why, shape_of
from connector.web.csv_export import csv_of
from connector.web.house import House
from connector.web.page import Answer, Asked, Download, Page, Shown, Way
from connector.web.pages.wording import page_number
from connector.writeback import outbox

PER_PAGE = 20
_GROUPS = 60
_JUDGED = 12
_OPENLY = 2  # how many ended ones are shown whole
_FADES = {
    Proof.PROVEN: timedelta(minutes=2), Proof.NOTHING: timedelta(minutes=2),
    Proof.FAILED: timedelta(hours=1), Proof.ASKED_AGAIN: timedelta(hours=1),
}  # fmt: skip
_EXPORT = 10_000


def show(house: House, asked: Asked) -> Answer:
    """The queue. Every read is bounded: ten thousand waiting questions make no slower page than ten."""
    now, number = house.clock.now(), page_number(asked)
    view = _view(asked, now)
    with house.store.snapshot() as tx:
        alike = queue.groups(tx, replace(view, pattern=None, policy=None), limit=_GROUPS)
        total = _total(tx, view, alike)
        waiting = queue.page(tx, view, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
        further, lately = judged_lately(tx, asked.person.name, house, now)
        judged, done = _apart(lately)
        targets = house.targets()
        values = {
            "groups": _groups(house, alike), "cards": cards_of(tx, waiting, person=view.person, targets=targets, now=now),
            "further": further, "judged": judged, "done": done,
            "total": total, "all": queue.waiting(tx),
            "hands": hands(tx), "view": view, "number": number, "pages": max(1, -(-total // PER_PAGE)),
            "back": _address(asked, number), "link": _linked(asked), "bulk_from": FEWEST,
        }
    return Shown(template="approvals.html", values=values)


def judged_lately(tx: Transaction, person: str, house: House, now: datetime) -> tuple[int, tuple[CardView, ...]]:
    """What the person judged: until it is proven, and a little longer; and how much is on its way besides."""
    count, rows = outbox.under_way_for(tx, person, limit=_JUDGED)
    lately = queue.judged_by(tx, person, since=now - max(_FADES.values()), limit=_JUDGED)
    found = queue.of_ids(tx, [row.approval for row in rows]) | {one.id: one for one in lately}
    fresh = {one.id for one in queue.judged_by(tx, person, since=now - _FADES[Proof.NOTHING], limit=_JUDGED)}
    cards = cards_of(tx, list(found.values()), person=person, targets=house.targets(), now=now)
    shown = tuple(card for card in cards if card.asked.id in fresh or _is_told(card, now))[:_JUDGED]
    under_way = sum(card.outcome is not None and not card.outcome.is_settled for card in shown)
    return count - under_way, shown


def _apart(lately: Sequence[CardView]) -> tuple[list[CardView], list[CardView]]:
    """What a person wants to see of the cards just judged, and what is only done: the next question stays in sight."""
    ended = [card for card in lately if card.outcome is not None and card.outcome.proof in (Proof.PROVEN, Proof.NOTHING)]
    folded = ended[_OPENLY:]
    return [card for card in lately if card not in folded], folded


def _is_told(card: CardView, now: datetime) -> bool:
    """Whether a verdict still stands there: on its way, or ended a moment ago; trouble stays longer than success."""
    outcome = card.outcome
    if outcome is None or not outcome.is_settled:
        return outcome is not None
    return outcome.at is not None and now - outcome.at < _FADES[outcome.proof]


def hands(tx: Transaction) -> list[str]:
    """Everybody a question can be handed to: those who may answer it, and those who have questions now."""
    able = (person.name for person in persons_listed(tx) if person.role.covers(Role.APPROVER))
    return sorted({*able, *queue.owners(tx)})


def export(house: House, asked: Asked) -> Answer:
    """What waits, as a table for a spreadsheet."""
    now = house.clock.now()
    with house.store.transaction("web: exported") as tx:
        found = queue.page(tx, _view(asked, now), limit=_EXPORT)
        entry = Entry(
            kind=EntryKind.EXPORTED, at=now, actor=asked.person.name, body={"what": "approvals", "rows": len(found)}
        )
        house.journal.append(tx, entry)
        hidden = queue.hidden_from(tx, asked.person.name, found)
        quiet = keeping_why(tx, found, person=asked.person.name)
    rows = [
        (
            one.id, str(one.ref), one.policy, in_words(one, hides=one.id in hidden), shape_of(one).base or "",
            shape_of(one, hides=one.id in hidden).ours, *_reasoned(one, hides=one.id in hidden, quiet=one.id in quiet),
            one.owner, moment(one.asked_at), moment(one.expires_at),
        )
        for one in found
    ]
    heads = ("id", "record", "policy", "what", "before", "ours", "confidence", "rationale", "owner", "asked", "lapses")
    return Download(name="approvals.csv", kind="text/csv; charset=utf-8", text=csv_of(heads, rows))


def _reasoned(one: Approval, *, hides: bool, quiet: bool) -> tuple[str, str]:
    """How sure, and why: kept back where the question is blind, or why would tell of one that is."""
    return ("", "") if hides else (f"{one.confidence:.4f}", "" if quiet else one.rationale)


def _view(asked: Asked, now: datetime) -> View:
    chosen = {name: asked.query.get(name) or None for name in ("pattern", "policy", "owner")}
    return View(person=asked.person.name, now=now, **chosen)


def _total(tx: Transaction, view: View, groups: Sequence[Alike]) -> int:
    """How many questions the view holds; where all groups are known they have been counted already."""
    if len(groups) == _GROUPS or view.policy is not None:
        return queue.count(tx, view)
    return sum(one.count for one in groups if view.pattern in (None, one.pattern))


def _groups(house: House, groups: Sequence[Alike]) -> list[dict[str, object]]:
    """The groups by policy, those with the most questions first."""
    agents = {policy.name: policy.agent.name for policy in house.policies()}
    by_policy: dict[str, list[dict[str, object]]] = {}
    for alike in groups:
        shape = shape_of(alike.example, hides=alike.example.is_blind)
        group: dict[str, object] = {
            "pattern": alike.pattern, "about": shape.about, "ours": shape.ours, "count": alike.count,
            "next": alike.next_expiry,
        }
        by_policy.setdefault(alike.example.policy, []).append(group)
    return [
        {"policy": policy, "agent": agents.get(PolicyName(policy), ""), "members": members}
        for policy, members in by_policy.items()
    ]


def _linked(asked: Asked) -> str:
    """The present choice as a query, to which a page number is added."""
    return urlencode({name: asked.query[name] for name in ("pattern", "policy", "owner") if asked.query.get(name)})


def _address(asked: Asked, number: int) -> str:
    choice = "&".join(part for part in (_linked(asked), f"page={number}" if number > 1 else "") if part)
    return f"/?{choice}" if choice else "/"


def _count(tx: Transaction, now: datetime) -> int:
    return queue.waiting(tx)


PAGE = Page(
    label="Approvals", home="/", count=_count,
    ways=(Way(path="/", answer=show), Way(path="/approvals.csv", answer=export)),
)  # fmt: skip
