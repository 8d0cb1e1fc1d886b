"""Questions posted to a channel and mailed to their owners: each at most once, and settled where that can be said."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from connector.action import UpdateField
from connector.adapter import (
    Channel,
    Delivered,
    DeliveryResult,
    Dispatch,
    Log,
    Postponed,
    PutQuestion,
    QuestionBoard,
    Refused,
    Unknown,
)
from connector.clock import Clock
from connector.gate import accounts, letters
from connector.gate.approval import Approval
from connector.gate.task_text import is_hidden, title_of, told
from connector.policy import PolicySet
from connector.record import ActionKind, ObjectType
from connector.store import Store

MOST = 20
"""How many letters leave with one poll: people read them."""


class Way(Protocol):
    """One way to reach people."""

    @property
    def name(self) -> str: ...

    def asks(self, policy: str) -> bool: ...

    def send(self, asked: Approval) -> DeliveryResult: ...

    def settle(self, asked: Approval, reference: str) -> DeliveryResult | None:
        """Say what became of it; None where nothing can be said any more."""
        ...

    def renew(self, asked: Approval, reference: str) -> DeliveryResult | None:
        """Show what the question is by now; None where what was sent cannot be changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Sends what waits by every way that settings name."""

    store: Store
    clock: Clock
    log: Log
    ways: tuple[Way, ...]
    policies: Callable[[], PolicySet]

    def step(self) -> None:
        for way in self.ways:
            self._settle(way)
            self._renew(way)
            self._send(way)

    def _send(self, way: Way) -> None:
        names = [policy.name for policy in self.policies() if way.asks(policy.name)]
        if not names:
            return
        with self.store.snapshot() as tx:
            waiting = letters.unsent(tx, way.name, names, limit=MOST)
        for asked in waiting:
            with self.store.transaction("posting: leaves") as tx:
                letters.leaves(tx, asked.id, way.name, self.clock.now())
            result = way.send(asked)
            with self.store.transaction("posting: sent") as tx:
                match result:
                    case Delivered(reference=reference):
                        letters.sent(tx, asked, way.name, reference)
                    case Postponed():
                        letters.not_sent(tx, asked.id, way.name)
                    case Refused() | Unknown():
                        letters.end(tx, asked.id, way.name, "lost")
            if not isinstance(result, Delivered):
                self.log.warning("question_not_sent", approval=asked.id, way=way.name, why=result.reason)
            if isinstance(result, Postponed):
                return  # the rest would wait as well

    def _settle(self, way: Way) -> None:
        with self.store.snapshot() as tx:
            found = letters.settled(tx, way.name, limit=MOST)
        for asked, reference in found:
            result = way.settle(asked, reference)
            if isinstance(result, Postponed):
                return
            with self.store.transaction("posting: settled") as tx:
                letters.end(tx, asked.id, way.name, "ended")

    def _renew(self, way: Way) -> None:
        """A question that is another by now: its old buttons count no more, so it gets new ones."""
        with self.store.snapshot() as tx:
            found = letters.outdated(tx, way.name, limit=MOST)
        for asked, reference in found:
            result = way.renew(asked, reference)
            if isinstance(result, Postponed | Unknown):
                return  # to show it twice does no harm
            with self.store.transaction("posting: renewed") as tx:
                if isinstance(result, Refused):
                    letters.end(tx, asked.id, way.name, "lost")
                else:
                    letters.sent(tx, asked, way.name, reference)
            if isinstance(result, Refused):
                self.log.warning("question_not_renewed", approval=asked.id, way=way.name, why=result.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardWay:
    """Slack, or any board that several people read."""

    board: QuestionBoard
    chosen: Callable[[str], bool]
    page: str | None
    local_only: frozenset[ObjectType] = frozenset()
    name: str = "slack"

    def asks(self, policy: str) -> bool:
        return self.chosen(policy)

    def send(self, asked: Approval) -> DeliveryResult:
        return _kept(asked, self.local_only) or self.board.put(self._question(asked))

    def settle(self, asked: Approval, reference: str) -> DeliveryResult | None:
        by = f" by {asked.settled_by}" if asked.settled_by not in (None, "service") else ""
        return self.board.settle(reference, self._question(asked), f"{asked.state.value.capitalize()}{by}")

    def renew(self, asked: Approval, reference: str) -> DeliveryResult | None:
        return self.board.change(reference, self._question(asked))

    def _question(self, asked: Approval) -> PutQuestion:
        return PutQuestion(
            id=asked.id, shown=asked.seal, title=title_of(asked), lines=told(asked), hidden=is_hidden(asked),
            takes_value=isinstance(asked.action, UpdateField), link=link_to(self.page, asked),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWay:
    """A letter to the question's owner with a link to the page. The link only leads there: it lets nobody in."""

    store: Store
    clock: Clock
    channel: Channel
    chosen: Callable[[str], bool]
    page: str
    local_only: frozenset[ObjectType] = frozenset()
    name: str = letters.BY_MAIL

    def asks(self, policy: str) -> bool:
        return self.chosen(policy)

    def send(self, asked: Approval) -> DeliveryResult:
        if (kept := _kept(asked, self.local_only)) is not None:
            return kept
        with self.store.snapshot() as tx:
            to = [account for place, account in accounts.of_person(tx, asked.owner) if place == accounts.EMAIL]
        if not to:
            link = f"crm-connector users link {asked.owner} {accounts.EMAIL} ADDRESS"
            return Refused(code="nobody", reason=f"{asked.owner} has no address; {link}")
        lines = [*told(asked), "", f"Answer on the page: {link_to(self.page, asked)}"]
        lines.append(f"Unanswered by {asked.expires_at:%Y-%m-%d %H:%M} UTC, nothing is written.")
        dispatch = Dispatch(
            intent=f"question-{asked.id}-{_short(asked.owner)}", kind=ActionKind.SEND_EMAIL, ref=asked.ref, target="mail",
            to=tuple(to), subject=title_of(asked), body="\n".join(lines), parameters={}, at=self.clock.now(),
        )
        return self.channel.deliver(dispatch)

    def settle(self, asked: Approval, reference: str) -> DeliveryResult | None:
        return None

    def renew(self, asked: Approval, reference: str) -> DeliveryResult | None:
        return None  # its link leads to the question as it is, and the page says that it is another


def _kept(asked: Approval, local_only: frozenset[ObjectType]) -> Refused | None:
    """What must stay on this machine is posted nowhere."""
    if asked.ref.object not in local_only:
        return None
    return Refused(code="local_only", reason=f"{asked.ref.object} is local only; the question waits on the page")


def _short(owner: str) -> str:
    """An owner in a Message-ID: each gets a letter of their own, once."""
    return hashlib.sha256(owner.encode()).hexdigest()[:12]


def link_to(page: str | None, asked: Approval) -> str | None:
    """The question on the page, with what was shown when the link was made: the page says where it is another by then."""
    return f"{page}/approvals/{asked.id}?shown={asked.seal}" if page is not None else None


