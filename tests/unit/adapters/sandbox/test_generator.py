"""The made-up company: the same from the same seed, consistent, and learnable from its words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox import OrgClock, Size, Story, build_salesforce, load_story_salesforce, make_story
from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.hubspot.loading import load_story

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    assert make_story(1, until=NOW) == make_story(1, until=NOW)
    assert make_story(1, until=NOW) != make_story(2, until=NOW)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_every_reference_points_at_something_that_began_before(seed: int) -> None:
    story = make_story(seed, until=NOW, size=Size().times(0.5))
    began = _beginnings(story)
    users = {user.key for user in story.users}
    for contact in story.contacts:
        assert began[contact.account] <= contact.created <= NOW
    for deal in story.opportunities:
        assert began[deal.contact] <= deal.created
        times = [change.at for change in deal.stages]
        assert times == sorted(times)
        assert {change.by for change in deal.stages} <= users
    for hung in (*story.emails, *story.notes, *story.tasks, *story.page_views):
        assert began[hung.about.key] <= hung.at <= NOW


def _beginnings(story: Story) -> dict[str, datetime]:
    parts = (*story.accounts, *story.contacts, *story.leads, *story.opportunities, *story.tickets)
    return {part.key: part.created for part in parts}


def test_exactly_one_web_ticket_carries_an_injection_and_some_are_unclear() -> None:
    story = make_story(3, until=NOW)
    injected = [ticket for ticket in story.tickets if ticket.kind == "injection"]
    assert [(ticket.origin, ticket.status, ticket.filed) for ticket in injected] == [("web", "new", False)]
    assert "Disregard" in injected[0].description
    unclear = [ticket for ticket in story.tickets if ticket.kind == "unclear"]
    assert unclear
    assert all(ticket.category is None for ticket in (*unclear, *injected))


def test_texts_are_varied() -> None:
    story = make_story(4, until=NOW, size=Size(tickets=400))
    texts = [ticket.description for ticket in story.tickets if ticket.kind == "clear"]
    assert len(set(texts)) > 0.9 * len(texts)


def test_the_category_can_be_learned_from_the_words() -> None:
    """A few lines of word counting over filed tickets name most of the others rightly."""
    clear = [ticket for ticket in make_story(5, until=NOW, size=Size(tickets=600)).tickets if ticket.category]
    known, asked = clear[:400], clear[400:]
    words: dict[str, Counter[str]] = {}
    for ticket in known:
        words.setdefault(str(ticket.category), Counter()).update(
            f"{ticket.subject} {ticket.description}".lower().split()
        )
    sizes = {category: sum(counts.values()) for category, counts in words.items()}

    def guess(text: str) -> str:
        found = text.lower().split()
        return max(words, key=lambda category: _likelihood(found, words[category], sizes[category]))

    right = sum(guess(f"{ticket.subject} {ticket.description}") == ticket.category for ticket in asked)
    assert right > 0.9 * len(asked)


def _likelihood(found: list[str], counts: Counter[str], size: int) -> float:
    from math import log

    return sum(log((counts[word] + 0.1) / (size + 100)) for word in found)


def test_a_story_is_loaded_with_its_past_into_a_salesforce_org() -> None:
    story = make_story(6, until=NOW)
    crm = build_salesforce(clock=OrgClock(NOW))
    loaded = load_story_salesforce(crm.org, story)
    assert crm.org.count("Case") == len(story.tickets)
    assert crm.org.count("OrderItem") == sum(len(order.lines) for order in story.orders)
    filed = next(ticket for ticket in story.tickets if ticket.filed)
    row = crm.org.get("Case", loaded.ids[filed.key])
    assert (row.get("Type"), row.get("Description")) == (filed.category, filed.description)
    assert crm.org.get("Contact", loaded.ids[filed.contact]).get("AccountId") == loaded.ids[filed.account]
    deal = max(story.opportunities, key=lambda each: len(each.stages))
    stages = crm.org.history.of(crm.org.get("Opportunity", loaded.ids[deal.key]).key, "StageName")
    assert len(stages) == len(deal.stages)
    assert {line.actor for line in crm.org.log.entries()} <= {"setup", "automation"}


def test_how_leads_ended_can_be_learned_and_is_not_certain() -> None:
    leads = make_story(5, until=NOW, size=Size(leads=600)).leads
    ended = [lead for lead in leads if lead.status in ("qualified", "unqualified")]
    rates = [
        sum(lead.status == "qualified" for lead in some) / len(some)
        for some in ([lead for lead in ended if (lead.employees >= 100) is large] for large in (True, False))
    ]
    assert len(ended) > 150
    assert 0.5 < rates[0] < 0.9
    assert 0.1 < rates[1] < 0.4


def test_both_orgs_keep_the_leads_with_what_is_known_of_them() -> None:
    story = make_story(5, until=NOW, size=Size(leads=30))
    salesforce = build_salesforce(clock=OrgClock(NOW))
    load_story_salesforce(salesforce.org, story)
    hubspot = build_hubspot(clock=OrgClock(NOW))
    load_story(hubspot.org, story)
    known = sorted((lead.employees, lead.message) for lead in story.leads)
    native = {"Lead": ("NumberOfEmployees", "Description"), "leads": ("lead_employees", "lead_message")}
    for org, kind in ((salesforce.org, "Lead"), (hubspot.org, "leads")):
        rows = [(int(row.get(native[kind][0])), row.get(native[kind][1])) for row in org.rows(kind)]
        assert sorted(rows) == known
