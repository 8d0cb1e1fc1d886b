"""An in-memory org with two faces that speak the Salesforce and HubSpot wire protocols.

It imports nothing of the connector and nothing of the other adapters, so that it cannot share their mistakes.
"""

from adapters.sandbox.clock import OrgClock
from adapters.sandbox.faults import Faults
from adapters.sandbox.generator import Size, make_story
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row, RowKey
from adapters.sandbox.salesforce.build import SalesforceOrg, build_salesforce
from adapters.sandbox.salesforce.faults import FAULT_NAMES_SALESFORCE
from adapters.sandbox.salesforce.token import ConnectedApp
from adapters.sandbox.server import serve
from adapters.sandbox.story import Story
from adapters.sandbox.story_salesforce import load_story as load_story_salesforce
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
    "Size",
    "Stall",
    "Story",
    "WireRequest",
    "WireResponse",
    "build_salesforce",
    "load_story_salesforce",
    "make_story",
    "serve",
]
