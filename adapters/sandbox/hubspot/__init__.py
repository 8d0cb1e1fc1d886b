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
from .webhooks import Delivery, Naming, WebhookSender

__all__ = [
    "FAULT_NAMES_HUBSPOT",
    "AdminRule",
    "Allowance",
    "Delivery",
    "HubSpotFace",
    "HubSpotSandbox",
    "Naming",
    "OAuthApp",
    "Validation",
    "WebhookSender",
    "build_hubspot",
    "rep_actor",
]
