"""A Salesforce org that holds nothing but its people, and a client to it."""

from __future__ import annotations

import pytest

from tests.unit.adapters.sandbox.salesforce.wire_client import Client, new_client


@pytest.fixture
def client() -> Client:
    return new_client()
