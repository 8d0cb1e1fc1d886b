"""The examples are what they say: settings, sources and policies that load together and fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.adapter import LookedUp
from connector.cli.fitting import unserved
from connector.cli.outside import open_lookups, open_outlets
from connector.clock import SystemClock
from connector.policy import load_policies
from connector.record import FieldName
from connector.settings import load_settings
from tests.conformance.kept import Quiet
from tests.support.tree import ROOT

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/connector.yaml"))


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_loads_and_names_only_what_it_has(folder: Path) -> None:
    settings = load_settings(folder / "connector.yaml")
    open_outlets(settings, SystemClock(), Quiet())
    open_lookups(settings, SystemClock(), Quiet())
    policies = load_policies(settings.policies)
    assert list(policies)
    assert unserved(policies, settings) == ()


def test_the_order_desk_finds_the_orders_of_a_customer() -> None:
    settings = load_settings(ROOT / "examples" / "order-desk" / "connector.yaml")
    source = open_lookups(settings, SystemClock(), Quiet())["order-history"]
    found = source.find({FieldName("contact.email"): "ada@example.com"})
    assert isinstance(found, LookedUp)
    assert [row.columns["order_id"] for row in found.rows] == ["A-1017", "A-1033"]
    assert all("card" not in row.columns for row in found.rows)
