"""How each CRM spells what the simulated people and the checker speak of; written apart from the adapters' mappings.

If an adapter maps a field wrongly, its writes do not look here as they should.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Spelling = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Natives:
    """The tickets of one CRM: object, fields and options under shared names, each with its native spelling."""

    system: str
    ticket: str
    task: str
    fields: Spelling
    options: Mapping[str, Spelling] = field(default_factory=dict)
    categories: tuple[str, ...]

    def native(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        return {
            self.fields[name]: self.options.get(name, {}).get(value, value) if value is not None else None
            for name, value in values.items()
        }

    def shared(self, name: str, value: object) -> str | None:
        """A native value under its shared name; what is empty is None."""
        if value is None or value == "":
            return None
        back = {native: key for key, native in self.options.get(name, {}).items()}
        return back.get(str(value), str(value))


HUBSPOT = Natives(
    system="hubspot",
    ticket="tickets",
    task="task",
    fields={
        "subject": "subject", "description": "content", "status": "hs_pipeline_stage",
        "priority": "hs_ticket_priority", "category": "hs_ticket_category",
    },
    options={
        "priority": {"low": "LOW", "normal": "MEDIUM", "high": "HIGH", "urgent": "URGENT"},
        "status": {"new": "1", "waiting": "2", "open": "3", "closed": "4"},
    },
    categories=("BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY", "PRODUCT_ISSUE"),
)  # fmt: skip

SALESFORCE = Natives(
    system="salesforce",
    ticket="Case",
    task="task",
    fields={
        "subject": "Subject", "description": "Description", "status": "Status", "priority": "Priority",
        "category": "Type",
    },
    options={
        "priority": {"low": "Low", "normal": "Medium", "high": "High"},
        "status": {"new": "New", "open": "Working", "waiting": "On Hold", "closed": "Closed"},
    },
    categories=("Billing", "Delivery", "Product Defect", "Refund"),
)  # fmt: skip
