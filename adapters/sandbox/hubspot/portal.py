"""One HubSpot account: an org, the app that calls it, and what every call needs at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from adapters.sandbox.faults import Faults
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row
from adapters.sandbox.schema import Values

from .association_types import AssociationType
from .bumps import SelfBumps
from .definition import ObjectDefinition as Table
from .definition import PropertyDefinition
from .errors import RefusedError, bad_json, bad_request
from .index import SearchIndex
from .query import Query
from .routing import Route
from .schema import SPELLINGS, as_property
from .validations import Validation
from .view import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRule:
    """A rule an administrator configured on an object: enforced on 2026-09 paths only (facts §1.6)."""

    object: str
    name: str
    properties: tuple[str, ...]
    broken: Callable[[Values], bool]
    message: str


@dataclass(slots=True, kw_only=True)
class Portal:
    """The account as the calls see it; everything that is not a CRM row stands here."""

    org: Org
    portal_id: int
    app_id: str
    index: SearchIndex
    bumps: SelfBumps
    rng: Random
    longest_list: int = 100  # the most rows a page of a list shows, whatever a caller asks for
    rules: list[AdminRule] = field(default_factory=list)
    validations: dict[tuple[str, str], tuple[Validation, ...]] = field(default_factory=dict)
    labels: dict[tuple[str, str], tuple[AssociationType, ...]] = field(default_factory=dict)
    described: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def faults(self) -> Faults:
        """The org's faults: one list for engine and face."""
        return self.org.faults

    def table(self, spelling: str) -> Table:
        """The object a path or body names in any of HubSpot's spellings."""
        name = SPELLINGS.get(spelling) or SPELLINGS.get(spelling.lower())
        if name is None:
            raise bad_request(f"Unable to infer object type from: {spelling}")
        return table_of(self.org, name)

    def property(self, table: Table, name: str) -> PropertyDefinition | None:
        """A property as it is defined now; options may have been changed since the start."""
        found = self.org.definition(table.name).fields.get(name)
        return None if found is None else as_property(found)

    def row(self, table: Table, row_id: str, id_property: str | None = None, *, archived: bool = False) -> Row | None:
        """A row by id or unique property; an id that was merged away finds the surviving row."""
        if id_property and id_property != "hs_object_id":
            return self._row_by(table, id_property, row_id)
        row = self.org.resolve(table.name, row_id)
        return row if row is not None and (row.deleted is not None) is archived else None

    def _row_by(self, table: Table, name: str, value: str) -> Row | None:
        if not self.org.is_indexed(table.name, name):
            raise bad_request(f"Property {name} does not have unique values and cannot be used as idProperty")
        return next(iter(self.org.rows_with(table.name, name, value)), None)

    def where(self, table: Table) -> str:
        """How messages about a value close (recorded)."""
        return f" Portal {self.portal_id}, object type {table.type_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated request on its way through the face."""

    portal: Portal
    route: Route
    query: Query
    raw: bytes
    actor: Actor
    request: str
    url: str

    @property
    def table(self) -> Table:
        """The object the path names."""
        return self.portal.table(self.route.path["type"])

    def body(self) -> Mapping[str, object]:
        """The JSON object of the body, refused in HubSpot's words when it is not one."""
        parsed = self._json()
        if not isinstance(parsed, dict):
            raise bad_json(1, 1, "expected an object")
        return cast("Mapping[str, object]", parsed)

    def listed(self) -> Sequence[Mapping[str, object]]:
        """The body of the few calls that take a bare list of objects."""
        parsed = self._json()
        if not isinstance(parsed, list) or not all(isinstance(each, dict) for each in parsed):
            raise bad_json(1, 1, "expected a list of objects")
        return cast("list[Mapping[str, object]]", parsed)

    def _json(self) -> Any:
        try:
            return json.loads(self.raw.decode("utf-8"))
        except UnicodeDecodeError:
            raise bad_json(1, 1, "invalid UTF-8") from None
        except json.JSONDecodeError as error:
            raise bad_json(error.lineno, error.colno + 1, error.msg) from None

    def inputs(self) -> Sequence[Mapping[str, object]]:
        """The `inputs` of a batch body: one to a hundred objects."""
        inputs = self.body().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise bad_request("Invalid input JSON: inputs must be a list of objects")
        if not 0 < len(inputs) <= 100:
            raise bad_request(f"inputs: between 1 and 100 inputs are allowed, {len(inputs)} were sent")
        return cast("list[Mapping[str, object]]", inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call gives back: an empty body is None, and `rendered` is one kept as bytes already."""

    status: int
    body: Mapping[str, object] | None = None
    rendered: bytes | None = None


def names_in(body: Mapping[str, object], key: str) -> tuple[str, ...]:
    """A list of names in a body."""
    raw = body.get(key) or ()
    return tuple(str(name) for name in raw) if isinstance(raw, list | tuple) else ()


__all__ = ["AdminRule", "Answer", "Call", "Portal", "RefusedError", "names_in"]
