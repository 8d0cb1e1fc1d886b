"""The objects an administrator sees: users, queues, record types, and the histories the CRM writes itself."""

from __future__ import annotations

from adapters.sandbox.salesforce.field_types import area, computed, picklist, reference, text, typed
from adapters.sandbox.salesforce.objects_common import SYSTEM_FIELDS, full_name, standard_object
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition

TRACKED = {
    "Account": ("Name", "Industry", "OwnerId", "Rating", "Type"),
    "Contact": ("AccountId", "Email", "OwnerId", "Phone", "Title"),
    "Lead": ("Email", "OwnerId", "Rating", "Score__c", "Status", "Tier__c"),
    "Opportunity": ("Amount", "CloseDate", "Health__c", "NextStep", "OwnerId", "Probability", "StageName"),
    "Case": ("OwnerId", "Priority", "Reason", "Status", "Subject", "Type"),
}
HISTORY_OBJECTS = {
    "AccountHistory": "Account",
    "ContactHistory": "Contact",
    "LeadHistory": "Lead",
    "OpportunityFieldHistory": "Opportunity",
    "CaseHistory": "Case",
}
STAGE_HISTORY = "OpportunityHistory"
MAIL_RELATION = "EmailMessageRelation"


def _user() -> ObjectDefinition:
    fields = [
        text("Username", length=80, required=True, unique=True),
        text("LastName", "Last Name", length=80, required=True),
        text("FirstName", "First Name", length=40),
        computed(text("Name", "Full Name", length=121)),
        typed("Email", "email", required=True),
        text("Alias", length=8),
        text("Title", length=80),
        text("Department", length=80),
        typed("IsActive", "boolean", "Active"),
        picklist("UserType", ("Standard", "CsnOnly", "AutomatedProcess"), "User Type", default="Standard"),
        text("TimeZoneSidKey", "Time Zone", length=40, default="Europe/Berlin"),
    ]
    return standard_object(
        "User", "005", "User", "Users", fields, derive=lambda values, before, stamp: {"Name": full_name(values)}
    )


def _queue() -> ObjectDefinition:
    fields = [
        text("Name", length=40, required=True),
        text("DeveloperName", "Developer Name", length=80),
        picklist("Type", ("Regular", "Queue"), default="Queue"),
        typed("Email", "email"),
    ]
    return standard_object("Group", "00G", "Group", "Groups", fields)


def _record_type() -> ObjectDefinition:
    fields = [
        text("Name", length=80, required=True),
        text("DeveloperName", "Developer Name", length=80),
        text("SobjectType", "SObject Type", length=40),
        typed("IsActive", "boolean", "Active"),
    ]
    return standard_object("RecordType", "012", "Record Type", "Record Types", fields)


def _read_only(name: str, prefix: str, label: str, fields: list[FieldDefinition]) -> ObjectDefinition:
    by_name = {field.name: field for field in (SYSTEM_FIELDS[0], SYSTEM_FIELDS[1], *fields, *SYSTEM_FIELDS[2:4])}
    traits = {"read_only": True}
    return ObjectDefinition(name=name, prefix=prefix, label=label, plural=label, fields=by_name, traits=traits)


def _field_history(name: str, parent: str) -> ObjectDefinition:
    parent_field = "CaseId" if parent == "Case" else f"{parent}Id"
    fields = [
        computed(reference(parent_field, parent)),
        computed(text("Field", "Changed Field")),
        computed(text("DataType", "Datatype", length=40)),
        computed(text("OldValue", "Old Value")),
        computed(text("NewValue", "New Value")),
    ]
    return _read_only(name, "017", f"{parent} History", fields)


def _stage_history() -> ObjectDefinition:
    fields = [
        computed(reference("OpportunityId", "Opportunity")),
        computed(text("StageName", "Stage")),
        computed(typed("Amount", "currency")),
        computed(typed("ExpectedRevenue", "currency")),
        computed(typed("CloseDate", "date")),
        computed(typed("Probability", "percent")),
        computed(text("ForecastCategory")),
        computed(typed("PrevAmount", "currency")),
        computed(typed("PrevCloseDate", "date")),
        SYSTEM_FIELDS[-1],
    ]
    return _read_only(STAGE_HISTORY, "008", "Opportunity: History", fields)


def _mail_relation() -> ObjectDefinition:
    fields = [
        computed(reference("EmailMessageId", "EmailMessage", label="Email Message ID")),
        computed(reference("RelationId", "Contact", "Lead", "User", label="Relation ID")),
        computed(picklist("RelationType", ("ToAddress", "CcAddress", "BccAddress", "FromAddress"), "Relation Type")),
        computed(text("RelationAddress", "Relation Address")),
        computed(text("RelationObjectType", "Relation Object Type", length=50)),
        SYSTEM_FIELDS[-1],
    ]
    return _read_only(MAIL_RELATION, "0Mr", "Email Message Relation", fields)


def _organization() -> ObjectDefinition:
    fields = [text("Name", length=80), text("OrganizationType", length=40), typed("IsSandbox", "boolean"), area("Note")]
    return standard_object("Organization", "00D", "Organization", "Organizations", fields)


def setup_objects() -> tuple[ObjectDefinition, ...]:
    histories = tuple(_field_history(name, parent) for name, parent in HISTORY_OBJECTS.items())
    return (_user(), _queue(), _record_type(), _organization(), *histories, _stage_history(), _mail_relation())
