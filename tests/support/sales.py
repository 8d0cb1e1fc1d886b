"""Sandbox worlds whose people work with leads and orders, in the shared names that policies use for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from adapters.sandbox.wire import WireRequest
from connector.record import ObjectType
from tests.conformance.hubspot_world import HubSpotWorld
from tests.conformance.salesforce_world import SalesforceWorld
from tests.conformance.sandbox_world import SandboxWorld

LEAD, ORDER = ObjectType.LEAD, ObjectType.ORDER


class HubSpotSales(HubSpotWorld):
    """A portal that keeps what a lead says on the lead, in properties of its own."""

    mapped: ClassVar[Mapping[str, str]] = {
        "score": "lead_score", "company": "lead_company", "title": "lead_title", "description": "lead_message",
        "employees": "lead_employees", "source": "lead_source",
    }  # fmt: skip
    objects: ClassVar[Mapping[ObjectType, str]] = {**HubSpotWorld.objects, LEAD: "leads", ORDER: "orders"}
    natives: ClassVar[Mapping[str, str]] = {
        **HubSpotWorld.natives,
        **{name: name for name in ("tier", "score", "company", "employees", "source", "at", "owner", "email")},
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        **HubSpotWorld.by_object,
        **{(LEAD, shared): native for shared, native in mapped.items()},
        (LEAD, "name"): "hs_lead_name",
        (LEAD, "tier"): "hs_lead_label",
        (LEAD, "owner"): "hubspot_owner_id",
        (ORDER, "name"): "hs_order_name",
        (ORDER, "amount"): "hs_total_price",
        (ORDER, "at"): "hs_external_created_date",
    }
    options: ClassVar[Mapping[str, Mapping[str, str]]] = {
        **HubSpotWorld.options,
        "hs_lead_label": {"hot": "HOT", "warm": "WARM", "cold": "COLD"},
        "hs_pipeline_stage": {
            **HubSpotWorld.options["hs_pipeline_stage"], "new": "new-stage-id", "working": "attempting-stage-id",
            "qualified": "qualified-stage-id", "unqualified": "unqualified-stage-id",
        },
    }  # fmt: skip
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {
        **HubSpotWorld.defaults,
        LEAD: {"hs_lead_name": "A lead", "hs_pipeline": "lead-pipeline-id", "hs_pipeline_stage": "new-stage-id"},
        ORDER: {
            "hs_pipeline": "14a2e10e-5471-408a-906e-c51f3b04369e",
            "hs_pipeline_stage": "4b27b500-f031-4927-9811-68a0b525cbae",
        },
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings={"fields": {"lead": dict(self.mapped)}, **(settings or {})})

    def is_write(self, request: WireRequest) -> bool:
        return super().is_write(request) and "/tasks" not in request.path


class SalesforceSales(SalesforceWorld):
    """An org with a score field of its own on leads."""

    objects: ClassVar[Mapping[ObjectType, str]] = {**SalesforceWorld.objects, LEAD: "Lead", ORDER: "Order"}
    natives: ClassVar[Mapping[str, str]] = {
        **SalesforceWorld.natives, "tier": "Rating", "score": "Score__c", "company": "Company", "source": "LeadSource",
        "employees": "NumberOfEmployees", "at": "EffectiveDate", "owner": "OwnerId",
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        (ORDER, "amount"): "TotalAmount",
        (ORDER, "name"): "OrderReferenceNumber",
    }
    options: ClassVar[Mapping[str, Mapping[str, str]]] = {
        **SalesforceWorld.options,
        "Rating": {"hot": "Hot", "warm": "Warm", "cold": "Cold"},
        "LeadSource": {"web": "Web", "partner": "Partner Referral"},
        "Status": {
            "new": "Open - Not Contacted", "working": "Working - Contacted", "qualified": "Closed - Converted",
            "unqualified": "Closed - Not Converted", "closed": "Closed",
        },
    }  # fmt: skip
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {
        **SalesforceWorld.defaults,
        LEAD: {"LastName": "A lead", "Company": "A company", "Status": "Open - Not Contacted"},
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        source = {"native": "LeadSource", "options": {"web": "Web", "partner": "Partner Referral"}}
        super().__init__(settings={"fields": {"lead": {"score": "Score__c", "source": source}}, **(settings or {})})


SALES: Mapping[str, type[SandboxWorld]] = {"hubspot": HubSpotSales, "salesforce": SalesforceSales}
