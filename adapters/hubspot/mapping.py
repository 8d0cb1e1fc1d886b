"""HubSpot's names for the shared vocabulary: objects, fields, options and which records hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.adapter import FieldName, ObjectType
from connector.errors import SettingsError

OBJECTS: Mapping[ObjectType, str] = {
    ObjectType.ACCOUNT: "companies",
    ObjectType.CONTACT: "contacts",
    ObjectType.LEAD: "leads",
    ObjectType.OPPORTUNITY: "deals",
    ObjectType.TICKET: "tickets",
    ObjectType.TASK: "tasks",
    ObjectType.NOTE: "notes",
    ObjectType.MEETING: "meetings",
    ObjectType.EMAIL: "emails",
    ObjectType.CALL: "calls",
    ObjectType.ORDER: "orders",
    ObjectType.LINE_ITEM: "line_items",
    ObjectType.PRODUCT: "products",
    ObjectType.TRANSCRIPT: "calls",  # what was said stands in the call's own notes
}
PIPED = frozenset({ObjectType.OPPORTUNITY, ObjectType.TICKET, ObjectType.LEAD, ObjectType.ORDER})
"""Objects whose records stand in a stage of a pipeline."""
CREATABLE = frozenset({ObjectType.TASK, ObjectType.NOTE, ObjectType.MEETING})
"""Engagements this product may hang on a record, and take back."""
OWNER = "hubspot_owner_id"

_FIELDS: Mapping[ObjectType, Mapping[str, str | tuple[str, ...]]] = {
    ObjectType.ACCOUNT: {
        "name": "name", "domain": "domain", "website": "website", "phone": "phone", "industry": "industry",
        "employees": "numberofemployees", "annual_revenue": "annualrevenue", "country": "country", "state": "state",
        "city": "city", "postal_code": "zip", "street": "address", "description": "description", "owner": OWNER,
        "last_activity": ("notes_last_updated", "notes_last_contacted"),
    },
    ObjectType.CONTACT: {
        "first_name": "firstname", "last_name": "lastname", "email": "email", "phone": "phone", "mobile": "mobilephone",
        "title": "jobtitle", "country": "country", "state": "state", "city": "city", "owner": OWNER,
        "last_activity": ("notes_last_updated", "notes_last_contacted"), "opted_out": "hs_email_optout",
        "bounced": "hs_email_hard_bounce_reason_enum",
    },
    ObjectType.LEAD: {"status": "hs_pipeline_stage", "tier": "hs_lead_label", "owner": OWNER},
    ObjectType.OPPORTUNITY: {
        "name": "dealname", "amount": "amount", "stage": "dealstage", "pipeline": "pipeline", "close_date": "closedate",
        "probability": "hs_deal_stage_probability", "next_step": "hs_next_step", "closed": "hs_is_closed",
        "won": "hs_is_closed_won", "source": "hs_analytics_source", "description": "description", "owner": OWNER,
        "last_activity": ("notes_last_updated", "notes_last_contacted"),
        "stage_changed": "hs_v2_date_entered_current_stage",
    },
    ObjectType.TICKET: {
        "subject": "subject", "description": "content", "status": "hs_pipeline_stage", "priority": "hs_ticket_priority",
        "category": "hs_ticket_category", "owner": OWNER, "channel": "source_type", "pipeline": "hs_pipeline",
    },
    ObjectType.TASK: {
        "subject": "hs_task_subject", "description": "hs_task_body", "due": "hs_timestamp", "status": "hs_task_status",
        "priority": "hs_task_priority", "owner": OWNER,
    },
    ObjectType.NOTE: {"body": "hs_note_body", "at": "hs_timestamp", "owner": OWNER},
    ObjectType.EMAIL: {
        "subject": "hs_email_subject", "body": "hs_email_text", "sender": "hs_email_from_email",
        "recipients": "hs_email_to_email", "at": "hs_timestamp", "incoming": "hs_email_direction",
        "status": "hs_email_status",
    },
    ObjectType.MEETING: {
        "subject": "hs_meeting_title", "body": "hs_meeting_body", "start_time": "hs_meeting_start_time",
        "end_time": "hs_meeting_end_time", "location": "hs_meeting_location", "outcome": "hs_meeting_outcome",
        "owner": OWNER,
    },
    ObjectType.CALL: {
        "subject": "hs_call_title", "body": "hs_call_body", "at": "hs_timestamp", "duration": "hs_call_duration",
        "outcome": "hs_call_status", "owner": OWNER,
    },
    ObjectType.TRANSCRIPT: {
        "subject": "hs_call_title", "body": "hs_call_body", "at": "hs_timestamp", "owner": OWNER,
    },
    ObjectType.ORDER: {
        "name": "hs_order_name", "status": "hs_pipeline_stage", "amount": "hs_total_price",
        "at": "hs_external_created_date",
    },
    ObjectType.LINE_ITEM: {
        "name": "name", "quantity": "quantity", "unit_price": "price", "amount": "amount", "product": "hs_product_id",
    },
    ObjectType.PRODUCT: {
        "name": "name", "code": "hs_sku", "unit_price": "price", "description": "description", "active": "hs_active",
    },
}  # fmt: skip

_OPTIONS: Mapping[tuple[ObjectType, str], Mapping[str, tuple[str, ...]]] = {
    # The stages of HubSpot's own pipelines; those of other pipelines are for the user to name.
    (ObjectType.TICKET, "status"): {"new": ("1",), "waiting": ("2",), "open": ("3",), "closed": ("4",)},
    (ObjectType.LEAD, "status"): {
        "new": ("new-stage-id",),
        "working": ("attempting-stage-id", "connected-stage-id"),
        "qualified": ("qualified-stage-id",),
        "unqualified": ("unqualified-stage-id",),
    },
    (ObjectType.LEAD, "tier"): {"hot": ("HOT",), "warm": ("WARM",), "cold": ("COLD",)},
    (ObjectType.TICKET, "priority"): {"low": ("LOW",), "normal": ("MEDIUM",), "high": ("HIGH",), "urgent": ("URGENT",)},
    (ObjectType.TASK, "priority"): {"low": ("LOW",), "normal": ("MEDIUM",), "high": ("HIGH",)},
    (ObjectType.TASK, "status"): {
        "open": ("NOT_STARTED",), "in_progress": ("IN_PROGRESS",), "waiting": ("WAITING",), "done": ("COMPLETED",),
        "deferred": ("DEFERRED",),
    },
}  # fmt: skip
EMPTY: Mapping[tuple[ObjectType, str], str] = {(ObjectType.TASK, "priority"): "NONE"}
"""The option HubSpot shows where nothing was chosen."""
TRUE: Mapping[tuple[ObjectType, str], str] = {(ObjectType.EMAIL, "incoming"): "INCOMING_EMAIL"}
"""Shared yes/no fields that HubSpot keeps as a choice: the option that means yes."""

LINKS: Mapping[ObjectType, Mapping[str, ObjectType]] = {
    ObjectType.CONTACT: {"account": ObjectType.ACCOUNT},
    ObjectType.LEAD: {"contact": ObjectType.CONTACT, "account": ObjectType.ACCOUNT},
    ObjectType.OPPORTUNITY: {"account": ObjectType.ACCOUNT, "contact": ObjectType.CONTACT},
    ObjectType.TICKET: {"contact": ObjectType.CONTACT, "account": ObjectType.ACCOUNT},
    ObjectType.ORDER: {"contact": ObjectType.CONTACT, "account": ObjectType.ACCOUNT},
    ObjectType.LINE_ITEM: {"order": ObjectType.ORDER},
    **{
        engagement: {
            "contact": ObjectType.CONTACT,
            "account": ObjectType.ACCOUNT,
            "opportunity": ObjectType.OPPORTUNITY,
            "ticket": ObjectType.TICKET,
        }
        for engagement in (
            ObjectType.TASK, ObjectType.NOTE, ObjectType.EMAIL, ObjectType.CALL, ObjectType.MEETING, ObjectType.TRANSCRIPT,
        )
    },
}  # fmt: skip
"""References that are associations in HubSpot, not properties: the shared field and the object it points at."""

ENGAGEMENTS = frozenset({
    ObjectType.TASK, ObjectType.NOTE, ObjectType.EMAIL, ObjectType.CALL, ObjectType.MEETING, ObjectType.TRANSCRIPT,
})  # fmt: skip
"""What hangs on records itself; HubSpot hangs no task or note on it, but on what it is about."""

PARENT_LINKS: Mapping[tuple[ObjectType, ObjectType], int] = {
    # 230, 204, 192 and 216 stand together in one recorded task create; the notes' numbers follow the same table.
    (ObjectType.TASK, ObjectType.CONTACT): 204,
    (ObjectType.TASK, ObjectType.ACCOUNT): 192,
    (ObjectType.TASK, ObjectType.OPPORTUNITY): 216,
    (ObjectType.TASK, ObjectType.TICKET): 230,
    (ObjectType.NOTE, ObjectType.CONTACT): 202,
    (ObjectType.NOTE, ObjectType.ACCOUNT): 190,
    (ObjectType.NOTE, ObjectType.OPPORTUNITY): 214,
    (ObjectType.NOTE, ObjectType.TICKET): 228,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """Where one shared field lives in HubSpot: candidate properties, best first, and its options by shared key."""

    natives: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]
    from_user: bool = False


def modified_property(object: ObjectType) -> str:
    """Contacts are stamped under another name than everything else."""
    return "lastmodifieddate" if object is ObjectType.CONTACT else "hs_lastmodifieddate"


def field_mappings(object: ObjectType, settings: Mapping[str, Any]) -> Mapping[FieldName, FieldMapping]:
    """The standard map of one object with the user's own entries laid over it."""
    standard = {
        FieldName(name): FieldMapping(
            natives=(native,) if isinstance(native, str) else native, options=_OPTIONS.get((object, name), {})
        )
        for name, native in _FIELDS.get(object, {}).items()
    }
    own = (settings.get("fields") or {}).get(str(object)) or {}
    return {**standard, **{FieldName(name): _from_user(object, name, entry, standard) for name, entry in own.items()}}


def _from_user(object: ObjectType, name: str, entry: object, standard: Mapping[FieldName, FieldMapping]) -> FieldMapping:
    known = standard.get(FieldName(name))
    match entry:
        case str():
            return FieldMapping(natives=(entry,), options={}, from_user=True)
        case Mapping():
            native, options = entry.get("native"), entry.get("options") or {}
            natives = (str(native),) if native else (known.natives if known else ())
            if not natives:
                raise SettingsError([f"fields.{object}.{name}: say which HubSpot property it is with `native:`"])
            return FieldMapping(
                natives=natives, options={str(key): _natives(value) for key, value in options.items()}, from_user=True
            )
        case _:
            raise SettingsError([f"fields.{object}.{name}: expected a property name or `native:` and `options:`"])


def _natives(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else (str(value),)
