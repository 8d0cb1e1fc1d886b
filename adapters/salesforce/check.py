"""What `check` finds out about a Salesforce connection: credentials, permissions, fields and options, all at once."""

from __future__ import annotations

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from connector.adapter import FieldName, FieldSchema, Finding, ObjectType
from connector.errors import ConnectorError, CredentialsError, PermanentError, SettingsError

_WRITTEN = (ObjectType.ACCOUNT, ObjectType.CONTACT, ObjectType.LEAD, ObjectType.OPPORTUNITY, ObjectType.TICKET)


def findings(client: SalesforceClient, catalog: Catalog, *, connection: str, marker_field: str) -> tuple[Finding, ...]:
    """Every problem, fatal ones first; nothing is written."""
    at = f"connections.{connection}"
    try:
        client.user_id()
    except CredentialsError as error:
        return (Finding(subject=at, problem=error.message, fix=_LOGIN_FIX),)
    except SettingsError as error:
        return (Finding(subject=at, problem=error.message, fix=error.hint),)
    except ConnectorError as error:
        return (Finding(subject=at, problem=error.message, fix="Check login_url, instance_url and the network."),)
    found: list[Finding] = []
    catalog.refresh()
    for kind in sorted(catalog.objects):
        found += _object(catalog, kind, at)
    found += _marker(catalog, at, marker_field)
    return tuple(sorted(found, key=lambda finding: not finding.fatal))


def _object(catalog: Catalog, kind: ObjectType, at: str) -> list[Finding]:
    try:
        description = catalog.describe(kind)
    except PermanentError as error:
        fix = "Give the integration user read access, or leave the object out of your policies."
        return [_about(kind, subject=f"{at}: {kind}", problem=error.message, fix=fix)]
    schema = description.schema
    found = [option for field in schema.fields.values() for option in _options(at, kind, field)]
    for name in schema.missing:
        fix = f"Map it under {at}.fields.{kind}, or give the integration user access to the field behind it."
        problem = f"no field for {name}"
        found.append(_about(kind, subject=f"{at}: {kind}", problem=problem, fix=fix, field=name))
    if kind in _WRITTEN and not any(field.updateable for field in schema.fields.values()):
        fix = "Give the integration user edit access."
        found.append(_about(kind, subject=f"{at}: {kind}", problem="our user may not write any field", fix=fix))
    return found


def _options(at: str, kind: ObjectType, field: FieldSchema) -> list[Finding]:
    if not field.unmapped_options:
        return []
    listed = ", ".join(repr(option) for option in field.unmapped_options)
    fix = f"Map them under {at}.fields.{kind}.{field.name}.options."
    problem = f"values of {field.native} without a shared key: {listed}"
    return [_about(kind, subject=f"{at}: {kind}.{field.name}", problem=problem, fix=fix)]


def _marker(catalog: Catalog, at: str, marker_field: str) -> list[Finding]:
    try:
        if marker_field in catalog.describe(ObjectType.TASK).external_ids:
            return []
    except PermanentError:
        return []
    fix = (
        f"Add a text field {marker_field} (external id, unique) to Activity, so that a task is never created twice; "
        "until then the marker stands in the task's description."
    )
    problem = f"no external id field {marker_field}"
    return [_about(ObjectType.TASK, subject=f"{at}: task", problem=problem, fix=fix)]


def _about(kind: ObjectType, *, subject: str, problem: str, fix: str, field: FieldName | None = None) -> Finding:
    """A warning for those who use the object, or the one field of it."""
    return Finding(subject=subject, problem=problem, fix=fix, fatal=False, object=kind, field=field)


_LOGIN_FIX = (
    "Check client_id, username, the secret and this machine's clock; the connected app must be approved for the user."
)
