"""What happens to the demo's CRMs: customers write, a colleague edits at the worst moment, a rule of the CRM refuses."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapters.sandbox import Row
from adapters.sandbox.ticket_text import CATEGORIES, INJECTION, clear_text, fill, unclear_text
from connector.cli.staged import SeededCrm
from connector.record import ConnectionName, ObjectType, RecordRef

ORDINARY = 4  # tickets per CRM that nothing befalls


class Part(StrEnum):
    """Which part a ticket plays."""

    ORDINARY = "an ordinary ticket"
    CONTESTED = "a colleague edits it between our read and our write"
    UNCLEAR = "nobody could sort it"
    INJECTION = "tries to steer the agent, through the web form"
    REFUSED = "the CRM's own rule forbids the write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A ticket that came in."""

    ref: RecordRef
    subject: str
    part: Part


def let_customers_write(crms: Mapping[ConnectionName, SeededCrm], chance: random.Random) -> list[Arrived]:
    """Every part once in each CRM, the ordinary one several times."""
    arrived = []
    for name, crm in crms.items():
        _forbid_early_refunds(crm)
        for part, count in ((Part.ORDINARY, ORDINARY), *((one, 1) for one in Part if one is not Part.ORDINARY)):
            for _ in range(count):
                subject, text = _message(part, chance)
                ref = RecordRef(name, ObjectType.TICKET, crm.arrive(subject, text))
                arrived.append(Arrived(ref=ref, subject=subject, part=part))
                if part is Part.CONTESTED:
                    _edit_in_between(crm, ref.id)
    return arrived


def _message(part: Part, chance: random.Random) -> tuple[str, str]:
    match part:
        case Part.UNCLEAR:
            return unclear_text(chance)
        case Part.INJECTION:
            return INJECTION[0], fill(INJECTION[1], chance)
        case Part.REFUSED:
            return clear_text("Refund", chance)
        case _:
            return clear_text(chance.choice([one for one in sorted(CATEGORIES) if one != "Refund"]), chance)


def _edit_in_between(crm: SeededCrm, ticket: str) -> None:
    """Once, just before our write arrives, a colleague files the ticket by hand."""
    field = crm.names.category

    def edit(row: Row, values: Mapping[str, object]) -> None:
        if row.id == ticket and field in values:
            crm.org.before_agent_write.remove(edit)
            other = next(one for one in ("Warranty", "Setup") if one != values[field])
            crm.edit(ticket, field, other)

    crm.org.before_agent_write.append(edit)


def _forbid_early_refunds(crm: SeededCrm) -> None:
    """An administrator's rule: nothing is filed as a refund while the ticket is new."""
    names = crm.names
    crm.add_rule(
        "A refund is filed once somebody works on the ticket.",
        lambda values: values.get(names.category) == "Refund" and values.get(names.status) == names.as_new[names.status],
    )
