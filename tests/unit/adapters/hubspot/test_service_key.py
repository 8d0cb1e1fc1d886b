"""A service key is a secret of the connection: read at every start, copied nowhere."""

from __future__ import annotations

from tests.conformance.hubspot_world import HubSpotWorld


def test_a_service_key_is_never_written_to_the_token_store():
    world = HubSpotWorld()
    world.adapter().records.users()
    assert world.environment.tokens.current() is None
