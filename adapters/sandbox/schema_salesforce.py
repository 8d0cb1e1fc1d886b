"""The schema of a believable Salesforce org: standard objects plus a few custom fields."""

from __future__ import annotations

from functools import cache

from adapters.sandbox.salesforce.field_types import accept
from adapters.sandbox.salesforce.ids import new_id
from adapters.sandbox.salesforce.objects_sales import opportunity_record_types, sales_objects
from adapters.sandbox.salesforce.objects_service import MARKER_FIELD, case_record_types, service_objects
from adapters.sandbox.salesforce.objects_setup import setup_objects
from adapters.sandbox.schema import ObjectDefinition, OrgSchema


def _id_of(definition: ObjectDefinition, number: int) -> str:
    return new_id(definition.prefix, number)


@cache
def salesforce_schema() -> OrgSchema:
    """One immutable schema shared by every org; an org that changes it keeps its own copy of what changed."""
    objects = (*sales_objects(), *service_objects(), *setup_objects())
    return OrgSchema(
        flavour="salesforce",
        objects={definition.name: definition for definition in objects},
        accept=accept,
        new_id=_id_of,
        touch_on_equal=True,
    )


__all__ = ["MARKER_FIELD", "case_record_types", "opportunity_record_types", "salesforce_schema"]
