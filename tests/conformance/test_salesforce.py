"""The conformance suite over the Salesforce adapter and its sandbox."""

from __future__ import annotations

import pytest

from adapters.conformance import CASES, Case, NotPossibleError
from tests.conformance.salesforce_world import SalesforceWorld


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_salesforce_adapter_keeps_its_promises(case: Case) -> None:
    if case.__name__ in SalesforceWorld.exemptions:
        pytest.skip(SalesforceWorld.exemptions[case.__name__])
    try:
        case(SalesforceWorld())
    except NotPossibleError as reason:
        pytest.skip(str(reason))
