"""The standard objects of service and daily work: cases, tasks, events, e-mails, comments, posts."""

from __future__ import annotations

from adapters.sandbox.rows import Value
from adapters.sandbox.salesforce.field_types import area, computed, picklist, reference, text, typed
from adapters.sandbox.salesforce.ids import checksum
from adapters.sandbox.salesforce.objects_common import owner, standard_object
from adapters.sandbox.salesforce.stamps import iso
from adapters.sandbox.schema import FieldDefinition, Hanging, ObjectDefinition, RecordType, ValidationRule, Values

MARKER_FIELD = "Connector_Marker__c"
CASE_TYPES = ("Account Access", "Billing", "Cancellation", "Delivery", "Product Defect", "Refund", "Setup", "Warranty")
CASE_REASONS = ("Installation", "Equipment Complexity", "Performance", "Breakdown", "Feedback", "Other")
CASE_STATUSES = ("New", "Working", "On Hold", "Escalated", "Closed")
_WHAT = ("Account", "Opportunity", "Case", "Order", "Call_Transcript__c")


_INTERNAL_PRIORITIES = frozenset({"Low", "Medium"})


def case_record_types() -> tuple[RecordType, ...]:
    support, internal = "0125g000000Supp", "0125g000000Intn"
    return (
        RecordType(id=support + checksum(support), name="Customer Support", default=True),
        RecordType(
            id=internal + checksum(internal), name="Internal Request", options={"Priority": _INTERNAL_PRIORITIES}
        ),
    )


def _case() -> ObjectDefinition:
    fields = [
        computed(text("CaseNumber", "Case Number", length=30, numbered="{:08d}")),
        reference("ContactId", "Contact", label="Contact ID"),
        reference("AccountId", "Account", label="Account ID"),
        reference("ParentId", "Case", label="Parent Case ID", relationship="Parent"),
        text("SuppliedName", "Name", length=80),
        typed("SuppliedEmail", "email", "Email Address"),
        text("SuppliedCompany", "Company", length=80),
        picklist("Type", CASE_TYPES, "Case Type"),
        picklist("Status", CASE_STATUSES, required=True, default="New"),
        picklist("Reason", CASE_REASONS, "Case Reason"),
        picklist("Origin", ("Phone", "Email", "Web"), "Case Origin"),
        text("Subject"),
        picklist("Priority", ("High", "Medium", "Low"), default="Medium", restricted=True),
        area("Description"),
        computed(typed("IsClosed", "boolean", "Closed")),
        computed(typed("ClosedDate", "datetime", "Closed Date")),
        typed("IsEscalated", "boolean", "Escalated"),
        owner("Group", "User"),
    ]
    rules = (
        ValidationRule(
            name="A_closed_case_says_what_it_was_about",
            broken=lambda values: values.get("Status") == "Closed" and not values.get("Subject"),
            message="A case needs a subject before it is closed.",
            fields=("Subject",),
        ),
    )
    return standard_object(
        "Case", "500", "Case", "Cases", fields, rules=rules, record_types=case_record_types(), derive=_derive_closed
    )


def _derive_closed(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    closed = values.get("Status") == "Closed"
    was = bool(before and before.get("IsClosed"))
    if closed == was and before is not None:
        return {}
    return {"IsClosed": closed, "ClosedDate": iso(stamp) if closed else None}


def _marker() -> FieldDefinition:
    return text(MARKER_FIELD, "Connector Marker", length=120, external_id=True, unique=True, traits={"custom": True})


def _activity(kind: str, fields: list[FieldDefinition], prefix: str) -> ObjectDefinition:
    shared = [
        reference("WhoId", "Contact", "Lead", label="Name ID"),
        reference("WhatId", *_WHAT, label="Related To ID"),
        text("Subject"),
        typed("ActivityDate", "date", "Due Date Only"),
        area("Description"),
        computed(reference("AccountId", "Account", label="Account ID")),
        computed(typed("IsArchived", "boolean", "Archived")),
        owner("Group", "User"),
        _marker(),
    ]
    hanging = Hanging(
        kind=kind.lower(),
        text="Subject",
        parents=("WhatId", "WhoId"),
        external_ids=(MARKER_FIELD,),
        marked_texts=("Description", "Subject"),
    )
    rules = (
        ValidationRule(
            name="Lead_or_related_record",
            broken=lambda values: str(values.get("WhoId") or "").startswith("00Q") and bool(values.get("WhatId")),
            message="Related To ID: a lead cannot be combined with another related record",
            fields=("WhatId",),
        ),
    )
    derive = _derive_task if kind == "Task" else _derive_nothing
    return standard_object(
        kind, prefix, kind, f"{kind}s", [*shared, *fields], hanging=hanging, rules=rules, derive=derive
    )


def _derive_nothing(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    return {}


def _derive_task(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    return {"IsClosed": values.get("Status") == "Completed", "IsHighPriority": values.get("Priority") == "High"}


def _task() -> ObjectDefinition:
    statuses = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
    kinds = ("Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn")
    fields = [
        picklist("Status", statuses, required=True, default="Not Started"),
        picklist("Priority", ("High", "Normal", "Low"), required=True, default="Normal"),
        computed(typed("IsClosed", "boolean", "Closed")),
        computed(typed("IsHighPriority", "boolean", "High Priority")),
        picklist("TaskSubtype", kinds, "Task Subtype", default="Task", restricted=True),
        typed("CallDurationInSeconds", "int", "Call Duration"),
        picklist("CallType", ("Internal", "Inbound", "Outbound"), "Call Type"),
        text("CallDisposition", "Call Result"),
        typed("IsReminderSet", "boolean", "Reminder Set"),
        typed("ReminderDateTime", "datetime", "Reminder Date/Time"),
        typed("CompletedDateTime", "datetime", "Completed Date", createable=False, updateable=False),
    ]
    return _activity("Task", fields, "00T")


def _event() -> ObjectDefinition:
    fields = [
        typed("StartDateTime", "datetime", "Start Date Time"),
        typed("EndDateTime", "datetime", "End Date Time"),
        typed("DurationInMinutes", "int", "Duration"),
        typed("IsAllDayEvent", "boolean", "All-Day Event"),
        text("Location"),
        picklist("ShowAs", ("Busy", "OutOfOffice", "Free"), "Show Time As", default="Busy", restricted=True),
    ]
    return _activity("Event", fields, "00U")


def _email_message() -> ObjectDefinition:
    fields = [
        reference("ParentId", "Case", label="Case ID", relationship="Parent"),
        reference("ActivityId", "Task", label="Activity ID"),
        reference("RelatedToId", "Account", "Opportunity", "Case", label="Related To ID"),
        text("FromName", "From Name", length=1000),
        typed("FromAddress", "email", "From Address", length=1000),
        text("ToAddress", "To Address", length=4000),
        text("CcAddress", "CC Address", length=4000),
        text("Subject", length=3000),
        area("TextBody", "Text Body"),
        area("HtmlBody", "HTML Body"),
        typed("Incoming", "boolean", "Is Incoming"),
        typed("MessageDate", "datetime", "Message Date"),
        picklist("Status", ("0", "1", "2", "3", "4", "5"), required=True, default="0", restricted=True),
        text("MessageIdentifier", "Message ID"),
        text("ThreadIdentifier", "Thread ID"),
        reference("ReplyToEmailMessageId", "EmailMessage", label="Email Message ID"),
        typed("IsClientManaged", "boolean", "Is Client Managed"),
        typed("IsExternallyVisible", "boolean", "Is Externally Visible"),
    ]
    hanging = Hanging(
        kind="email", text="Subject", parents=("ParentId", "RelatedToId"), external_ids=("MessageIdentifier",)
    )
    return standard_object("EmailMessage", "02s", "Email Message", "Email Messages", fields, hanging=hanging)


def _comment() -> ObjectDefinition:
    fields = [
        reference("ParentId", "Case", label="Parent ID", relationship="Parent", required=True),
        area("CommentBody", "Body", length=4000),
        typed("IsPublished", "boolean", "Published"),
    ]
    hanging = Hanging(kind="note", text="CommentBody", parents=("ParentId",), marked_texts=("CommentBody",))
    return standard_object("CaseComment", "00a", "Case Comment", "Case Comments", fields, hanging=hanging)


def _post() -> ObjectDefinition:
    parents = ("Account", "Contact", "Lead", "Opportunity", "Case", "Order")
    fields = [
        reference("ParentId", *parents, label="Parent ID", relationship="Parent", required=True),
        picklist("Type", ("TextPost", "LinkPost", "ContentPost"), "Feed Item Type", default="TextPost"),
        text("Title"),
        area("Body", "Body", length=10_000),
    ]
    hanging = Hanging(kind="note", text="Body", parents=("ParentId",), marked_texts=("Body", "Title"))
    return standard_object("FeedItem", "0D5", "Feed Item", "Feed Items", fields, hanging=hanging)


def _page_view() -> ObjectDefinition:
    fields = [
        reference("Contact__c", "Contact", label="Contact"),
        reference("Lead__c", "Lead", label="Lead"),
        text("Page__c", "Page", traits={"custom": True}),
        typed("Seconds__c", "double", "Seconds", traits={"custom": True, "scale": 0}),
        typed("Viewed_At__c", "datetime", "Viewed At", traits={"custom": True}),
    ]
    return standard_object("Page_View__c", "a00", "Page View", "Page Views", fields)


def _transcript() -> ObjectDefinition:
    fields = [
        reference("Account__c", "Account", label="Account"),
        reference("Contact__c", "Contact", label="Contact"),
        reference("Opportunity__c", "Opportunity", label="Opportunity"),
        text("Name", "Transcript Name", length=80),
        area("Body__c", "Body"),
        typed("Held_At__c", "datetime", "Held At", traits={"custom": True}),
        owner("Group", "User"),
    ]
    return standard_object("Call_Transcript__c", "a01", "Call Transcript", "Call Transcripts", fields)


def service_objects() -> tuple[ObjectDefinition, ...]:
    return (_case(), _task(), _event(), _email_message(), _comment(), _post(), _page_view(), _transcript())
