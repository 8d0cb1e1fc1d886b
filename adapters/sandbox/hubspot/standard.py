"""The standard properties of contacts and companies."""

from __future__ import annotations

from .definition import ObjectDefinition, PropertyDefinition, owner, prop

LIFECYCLE = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
_LEAD_STATUS = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
)
_INDUSTRIES = (
    ("COMPUTER_SOFTWARE", "Computer Software"),
    ("FINANCIAL_SERVICES", "Financial Services"),
    ("HOSPITAL_HEALTH_CARE", "Hospital & Health Care"),
    ("RETAIL", "Retail"),
    ("MACHINERY", "Machinery"),
    ("TELECOMMUNICATIONS", "Telecommunications"),
    ("MARKETING_AND_ADVERTISING", "Marketing and Advertising"),
    ("EDUCATION_MANAGEMENT", "Education Management"),
    ("LOGISTICS_AND_SUPPLY_CHAIN", "Logistics and Supply Chain"),
    ("CONSTRUCTION", "Construction"),
)
_SOURCES = (
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("REFERRALS", "Referrals"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
)


def system(created: str = "createdate", modified: str = "hs_lastmodifieddate") -> tuple[PropertyDefinition, ...]:
    """The properties HubSpot itself fills on every object."""
    return (
        prop("hs_object_id", "Record ID", "number", calculated=True, read_only=True),
        prop(created, "Create date", "datetime", read_only=True),
        prop(modified, "Last modified date", "datetime", read_only=True),
        prop("hs_object_source", "Record source", read_only=True),
        prop("hs_object_source_id", "Record source ID", read_only=True),
        prop("hs_created_by_user_id", "Created by user ID", "number", read_only=True),
        prop("hs_updated_by_user_id", "Updated by user ID", "number", read_only=True),
        prop("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox", read_only=True, hidden=True),
    )


CONTACTS = ObjectDefinition(
    name="contacts",
    singular="contact",
    type_id="0-1",
    display="email",
    modified="lastmodifieddate",
    defaults=("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    required=(("email", "firstname", "lastname"),),
    dedupe=("email",),
    merges=True,
    bumps=True,
    searched=("firstname", "lastname", "email", "phone", "company"),
    properties=(
        *system(modified="lastmodifieddate"),
        prop("email", "Email"),
        prop("firstname", "First name"),
        prop("lastname", "Last name"),
        prop("phone", "Phone number"),
        prop("mobilephone", "Mobile phone number"),
        prop("jobtitle", "Job title"),
        prop("company", "Company name"),
        prop("website", "Website URL"),
        prop("address", "Street address"),
        prop("city", "City"),
        prop("state", "State/Region"),
        prop("zip", "Postal code"),
        prop("country", "Country/Region"),
        prop("industry", "Industry"),
        prop("annualrevenue", "Annual revenue"),
        prop(
            "numemployees",
            "Number of employees",
            "enumeration",
            options="1-5, 5-25, 25-50, 50-100, 100-500, 500-1000, 1000+",
        ),
        prop("message", "Message", field_type="textarea"),
        prop("lifecyclestage", "Lifecycle stage", "enumeration", "radio", options=LIFECYCLE),
        prop("hs_lead_status", "Lead status", "enumeration", "radio", options=_LEAD_STATUS),
        owner("Contact owner"),
        prop("hubspot_owner_assigneddate", "Owner assigned date", "datetime", read_only=True),
        prop("hs_analytics_source", "Original traffic source", "enumeration", options=_SOURCES),
        prop("hs_analytics_num_page_views", "Number of page views", "number", read_only=True),
        prop("hs_analytics_last_url", "Last page seen", read_only=True),
        prop("hs_analytics_last_timestamp", "Time last seen", "datetime", read_only=True),
        prop("hs_email_domain", "Email domain", calculated=True, read_only=True),
        prop("hs_email_optout", "Unsubscribed from all email", "bool", read_only=True),
        prop(
            "hs_email_hard_bounce_reason_enum", "Email hard bounce reason", "enumeration",
            options="OTHER, SPAM, MAILBOX_FULL, CONTENT, UNKNOWN_USER, POLICY", read_only=True,
        ),
        prop("hs_calculated_form_submissions", "Form submissions", "number", calculated=True, read_only=True),
        prop("hubspotscore", "HubSpot score", "number", calculated=True, read_only=True),
        prop("num_associated_deals", "Number of associated deals", "number", read_only=True),
        prop("num_notes", "Number of sales activities", "number", read_only=True),
        prop("notes_last_contacted", "Last contacted", "datetime", read_only=True),
        prop("associatedcompanyid", "Primary associated company ID", "number"),
        prop("hs_linkedin_url", "LinkedIn URL"),
        prop("hs_timezone", "Time zone"),
        prop(
            "hs_language", "Preferred language", "enumeration", options="en=English, de=German, fr=French, es=Spanish"
        ),
        prop("date_of_birth", "Date of birth", "date"),
    ),
)

COMPANIES = ObjectDefinition(
    name="companies",
    singular="company",
    type_id="0-2",
    display="name",
    defaults=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    required=(("name", "domain"),),
    merges=True,
    bumps=True,
    searched=("name", "domain", "phone", "website"),
    properties=(
        *system(),
        prop("name", "Company name"),
        prop("domain", "Company domain name"),
        prop("website", "Website URL"),
        prop("phone", "Phone number"),
        prop("address", "Street address"),
        prop("city", "City"),
        prop("state", "State/Region"),
        prop("zip", "Postal code"),
        prop("country", "Country/Region"),
        prop("industry", "Industry", "enumeration", options=_INDUSTRIES),
        prop("type", "Type", "enumeration", options="PROSPECT, PARTNER, RESELLER, VENDOR, OTHER"),
        prop("description", "Description", field_type="textarea"),
        prop("numberofemployees", "Number of employees", "number"),
        prop("annualrevenue", "Annual revenue", "number"),
        prop("founded_year", "Year founded"),
        prop("timezone", "Time zone"),
        prop("lifecyclestage", "Lifecycle stage", "enumeration", "radio", options=LIFECYCLE),
        prop("hs_lead_status", "Lead status", "enumeration", "radio", options=_LEAD_STATUS),
        owner("Company owner"),
        prop("num_associated_contacts", "Number of associated contacts", "number", read_only=True),
        prop("num_associated_deals", "Number of associated deals", "number", read_only=True),
        prop("hs_parent_company_id", "Parent company ID", "number"),
        prop("linkedin_company_page", "LinkedIn company page"),
        prop("closedate", "Close date", "datetime"),
    ),
)
