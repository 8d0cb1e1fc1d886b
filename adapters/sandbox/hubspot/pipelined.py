"""The standard properties and pipelines of deals, tickets and leads."""

from __future__ import annotations

from .definition import ObjectDefinition, Pipeline, Stage, owner, prop
from .standard import system


def _deal_stage(id: str, label: str, probability: str) -> Stage:
    closed = "true" if probability in ("0.0", "1.0") else "false"
    return Stage(id=id, label=label, metadata=(("isClosed", closed), ("probability", probability)))


DEALS = ObjectDefinition(
    name="deals",
    singular="deal",
    type_id="0-3",
    display="dealname",
    stage="dealstage",
    defaults=(
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
    required=(("dealname",), ("dealstage",)),
    searched=("dealname", "pipeline", "dealstage"),
    pipelines=(
        Pipeline(
            id="default",
            label="Sales Pipeline",
            stages=(
                _deal_stage("appointmentscheduled", "Appointment Scheduled", "0.2"),
                _deal_stage("qualifiedtobuy", "Qualified To Buy", "0.4"),
                _deal_stage("presentationscheduled", "Presentation Scheduled", "0.6"),
                _deal_stage("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
                _deal_stage("contractsent", "Contract Sent", "0.9"),
                _deal_stage("closedwon", "Closed Won", "1.0"),
                _deal_stage("closedlost", "Closed Lost", "0.0"),
            ),
        ),
        Pipeline(
            id="74310255",
            label="Renewals",
            stages=(
                _deal_stage("148215331", "Renewal Due", "0.5"),
                _deal_stage("148215332", "Renewal Offered", "0.7"),
                _deal_stage("148215333", "Renewed", "1.0"),
                _deal_stage("148215334", "Churned", "0.0"),
            ),
        ),
    ),
    properties=(
        *system(),
        prop("dealname", "Deal name"),
        prop("pipeline", "Pipeline", "enumeration"),
        prop("dealstage", "Deal stage", "enumeration", "radio"),
        prop("amount", "Amount", "number"),
        prop(
            "deal_currency_code",
            "Currency",
            "enumeration",
            options="EUR=Euro, USD=US Dollar, GBP=British Pound, CHF=Swiss Franc",
        ),
        prop("amount_in_home_currency", "Amount in company currency", "number", calculated=True, read_only=True),
        prop("closedate", "Close date", "datetime"),
        prop(
            "dealtype",
            "Deal type",
            "enumeration",
            "radio",
            options="newbusiness=New Business, existingbusiness=Existing Business",
        ),
        prop("description", "Deal description", field_type="textarea"),
        prop("hs_priority", "Priority", "enumeration", options="low, medium, high"),
        prop("hs_forecast_probability", "Forecast probability", "number"),
        prop(
            "hs_manual_forecast_category",
            "Forecast category",
            "enumeration",
            options="OMIT=Not forecasted, PIPELINE, BEST_CASE, COMMIT, CLOSED=Closed won",
        ),
        prop("hs_next_step", "Next step"),
        prop("closed_lost_reason", "Closed lost reason", field_type="textarea"),
        prop("closed_won_reason", "Closed won reason", field_type="textarea"),
        owner("Deal owner"),
        prop("hs_is_closed", "Is closed", "bool", calculated=True, read_only=True),
        prop("hs_is_closed_won", "Is closed won", "bool", calculated=True, read_only=True),
        prop("hs_deal_stage_probability", "Deal probability", "number", calculated=True, read_only=True),
        prop("num_associated_contacts", "Number of associated contacts", "number", read_only=True),
        prop("notes_last_contacted", "Last contacted", "datetime", read_only=True),
    ),
)


def _ticket_stage(id: str, label: str, state: str) -> Stage:
    closed = "true" if state == "CLOSED" else "false"
    return Stage(id=id, label=label, metadata=(("ticketState", state), ("isClosed", closed)))


TICKETS = ObjectDefinition(
    name="tickets",
    singular="ticket",
    type_id="0-5",
    display="subject",
    stage="hs_pipeline_stage",
    defaults=(
        "content",
        "createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_ticket_category",
        "hs_ticket_priority",
        "subject",
    ),
    required=(("subject",), ("hs_pipeline_stage",)),
    searched=("subject", "content"),
    merges=True,
    pipelines=(
        Pipeline(
            id="0",
            label="Support Pipeline",
            stages=(
                _ticket_stage("1", "New", "OPEN"),
                _ticket_stage("2", "Waiting on contact", "OPEN"),
                _ticket_stage("3", "Waiting on us", "OPEN"),
                _ticket_stage("4", "Closed", "CLOSED"),
            ),
        ),
    ),
    properties=(
        *system(),
        prop("subject", "Ticket name"),
        prop("content", "Ticket description", field_type="textarea"),
        prop("hs_pipeline", "Pipeline", "enumeration"),
        prop("hs_pipeline_stage", "Ticket status", "enumeration", "radio"),
        prop("hs_ticket_priority", "Priority", "enumeration", options="LOW, MEDIUM, HIGH, URGENT"),
        prop(
            "hs_ticket_category",
            "Category",
            "enumeration",
            "checkbox",
            options="PRODUCT_ISSUE, BILLING_ISSUE, FEATURE_REQUEST, GENERAL_INQUIRY",
        ),
        prop("source_type", "Source", "enumeration", options="CHAT, EMAIL, FORM, PHONE"),
        prop(
            "hs_resolution",
            "Resolution",
            "enumeration",
            "checkbox",
            options="ISSUE_FIXED, NO_CLIENT_ACTION=No client action required",
        ),
        prop("closed_date", "Close date", "datetime", read_only=True),
        prop("hs_is_closed", "Is closed", "bool", calculated=True, read_only=True),
        owner("Ticket owner"),
        prop("hs_ticket_queue", "Queue", "enumeration", options="general, billing, technical, orders", custom=True),
    ),
)

_LEAD_SOURCES = "web=Web, partner=Partner, partner_referral=Partner Referral, phone_inquiry=Phone Inquiry, other=Other"

LEADS = ObjectDefinition(
    name="leads",
    singular="lead",
    type_id="0-136",
    display="hs_lead_name",
    stage="hs_pipeline_stage",
    created="hs_createdate",
    defaults=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    required=(("hs_lead_name",),),
    searched=("hs_lead_name",),
    pipelines=(
        Pipeline(
            id="lead-pipeline-id",
            label="Lead pipeline",
            stages=(
                Stage(id="new-stage-id", label="New", metadata=(("leadState", "NEW"),)),
                Stage(id="attempting-stage-id", label="Attempting", metadata=(("leadState", "IN_PROGRESS"),)),
                Stage(id="connected-stage-id", label="Connected", metadata=(("leadState", "IN_PROGRESS"),)),
                Stage(id="qualified-stage-id", label="Qualified", metadata=(("leadState", "QUALIFIED"),)),
                Stage(id="unqualified-stage-id", label="Disqualified", metadata=(("leadState", "UNQUALIFIED"),)),
            ),
        ),
    ),
    properties=(
        *system("hs_createdate"),
        prop("hs_lead_name", "Lead name"),
        prop("hs_lead_type", "Lead type", "enumeration", options="NEW_BUSINESS, RE_ATTEMPTING=Re-attempting, UPSELL"),
        prop("hs_lead_label", "Lead label", "enumeration", options="HOT, WARM, COLD"),
        prop("hs_pipeline", "Pipeline", "enumeration"),
        prop("hs_pipeline_stage", "Pipeline stage", "enumeration", "radio"),
        owner("Lead owner"),
        prop("lead_score", "Lead score", "number", custom=True),
        prop("lead_company", "Company", custom=True),
        prop("lead_title", "Job title", custom=True),
        prop("lead_message", "Message", field_type="textarea", custom=True),
        prop("lead_employees", "Employees", "number", custom=True),
        prop("lead_source", "Source", "enumeration", options=_LEAD_SOURCES, custom=True),
    ),
)
