"""The standard properties of tasks, notes, e-mails, calls and meetings."""

from __future__ import annotations

from .definition import ObjectDefinition, owner, prop
from .standard import system

_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
_WHEN = prop("hs_timestamp", "Activity date", "datetime")

TASKS = ObjectDefinition(
    name="tasks",
    singular="task",
    type_id="0-27",
    display="hs_task_subject",
    created="hs_createdate",
    defaults=_DEFAULTS,
    required=(("hs_timestamp",),),
    searched=("hs_task_subject", "hs_task_body"),
    properties=(
        *system("hs_createdate"),
        prop("hs_timestamp", "Due date", "datetime"),
        prop("hs_task_subject", "Task title"),
        prop("hs_task_body", "Task notes", field_type="textarea"),
        prop(
            "hs_task_status",
            "Task status",
            "enumeration",
            options="NOT_STARTED, IN_PROGRESS, WAITING, COMPLETED, DEFERRED",
        ),
        prop("hs_task_priority", "Task priority", "enumeration", options="NONE, LOW, MEDIUM, HIGH"),
        prop(
            "hs_task_type",
            "Task type",
            "enumeration",
            options="TODO=To-do, CALL, EMAIL, LINKED_IN_MESSAGE=LinkedIn message",
        ),
        prop("hs_task_reminders", "Reminders"),
        prop("hs_queue_membership_ids", "Queue", "enumeration", "checkbox"),
        owner("Assigned to"),
        prop("hs_task_is_completed", "Is completed", "number", calculated=True, read_only=True),
        prop("hs_task_completion_date", "Completed at", "datetime", read_only=True),
    ),
)

NOTES = ObjectDefinition(
    name="notes",
    singular="note",
    type_id="0-46",
    display="hs_note_body",
    created="hs_createdate",
    defaults=_DEFAULTS,
    required=(("hs_timestamp",),),
    searched=("hs_note_body",),
    properties=(
        *system("hs_createdate"),
        _WHEN,
        prop("hs_note_body", "Note body", field_type="html"),
        prop("hs_attachment_ids", "Attached file IDs", "enumeration", "checkbox"),
        owner("Activity assigned to"),
    ),
)

EMAILS = ObjectDefinition(
    name="emails",
    singular="email",
    type_id="0-49",
    display="hs_email_subject",
    created="hs_createdate",
    defaults=_DEFAULTS,
    required=(("hs_timestamp",), ("hs_email_direction",)),
    searched=("hs_email_subject", "hs_email_text"),
    properties=(
        *system("hs_createdate"),
        _WHEN,
        prop(
            "hs_email_direction",
            "Email direction",
            "enumeration",
            options="EMAIL=Outgoing, INCOMING_EMAIL=Incoming, FORWARDED_EMAIL=Forwarded",
        ),
        prop(
            "hs_email_status", "Email send status", "enumeration", options="SENT, BOUNCED, FAILED, SCHEDULED, SENDING"
        ),
        prop("hs_email_subject", "Email subject"),
        prop("hs_email_text", "Email body", field_type="textarea"),
        prop("hs_email_html", "Email body HTML", field_type="html"),
        prop("hs_email_headers", "Email headers", field_type="textarea"),
        prop("hs_email_from_email", "Email from address", read_only=True),
        prop("hs_email_to_email", "Email to address", read_only=True),
        prop("hs_email_message_id", "Email message id", hidden=True),
        prop("hs_email_thread_id", "Email thread id", hidden=True),
        owner("Activity assigned to"),
    ),
)

CALLS = ObjectDefinition(
    name="calls",
    singular="call",
    type_id="0-48",
    display="hs_call_title",
    created="hs_createdate",
    defaults=_DEFAULTS,
    required=(("hs_timestamp",),),
    searched=("hs_call_title", "hs_call_body"),
    properties=(
        *system("hs_createdate"),
        _WHEN,
        prop("hs_call_title", "Call title"),
        prop("hs_call_body", "Call notes", field_type="html"),
        prop("hs_call_direction", "Call direction", "enumeration", options="INBOUND, OUTBOUND"),
        prop("hs_call_duration", "Call duration", "number"),
        prop("hs_call_status", "Call status", "enumeration", options="COMPLETED, BUSY, NO_ANSWER, FAILED, CANCELED"),
        prop("hs_call_disposition", "Call outcome"),
        prop("hs_call_to_number", "To number"),
        prop("hs_call_from_number", "From number"),
        owner("Activity assigned to"),
    ),
)

MEETINGS = ObjectDefinition(
    name="meetings",
    singular="meeting",
    type_id="0-47",
    display="hs_meeting_title",
    created="hs_createdate",
    defaults=_DEFAULTS,
    required=(("hs_timestamp",),),
    searched=("hs_meeting_title", "hs_meeting_body"),
    properties=(
        *system("hs_createdate"),
        _WHEN,
        prop("hs_meeting_title", "Meeting name"),
        prop("hs_meeting_body", "Meeting description", field_type="html"),
        prop("hs_internal_meeting_notes", "Internal meeting notes", field_type="html"),
        prop("hs_meeting_start_time", "Meeting start time", "datetime"),
        prop("hs_meeting_end_time", "Meeting end time", "datetime"),
        prop("hs_meeting_location", "Meeting location"),
        prop("hs_meeting_external_url", "External URL"),
        prop(
            "hs_meeting_outcome",
            "Meeting outcome",
            "enumeration",
            options="SCHEDULED, COMPLETED, RESCHEDULED, NO_SHOW, CANCELED",
        ),
        owner("Activity assigned to"),
    ),
)
