"""An in-memory org with two faces that speak the Salesforce and HubSpot wire protocols.

It imports nothing of the connector and nothing of the other adapters, so that it cannot share their mistakes.
"""

from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row, RowKey
from adapters.sandbox.salesforce.build import SalesforceOrg, build_salesforce
from adapters.sandbox.salesforce.faults import FAULT_NAMES_SALESFORCE
from adapters.sandbox.salesforce.token import ConnectedApp
from adapters.sandbox.server import serve
from adapters.sandbox.wire import ConnectionCut, Face, Stall, WireRequest, WireResponse

__all__ = [
    "FAULT_NAMES_SALESFORCE",
    "Actor",
    "ConnectedApp",
    "ConnectionCut",
    "Face",
    "Faults",
    "Org",
    "OrgClock",
    "Row",
    "RowKey",
    "SalesforceOrg",
    "Stall",
    "WireRequest",
    "WireResponse",
    "build_salesforce",
    "serve",
]
