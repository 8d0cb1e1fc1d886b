"""The association types HubSpot defines between objects, by number and label.

Numbers 1-4, 15-16 and 193-204 are in a recorded schema of contacts; 2, 3, 4, 5, 16, 230, 342 are
in recorded calls; 279 and the rest of the table are [mem] (facts §7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationType:
    """One kind of link, seen from one side."""

    category: str
    id: int
    label: str | None

    def described(self) -> dict[str, object]:
        """As in an association answer; the labels endpoint uses the same three words."""
        return {"category": self.category, "typeId": self.id, "label": self.label}


# (from, to): (number, number of the other direction); without a label.
_PLAIN: Mapping[tuple[str, str], tuple[int, int]] = {
    ("contacts", "companies"): (279, 280),
    ("contacts", "deals"): (4, 3),
    ("contacts", "tickets"): (15, 16),
    ("companies", "deals"): (342, 341),
    ("companies", "tickets"): (340, 339),
    ("deals", "tickets"): (27, 28),
    ("contacts", "calls"): (193, 194),
    ("contacts", "emails"): (197, 198),
    ("contacts", "meetings"): (199, 200),
    ("contacts", "notes"): (201, 202),
    ("contacts", "tasks"): (203, 204),
    ("companies", "calls"): (181, 182),
    ("companies", "emails"): (185, 186),
    ("companies", "meetings"): (187, 188),
    ("companies", "notes"): (189, 190),
    ("companies", "tasks"): (191, 192),
    ("deals", "calls"): (205, 206),
    ("deals", "emails"): (209, 210),
    ("deals", "meetings"): (211, 212),
    ("deals", "notes"): (213, 214),
    ("deals", "tasks"): (215, 216),
    ("tickets", "calls"): (219, 220),
    ("tickets", "emails"): (223, 224),
    ("tickets", "meetings"): (225, 226),
    ("tickets", "notes"): (227, 228),
    ("tickets", "tasks"): (229, 230),
    ("deals", "line_items"): (19, 20),
    ("orders", "contacts"): (507, 508),
    ("orders", "companies"): (509, 510),
    ("orders", "deals"): (511, 512),
    ("orders", "line_items"): (513, 514),
    ("orders", "tickets"): (525, 526),
    ("orders", "tasks"): (726, 727),  # these two are not recorded anywhere we know; a client looks them up
    ("leads", "contacts"): (608, 609),
    ("leads", "companies"): (610, 611),
    ("leads", "tasks"): (646, 647),
    ("leads", "notes"): (854, 855),
    ("leads", "emails"): (598, 599),
    ("leads", "calls"): (596, 597),
    ("leads", "meetings"): (600, 601),
    ("leads", "deals"): (583, 584),
    ("companies", "companies"): (450, 450),
    ("contacts", "contacts"): (449, 449),
}
_PRIMARY: Mapping[tuple[str, str], tuple[int, int]] = {
    ("contacts", "companies"): (1, 2),
    ("deals", "companies"): (5, 6),
    ("tickets", "companies"): (26, 25),
    ("leads", "contacts"): (578, 579),
    ("leads", "companies"): (580, 581),
}


def _defined() -> dict[tuple[str, str], tuple[AssociationType, ...]]:
    table: dict[tuple[str, str], tuple[AssociationType, ...]] = {}

    def add(pair: tuple[str, str], number: int, label: str | None) -> None:
        kind = AssociationType(category="HUBSPOT_DEFINED", id=number, label=label)
        if kind not in table.get(pair, ()):
            table[pair] = (*table.get(pair, ()), kind)

    for pair, (there, back) in _PLAIN.items():
        add(pair, there, None)
        add((pair[1], pair[0]), back, None)
    for pair, (there, back) in _PRIMARY.items():
        label = "Primary Contact" if pair[1] == "contacts" else "Primary Company"
        add(pair, there, label)
        add((pair[1], pair[0]), back, label)
    return table


DEFINED: Mapping[tuple[str, str], tuple[AssociationType, ...]] = _defined()
_INVERSES: Mapping[int, int] = {
    number: inverse
    for table in (_PLAIN, _PRIMARY)
    for there, back in table.values()
    for number, inverse in ((there, back), (back, there))
}


def inverse_of(number: int) -> int:
    """The same link seen from the other side."""
    return _INVERSES.get(number, number)
