"""The standard objects of selling: accounts, contacts, leads, opportunities, products, orders."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sandbox.rows import Value
from adapters.sandbox.salesforce.field_types import area, computed, picklist, reference, text, typed
from adapters.sandbox.salesforce.ids import checksum
from adapters.sandbox.salesforce.objects_common import address, full_name, owner, person_name, standard_object
from adapters.sandbox.salesforce.stamps import iso
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition, Option, RecordType, ValidationRule, Values

INDUSTRIES = (
    "Agriculture", "Banking", "Biotechnology", "Construction", "Consulting", "Education", "Energy", "Engineering",
    "Finance", "Government", "Healthcare", "Hospitality", "Insurance", "Machinery", "Manufacturing", "Media",
    "Not For Profit", "Retail", "Technology", "Telecommunications", "Transportation", "Utilities", "Other",
)  # fmt: skip
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
ROLES = ("Business User", "Decision Maker", "Economic Buyer", "Evaluator", "Influencer", "Other")
RATINGS = ("Hot", "Warm", "Cold")
SALUTATIONS = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")


def _stage(name: str, probability: int, forecast: str, *, closed: bool = False, won: bool = False) -> Option:
    traits = {"probability": probability, "forecast": forecast, "closed": closed, "won": won}
    return Option(value=name, label=name, traits=traits)


STAGES = (
    _stage("Prospecting", 10, "Pipeline"),
    _stage("Qualification", 10, "Pipeline"),
    _stage("Needs Analysis", 20, "Pipeline"),
    _stage("Value Proposition", 50, "Pipeline"),
    _stage("Id. Decision Makers", 60, "Pipeline"),
    _stage("Perception Analysis", 70, "Pipeline"),
    _stage("Proposal/Price Quote", 75, "Pipeline"),
    _stage("Negotiation/Review", 90, "Pipeline"),
    _stage("Closed Won", 100, "Closed", closed=True, won=True),
    _stage("Closed Lost", 0, "Omitted", closed=True),
)


def _account() -> ObjectDefinition:
    fields = [
        text("Name", "Account Name", required=True),
        picklist("Type", ("Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other"), "Account Type"),
        reference("ParentId", "Account", label="Parent Account ID", relationship="Parent"),
        *address("Billing"),
        *address("Shipping"),
        typed("Phone", "phone", "Account Phone"),
        typed("Website", "url"),
        text("AccountNumber", "Account Number", length=40),
        picklist("Industry", INDUSTRIES),
        typed("AnnualRevenue", "currency", "Annual Revenue", traits={"scale": 0}),
        typed("NumberOfEmployees", "int", "Employees"),
        area("Description", "Account Description"),
        picklist("Rating", RATINGS, "Account Rating"),
        picklist("AccountSource", SOURCES, "Account Source"),
        owner("User"),
    ]
    return standard_object("Account", "001", "Account", "Accounts", fields, merges=True, activity=True)


def _contact() -> ObjectDefinition:
    fields = [
        reference("AccountId", "Account", label="Account ID"),
        *person_name(SALUTATIONS),
        text("Title", length=128),
        text("Department", length=80),
        typed("Email", "email"),
        typed("Phone", "phone", "Business Phone"),
        typed("MobilePhone", "phone", "Mobile Phone"),
        *address("Mailing"),
        picklist("LeadSource", SOURCES, "Lead Source"),
        reference("ReportsToId", "Contact", label="Reports To ID", relationship="ReportsTo"),
        typed("HasOptedOutOfEmail", "boolean", "Email Opt Out"),
        text("EmailBouncedReason", "Email Bounced Reason"),
        typed("DoNotCall", "boolean", "Do Not Call"),
        area("Description", "Contact Description"),
        owner("User"),
    ]
    return standard_object(
        "Contact", "003", "Contact", "Contacts", fields, merges=True, activity=True, derive=_derive_name
    )


def _derive_name(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    return {"Name": full_name(values)}


def _lead() -> ObjectDefinition:
    statuses = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
    fields = [
        *person_name(SALUTATIONS),
        text("Title", length=128),
        text("Company", required=True),
        *address("", compound="Address"),
        typed("Phone", "phone"),
        typed("Email", "email"),
        typed("Website", "url"),
        area("Description"),
        picklist("LeadSource", SOURCES, "Lead Source"),
        picklist("Status", statuses, required=True, default=statuses[0]),
        picklist("Industry", INDUSTRIES),
        picklist("Rating", RATINGS),
        typed("NumberOfEmployees", "int", "Employees"),
        typed("AnnualRevenue", "currency", "Annual Revenue", traits={"scale": 0}),
        typed("HasOptedOutOfEmail", "boolean", "Email Opt Out"),
        text("EmailBouncedReason", "Email Bounced Reason"),
        typed("DoNotCall", "boolean", "Do Not Call"),
        computed(typed("IsConverted", "boolean", "Converted")),
        computed(reference("ConvertedAccountId", "Account", relationship="ConvertedAccount")),
        computed(reference("ConvertedContactId", "Contact", relationship="ConvertedContact")),
        computed(reference("ConvertedOpportunityId", "Opportunity", relationship="ConvertedOpportunity")),
        typed("Score__c", "double", "Score", traits={"scale": 0, "custom": True}),
        picklist("Tier__c", ("A", "B", "C", "D"), "Tier", traits={"custom": True}),
        owner("Group", "User"),
    ]
    return standard_object("Lead", "00Q", "Lead", "Leads", fields, merges=True, activity=True, derive=_derive_name)


_CLOSES_IN_THIS_CENTURY = ValidationRule(
    name="Close_date_is_a_day_of_this_century",
    broken=lambda values: str(values.get("CloseDate") or "2000") < "2000",
    message="The close date must not be before the year 2000.",
    fields=("CloseDate",),
)


def _opportunity() -> ObjectDefinition:
    forecasts = ("Omitted", "Pipeline", "BestCase", "Forecast", "Closed")
    fields = [
        reference("AccountId", "Account", label="Account ID"),
        reference("ContactId", "Contact", label="Contact ID"),
        text("Name", length=120, required=True),
        area("Description"),
        picklist("StageName", STAGES, "Stage", required=True),
        typed("Amount", "currency"),
        typed("Probability", "percent", "Probability (%)", traits={"scale": 0}),
        computed(typed("ExpectedRevenue", "currency", "Expected Amount")),
        typed("CloseDate", "date", "Close Date", required=True),
        picklist("Type", ("Existing Customer - Upgrade", "Existing Customer - Replacement", "New Customer")),
        text("NextStep", "Next Step"),
        picklist("LeadSource", SOURCES, "Lead Source"),
        computed(typed("IsClosed", "boolean", "Closed")),
        computed(typed("IsWon", "boolean", "Won")),
        computed(picklist("ForecastCategory", forecasts, "Forecast Category")),
        computed(typed("LastStageChangeDate", "datetime", "Last Stage Change Date")),
        computed(typed("HasOpenActivity", "boolean", "Has Open Activity")),
        computed(typed("HasOverdueTask", "boolean", "Has Overdue Task")),
        picklist("Health__c", ("Green", "Amber", "Red"), "Health", traits={"custom": True}),
        owner("User"),
    ]
    return standard_object(
        "Opportunity",
        "006",
        "Opportunity",
        "Opportunities",
        fields,
        rules=(_CLOSES_IN_THIS_CENTURY,),
        record_types=opportunity_record_types(),
        activity=True,
        derive=derive_stage,
    )


def opportunity_record_types() -> tuple[RecordType, ...]:
    new, renewal = "0125g000000NewB", "0125g000000Renw"
    return (
        RecordType(id=new + checksum(new), name="New Business", default=True),
        RecordType(id=renewal + checksum(renewal), name="Renewal"),
    )


def derive_stage(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    """What follows from the stage: probability (unless set in the same write), forecast, closed and won."""
    moved = before is None or before.get("StageName") != values.get("StageName")
    derived: dict[str, Value] = {}
    if moved:
        traits = next((each.traits for each in STAGES if each.value == values.get("StageName")), {})
        derived["IsClosed"], derived["IsWon"] = bool(traits.get("closed")), bool(traits.get("won"))
        derived["ForecastCategory"] = traits.get("forecast", "Pipeline")
        if (before is None and values.get("Probability") is None) or (before is not None and _same(values, before)):
            derived["Probability"] = float(traits.get("probability", 0))
        if before is not None:
            derived["LastStageChangeDate"] = iso(stamp)
    probability, amount = derived.get("Probability", values.get("Probability")), values.get("Amount")
    if isinstance(probability, int | float) and isinstance(amount, int | float):
        derived["ExpectedRevenue"] = round(amount * probability / 100, 2)
    return derived


def _same(values: Values, before: Values) -> bool:
    return values.get("Probability") == before.get("Probability")


def _product() -> ObjectDefinition:
    fields = [
        text("Name", "Product Name", required=True),
        text("ProductCode", "Product Code"),
        area("Description", "Product Description", length=4000),
        typed("IsActive", "boolean", "Active"),
        picklist("Family", ("None", "Hardware", "Service", "Subscription"), "Product Family"),
    ]
    return standard_object("Product2", "01t", "Product", "Products", fields)


def _order() -> ObjectDefinition:
    fields: Sequence[FieldDefinition] = [
        reference("AccountId", "Account", label="Account ID"),
        reference("OpportunityId", "Opportunity", label="Opportunity ID"),
        computed(text("OrderNumber", "Order Number", length=30, numbered="{:08d}")),
        text("OrderReferenceNumber", "Order Reference Number", length=80),
        typed("EffectiveDate", "date", "Order Start Date", required=True),
        picklist("Status", ("Draft", "Activated", "Shipped", "Delivered", "Returned"), required=True, default="Draft"),
        reference("ShipToContactId", "Contact", label="Ship To Contact ID"),
        area("Description"),
        typed("TotalAmount", "currency", "Order Amount"),
        owner("Group", "User"),
    ]
    return standard_object("Order", "801", "Order", "Orders", fields)


def _order_line() -> ObjectDefinition:
    fields = [
        reference("OrderId", "Order", label="Order ID", required=True),
        reference("Product2Id", "Product2", label="Product ID"),
        typed("Quantity", "double", required=True),
        typed("UnitPrice", "currency", "Unit Price"),
        computed(typed("TotalPrice", "currency", "Total Price")),
        text("Description", "Line Description"),
    ]
    return standard_object("OrderItem", "802", "Order Product", "Order Products", fields, derive=_derive_total)


def _derive_total(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    quantity, price = values.get("Quantity"), values.get("UnitPrice")
    if isinstance(quantity, int | float) and isinstance(price, int | float):
        return {"TotalPrice": round(quantity * price, 2)}
    return {}


def _contact_role() -> ObjectDefinition:
    fields = [
        reference("OpportunityId", "Opportunity", label="Opportunity ID", required=True),
        reference("ContactId", "Contact", label="Contact ID", required=True),
        picklist("Role", ROLES),
        typed("IsPrimary", "boolean", "Primary"),
    ]
    return standard_object(
        "OpportunityContactRole", "00K", "Opportunity Contact Role", "Opportunity Contact Roles", fields
    )


def sales_objects() -> tuple[ObjectDefinition, ...]:
    return (_account(), _contact(), _lead(), _opportunity(), _contact_role(), _product(), _order(), _order_line())
