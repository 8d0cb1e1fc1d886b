"""The conformance suite over the HubSpot adapter and its sandbox, on both path families."""

from __future__ import annotations

import pytest

from adapters.conformance import CASES, Case, NotPossibleError
from tests.conformance.hubspot_world import HubSpotWorld


@pytest.mark.parametrize("version", ["2026-09", "v3"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_hubspot_adapter_keeps_its_promises(case: Case, version: str) -> None:
    if case.__name__ in HubSpotWorld.exemptions:
        pytest.skip(HubSpotWorld.exemptions[case.__name__])
    try:
        case(HubSpotWorld(settings={"api_version": version}))
    except NotPossibleError as reason:
        pytest.skip(str(reason))
