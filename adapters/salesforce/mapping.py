"""How the shared names and option keys are called in Salesforce, and how users add to that in connector.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.salesforce.soql import safe_name
from connector.adapter import VOCABULARY, FieldName, ObjectType
from connector.errors import SettingsError, UnsafeReferenceError

DEFAULT_MARKER_FIELD = "Connector_Marker__c"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One shared field: its Salesforce name, and shared option key → Salesforce value where they differ."""

    native: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectMap:
    """One shared object: its Salesforce name, its fields, and the condition that tells it from its siblings."""

    native: str
    fields: Mapping[FieldName, FieldMap]
    where: str = ""


def _object(native: str, *, where: str = "", **fields: str | FieldMap) -> ObjectMap:
    named = {FieldName(name): FieldMap(at) if isinstance(at, str) else at for name, at in fields.items()}
    return ObjectMap(native, named, where)


_PRIORITY = {"low": "Low", "normal": "Medium", "high": "High"}
_TASK_PRIORITY = {"low": "Low", "normal": "Normal", "high": "High"}
_TASK_STATUS = {
    "open": "Not Started", "in_progress": "In Progress", "waiting": "Waiting on someone else", "done": "Completed",
    "deferred": "Deferred",
}  # fmt: skip
_CASE_STATUS = {"new": "New", "open": "Working", "waiting": "On Hold", "closed": "Closed"}
_LEAD_STATUS = {
    "new": "Open - Not Contacted", "working": "Working - Contacted", "qualified": "Closed - Converted",
    "unqualified": "Closed - Not Converted",
}  # fmt: skip
_TIER = {"hot": "Hot", "warm": "Warm", "cold": "Cold"}

STANDARD: Mapping[ObjectType, ObjectMap] = {
    ObjectType.ACCOUNT: _object(
        "Account", name="Name", website="Website", phone="Phone", industry="Industry", employees="NumberOfEmployees",
        annual_revenue="AnnualRevenue", country="BillingCountry", state="BillingState", city="BillingCity",
        postal_code="BillingPostalCode", street="BillingStreet", description="Description", owner="OwnerId",
        last_activity="LastActivityDate",
    ),
    ObjectType.CONTACT: _object(
        "Contact", first_name="FirstName", last_name="LastName", email="Email", phone="Phone", mobile="MobilePhone",
        title="Title", account="AccountId", country="MailingCountry", state="MailingState", city="MailingCity",
        owner="OwnerId", last_activity="LastActivityDate", opted_out="HasOptedOutOfEmail", bounced="EmailBouncedReason",
    ),
    ObjectType.LEAD: _object(
        "Lead", first_name="FirstName", last_name="LastName", company="Company", email="Email", phone="Phone",
        title="Title", source="LeadSource", industry="Industry", employees="NumberOfEmployees", country="Country",
        description="Description", owner="OwnerId", status=FieldMap("Status", _LEAD_STATUS), converted="IsConverted",
        last_activity="LastActivityDate", tier=FieldMap("Rating", _TIER), opted_out="HasOptedOutOfEmail",
        bounced="EmailBouncedReason",
    ),
    ObjectType.OPPORTUNITY: _object(
        "Opportunity", name="Name", account="AccountId", amount="Amount", stage="StageName", close_date="CloseDate",
        probability="Probability", next_step="NextStep", closed="IsClosed", won="IsWon", source="LeadSource",
        description="Description", owner="OwnerId", last_activity="LastActivityDate",
        stage_changed="LastStageChangeDate",
    ),
    ObjectType.TICKET: _object(
        "Case", subject="Subject", description="Description", status=FieldMap("Status", _CASE_STATUS),
        priority=FieldMap("Priority", _PRIORITY), category="Type", queue="OwnerId", owner="OwnerId",
        contact="ContactId", account="AccountId", channel="Origin",
    ),
    ObjectType.TASK: _object(
        "Task", subject="Subject", description="Description", due="ActivityDate",
        status=FieldMap("Status", _TASK_STATUS), priority=FieldMap("Priority", _TASK_PRIORITY), owner="OwnerId",
    ),
    ObjectType.NOTE: _object("FeedItem", body="Body", at="CreatedDate", owner="CreatedById"),
    ObjectType.EMAIL: _object(
        "EmailMessage", subject="Subject", body="TextBody", sender="FromAddress", recipients="ToAddress",
        at="MessageDate", incoming="Incoming", status="Status",
    ),
    ObjectType.MEETING: _object(
        "Event", subject="Subject", body="Description", start_time="StartDateTime", end_time="EndDateTime",
        location="Location", owner="OwnerId",
    ),
    ObjectType.CALL: _object(
        "Task", where="TaskSubtype = 'Call'", subject="Subject", body="Description", at="ActivityDate",
        duration="CallDurationInSeconds", outcome="CallDisposition", owner="OwnerId",
    ),
    ObjectType.ORDER: _object(
        "Order", name="OrderNumber", status="Status", amount="TotalAmount", at="EffectiveDate", account="AccountId",
        contact="ShipToContactId",
    ),
    ObjectType.LINE_ITEM: _object(
        "OrderItem", name="OrderItemNumber", quantity="Quantity", unit_price="UnitPrice", amount="TotalPrice",
        product="Product2Id", order="OrderId",
    ),
    ObjectType.PRODUCT: _object(
        "Product2", name="Name", code="ProductCode", description="Description", active="IsActive"
    ),
    ObjectType.USER: _object("User", name="Name", email="Email", active="IsActive", manager="ManagerId"),
}  # fmt: skip

CREATABLE = frozenset({ObjectType.TASK, ObjectType.NOTE, ObjectType.MEETING, ObjectType.EMAIL, ObjectType.CALL})


def object_maps(settings: Mapping[str, Any], *, connection: str) -> Mapping[ObjectType, ObjectMap]:
    """The standard map with the connection's own fields laid over it; every problem is reported at once."""
    problems: list[str] = []
    maps = dict(STANDARD)
    marker = str(settings.get("marker_field") or DEFAULT_MARKER_FIELD)
    for kind in (ObjectType.TASK, ObjectType.MEETING, ObjectType.CALL):
        maps[kind] = replace(maps[kind], fields={**maps[kind].fields, FieldName("marker"): FieldMap(marker)})
    for name, native in dict(settings.get("objects") or {}).items():
        mapped = _own_object(name, native, f"connections.{connection}.objects.{name}", problems)
        if mapped is not None:
            maps[ObjectType(name)] = mapped
    for name, fields in dict(settings.get("fields") or {}).items():
        at = f"connections.{connection}.fields.{name}"
        if name not in maps:
            problems.append(f"{at}: Salesforce has no such object here; known are {', '.join(sorted(maps))}")
        elif not isinstance(fields, Mapping):
            problems.append(f"{at}: expected field names below it")
        else:
            kind = ObjectType(name)
            entries = {shared: _entry(one, f"{at}.{shared}", problems) for shared, one in fields.items()}
            named = {FieldName(str(shared)): one for shared, one in entries.items() if one is not None}
            maps[kind] = replace(maps[kind], fields={**maps[kind].fields, **named})
    if problems:
        raise SettingsError(problems)
    return maps


def shared_options(kind: ObjectType, name: FieldName) -> tuple[str, ...]:
    """The option keys every CRM shares for a field; empty where each CRM has its own."""
    shared = VOCABULARY[kind].get(name)
    return shared.options if shared is not None else ()


def _own_object(name: object, native: object, at: str, problems: list[str]) -> ObjectMap | None:
    """An object of the org's own, such as `activity: Page_View__c`; its fields are named under `fields`."""
    if name not in set(ObjectType):
        problems.append(f"{at}: not an object of the shared vocabulary")
        return None
    try:
        return ObjectMap(safe_name(str(native)), {})
    except UnsafeReferenceError as error:
        problems.append(f"{at}: {error.message}")
        return None


def _entry(entry: object, at: str, problems: list[str]) -> FieldMap | None:
    native = entry.get("native") if isinstance(entry, Mapping) else entry
    options = entry.get("options", {}) if isinstance(entry, Mapping) else {}
    unknown = set(entry) - {"native", "options"} if isinstance(entry, Mapping) else set()
    problems += [f"{at}.{key}: unknown key, expected native or options" for key in sorted(map(str, unknown))]
    if not isinstance(options, Mapping):
        problems.append(f"{at}.options: expected shared key: Salesforce value")
        return None
    try:
        return FieldMap(safe_name(str(native)), {str(key): str(value) for key, value in options.items()})
    except UnsafeReferenceError as error:
        problems.append(f"{at}.native: {error.message}")
        return None
