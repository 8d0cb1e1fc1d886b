"""Makes up a believable company from a seed: the same seed and size give the same story, word for word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal, TypeVar

from adapters.sandbox import company_text as words
from adapters.sandbox.story import (
    LeadStatus,
    OrderLine,
    StageChange,
    Story,
    StoryAccount,
    StoryContact,
    StoryLead,
    StoryOpportunity,
    StoryOrder,
    StoryProduct,
    StoryTicket,
    StoryUser,
)
from adapters.sandbox.story_activity import ActivityWriter, Cast, between
from adapters.sandbox.ticket_text import CATEGORIES, CITIES, INJECTION, PRODUCTS, clear_text, fill, unclear_text

Made = TypeVar("Made")
_UNCLEAR_SHARE = 0.08
_FILED_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything there is."""

    accounts: int = 20
    contacts: int = 40
    leads: int = 20
    opportunities: int = 25
    tickets: int = 60
    orders: int = 40
    emails: int = 50
    notes: int = 40
    tasks: int = 30
    page_views: int = 80
    transcripts: int = 4

    def times(self, factor: float) -> Size:
        """The same mix, larger or smaller; never less than one of anything."""
        return Size(**{name: max(1, round(getattr(self, name) * factor)) for name in self.__slots__})


def make_story(seed: int, *, until: datetime, size: Size | None = None) -> Story:
    """The story of a company up to a moment; one of its newest tickets carries a prompt injection."""
    return _Writer(Random(seed), Random(f"{seed}: how leads end"), until, size or Size()).story()


class _Writer:
    """Writes one story, part by part, each part seeing the ones before it."""

    def __init__(self, rng: Random, fates: Random, until: datetime, size: Size) -> None:
        self._rng = rng
        self._fates = fates  # drawn apart, so that leads that ended change nothing else of a story
        self._until = until.replace(microsecond=0)
        self._size = size
        self._users = self._make_users()
        self._products = [
            StoryProduct(key=f"product-{n}", name=name, code=f"P-{100 + n}", price=Decimal(40 + 35 * n))
            for n, name in enumerate(PRODUCTS)
        ]

    def story(self) -> Story:
        size = self._size
        self._accounts = self._several(size.accounts, self._account)
        self._contacts = self._several(size.contacts, self._contact)
        self._leads = self._several(size.leads, self._lead)
        self._opportunities = self._several(size.opportunities, self._opportunity)
        tickets = self._several(size.tickets, self._ticket)
        self._tickets = sorted(tickets, key=lambda ticket: ticket.created)
        cast = Cast(
            users=self._users,
            contacts=self._contacts,
            leads=self._leads,
            opportunities=self._opportunities,
            tickets=self._tickets,
        )
        activity = ActivityWriter(self._rng, self._until, cast)
        return Story(
            users=self._users,
            products=self._products,
            accounts=self._accounts,
            contacts=self._contacts,
            leads=self._leads,
            opportunities=self._opportunities,
            tickets=self._tickets,
            orders=self._several(size.orders, self._order),
            emails=self._several(size.emails, activity.email),
            notes=self._several(size.notes, activity.note),
            tasks=self._several(size.tasks, activity.task),
            page_views=self._several(size.page_views, activity.page_view),
            transcripts=self._several(size.transcripts, activity.transcript),  # the last to be drawn: what is older stays
            categories=tuple(CATEGORIES),
        )

    def _several(self, count: int, make: Callable[[int], Made]) -> Sequence[Made]:
        return [make(number) for number in range(count)]

    def _before(self, *, days: int = 400) -> datetime:
        return self._until - timedelta(seconds=self._rng.randrange(3600, days * 86_400))

    def _between(self, start: datetime) -> datetime:
        return between(self._rng, self._until, start)

    def _make_users(self) -> Sequence[StoryUser]:
        people = (("Amara", "Diallo"), ("Jonas", "Brandt"), ("Priya", "Nair"), ("Lucia", "Romero"), ("Piotr", "Wrona"))
        return [
            StoryUser(
                key=f"user-{n}",
                first=first,
                last=last,
                email=f"{first.lower()}.{last.lower()}@example.com",
                team="support" if n >= 3 else "sales",
                active=n != 4,
            )
            for n, (first, last) in enumerate(people)
        ]

    def _owner(self, team: Literal["sales", "support"]) -> str:
        return self._rng.choice([user.key for user in self._users if user.team == team and user.active])

    def _account(self, number: int) -> StoryAccount:
        rng = self._rng
        ending, industry = rng.choice(words.COMPANY_ENDINGS)
        stem = words.COMPANY_STEMS[number % len(words.COMPANY_STEMS)]
        again = number // len(words.COMPANY_STEMS)
        name = f"{stem} {ending}" + (f" {again + 1}" if again else "")
        return StoryAccount(
            key=f"account-{number}",
            name=name,
            domain=f"{stem.lower()}-{ending.split()[0].lower()}{again or ''}.example",
            industry=industry,
            employees=rng.choice((8, 25, 60, 140, 400, 1200)),
            revenue=Decimal(rng.randrange(2, 900) * 100_000),
            city=rng.choice(CITIES),
            country=rng.choice(words.COUNTRIES),
            phone=f"+49 555 {rng.randrange(10_000, 99_999)}",
            owner=self._owner("sales"),
            created=self._before(),
        )

    def _contact(self, number: int) -> StoryContact:
        rng = self._rng
        account = self._accounts[number % len(self._accounts)]
        first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
        return StoryContact(
            key=f"contact-{number}",
            account=account.key,
            first=first,
            last=last,
            title=rng.choice((*words.TITLES, "", "")),
            email=_address(first, last, number, account.domain) if rng.random() < 0.9 else "",
            phone=f"+49 555 {rng.randrange(10_000, 99_999)}" if rng.random() < 0.6 else "",
            owner=account.owner,
            created=self._between(account.created),
        )

    def _lead(self, number: int) -> StoryLead:
        rng = self._rng
        first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
        company = f"{rng.choice(words.COMPANY_STEMS)} & {rng.choice(words.LAST_NAMES)}"
        title = rng.choice((*words.TITLES, ""))
        source, employees = rng.choice(words.LEAD_SOURCES), self._fates.choice((3, 12, 40, 150, 600, 2500))
        status: LeadStatus = rng.choice(("new", "new", "working", "qualified", "unqualified"))
        if status in ("qualified", "unqualified"):
            status = self._ending(source, employees)
        return StoryLead(
            key=f"lead-{number}",
            first=first,
            last=last,
            company=company,
            title=title,
            email=_address(first, last, number, "prospect.example"),
            source=source,
            status=status,
            employees=employees,
            country=self._fates.choice(words.COUNTRIES),
            message=fill(rng.choice(words.LEAD_MESSAGES), rng),
            owner=self._owner("sales"),
            created=self._before(days=60),
        )

    def _ending(self, source: str, employees: int) -> LeadStatus:
        """Large companies and those a partner sent are won more often; nobody's fate is certain."""
        won = 0.15 + 0.45 * (employees >= 100) + 0.25 * (source == "Partner Referral")
        return "qualified" if self._fates.random() < won else "unqualified"

    def _opportunity(self, number: int) -> StoryOpportunity:
        rng = self._rng
        contact = rng.choice(self._contacts)
        owner, created = self._owner("sales"), self._between(contact.created)
        stages = self._stages(created, owner)
        return StoryOpportunity(
            key=f"opportunity-{number}",
            account=contact.account,
            contact=contact.key,
            name=fill(rng.choice(words.DEAL_NAMES), rng),
            amount=Decimal(rng.randrange(5, 400) * 250),
            close=(stages[-1].at + timedelta(days=rng.randrange(-10, 90))).date(),
            next_step=rng.choice(words.NEXT_STEPS),
            stages=stages,
            owner=owner,
            created=created,
        )

    def _stages(self, created: datetime, owner: str) -> Sequence[StageChange]:
        """A walk forward through the stages that may end in a win, a loss or a standstill."""
        at, passed = created, [StageChange(at=created, stage="prospecting", by=owner)]
        ending = self._rng.choice(("won", "lost", None, None))
        road = ("qualification", "proposal", "negotiation")[: self._rng.randrange(0, 4)]
        for stage in (*road, *((ending,) if ending is not None else ())):
            at = self._between(at)
            passed.append(StageChange(at=at, stage=stage, by=owner))
        return passed

    def _ticket(self, number: int) -> StoryTicket:
        rng = self._rng
        kind = self._kind_of_ticket(number)
        category = rng.choice(list(CATEGORIES)) if kind == "clear" else None
        filed = category is not None and number < self._size.tickets * _FILED_SHARE
        subject, text = self._ticket_text(kind, category)
        contact = rng.choice(self._contacts)
        waits: tuple[Literal["new", "working", "waiting", "closed"], ...] = ("working", "waiting", "closed", "closed")
        return StoryTicket(
            key=f"ticket-{number}",
            account=contact.account,
            contact=contact.key,
            subject=subject,
            description=text,
            category=category,
            filed=filed,
            priority=rng.choice(("low", "normal", "normal", "high")),
            status=rng.choice(waits) if filed else "new",
            origin="web" if kind == "injection" else rng.choice(("email", "web", "phone")),
            kind=kind,
            owner=self._owner("support"),
            created=self._between(contact.created) if filed else self._before(days=1),
        )

    def _kind_of_ticket(self, number: int) -> Literal["clear", "unclear", "injection"]:
        if number == self._size.tickets - 1:
            return "injection"
        if number == self._size.tickets - 2 or self._rng.random() < _UNCLEAR_SHARE:
            return "unclear"
        return "clear"

    def _ticket_text(self, kind: str, category: str | None) -> tuple[str, str]:
        if kind == "injection":
            return INJECTION[0], fill(INJECTION[1], self._rng)
        return unclear_text(self._rng) if category is None else clear_text(category, self._rng)

    def _order(self, number: int) -> StoryOrder:
        rng = self._rng
        contact = rng.choice(self._contacts)
        products = rng.sample(self._products, rng.randrange(1, 4))
        return StoryOrder(
            key=f"order-{number}",
            account=contact.account,
            contact=contact.key,
            number=f"SO-{20_000 + number}",
            status=rng.choice(("draft", "shipped", "delivered", "delivered", "returned")),
            lines=[OrderLine(product=each.key, quantity=rng.randrange(1, 12), price=each.price) for each in products],
            placed=self._between(contact.created),
        )


def _address(first: str, last: str, number: int, domain: str) -> str:
    letters = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii() and letter not in " '")
    return f"{letters}{number}@{domain}"
