"""The public door over a road: one source of HubSpot's, one of anybody's, and deliveries signed as HubSpot signs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.channels import signed_hooks
from adapters.hubspot import hooks as hubspot_hooks
from adapters.sandbox.hubspot.signatures import signature_v3
from connector.adapter import ChannelEnvironment, Dial, Log, Options
from connector.settings import NamedSecrets
from connector.web.hooks.app import Door
from tests.support.given import policy
from tests.support.road import Road
from tests.support.visitor import Kept

ORIGIN = "https://hooks.example.com"
URL = f"{ORIGIN}/hooks/crm"
SECRET = "a shared secret"
FREE = policy(
    gate="{supervised: never, target: 90%}", may="{update: {category: {}}}",
    limits="{writes_per_record_per_day: 3, records_per_hour: 1000000, share_of_object: 100%}",
)  # fmt: skip


def environment(road: Road, name: str, options: Mapping[str, Any], secret: str | None = SECRET) -> ChannelEnvironment:
    """What a source of hints is given."""
    variable = f"CRM_CONNECTOR_{name.upper()}_HOOK_SECRET"
    return ChannelEnvironment(
        name=name, options=Options(f"hooks.sources.{name}", options, {}), clock=road.clock,
        secrets=NamedSecrets(name, None, {variable: secret} if secret else {}), dial=Dial(), folder=Path(),
        transport_to=lambda address: pytest.fail(f"a hook called {address}"), log=Kept(),
    )  # fmt: skip


def door_of(road: Road, log: Log | None = None) -> Door:
    sources = {
        "crm": hubspot_hooks.connect(environment(road, "crm", {})),
        "site": signed_hooks.connect(environment(road, "site", {"connection": "crm"})),
    }
    return Door(
        store=road.store, clock=road.clock, sources=sources, policies=lambda: road.policies, origin=ORIGIN,
        log=log or Kept(),
    )  # fmt: skip


def signed(
    road: Road, events: object, *, secret: str = SECRET, shift: timedelta = timedelta(), url: str = URL,
    body: bytes | None = None, method: str = "POST",
) -> dict[str, Any]:
    """What `client.post` takes for a delivery that is signed as HubSpot signs."""
    content = json.dumps(events).encode() if body is None else body
    stamp = int((road.clock.now() + shift).timestamp() * 1000)
    headers = {
        "x-hubspot-signature-v3": signature_v3(secret, method, url, content, stamp),
        "x-hubspot-request-timestamp": str(stamp),
    }
    return {"content": content, "headers": headers}
