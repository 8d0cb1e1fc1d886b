"""The HubSpot face of the sandbox: what HubSpot's public pages and recordings say, over the org engine.

It imports the engine next to it and nothing else of this project.
"""

from .build import HubSpotSandbox, build_hubspot, rep_actor
from .face import HubSpotFace
from .fault_names import FAULT_NAMES_HUBSPOT
from .limits import Allowance
from .portal import AdminRule
from .tokens import OAuthApp
from .validations import Validation

__all__ = [
    "FAULT_NAMES_HUBSPOT",
    "AdminRule",
    "Allowance",
    "HubSpotFace",
    "HubSpotSandbox",
    "OAuthApp",
    "Validation",
    "build_hubspot",
    "rep_actor",
]
