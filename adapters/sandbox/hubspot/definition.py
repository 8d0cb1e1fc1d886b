"""How the tables of this package state a property, a pipeline and an object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEFINED_AT = "2019-08-06T02:41:08.204Z"


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of an enumeration: the internal value is case-sensitive."""

    value: str
    label: str
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDefinition:
    """One property of an object as `/crm/properties` describes it.

    `read_only` is `modificationMetadata.readOnlyValue`, which is independent of `calculated`:
    num_associated_deals and lastmodifieddate are read-only without being calculated (recorded).
    """

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str
    options: tuple[Option, ...] = ()
    calculated: bool = False
    read_only: bool = False
    external_options: bool = False
    unique: bool = False
    hidden: bool = False
    custom: bool = False

    @property
    def is_list(self) -> bool:
        """Whether a value is a `;` list of options."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    def described(self) -> dict[str, object]:
        """The JSON of `/crm/properties/{type}/{name}`."""
        described: dict[str, object] = {
            "updatedAt": DEFINED_AT,
            "createdAt": DEFINED_AT,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": "",
            "groupName": self.group,
            "options": [_described(option, order) for order, option in enumerate(self.options)],
            "displayOrder": -1,
            "calculated": self.calculated,
            "externalOptions": self.external_options,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": not self.custom,
            "modificationMetadata": {
                "archivable": True,
                "readOnlyDefinition": not self.custom,
                "readOnlyValue": self.calculated or self.read_only,
            },
            "formField": not (self.calculated or self.read_only or self.hidden),
            "dataSensitivity": "non_sensitive",
        }
        if self.external_options:
            described["referencedObjectType"] = "OWNER"
        return described


def _described(option: Option, order: int) -> dict[str, object]:
    return {"label": option.label, "value": option.value, "displayOrder": order, "hidden": option.hidden}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a pipeline; its metadata is text, even where it means a truth value."""

    id: str
    label: str
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def closed(self) -> bool:
        """Whether a record in this stage is done."""
        words = dict(self.metadata)
        return words.get("isClosed") == "true" or words.get("ticketState") == "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A named order of stages for one object; `dealstage` holds a stage id, not a label."""

    id: str
    label: str
    stages: tuple[Stage, ...]

    def described(self) -> dict[str, object]:
        """The JSON of `/crm/pipelines/{type}/{id}`."""
        stages = [_described_stage(stage, order) for order, stage in enumerate(self.stages)]
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": 0,
            "stages": stages,
            "archived": False,
            "createdAt": DEFINED_AT,
            "updatedAt": DEFINED_AT,
        }


def _described_stage(stage: Stage, order: int) -> dict[str, object]:
    return {
        "id": stage.id,
        "label": stage.label,
        "displayOrder": order,
        "metadata": dict(stage.metadata),
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        "archived": False,
        "createdAt": DEFINED_AT,
        "updatedAt": DEFINED_AT,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDefinition:
    """One CRM object: its names, its properties and how its records are stamped and named.

    `merges` are the objects whose merge makes a new record; `bumps` are those whose creation
    moves `updatedAt` again by itself; `required` holds alternatives, one of each is needed.
    """

    name: str
    singular: str
    type_id: str
    properties: tuple[PropertyDefinition, ...]
    defaults: tuple[str, ...]
    display: str
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    stage: str | None = None
    pipelines: tuple[Pipeline, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    dedupe: tuple[str, ...] = ()
    merges: bool = False
    bumps: bool = False
    searched: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Every way a path may spell this object."""
        return (self.name, self.singular, self.type_id, self.singular.upper(), self.name.upper())


def prop(
    name: str,
    label: str,
    type: str = "string",
    field_type: str | None = None,
    *,
    group: str = "information",
    options: str | Iterable[tuple[str, str]] = (),
    **flags: bool,
) -> PropertyDefinition:
    """A property in one line; the field type follows from the type unless given.

    Options are pairs, or one text of internal values with `=label` where the label differs in more than case.
    """
    usual = {
        "string": "text",
        "number": "number",
        "date": "date",
        "datetime": "date",
        "enumeration": "select",
        "bool": "booleancheckbox",
    }
    pairs = (("true", "True"), ("false", "False")) if type == "bool" else _pairs(options)
    return PropertyDefinition(
        name=name,
        label=label,
        type=type,
        field_type=field_type or usual[type],
        group=group,
        options=tuple(Option(value, label) for value, label in pairs),
        **flags,
    )


def _pairs(options: str | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if not isinstance(options, str):
        return tuple(options)
    words = (word.strip().partition("=") for word in options.split(","))
    return tuple((value, label or value.replace("_", " ").capitalize()) for value, _, label in words)


def owner(label: str) -> PropertyDefinition:
    """`hubspot_owner_id`: its options are the owners and are not listed (facts §7)."""
    return prop("hubspot_owner_id", label, "enumeration", external_options=True)
