"""Answers recorded from real orgs parse: point CRM_RECORDINGS at a folder of vcrpy cassettes to run these."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from adapters.salesforce.failures import CrmError, failure
from adapters.salesforce.mapping import STANDARD
from adapters.salesforce.schema import read_description
from connector.adapter import FieldKind, FieldName, ObjectType
from connector.errors import ConnectorError

FOLDER = os.environ.get("CRM_RECORDINGS")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="CRM_RECORDINGS names no folder of recordings")

DESCRIBED = {
    "Account": ObjectType.ACCOUNT, "Case": ObjectType.TICKET, "Contact": ObjectType.CONTACT, "Lead": ObjectType.LEAD,
    "Event": ObjectType.MEETING, "Opportunity": ObjectType.OPPORTUNITY,
}  # fmt: skip


def exchanges() -> Iterator[tuple[str, int, Any]]:
    """Path, status and JSON body of every recorded Salesforce answer that has one."""
    for cassette in sorted((Path(FOLDER or "") / "salesforce").glob("*.yaml")):
        content = YAML(typ="safe", pure=True).load(cassette.read_text("utf-8")) or {}
        for one in content.get("interactions") or ():
            text = (one["response"].get("body") or {}).get("string") or ""
            try:
                yield one["request"]["uri"], int(one["response"]["status"]["code"]), json.loads(text)
            except ValueError:
                continue  # Bulk 1.0 answers in XML, and hand-cut bodies


@pytest.fixture(scope="module")
def recorded() -> list[tuple[str, int, Any]]:
    return list(exchanges())


def test_every_recorded_description_becomes_a_schema(recorded: list[tuple[str, int, Any]]) -> None:
    seen = set()
    for uri, _, body in recorded:
        native = uri.rstrip("/").removesuffix("/describe").rsplit("/", 1)[-1]
        if not uri.rstrip("/").endswith("/describe") or native not in DESCRIBED:
            continue
        kind = DESCRIBED[native]
        schema = read_description(kind, STANDARD[kind], body).schema
        mapped = {name for name in STANDARD[kind].fields if name in schema.fields}
        assert len(mapped) >= len(STANDARD[kind].fields) - 2, (native, schema.missing)
        assert all(field.native for field in schema.fields.values())
        assert schema.fields[FieldName("owner")].kind is FieldKind.USER
        seen.add(native)
    assert seen == set(DESCRIBED)


def test_every_recorded_error_is_understood(recorded: list[tuple[str, int, Any]]) -> None:
    errors = [(status, body) for _, status, body in recorded if status >= 400]
    for _, _, body in recorded:
        if isinstance(body, dict):
            parts = body.get("compositeResponse") or ()
            errors += [(part["httpStatusCode"], part["body"]) for part in parts if part["httpStatusCode"] >= 400]
    assert errors
    for status, body in errors:
        assert isinstance(failure(status, body), ConnectorError)
        assert CrmError.read(body) is not None, body
