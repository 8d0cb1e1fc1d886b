"""The HubSpot flavour of an org: its standard schema, and the loader that tells it a company's story."""

from __future__ import annotations

from adapters.sandbox.hubspot.loading import StoryLoader, load_story
from adapters.sandbox.hubspot.owners import add_owner, owner_ids, user_of
from adapters.sandbox.hubspot.schema import TABLES, standard_schema

__all__ = ["TABLES", "StoryLoader", "add_owner", "load_story", "owner_ids", "standard_schema", "user_of"]
