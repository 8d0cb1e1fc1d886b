"""The story's neutral words in HubSpot's internal values."""

from __future__ import annotations

import re
from collections.abc import Mapping

DEAL_STAGES: Mapping[str, str] = {
    "prospecting": "appointmentscheduled",
    "qualification": "qualifiedtobuy",
    "proposal": "presentationscheduled",
    "negotiation": "contractsent",
    "won": "closedwon",
    "lost": "closedlost",
}
TICKET_STAGES: Mapping[str, str] = {"new": "1", "waiting": "2", "working": "3", "closed": "4"}
LEAD_STATUSES: Mapping[str, str] = {
    "new": "NEW",
    "working": "IN_PROGRESS",
    "qualified": "CONNECTED",
    "unqualified": "UNQUALIFIED",
}
LEAD_STAGES: Mapping[str, str] = {
    "new": "new-stage-id",
    "working": "attempting-stage-id",
    "qualified": "qualified-stage-id",
    "unqualified": "unqualified-stage-id",
}
PRIORITIES: Mapping[str, str] = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH"}
ORIGINS: Mapping[str, str] = {"email": "EMAIL", "web": "FORM", "phone": "PHONE"}
SOURCES: Mapping[str, str] = {
    "web": "ORGANIC_SEARCH",
    "website": "ORGANIC_SEARCH",
    "webinar": "EMAIL_MARKETING",
    "newsletter": "EMAIL_MARKETING",
    "referral": "REFERRALS",
    "partner": "REFERRALS",
    "advertisement": "PAID_SEARCH",
}


def option_of(label: str) -> str:
    """An internal value in HubSpot's style: `Retail & Trade` becomes `RETAIL_TRADE`."""
    return re.sub(r"[^A-Z0-9]+", "_", label.upper()).strip("_")
