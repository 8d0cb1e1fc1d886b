"""Calls about the shape of the account: properties, pipelines, owners, validation rules, the account itself."""

from __future__ import annotations

import json

from adapters.sandbox.schema import FieldDefinition, Option

from .definition import Pipeline
from .errors import bad_request, not_found, objects_in
from .owners import OWNERS, described_owner, listed_owners
from .portal import Answer, Call
from .schema import as_property


def list_properties(call: Call) -> Answer:
    """Every property of an object, kept as bytes until the metadata changes."""
    if call.query.flag("archived"):
        return Answer(status=200, body={"results": []})
    portal, name = call.portal, call.table.name
    kept = portal.described.get(name)
    if kept is None or kept[0] != portal.org.metadata_stamp:
        fields = portal.org.definition(name).fields
        results = [as_property(each).described() for each in fields.values()]
        text = json.dumps({"results": results}, ensure_ascii=False, separators=(",", ":"))
        kept = portal.described[name] = (portal.org.metadata_stamp, text.encode())
    return Answer(status=200, rendered=kept[1])


def get_property(call: Call) -> Answer:
    """One property."""
    return Answer(status=200, body=as_property(_field(call)).described())


def _field(call: Call) -> FieldDefinition:
    found = call.portal.org.definition(call.table.name).fields.get(call.route.path["name"])
    if found is None:
        raise not_found(f'Property "{call.route.path["name"]}" does not exist')
    return found


def _options(raw: object) -> tuple[Option, ...]:
    listed = [(str(each.get("value")), each) for each in objects_in(raw, "options")]
    return tuple(
        Option(value=value, label=str(each.get("label") or value), active=not each.get("hidden"))
        for value, each in listed
    )


def create_property(call: Call) -> Answer:
    """A property of the account's own, unique when it says so."""
    body, table = call.body(), call.table
    name = str(body.get("name") or "")
    if not name or call.portal.property(table, name) is not None:
        raise bad_request(f'A property named "{name}" already exists' if name else "name is required")
    field = FieldDefinition(
        name=name,
        kind=str(body.get("type") or "string"),
        label=str(body.get("label") or name),
        unique=bool(body.get("hasUniqueValue")),
        options=_options(body.get("options")),
        traits={"field_type": body.get("fieldType"), "group": body.get("groupName") or "custom", "custom": True},
    )
    call.portal.org.add_field(table.name, field)
    return Answer(status=201, body=as_property(field).described())


def update_property(call: Call) -> Answer:
    """PATCH of a property: its options."""
    field, body = _field(call), call.body()
    if "options" in body:
        call.portal.org.set_options(call.table.name, field.name, _options(body["options"]))
    return Answer(status=200, body=as_property(_field(call)).described())


def list_pipelines(call: Call) -> Answer:
    """Pipelines of an object with their stages."""
    return Answer(status=200, body={"results": [each.described() for each in call.table.pipelines]})


def _pipeline(call: Call) -> Pipeline:
    found = next((each for each in call.table.pipelines if each.id == call.route.path["id"]), None)
    if found is None:
        raise not_found()
    return found


def get_pipeline(call: Call) -> Answer:
    """One pipeline."""
    return Answer(status=200, body=_pipeline(call).described())


def list_stages(call: Call) -> Answer:
    """The stages of one pipeline."""
    return Answer(status=200, body={"results": _pipeline(call).described()["stages"]})


def list_owners(call: Call) -> Answer:
    """Owners, by e-mail if asked; no match is an empty list (recorded)."""
    query, org = call.query, call.portal.org
    owners = list(listed_owners(org, email=query.text("email"), archived=query.flag("archived")))
    start, limit = query.number("after", 0), query.number("limit", 100)
    body: dict[str, object] = {"results": [described_owner(row) for row in owners[start : start + limit]]}
    if start + limit < len(owners):
        after = str(start + limit)
        body["paging"] = {"next": {"after": after, "link": f"{call.url}?after={after}"}}
    return Answer(status=200, body=body)


def get_owner(call: Call) -> Answer:
    """One owner, by owner id or, when asked so, by user id."""
    org, wanted = call.portal.org, call.route.path["id"]
    by_user = call.query.text("idProperty") == "userId"
    for row in listed_owners(org, email=None, archived=call.query.flag("archived")):
        if wanted == (str(row.get("userId")) if by_user else row.id):
            return Answer(status=200, body=described_owner(row))
    raise not_found(f"{OWNERS}: {wanted} not found")


def list_validations(call: Call) -> Answer:
    """The validation rules of an object's properties."""
    rules = call.portal.validations
    results = [
        {"propertyName": name, "propertyValidationRules": [rule.described() for rule in listed]}
        for (object_name, name), listed in rules.items()
        if object_name == call.table.name
    ]
    return Answer(status=200, body={"results": results})


def get_validations(call: Call) -> Answer:
    """The validation rules of one property."""
    listed = call.portal.validations.get((call.table.name, call.route.path["name"]), ())
    return Answer(status=200, body={"results": [rule.described() for rule in listed]})


def account(call: Call) -> Answer:
    """Which account a token belongs to."""
    body: dict[str, object] = {
        "portalId": call.portal.portal_id,
        "accountType": "DEVELOPER_TEST",
        "timeZone": "UTC",
        "companyCurrency": "EUR",
        "additionalCurrencies": ["USD"],
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
    }
    return Answer(status=200, body=body)
