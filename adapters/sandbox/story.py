"""A company's CRM told in neutral words: who exists, what happened, when. Loaders write it in a flavour's own names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

LeadStatus = Literal["new", "working", "qualified", "unqualified"]
AboutKind = Literal["account", "contact", "lead", "opportunity", "ticket", "order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which part of the story something hangs on."""

    kind: AboutKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryUser:
    """A colleague who owns records. `team` is sales or support; inactive ones have left."""

    key: str
    first: str
    last: str
    email: str
    team: Literal["sales", "support"]
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryAccount:
    key: str
    name: str
    domain: str
    industry: str
    employees: int
    revenue: Decimal
    city: str
    country: str
    phone: str
    owner: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryContact:
    """A person at an account; empty text means nobody ever filled the field."""

    key: str
    account: str
    first: str
    last: str
    title: str
    email: str
    phone: str
    owner: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLead:
    """Somebody who may become a customer. How an old one ended follows from size and source, mostly."""

    key: str
    first: str
    last: str
    company: str
    title: str
    email: str
    source: str
    status: LeadStatus
    message: str
    owner: str
    created: datetime
    employees: int = 0
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """A deal entered a stage; `stage` is a neutral key, the last one listed is where it stands."""

    at: datetime
    stage: Literal["prospecting", "qualification", "proposal", "negotiation", "won", "lost"]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOpportunity:
    key: str
    account: str
    contact: str
    name: str
    amount: Decimal
    close: date
    next_step: str
    stages: Sequence[StageChange]
    owner: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTicket:
    """A customer's request. `category` is the truth about its text; None when nobody could tell from it.

    `filed` says whether the CRM shows the category already; a new ticket has none.
    """

    key: str
    account: str
    contact: str
    subject: str
    description: str
    category: str | None
    filed: bool
    priority: Literal["low", "normal", "high"]
    status: Literal["new", "working", "waiting", "closed"]
    origin: Literal["email", "web", "phone"]
    kind: Literal["clear", "unclear", "injection"]
    owner: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryProduct:
    key: str
    name: str
    code: str
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    product: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOrder:
    key: str
    account: str
    contact: str
    number: str
    status: Literal["draft", "shipped", "delivered", "returned"]
    lines: Sequence[OrderLine]
    placed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEmail:
    """An e-mail; `incoming` ones were written by an outsider."""

    key: str
    about: About
    sender: str
    recipient: str
    subject: str
    text: str
    incoming: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryNote:
    key: str
    about: About
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTask:
    key: str
    about: About
    subject: str
    due: date
    done: bool
    owner: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTranscript:
    """What was said in a meeting about a deal, a line a turn; some of it is promised or asked."""

    key: str
    about: About
    contact: str
    subject: str
    text: str
    owner: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPageView:
    """A visit to our web site by a known contact or lead."""

    key: str
    about: About
    page: str
    seconds: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything a loader writes, in an order in which every reference points backwards."""

    users: Sequence[StoryUser]
    products: Sequence[StoryProduct]
    accounts: Sequence[StoryAccount]
    contacts: Sequence[StoryContact]
    leads: Sequence[StoryLead]
    opportunities: Sequence[StoryOpportunity]
    tickets: Sequence[StoryTicket]
    orders: Sequence[StoryOrder]
    emails: Sequence[StoryEmail]
    notes: Sequence[StoryNote]
    tasks: Sequence[StoryTask]
    page_views: Sequence[StoryPageView]
    transcripts: Sequence[StoryTranscript] = ()
    categories: Sequence[str]
